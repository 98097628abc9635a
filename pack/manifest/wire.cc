#include "pack/manifest/wire.h"

#include <string.h>

#include "pack/base/little_endian.h"
#include "pack/manifest/layout.h"

namespace cram {
namespace {

constexpr uint32_t kVarint = 0;
constexpr uint32_t kFixed64 = 1;
constexpr uint32_t kBytes = 2;
constexpr uint32_t kFixed32 = 5;

constexpr size_t kMaxVarintBytes = 10;

size_t EncodeVarint(uint64_t value, char* out) {
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) {
    out[size++] = static_cast<char>(value | 0x80);
  }
  out[size++] = static_cast<char>(value);
  return size;
}

}  // namespace

bool WireReader::ReadLongVarint(uint64_t* value) {
  *value = 0;
  for (size_t i = 0; i < rest_.size() && i < 10; ++i) {
    uint64_t byte = static_cast<unsigned char>(rest_[i]);
    if (i == 9 && byte > 1) return false;
    *value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      rest_.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool WireReader::ReadFixed(size_t size) {
  if (rest_.size() < size) return false;
  number_ = ReadLittleEndian(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return true;
}

bool WireReader::NextAny() {
  if (rest_.empty() || !ok_) return false;
  ok_ = false;
  bytes_ = {};
  number_ = 0;
  uint64_t tag;
  if (!ReadVarint(&tag) || tag > UINT32_MAX || tag >> 3 == 0) return false;
  field_ = static_cast<uint32_t>(tag >> 3);
  type_ = tag & 7;
  if (type_ == kVarint) {
    ok_ = ReadVarint(&number_);
  } else if (type_ == kFixed64) {
    ok_ = ReadFixed(8);
  } else if (type_ == kFixed32) {
    ok_ = ReadFixed(4);
  } else if (type_ == kBytes) {
    uint64_t size;
    if (!ReadVarint(&size) || size > rest_.size()) return false;
    bytes_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
    ok_ = true;
  }
  return ok_;
}

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
  size_t tag = EncodeVarint(field << 3 | kBytes, bytes);
  out->append(bytes, tag + EncodeVarint(size, bytes + tag));
}

void AppendBytesField(uint32_t field, absl::string_view bytes,
                      std::string* out) {
  // Most are short: one append for head and content.
  char whole[128];
  if (field < 16 && bytes.size() <= sizeof whole - 2 && !bytes.empty()) {
    whole[0] = static_cast<char>(field << 3 | kBytes);
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
  AppendVarint(field << 3 | kVarint, out);
  AppendVarint(value, out);
}

void AppendFixed32Field(uint32_t field, uint32_t value, std::string* out) {
  AppendVarint(field << 3 | kFixed32, out);
  AppendLittleEndian(value, 4, out);
}

void AppendFixed64Field(uint32_t field, uint64_t value, std::string* out) {
  AppendVarint(field << 3 | kFixed64, out);
  AppendLittleEndian(value, 8, out);
}

}  // namespace cram
