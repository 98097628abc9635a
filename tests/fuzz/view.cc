// Texts of the kernel, rewritten inside of a user's program.
#include <algorithm>
#include <string>

#include "spank/view/text.h"
#include "tests/fuzz/target.h"

namespace {

// Of exact size, so that AddressSanitizer sees a write behind the end.
template <typename Function>
std::string Rewrite(absl::string_view text, size_t room, Function function) {
  std::string copy(text), out(room, '\0');
  const size_t size = function(copy.data(), copy.size(), &out[0], room);
  REQUIRE(size <= room);
  out.resize(size);
  return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // The first byte is how much room there is.
  if (size == 0) return 0;
  absl::string_view text = cram::TextOf(data + 1, size - 1);
  const size_t room = data[0] < 128 ? data[0] : 64 * (size + 8);
  const view_memory memory =
      view_memory_of(UINT64_MAX, data[0] << 10, 4096, 512);
  auto meminfo = [&](const char* in, size_t n, char* out, size_t r) {
    return view_meminfo(in, n, &memory, out, r);
  };
  const std::string once = Rewrite(text, room, meminfo);
  if (!once.empty()) {
    // What it wrote, it knows again.
    REQUIRE(Rewrite(once, once.size(), meminfo) == once);
    REQUIRE(std::count(once.begin(), once.end(), '\n') >=
            std::count(text.begin(), text.end(), '\n'));
  }

  view_cpus cpus = {};
  cpus.set[0] = 5;
  for (auto filter : {view_cpuinfo, view_stat}) {
    const std::string kept =
        Rewrite(text, room, [&](const char* in, size_t n, char* out, size_t r) {
          return filter(in, n, &cpus, out, r);
        });
    REQUIRE(kept.size() <= text.size());
  }
  const std::string whole(text);
  (void)view_parse_bytes(whole.c_str());
  (void)view_find_number(whole.data(), whole.size(), "active_file");
  return 0;
}
