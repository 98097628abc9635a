#include "pack/base/linked_libraries.h"

#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <link.h>
#include <sys/auxv.h>

#include <memory>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pack/base/io.h"
#include "pack/base/output_of.h"

namespace cram {
namespace {

// The dynamic linker reads what the program links to, which may lie on a file
// system that hangs.
constexpr absl::Duration kPatience = absl::Seconds(5);

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
  std::optional<std::string> list =
      OutputOf({linker, "--list", program}, kPatience);
  if (!list) return {};
  std::vector<std::string> names;
  // "	libmpi.so.40 => /usr/lib/libmpi.so.40 (0x...)"
  for (absl::string_view line : absl::StrSplit(*list, '\n')) {
    absl::string_view name = absl::StripLeadingAsciiWhitespace(line);
    names.emplace_back(name.substr(0, name.find(' ')));
  }
  return names;
}

}  // namespace cram
