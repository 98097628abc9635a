#include "sbin/report/json.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "sbin/report/what_to_do.h"
#include "sbin/report/why.h"

namespace cram {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Text(absl::string_view text) { return std::string(text); }

double AsSeconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

double CpuSeconds(uint64_t us) { return static_cast<double>(us) / 1e6; }

Json RunObject(const Run& run) {
  Json nodes = Json::array();
  for (const NodeRecords& node : run.nodes()) {
    if (!node.earlier.empty()) continue;
    nodes.push_back({{"node_id", node.node_id},
                     {"name", node.name},
                     {"caps", node.caps},
                     {"view", node.view},
                     {"budget_bytes", node.budget_bytes},
                     {"slots", node.slots},
                     {"cpus", node.cpus},
                     {"closed", node.closed},
                     {"closed_reason", node.closed_reason}});
  }
  Json json = {{"id", run.id()},
               {"directory", run.directory().path()},
               {"user", run.nodes().front().user},
               {"ended", run.ended()},
               {"subjobs", run.subjobs()},
               {"nodes", nodes}};
  const std::string& from = run.nodes().front().resumed_from;
  if (!from.empty()) json["resumed_from"] = from;
  return json;
}

void AddDetails(const EndDetails& details, Json* object) {
  Json& json = *object;
  if (details.stdout_left_out != 0) {
    json["stdout_left_out"] = details.stdout_left_out;
  }
  if (details.stderr_left_out != 0) {
    json["stderr_left_out"] = details.stderr_left_out;
  }
  if (!details.memory_message.empty()) {
    json["memory_message"] = details.memory_message;
  }
  if (details.rank) json["rank"] = *details.rank;
  if (details.victim_pid == 0) return;
  json["victim"] = {{"pid", details.victim_pid},
                    {"command", details.victim_command}};
  if (details.victim_bytes != 0) {
    json["victim"]["bytes"] = details.victim_bytes;
  }
}

void AddSubJob(const SubJob& subjob, Json* object) {
  Json params = Json::object();
  for (const auto& [name, value] : subjob.params) params[name] = value;
  (*object)["name"] = subjob.name;
  (*object)["command"] = subjob.argv;
  (*object)["params"] = params;
}

void AddAttempt(const Attempt& attempt, const ReportContext& context,
                Json* object) {
  Json& json = *object;
  json["attempt"] = attempt.number;
  json["cause"] = Text(CauseName(attempt.cause));
  const NodeRecords& node = context.run.NodeOf(attempt);
  json["node"] = context.run.NodesOf(attempt);
  if (!node.earlier.empty()) json["earlier_run"] = node.earlier;
  json["slot"] = attempt.slot;
  json["cpus"] = attempt.cpus;
  json["cap_bytes"] = attempt.cap_bytes;
  json["start"] = AsSeconds(attempt.start_ns);
  json["elapsed"] = AsSeconds(ElapsedNs(attempt, context));
  if (!attempt.ended()) {
    if (attempt.peak_bytes != 0) json["peak_bytes"] = attempt.peak_bytes;
    return;
  }
  json["end"] = AsSeconds(attempt.end_ns);
  json["exit_code"] = attempt.exit_code;
  json["signal"] = attempt.signal;
  json["core_dumped"] = attempt.core_dumped;
  json["user_cpu"] = CpuSeconds(attempt.user_us);
  json["system_cpu"] = CpuSeconds(attempt.system_us);
  if (attempt.peak_bytes != 0) json["peak_bytes"] = attempt.peak_bytes;
  json["stdout_bytes"] = attempt.stdout_bytes;
  json["stderr_bytes"] = attempt.stderr_bytes;
  std::string reason = Reason(attempt, context.run);
  if (!reason.empty()) json["reason"] = reason;
  AddDetails(context.run.Details(attempt), &json);
}

Json RowObject(const Row& row, const ReportContext& context) {
  Json json = {{"index", row.index},
               {"job_id", JobId(context.run, row.index)},
               {"state", Text(StateName(row.state))}};
  if (row.attempt != nullptr) AddAttempt(*row.attempt, context, &json);
  if (const SubJob* subjob = context.manifest.Get(row.index)) {
    AddSubJob(*subjob, &json);
  }
  return json;
}

Json QuantilesObject(const Quantiles& quantiles, double unit) {
  auto number = [unit](int64_t value) {
    return static_cast<double>(value) * unit;
  };
  return {{"least", number(quantiles.least)},
          {"half", number(quantiles.half)},
          {"90%", number(quantiles.most_90)},
          {"99%", number(quantiles.most_99)},
          {"most", number(quantiles.most)}};
}

Json StatesObject(const std::array<uint64_t, kStates>& states) {
  Json json = Json::object();
  for (State state : kAllStates) {
    uint64_t count = states[static_cast<size_t>(state)];
    if (count != 0) json[Text(StateName(state))] = count;
  }
  return json;
}

Json CausesObject(const Summary& summary) {
  Json json = Json::object();
  for (size_t i = 1; i < kCauses; ++i) {
    if (summary.causes[i] == 0) continue;
    json[Text(CauseName(static_cast<Cause>(i)))] = summary.causes[i];
  }
  return json;
}

}  // namespace

