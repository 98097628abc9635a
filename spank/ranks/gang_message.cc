#include "spank/ranks/gang_message.h"

#include "pack/base/little_endian.h"

namespace cram {
namespace {

void AppendNumber(uint32_t number, std::string* out) {
  AppendLittleEndian(number, 4, out);
}

void AppendText(absl::string_view text, std::string* out) {
  AppendNumber(static_cast<uint32_t>(text.size()), out);
  out->append(text.data(), text.size());
}

// Takes fields from the front; after one that is not there it is bad.
struct Fields {
  absl::string_view left;
  bool good = true;

  absl::string_view Bytes(size_t count) {
    good = good && count <= left.size();
    if (!good) return absl::string_view();
    absl::string_view bytes = left.substr(0, count);
    left.remove_prefix(count);
    return bytes;
  }
  uint32_t Number() {
    return static_cast<uint32_t>(ReadLittleEndian(Bytes(4)));
  }
  std::string Text() { return std::string(Bytes(Number())); }
};

bool Parse(absl::string_view bytes, GangMessage* message) {
  Fields fields{bytes};
  uint32_t kind = fields.Number();
  if (kind < static_cast<uint32_t>(GangMessage::Kind::kHello) ||
      kind > static_cast<uint32_t>(GangMessage::Kind::kName)) {
    return false;
  }
  message->kind = static_cast<GangMessage::Kind>(kind);
  message->from = fields.Number();
  message->to = fields.Number();
  message->number = fields.Number();
  message->failed = fields.Number() != 0;
  message->exit.code = static_cast<int>(fields.Number());
  message->exit.signal = static_cast<int>(fields.Number());
  message->key = fields.Text();
  message->text = fields.Text();
  message->data = fields.Text();
  for (uint32_t parts = fields.Number(); fields.good && parts > 0; --parts) {
    message->parts.push_back(fields.Number());
  }
  return fields.good && fields.left.empty();
}

}  // namespace

void GangMessage::AppendTo(std::string* bytes) const {
  std::string body;
  for (uint32_t number :
       {static_cast<uint32_t>(kind), from, to, number, failed ? 1u : 0u,
        static_cast<uint32_t>(exit.code), static_cast<uint32_t>(exit.signal)}) {
    AppendNumber(number, &body);
  }
  AppendText(key, &body);
  AppendText(text, &body);
  AppendText(data, &body);
  AppendNumber(static_cast<uint32_t>(parts.size()), &body);
  for (uint32_t part : parts) AppendNumber(part, &body);
  AppendText(body, bytes);
}

std::optional<GangMessage> GangMessageReader::Next() {
  absl::string_view left = absl::string_view(unread_).substr(taken_);
  if (broken_ || left.size() < 4) return std::nullopt;
  size_t size = ReadLittleEndian(left.substr(0, 4));
  if (size > kLongest) {
    broken_ = true;
    return std::nullopt;
  }
  if (left.size() < 4 + size) {
    unread_.erase(0, taken_);
    taken_ = 0;
    return std::nullopt;
  }
  GangMessage message;
  broken_ = !Parse(left.substr(4, size), &message);
  taken_ += 4 + size;
  if (broken_) return std::nullopt;
  return message;
}

}  // namespace cram
