// Ranks that say anything, in pieces, to the PMI-1 server.
#include "spank/ranks/pmi1.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

namespace {

constexpr uint32_t kRanks = 3;

class Host : public cram::Pmi1::Host {
 public:
  void Send(uint32_t rank, absl::string_view bytes) override {
    if (rank >= kRanks || bytes.empty() || bytes.back() != '\n') abort();
  }
  void BarrierReached() override { ++barriers; }
  void AskForName(uint32_t rank, const cram::NameRequest& request) override {
    engine->AnswerName(rank, request.kind, names.Answer(request));
  }
  void Aborted(uint32_t, int) override {}
  void Broke(uint32_t, const std::string&) override {}

  int barriers = 0;
  cram::Names names;
  cram::Pmi1* engine = nullptr;
};

}  // namespace

// A byte says who speaks, the next how long.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Host host;
  cram::Pmi1 engine({"world", kRanks, kRanks, "(vector,(0,1,3))"}, &host);
  host.engine = &engine;
  while (size >= 2) {
    uint32_t rank = data[0] % kRanks;
    size_t bytes = data[1] < size - 2 ? data[1] : size - 2;
    engine.Receive(rank, {reinterpret_cast<const char*>(data) + 2, bytes});
    if (host.barriers > 0) engine.LeaveBarrier();
    host.barriers = 0;
    data += 2 + bytes;
    size -= 2 + bytes;
  }
  return 0;
}
