#include "spank/ranks/pmi1.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace cram {
namespace {

// No command is longer: a key-value pair with its names, and some room.
constexpr size_t kLongestLine =
    2 * (Pmi1::kLongestName + Pmi1::kLongestKey + Pmi1::kLongestValue);

// These come last in their line, and may hold blanks.
bool TakesTheRest(absl::string_view name) {
  return name == "value" || name == "port";
}

// "a=1 b=2": a word without '=' has an empty value.
template <typename Words>
Words SplitWords(absl::string_view line) {
  Words words;
  while (!line.empty()) {
    size_t start = line.find_first_not_of(' ');
    if (start == absl::string_view::npos) break;
    line.remove_prefix(start);
    size_t equals = line.find('=');
    size_t blank = line.find(' ');
    if (equals != absl::string_view::npos && equals < blank &&
        TakesTheRest(line.substr(0, equals))) {
      words[line.substr(0, equals)] = line.substr(equals + 1);
      break;
    }
    absl::string_view word = line.substr(0, blank);
    line.remove_prefix(word.size());
    absl::string_view value =
        equals < word.size() ? word.substr(equals + 1) : absl::string_view();
    words[word.substr(0, equals)] = value;
  }
  return words;
}

template <typename Words>
absl::string_view Find(const Words& words, absl::string_view name) {
  auto found = words.find(name);
  return found == words.end() ? absl::string_view() : found->second;
}

}  // namespace

Pmi1::Pmi1(World world, Host* host)
    : world_(std::move(world)), host_(host), ranks_(world_.ranks_here) {
  values_["PMI_process_mapping"] = world_.process_mapping;
}

void Pmi1::Receive(uint32_t rank, absl::string_view bytes) {
  Rank& from = ranks_[rank];
  if (from.broken) return;
  from.unread.append(bytes.data(), bytes.size());
  size_t start = 0, end;
  while (!from.broken &&
         (end = from.unread.find('\n', start)) != std::string::npos) {
    HandleLine(rank, absl::string_view(from.unread).substr(start, end - start));
    start = end + 1;
  }
  from.unread.erase(0, start);
  if (!from.broken && from.unread.size() > kLongestLine) {
    Break(rank, "a line without end");
  }
}

void Pmi1::HandleLine(uint32_t rank, absl::string_view line) {
  Rank& from = ranks_[rank];
  if (from.in_spawn) {
    if (line != "endcmd") return;
    from.in_spawn = false;
    host_->Send(rank, "cmd=spawn_result rc=-1 msg=spawn_is_not_supported\n");
    return;
  }
  if (line == "mcmd=spawn") {
    from.in_spawn = true;
    return;
  }
  Words words = SplitWords<Words>(line);
  HandleCommand(rank, Find(words, "cmd"), words);
}

void Pmi1::HandleCommand(uint32_t rank, absl::string_view command,
                         const Words& words) {
  if (command == "init") {
    Init(rank, words);
  } else if (command == "get_maxes") {
    host_->Send(rank, absl::StrCat("cmd=maxes kvsname_max=", kLongestName,
                                   " keylen_max=", kLongestKey,
                                   " vallen_max=", kLongestValue, "\n"));
  } else if (command == "get_appnum") {
    host_->Send(rank, "cmd=appnum appnum=0\n");
  } else if (command == "get_my_kvsname") {
    host_->Send(rank,
                absl::StrCat("cmd=my_kvsname kvsname=", world_.name, "\n"));
  } else if (command == "get_universe_size") {
    host_->Send(rank,
                absl::StrCat("cmd=universe_size size=", world_.ranks, "\n"));
  } else if (command == "put") {
    Put(rank, words);
  } else if (command == "get") {
    Get(rank, words);
  } else if (command == "barrier_in") {
    EnterBarrier(rank);
  } else if (command == "publish_name") {
    AskForName(rank, NameRequest::Kind::kPublish, words);
  } else if (command == "lookup_name") {
    AskForName(rank, NameRequest::Kind::kLookUp, words);
  } else if (command == "unpublish_name") {
    AskForName(rank, NameRequest::Kind::kUnpublish, words);
  } else if (command == "finalize") {
    ranks_[rank].inside = false;
    host_->Send(rank, "cmd=finalize_ack\n");
  } else if (command == "abort") {
    int code = 0;
    if (!absl::SimpleAtoi(Find(words, "exitcode"), &code)) code = 1;
    host_->Aborted(rank, code);
  } else {
    Break(rank, absl::StrCat("'", command.substr(0, kLongestKey),
                             "' is no command of PMI-1"));
  }
}