std::string JsonHead(const Run& run) {
  return absl::StrCat("{\"run\":", Dump(RunObject(run)), ",\n\"subjobs\":[\n");
}

std::string JsonRow(const Row& row, const ReportContext& context) {
  return Dump(RowObject(row, context));
}

std::string JsonWhyRow(const Row& row, const ReportContext& context) {
  Json json = RowObject(row, context);
  if (row.attempt != nullptr) {
    json["stderr_lines"] = WhyErrorLines(*row.attempt, context.run);
  }
  std::string advice = WhatToDo(row, context);
  if (!advice.empty()) json["advice"] = advice;
  return Dump(json);
}

std::string JsonTail() { return "\n]}\n"; }

std::string SummaryJson(const Run& run, const Summary& summary) {
  Json json = RunObject(run);
  json["attempts"] = summary.attempts;
  json["start"] = AsSeconds(summary.first_ns);
  json["end"] = AsSeconds(summary.last_ns);
  json["elapsed"] = summary.WallSeconds();
  json["attempts_per_second"] = summary.AttemptsPerSecond();
  json["utilisation"] = summary.Utilisation();
  json["total_cpu"] = CpuSeconds(summary.cpu_us);
  json["states"] = StatesObject(summary.states);
  json["causes"] = CausesObject(summary);
  for (size_t i = 0; i < summary.nodes.size(); ++i) {
    json["nodes"][i]["attempts"] = summary.nodes[i].attempts;
    json["nodes"][i]["states"] = StatesObject(summary.nodes[i].states);
  }
  if (summary.measured > 0) {
    json["elapsed_seconds"] = QuantilesObject(summary.elapsed_ns, 1e-9);
    json["cpu_seconds"] = QuantilesObject(summary.cpu_time_us, 1e-6);
  }
  if (summary.peaks > 0) {
    json["peak_bytes"] = QuantilesObject(summary.peak_bytes, 1);
  }
  return Dump(json) + "\n";
}

std::string StatusJson(const RunStatus& status, const ReportContext& context) {
  const Run& run = context.run;
  Json json = RunObject(run);
  json["elapsed"] = status.ElapsedSeconds();
  json["states"] = StatesObject(status.states);
  json["subjobs_per_second"] = status.rate;
  if (status.SecondsLeft() >= 0) json["seconds_left"] = status.SecondsLeft();
  if (!status.no_room.empty()) json["no_room"] = status.no_room;
  if (status.completed_before != 0) {
    json["completed_before"] = status.completed_before;
  }
  for (const RunStatus::Node& node : status.nodes) {
    const NodeRecords& records = run.nodes()[node.place];
    Json& object = json["nodes"][node.place];
    object["running"] = node.running;
    object["done"] = node.done;
    object["failed"] = node.failed;
    object["unstarted"] = run.ended() ? 0 : records.unstarted;
    object["idle_slots"] = node.idle_slots();
    if (!run.ended() && node.idle_slots() > 0) {
      object["idle_why"] = Text(IdleWords(records.idle));
    }
  }
  json["slowest"] = Json::array();
  for (const Attempt* attempt : status.slowest) {
    json["slowest"].push_back(
        RowObject({attempt->index, attempt, State::kRunning}, context));
  }
  return Dump(json) + "\n";
}

std::string AdviceJson(const Run& run, const Advice& advice) {
  Json json = RunObject(run);
  json["measured"] = advice.measured;
  json["stopped_by_cap"] = advice.stopped_by_cap;
  json["peak_bytes"] = QuantilesObject(advice.peak_bytes, 1);
  json["cpus_each"] = advice.cpus_each;
  for (const Advice::Setting& setting : advice.settings) {
    json["settings"].push_back({{"mem_bytes", setting.cap_bytes},
                                {"slots", setting.slots},
                                {"would_reach", setting.would_reach},
                                {"options", setting.Options()}});
  }
  return Dump(json) + "\n";
}

}  // namespace cram
