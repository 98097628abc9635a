#include "pack/manifest/wire.h"

#include <string.h>

#include "pack/base/little_endian.h"
#include "pack/manifest/layout.h"

namespace cram {
namespace {

size_t EncodeVarint(uint64_t value, char* out) {
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) {
    out[size++] = static_cast<char>(value | 0x80);
  }
  out[size++] = static_cast<char>(value);
  return size;
}

}  // namespace

bool ParseMessage(absl::string_view bytes,
                  google::protobuf::MessageLite* message) {
  return bytes.size() <= kMaxMessageBytes &&
         message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

void AppendVarint(uint64_t value, std::string* out) {
  char bytes[kMaxVarintBytes];
  out->append(bytes, EncodeVarint(value, bytes));
}

void AppendBytesHeader(uint32_t field, uint64_t size, std::string* out) {
  char bytes[2 * kMaxVarintBytes];
  size_t tag = EncodeVarint(field << 3 | kWireBytes, bytes);
  out->append(bytes, tag + EncodeVarint(size, bytes + tag));
}

void AppendBytesField(uint32_t field, absl::string_view bytes,
                      std::string* out) {
  // Most are short: one append for head and content.
  char whole[128];
  if (field < 16 && bytes.size() <= sizeof whole - 2 && !bytes.empty()) {
    whole[0] = static_cast<char>(field << 3 | kWireBytes);
    whole[1] = static_cast<char>(bytes.size());
    memcpy(whole + 2, bytes.data(), bytes.size());
    out->append(whole, bytes.size() + 2);
    return;
  }
  AppendBytesHeader(field, bytes.size(), out);
  out->append(bytes.data(), bytes.size());
}

void AppendVarintField(uint32_t field, uint64_t value, std::string* out) {
  if (value == 0) return;
  AppendVarint(field << 3 | kWireVarint, out);
  AppendVarint(value, out);
}

void AppendFixed32Field(uint32_t field, uint32_t value, std::string* out) {
  AppendVarint(field << 3 | kWireFixed32, out);
  AppendLittleEndian(value, 4, out);
}

void AppendFixed64Field(uint32_t field, uint64_t value, std::string* out) {
  AppendVarint(field << 3 | kWireFixed64, out);
  AppendLittleEndian(value, 8, out);
}

}  // namespace cram
