// Parts that say anything, in pieces, to the hub of a gang; and a place that is
// any text.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <string>

#include "spank/ranks/gang_hub.h"
#include "spank/ranks/gang_message.h"
#include "spank/ranks/gang_place.h"

namespace {

constexpr uint32_t kParts = 3;

class Host : public cram::GangHub::Host {
 public:
  void Send(uint32_t part, const cram::GangMessage& message) override {
    std::string bytes;
    message.AppendTo(&bytes);
    if (part >= kParts) abort();
  }
  void WorldIsOver() override {
    if (over) abort();
    over = true;
  }
  bool over = false;
};

}  // namespace

// The first byte says who speaks.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::optional<cram::GangPlace> place = cram::GangPlace::Parse(bytes);
  if (place && !cram::GangPlace::Parse(place->ToText())) abort();
  Host host;
  cram::GangHub hub(kParts, &host);
  for (uint32_t part = 0; part < kParts; ++part) hub.Joined(part);
  cram::GangMessageReader reader;
  reader.Feed(bytes.substr(1, size / 2));
  uint32_t part = data[0] % kParts;
  while (auto message = reader.Next()) hub.Receive(part, *message);
  reader.Feed(bytes.substr(1 + size / 2 < size ? 1 + size / 2 : size));
  while (auto message = reader.Next()) hub.Receive(part, *message);
  for (part = 0; part < kParts; ++part) hub.Lost(part);
  if (!host.over) abort();
  return 0;
}
