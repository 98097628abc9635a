#include "pack/base/linked_libraries.h"

#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <link.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/base/io.h"

extern char** environ;

namespace cram {
namespace {

using ElfFile = std::unique_ptr<Elf, int (*)(Elf*)>;

std::vector<std::string> NeededBy(Elf* elf, Elf_Scn* section) {
  std::vector<std::string> names;
  GElf_Shdr header;
  Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || gelf_getshdr(section, &header) == nullptr) {
    return names;
  }
  GElf_Dyn entry;
  for (int i = 0; gelf_getdyn(data, i, &entry) != nullptr; ++i) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag != DT_NEEDED) continue;
    const char* name = elf_strptr(elf, header.sh_link, entry.d_un.d_val);
    if (name != nullptr) names.push_back(name);
  }
  return names;
}

// The dynamic linker that loaded us: PT_INTERP of this program.
const char* DynamicLinker() {
  const auto* header = reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR));
  unsigned long count = getauxval(AT_PHNUM);
  const char* base = nullptr;
  for (unsigned long i = 0; i < count; ++i) {
    if (header[i].p_type == PT_PHDR) {
      base = reinterpret_cast<const char*>(header) - header[i].p_vaddr;
    }
  }
  for (unsigned long i = 0; base != nullptr && i < count; ++i) {
    if (header[i].p_type == PT_INTERP) return base + header[i].p_vaddr;
  }
  return nullptr;
}

// What `argv` prints; nothing when it fails.
std::string OutputOf(const char* const* argv) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "";
  UniqueFd reading(ends[0]), writing(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, writing.get(), 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t pid;
  int error = posix_spawn(&pid, argv[0], &actions, nullptr,
                          const_cast<char* const*>(argv), environ);
  posix_spawn_file_actions_destroy(&actions);
  writing.reset();
  if (error != 0) return "";
  absl::StatusOr<std::string> text = ReadAll(reading.get(), argv[0]);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return text.ok() ? *std::move(text) : "";
}

}  // namespace

std::vector<std::string> NamedLibraries(const std::string& program) {
  elf_version(EV_CURRENT);
  absl::StatusOr<UniqueFd> fd = OpenFile(program, O_RDONLY);
  if (!fd.ok()) return {};
  ElfFile elf(elf_begin(fd->get(), ELF_C_READ, nullptr), elf_end);
  if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF) return {};
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf.get(), section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) != nullptr &&
        header.sh_type == SHT_DYNAMIC) {
      return NeededBy(elf.get(), section);
    }
  }
  return {};
}

std::vector<std::string> LoadedLibraries(const std::string& program) {
  const char* linker = DynamicLinker();
  if (linker == nullptr) return {};
  const char* argv[] = {linker, "--list", program.c_str(), nullptr};
  std::vector<std::string> names;
  // "	libmpi.so.40 => /usr/lib/libmpi.so.40 (0x...)"
  for (absl::string_view line : absl::StrSplit(OutputOf(argv), '\n')) {
    absl::string_view name = absl::StripLeadingAsciiWhitespace(line);
    names.emplace_back(name.substr(0, name.find(' ')));
  }
  return names;
}

}  // namespace cram
