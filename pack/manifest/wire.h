// The protobuf wire format, walked and written in place: for the parts of a
// manifest that are too large, or too little trusted, to become objects.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"
#include "pack/base/little_endian.h"

namespace cram {

// How the value of a field is encoded.
enum WireType : uint32_t {
  kWireVarint = 0,
  kWireFixed64 = 1,
  kWireBytes = 2,
  kWireFixed32 = 5,
};

// The longest varint of 64 bits.
inline constexpr size_t kMaxVarintBytes = 10;

// Goes through the fields of one serialized message. Copies nothing: the bytes
// must outlive it and the views that it gives.
class WireReader {
 public:
  explicit WireReader(absl::string_view bytes) : rest_(bytes) {}

  // Moves to the next field: false at the end, and where the bytes make no
  // sense; ok() tells which.
  bool Next() { return NextShort() || NextAny(); }
  bool ok() const { return ok_; }
  // Bytes behind the current field.
  size_t left() const { return rest_.size(); }

  uint32_t field() const { return field_; }
  bool has_bytes() const { return type_ == kWireBytes; }
  // The content of a length-delimited field, else empty.
  absl::string_view bytes() const { return bytes_; }
  // The value of a varint or fixed field, else 0.
  uint64_t number() const { return number_; }

 private:
  // The next one, if it is what most are: bytes, with a tag and a length of one
  // byte each.
  bool NextShort() {
    if (rest_.size() < 2 || !ok_) return false;
    auto tag = static_cast<unsigned char>(rest_[0]);
    auto size = static_cast<unsigned char>(rest_[1]);
    if (tag < 8 || (tag & 0x87) != kWireBytes || size > 0x7f ||
        size > rest_.size() - 2) {
      return false;
    }
    field_ = tag >> 3;
    type_ = kWireBytes;
    number_ = 0;
    bytes_ = absl::string_view(rest_.data() + 2, size);
    rest_.remove_prefix(size + size_t{2});
    return true;
  }
  // With a copy of what is left, which stays in registers.
  bool NextAny() {
    if (rest_.empty() || !ok_) return false;
    absl::string_view rest = rest_;
    uint64_t tag, number = 0;
    absl::string_view bytes;
    ok_ = TakeVarint(&rest, &tag) && tag <= UINT32_MAX && tag >> 3 != 0 &&
          TakeValue(tag & 7, &rest, &number, &bytes);
    rest_ = rest;
    field_ = static_cast<uint32_t>(tag >> 3);
    type_ = tag & 7;
    bytes_ = bytes;
    number_ = number;
    return ok_;
  }

  // Each takes its bytes off the front of `rest`. False: they are not there.
  static bool TakeVarint(absl::string_view* rest, uint64_t* value) {
    *value = 0;
    for (size_t i = 0; i < std::min(rest->size(), kMaxVarintBytes); ++i) {
      uint64_t byte = static_cast<unsigned char>((*rest)[i]);
      if (i == kMaxVarintBytes - 1 && byte > 1) return false;
      *value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        rest->remove_prefix(i + 1);
        return true;
      }
    }
    return false;
  }

  template <size_t size>
  static bool TakeFixed(absl::string_view* rest, uint64_t* value) {
    if (rest->size() < size) return false;
    *value = ReadLittleEndian(absl::string_view(rest->data(), size));
    rest->remove_prefix(size);
    return true;
  }

  static bool TakeBytes(absl::string_view* rest, absl::string_view* bytes) {
    uint64_t size;
    if (!TakeVarint(rest, &size) || size > rest->size()) return false;
    *bytes = rest->substr(0, size);
    rest->remove_prefix(size);
    return true;
  }

  static bool TakeValue(uint32_t type, absl::string_view* rest,
                        uint64_t* number, absl::string_view* bytes) {
    switch (type) {
      case kWireVarint:
        return TakeVarint(rest, number);
      case kWireFixed64:
        return TakeFixed<8>(rest, number);
      case kWireBytes:
        return TakeBytes(rest, bytes);
      case kWireFixed32:
        return TakeFixed<4>(rest, number);
      default:
        return false;
    }
  }

  absl::string_view rest_;
  bool ok_ = true;
  uint32_t field_ = 0;
  uint32_t type_ = 0;
  absl::string_view bytes_;
  uint64_t number_ = 0;
};

// Calls `visit` with the bytes of every such field, as long as it returns true:
// a loop for many short ones, one behind the other. False: the bytes make no
// sense, or `visit` did not return true.
template <typename Visit>
bool ForEachBytes(uint32_t field, absl::string_view bytes, Visit visit) {
  const auto tag = static_cast<char>(field << 3 | kWireBytes);
  for (;;) {
    while (bytes.size() >= 2 && bytes[0] == tag) {
      auto size = static_cast<unsigned char>(bytes[1]);
      if (size > 0x7f || size > bytes.size() - 2) break;
      if (!visit(absl::string_view(bytes.data() + 2, size))) return false;
      bytes.remove_prefix(size + size_t{2});
    }
    WireReader reader(bytes);
    if (!reader.Next()) return reader.ok();
    if (reader.field() == field && !visit(reader.bytes())) return false;
    bytes.remove_prefix(bytes.size() - reader.left());
  }
}

// Makes a small message of bytes that are not trusted. False: they are not
// that message, or larger than any real one.
bool ParseMessage(absl::string_view bytes,
                  google::protobuf::MessageLite* message);

void AppendVarint(uint64_t value, std::string* out);
// A length-delimited field: tag, length, bytes.
void AppendBytesField(uint32_t field, absl::string_view bytes,
                      std::string* out);
// Only the tag and length of one: `size` bytes of content must follow.
void AppendBytesHeader(uint32_t field, uint64_t size, std::string* out);
// As protobuf does, leaves a zero out.
void AppendVarintField(uint32_t field, uint64_t value, std::string* out);
void AppendFixed32Field(uint32_t field, uint32_t value, std::string* out);
void AppendFixed64Field(uint32_t field, uint64_t value, std::string* out);

}  // namespace cram
