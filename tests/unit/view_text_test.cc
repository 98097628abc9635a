#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "spank/view/text.h"

namespace {

constexpr uint64_t kMiB = 1 << 20;

view_cpus Cpus(const std::vector<uint64_t>& numbers) {
  view_cpus cpus = {};
  for (uint64_t cpu : numbers) cpus.set[cpu / 64] |= uint64_t{1} << cpu % 64;
  return cpus;
}

std::string Meminfo(const std::string& text, const view_memory& memory) {
  std::string out(4096, '\0');
  out.resize(
      view_meminfo(text.data(), text.size(), &memory, &out[0], out.size()));
  return out;
}

using CpuFilter = decltype(view_stat);
std::string Filtered(CpuFilter filter, const std::string& text,
                     const view_cpus& cpus) {
  std::string out(4096, '\0');
  out.resize(filter(text.data(), text.size(), &cpus, &out[0], out.size()));
  return out;
}

std::string CpuList(const view_cpus& cpus) {
  std::string out(4096, '\0');
  out.resize(view_cpu_list(&cpus, &out[0], out.size()));
  return out;
}

TEST(ViewMeminfo, ChangesTheSubJobsLinesAndKeepsTheOthers) {
  EXPECT_EQ(Meminfo("MemTotal:       24684092 kB\n"
                    "MemFree:        18875136 kB\n"
                    "MemAvailable:   21157536 kB\n"
                    "Buffers:          190724 kB\n"
                    "Cached:          2257736 kB\n"
                    "SwapCached:           12 kB\n"
                    "Active(anon):     802140 kB\n"
                    "SwapTotal:       8388604 kB\n"
                    "SwapFree:        8388000 kB\n"
                    "SReclaimable:     231032 kB\n"
                    "CommitLimit:    12342044 kB\n"
                    "Shmem:            574889 kB\n"
                    "HugePages_Total:       0\n",
                    {200 * kMiB, 50 * kMiB, 70 * kMiB, 20 * kMiB, kMiB}),
            "MemTotal:         204800 kB\n"
            "MemFree:           51200 kB\n"
            "MemAvailable:      71680 kB\n"
            "Buffers:               0 kB\n"
            "Cached:            20480 kB\n"
            "SwapCached:            0 kB\n"
            "Active(anon):     802140 kB\n"
            "SwapTotal:             0 kB\n"
            "SwapFree:              0 kB\n"
            "SReclaimable:          0 kB\n"
            "CommitLimit:    12342044 kB\n"
            "Shmem:              1024 kB\n"
            "HugePages_Total:       0\n");
}

TEST(ViewMeminfo, ALineOfAnotherNameIsAnother) {
  const std::string text = "MemTotal2:  7 kB\nMem\n MemFree: 1 kB\nMemTotal";
  EXPECT_EQ(Meminfo(text, {}), text);
}

TEST(ViewMeminfo, AnEndWithoutALineEndIsALine) {
  EXPECT_EQ(Meminfo("MemTotal: 1", {kMiB, 0, 0, 0, 0}),
            "MemTotal:           1024 kB\n");
}

TEST(ViewMeminfo, ATextThatDoesNotFitIsNone) {
  const std::string text = "MemTotal: 1 kB\nMemFree: 1 kB\n";
  const view_memory memory = {kMiB, kMiB, kMiB, 0, 0};
  const size_t size = Meminfo(text, memory).size();
  std::string out(size, '\0');
  EXPECT_EQ(view_meminfo(text.data(), text.size(), &memory, &out[0], size),
            size);
  EXPECT_EQ(view_meminfo(text.data(), text.size(), &memory, &out[0], size - 1),
            0u);
}

TEST(ViewMemory, FreeIsWithoutFilesAndAvailableWithThem) {
  const view_memory memory = view_memory_of(100, 60, 20, 10);
  EXPECT_EQ(memory.total, 100u);
  EXPECT_EQ(memory.free, 40u);
  EXPECT_EQ(memory.available, 60u);
  EXPECT_EQ(memory.file, 20u);
  EXPECT_EQ(memory.shared, 10u);
}

TEST(ViewMemory, MoreThanTheCapIsAllOfIt) {
  const view_memory memory = view_memory_of(100, 120, 130, 140);
  EXPECT_EQ(memory.free, 0u);
  EXPECT_EQ(memory.available, 100u);
  EXPECT_EQ(memory.file, 100u);
  EXPECT_EQ(memory.shared, 100u);
}

TEST(ViewParse, TakesWholeNumbersAndNothingElse) {
  EXPECT_EQ(view_parse_bytes("209715200"), 209715200u);
  EXPECT_EQ(view_parse_bytes("18446744073709551615"), UINT64_MAX);
  for (const char* wrong : {"", "0", "18446744073709551616", "1 ", " 1", "-1",
                            "+1", "1G", "0x10", "99999999999999999999999"}) {
    EXPECT_EQ(view_parse_bytes(wrong), 0u) << wrong;
  }
  EXPECT_EQ(view_parse_bytes(nullptr), 0u);
}

TEST(ViewParse, FindsTheNumberOfALine) {
  const std::string stat =
      "anon 5\ninactive_file 70\nactive_file 9\nactive_filex 3\nfile\nlast 4";
  auto find = [&](const char* name) {
    return view_find_number(stat.data(), stat.size(), name);
  };
  EXPECT_EQ(find("active_file"), 9u);
  EXPECT_EQ(find("inactive_file"), 70u);
  EXPECT_EQ(find("last"), 4u);
  EXPECT_EQ(find("file"), 0u);
  EXPECT_EQ(find("none"), 0u);
}

TEST(ViewCpus, CountsThem) {
  EXPECT_EQ(CpuList(Cpus({0})), "0\n");
  EXPECT_EQ(CpuList(Cpus({0, 1, 2, 3, 8, 63, 64, 8191})), "0-3,8,63-64,8191\n");
  const view_cpus cpus = Cpus({2, 3, 70});
  EXPECT_EQ(view_cpus_count(&cpus), 3);
  EXPECT_EQ(view_cpus_end(&cpus), 71);
  EXPECT_FALSE(view_cpus_has(&cpus, 8192));
  const view_cpus none = {};
  EXPECT_EQ(view_cpus_end(&none), 0);
}

TEST(ViewCpus, StatHasTheirLinesAndTheSum) {
  EXPECT_EQ(Filtered(view_stat,
                     "cpu  10 20\ncpu0 1\ncpu1 2\ncpu10 3\nintr 7 8\ncpux 1\n",
                     Cpus({1})),
            "cpu  10 20\ncpu1 2\nintr 7 8\ncpux 1\n");
}

TEST(ViewCpus, CpuinfoHasTheirParagraphs) {
  const std::string text =
      "processor\t: 0\nmodel name\t: A\n\n"
      "processor\t: 1\nmodel name\t: B\n\n"
      "processor\t: 12\nmodel name\t: C\n\n"
      "timebase\t: 512000000\nplatform\t: pSeries\n";
  EXPECT_EQ(Filtered(view_cpuinfo, text, Cpus({1})),
            "processor\t: 1\nmodel name\t: B\n\n"
            "timebase\t: 512000000\nplatform\t: pSeries\n");
}

TEST(ViewCpus, CpuinfoOfAnotherShapeStays) {
  const std::string text =
      "vendor_id       : IBM/S390\nprocessor 0: version = FF\n"
      "processor : x\n\nProcessor\t: ARMv7\n";
  EXPECT_EQ(Filtered(view_cpuinfo, text, Cpus({5})), text);
}

}  // namespace
