#include "text.h"

#include <string.h>

// ---- Writing

struct writer {
  char* out;
  size_t size, room;
  int full;
};

static void put(struct writer* to, const char* text, size_t size) {
  if (to->full || size > to->room - to->size) {
    to->full = 1;
    return;
  }
  memcpy(to->out + to->size, text, size);
  to->size += size;
}

// In a field of at least `width` characters, to the right.
static void put_number(struct writer* to, uint64_t number, size_t width) {
  char digits[24];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + number % 10);
  } while (number /= 10);
  while (sizeof digits - at < width && at > 0) digits[--at] = ' ';
  put(to, digits + at, sizeof digits - at);
}

static size_t written(const struct writer* to) {
  return to->full ? 0 : to->size;
}

// ---- Reading

// The length of the line at the start of `text`, its end included.
static size_t line_size(const char* text, size_t size) {
  const char* end = memchr(text, '\n', size);
  return end ? (size_t)(end - text) + 1 : size;
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }

// The decimal number at the start of `text`, and how many characters it has;
// none, and none that fits, have 0.
static uint64_t read_number(const char* text, size_t size, size_t* used) {
  uint64_t number = 0;
  size_t at = 0;
  for (; at < size && is_digit(text[at]); at++) {
    uint64_t digit = (uint64_t)(text[at] - '0');
    if (number > (UINT64_MAX - digit) / 10) {
      *used = 0;
      return 0;
    }
    number = 10 * number + digit;
  }
  *used = at;
  return number;
}

static int begins_with(const char* text, size_t size, const char* with) {
  size_t length = strlen(with);
  return size >= length && memcmp(text, with, length) == 0;
}

uint64_t view_parse_bytes(const char* text) {
  if (!text) return 0;
  size_t size = strlen(text), used;
  uint64_t number = read_number(text, size, &used);
  return used == size ? number : 0;
}

uint64_t view_find_number(const char* text, size_t size, const char* name) {
  size_t length = strlen(name), used;
  while (size > 0) {
    size_t line = line_size(text, size);
    if (line > length && begins_with(text, line, name) && text[length] == ' ') {
      return read_number(text + length + 1, line - length - 1, &used);
    }
    text += line;
    size -= line;
  }
  return 0;
}

// ---- Memory

struct view_memory view_memory_of(uint64_t cap, uint64_t usage, uint64_t file,
                                  uint64_t shared) {
  if (usage > cap) usage = cap;
  if (file > usage) file = usage;
  if (shared > usage) shared = usage;
  struct view_memory memory = {cap, cap - usage, cap - usage + file, file,
                               shared};
  return memory;
}

// The sub-job's number for a line of /proc/meminfo; NULL: the node's stays.
static const uint64_t* own_bytes(const char* line, size_t size,
                                 const struct view_memory* memory) {
  static const uint64_t none = 0;
  const struct {
    const char* name;
    const uint64_t* bytes;
  } own[] = {
      {"MemTotal:", &memory->total},
      {"MemFree:", &memory->free},
      {"MemAvailable:", &memory->available},
      {"Cached:", &memory->file},
      {"Shmem:", &memory->shared},
      // Others count them as memory that is in use and can be had.
      {"Buffers:", &none},
      {"SReclaimable:", &none},
      {"SwapCached:", &none},
      {"SwapTotal:", &none},
      {"SwapFree:", &none},
  };
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
    if (begins_with(line, size, own[i].name)) return own[i].bytes;
  }
  return NULL;
}

size_t view_meminfo(const char* text, size_t size,
                    const struct view_memory* memory, char* out, size_t room) {
  // The kernel's columns: names in 16 characters, numbers in 8.
  enum { kName = 16, kNumber = 8 };
  static const char blanks[kName + 1] = "                ";
  struct writer to = {out, 0, room, 0};
  while (size > 0) {
    size_t line = line_size(text, size);
    const uint64_t* bytes = own_bytes(text, line, memory);
    if (bytes) {
      size_t name = (size_t)((const char*)memchr(text, ':', line) - text) + 1;
      put(&to, text, name);
      put(&to, blanks, name < kName ? kName - name : 1);
      put_number(&to, *bytes / 1024, kNumber);
      put(&to, " kB\n", 4);
    } else {
      put(&to, text, line);
    }
    text += line;
    size -= line;
  }
  return written(&to);
}

// ---- CPUs

int view_cpus_has(const struct view_cpus* cpus, uint64_t cpu) {
  return cpu < VIEW_CPUS && (cpus->set[cpu / 64] >> (cpu % 64) & 1);
}

int view_cpus_count(const struct view_cpus* cpus) {
  int count = 0;
  for (int cpu = 0; cpu < VIEW_CPUS; cpu++) {
    count += view_cpus_has(cpus, (uint64_t)cpu);
  }
  return count;
}

int view_cpus_end(const struct view_cpus* cpus) {
  int end = VIEW_CPUS;
  while (end > 0 && !view_cpus_has(cpus, (uint64_t)end - 1)) end--;
  return end;
}

// Whether a paragraph of /proc/cpuinfo is another's: "processor\t: 3". What
// begins otherwise is about the machine.
static int is_other_processor(const char* line, size_t size,
                              const struct view_cpus* cpus) {
  static const char name[] = "processor";
  if (!begins_with(line, size, name)) return 0;
  size_t at = sizeof name - 1, used;
  while (at < size && (line[at] == '\t' || line[at] == ' ')) at++;
  if (at == size || line[at++] != ':') return 0;
  while (at < size && line[at] == ' ') at++;
  uint64_t cpu = read_number(line + at, size - at, &used);
  return used > 0 && !view_cpus_has(cpus, cpu);
}

size_t view_cpuinfo(const char* text, size_t size, const struct view_cpus* cpus,
                    char* out, size_t room) {
  struct writer to = {out, 0, room, 0};
  int starts = 1, skip = 0;
  while (size > 0) {
    size_t line = line_size(text, size);
    if (starts) skip = is_other_processor(text, line, cpus);
    if (!skip) put(&to, text, line);
    starts = text[0] == '\n';
    text += line;
    size -= line;
  }
  return written(&to);
}

size_t view_stat(const char* text, size_t size, const struct view_cpus* cpus,
                 char* out, size_t room) {
  struct writer to = {out, 0, room, 0};
  while (size > 0) {
    size_t line = line_size(text, size), used = 0;
    uint64_t cpu = 0;
    if (begins_with(text, line, "cpu")) {
      cpu = read_number(text + 3, line - 3, &used);
    }
    if (used == 0 || view_cpus_has(cpus, cpu)) put(&to, text, line);
    text += line;
    size -= line;
  }
  return written(&to);
}

size_t view_cpu_list(const struct view_cpus* cpus, char* out, size_t room) {
  struct writer to = {out, 0, room, 0};
  for (uint64_t cpu = 0; cpu < VIEW_CPUS; cpu++) {
    if (!view_cpus_has(cpus, cpu)) continue;
    uint64_t first = cpu;
    while (view_cpus_has(cpus, cpu + 1)) cpu++;
    if (to.size > 0) put(&to, ",", 1);
    put_number(&to, first, 0);
    if (cpu > first) {
      put(&to, "-", 1);
      put_number(&to, cpu, 0);
    }
  }
  put(&to, "\n", 1);
  return written(&to);
}