void Pmi1::Init(uint32_t rank, const Words& words) {
  bool known = Find(words, "pmi_version") == "1";
  ranks_[rank].inside = ranks_[rank].greeted = known;
  host_->Send(rank, absl::StrCat("cmd=response_to_init pmi_version=1 "
                                 "pmi_subversion=1 rc=",
                                 known ? 0 : -1, "\n"));
}

void Pmi1::Put(uint32_t rank, const Words& words) {
  absl::string_view key = Find(words, "key"), value = Find(words, "value");
  absl::string_view wrong;
  if (Find(words, "kvsname") != world_.name) {
    wrong = "unknown_kvsname";
  } else if (key.empty() || key.size() > kLongestKey ||
             value.size() > kLongestValue) {
    wrong = "too_long_or_empty";
  } else if (!values_.emplace(key, value).second) {
    wrong = "duplicate_key";
  } else {
    // Neither has an end of line in it, nor the key a blank.
    absl::StrAppend(&puts_, key, " ", value, "\n");
  }
  host_->Send(rank,
              wrong.empty()
                  ? "cmd=put_result rc=0 msg=success\n"
                  : absl::StrCat("cmd=put_result rc=-1 msg=", wrong, "\n"));
}

void Pmi1::Get(uint32_t rank, const Words& words) {
  auto found = values_.find(Find(words, "key"));
  bool known = Find(words, "kvsname") == world_.name && found != values_.end();
  host_->Send(rank,
              known ? absl::StrCat("cmd=get_result rc=0 msg=success value=",
                                   found->second, "\n")
                    : "cmd=get_result rc=-1 msg=key_not_found value=unknown\n");
}

void Pmi1::AskForName(uint32_t rank, NameRequest::Kind kind,
                      const Words& words) {
  host_->AskForName(rank, {kind, std::string(Find(words, "service")),
                           std::string(Find(words, "port"))});
}

void Pmi1::AnswerName(uint32_t rank, NameRequest::Kind asked,
                      const NameAnswer& answer) {
  bool publish = asked == NameRequest::Kind::kPublish;
  bool look_up = asked == NameRequest::Kind::kLookUp;
  absl::string_view command = publish   ? "publish"
                              : look_up ? "lookup"
                                        : "unpublish";
  if (!answer) {
    host_->Send(
        rank, absl::StrCat("cmd=", command, "_result info=fail rc=1 msg=",
                           publish ? "duplicate_service" : "service_not_found",
                           "\n"));
    return;
  }
  host_->Send(rank,
              absl::StrCat("cmd=", command, "_result info=ok rc=0 ",
                           look_up ? "port=" : "msg=success", *answer, "\n"));
}

void Pmi1::EnterBarrier(uint32_t rank) {
  Rank& from = ranks_[rank];
  if (from.in_barrier) {
    Break(rank, "it is in the barrier already");
    return;
  }
  from.in_barrier = true;
  if (++in_barrier_ == ranks_.size()) host_->BarrierReached();
}

void Pmi1::LeaveBarrier() {
  if (in_barrier_ != ranks_.size()) return;
  in_barrier_ = 0;
  for (Rank& rank : ranks_) rank.in_barrier = false;
  for (uint32_t rank = 0; rank < ranks_.size(); ++rank) {
    host_->Send(rank, "cmd=barrier_out\n");
  }
}

std::string Pmi1::TakePuts() { return std::exchange(puts_, ""); }

void Pmi1::AddPuts(absl::string_view puts) {
  for (absl::string_view line : absl::StrSplit(puts, '\n')) {
    std::pair<absl::string_view, absl::string_view> put =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    if (!put.first.empty()) values_.emplace(put.first, put.second);
  }
}

void Pmi1::Break(uint32_t rank, const std::string& why) {
  ranks_[rank].broken = true;
  host_->Broke(rank, why);
}

}  // namespace cram
