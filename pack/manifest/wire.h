// The protobuf wire format, walked and written in place: for the parts of a
// manifest that are too large, or too little trusted, to become objects.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"

namespace cram {

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
  bool has_bytes() const { return type_ == 2; }
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
    if (tag < 8 || (tag & 0x87) != 2 || size > 0x7f ||
        size > rest_.size() - 2) {
      return false;
    }
    field_ = tag >> 3;
    type_ = 2;
    number_ = 0;
    bytes_ = absl::string_view(rest_.data() + 2, size);
    rest_.remove_prefix(size + size_t{2});
    return true;
  }
  bool NextAny();
  // Most have one byte.
  bool ReadVarint(uint64_t* value) {
    if (rest_.empty() || (rest_[0] & 0x80) != 0) return ReadLongVarint(value);
    *value = static_cast<unsigned char>(rest_[0]);
    rest_.remove_prefix(1);
    return true;
  }
  bool ReadLongVarint(uint64_t* value);
  bool ReadFixed(size_t size);

  absl::string_view rest_;
  bool ok_ = true;
  uint32_t field_ = 0;
  uint32_t type_ = 0;
  absl::string_view bytes_;
  uint64_t number_ = 0;
};

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
