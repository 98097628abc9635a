#include "spank/agent/agent/agent.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pack/base/exit_status.h"
#include "pack/base/io.h"
#include "pack/base/size.h"
#include "spank/agent/agent/first_work.h"
#include "spank/agent/agent/lateness.h"
#include "spank/agent/agent/make_run_directory.h"
#include "spank/agent/agent/member_role.h"
#include "spank/agent/agent/resume.h"
#include "spank/agent/agent/root_role.h"
#include "spank/agent/agent/surroundings.h"
#include "spank/view/view_library.h"

namespace cram {
namespace {

// Records reach the kernel this often, the disk at the end.
constexpr absl::Duration kTick = absl::Milliseconds(500);
// Counts are sent on after this much quiet, so that a storm of failures makes
// a message now and then and not one each.
constexpr absl::Duration kUpdateDelay = absl::Milliseconds(10);

constexpr int kStopSignals[] = {SIGTERM, SIGINT, SIGHUP};

}  // namespace

absl::StatusOr<std::unique_ptr<Agent>> Agent::Create(AgentOptions options,
                                                     Step step,
                                                     const Premises& premises) {
  std::unique_ptr<Agent> agent(new Agent());
  agent->run_.options = std::move(options);
  agent->run_.step = std::move(step);
  // srun's user is behind pipes: cram-launch looked for him.
  if (!agent->run_.step.in_slurm && isatty(STDERR_FILENO) == 1) {
    agent->run_.options.terminal = true;
  }
  agent->run_.temporary_directory = premises.temporary_directory;
  agent->run_.tree = Tree::FromEnvironment(agent->run_.step.nodes);
  agent->run_.patience = Patience::FromEnvironment();
  Agent* self = agent.get();
  agent->run_.changed = [self] { self->UpdateSoon(absl::ZeroDuration()); };
  agent->run_.added = [self](const wire::Added& added) {
    self->TakeAdded(added);
  };
  absl::StatusOr<std::unique_ptr<Loop>> loop = Loop::Create();
  if (!loop.ok()) return loop.status();
  agent->run_.loop = *std::move(loop);
  // What sub-jobs leave behind becomes ours, and is found and ended.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  AskForShortSlices();
  absl::Status status = agent->CatchSignals();
  if (status.ok()) status = agent->FindView();
  if (status.ok()) status = agent->TakeManifest();
  if (status.ok()) status = MakeRunDirectory(&agent->run_);
  if (status.ok()) status = agent->TakeRequests();
  if (status.ok()) status = agent->MakeNode(premises);
  if (!status.ok()) return status;
  return agent;
}

Agent::~Agent() = default;

absl::Status Agent::FindView() {
  if (!run_.options.run.view) return absl::OkStatus();
  absl::StatusOr<std::string> self = ThisProgram();
  if (!self.ok()) return self.status();
  absl::StatusOr<std::string> library = FindViewLibrary(*self);
  if (!library.ok()) return library.status();
  run_.view_library = *std::move(library);
  return absl::OkStatus();
}

absl::Status Agent::TakeManifest() {
  absl::StatusOr<std::unique_ptr<ManifestReader>> manifest =
      OpenRunManifest(run_, run_.options.manifest);
  if (!manifest.ok()) return manifest.status();
  run_.manifest = *std::move(manifest);
  run_.subjobs = run_.manifest->size();
  run_.fingerprint = run_.manifest->fingerprint();
  return absl::OkStatus();
}

absl::Status Agent::TakeRequests() {
  if (run_.step.node_id != 0) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<Steering>> steering = Steering::Create(&run_);
  if (!steering.ok()) return steering.status();
  steering_ = *std::move(steering);
  return absl::OkStatus();
}

absl::Status Agent::CatchSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  for (int signal : kStopSignals) sigaddset(&set, signal);
  if (run_.step.in_slurm) {
    for (int signal : {SIGTSTP, SIGCONT}) sigaddset(&set, signal);
  }
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) return ErrnoStatus("signalfd", "", errno);
  return run_.loop->Watch(signals_.get(), EPOLLIN,
                          [this](uint32_t) { HandleSignals(); });
}

absl::Status Agent::OpenRecords(const Slots& slots) {
  Opened opened;
  opened.set_run_id(run_.step.run_id);
  opened.set_node_id(run_.step.node_id);
  opened.set_nodes(run_.step.nodes);
  opened.set_node_name(run_.step.node_name);
  opened.set_subjobs(run_.manifest->size());
  opened.set_manifest_crc32(run_.manifest->fingerprint());
  opened.set_time_ns(absl::ToUnixNanos(run_.start.time));
  opened.set_caps(run_.caps);
  opened.set_budget_bytes(slots.budget_bytes());
  opened.set_slots(slots.slots());
  opened.set_cpus(slots.cpus());
  opened.set_writer("cram " CRAM_VERSION);
  opened.set_user(UserName());
  opened.set_resumed_from(run_.options.run.resume);
  opened.set_view(!run_.view_library.empty());
  for (const std::string& word : run_.options.default_command) {
    opened.add_default_command(word);
  }
  for (const RuntimeKnob& knob : kRuntimeKnobs) {
    opened.add_knobs(std::string(knob.variable));
  }
  absl::StatusOr<std::unique_ptr<Records>> records = Records::Create(
      run_.directory, opened, run_.options.run.output == OutputMode::kPacked);
  if (!records.ok()) return records.status();
  records_ = *std::move(records);
  return absl::OkStatus();
}

absl::Status Agent::MakeNode(const Premises& premises) {
  const Step& step = run_.step;
  absl::StatusOr<std::unique_ptr<Equipment>> equipment =
      Equipment::Find(&run_, premises);
  if (!equipment.ok()) return equipment.status();
  equipment_ = *std::move(equipment);
  run_.caps = equipment_->caps();
  Slots slots = equipment_->MakeSlots();
  absl::Status status = OpenRecords(slots);
  if (!status.ok()) return status;
  status = Resume(&run_);
  if (!status.ok()) return status;
  LookWhetherLate();
  if (step.node_id == 0) {
    run_.Say(absl::StrCat(
        "run ", step.run_id, ": ", run_.manifest->size(),
        run_.manifest->size() == 1 ? " sub-job, " : " sub-jobs, ", step.nodes,
        step.nodes == 1 ? " node" : " nodes", "; here ", slots.slots(),
        slots.slots() == 1 ? " slot, " : " slots, ",
        FormatSize(slots.budget_bytes()), " of memory (",
        equipment_->budget().source, "), caps by ", run_.caps));
  }
  node_ = std::make_unique<Node>(
      step.node_id, equipment_->ForSlots(records_->output()), std::move(slots),
      run_.manifest.get(), &run_.order, records_.get(), this);
  status = PlanFirstWork(&run_, node_->cpus());
  if (!status.ok()) return status;
  if (step.node_id != 0) {
    absl::StatusOr<std::unique_ptr<MemberRole>> member =
        MemberRole::Create(&run_, node_.get());
    if (!member.ok()) return member.status();
    role_ = *std::move(member);
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<RootRole>> root =
      RootRole::Create(&run_, node_.get());
  if (!root.ok()) return root.status();
  role_ = *std::move(root);
  return absl::OkStatus();
}

void Agent::LookWhetherLate() {
  if (run_.step.node_id == 0 || run_.left) return;
  absl::Duration lateness = LatenessOf(run_.directory, run_.step.node_id);
  run_.late = lateness > run_.patience.lateness();
  if (!run_.late) return;
  run_.Say(absl::StrCat(run_.step.node_name, ": came ",
                        absl::ToInt64Seconds(lateness),
                        " seconds after the first agent, and asks for work"));
}

int Agent::Work() {
  WatchJobEnd();
  node_->Add(OwnFirstWork(run_));
  Tick();
  run_.loop->Run();
  if (node_->left_behind() != 0) {
    run_.Say(absl::StrCat(run_.step.node_name, ": sub-jobs left ",
                          FormatSize(node_->left_behind()),
                          " of files in memory, in /dev/shm or the like"));
  }
  absl::Status closed = records_->Close();
  if (!closed.ok()) {
    run_.Say(absl::StrCat(run_.step.node_name, ": ", closed.message(),
                          "; the last records are lost"));
  }
  int status = role_->Conclude();
  // Slots remove their cgroups before the keeper removes what is above.
  node_.reset();
  return status;
}

// Sub-jobs are told in time; those that stay are killed before Slurm does that
// to us, and records are written in peace. Slurm gives a job the time back for
// which it was suspended.
void Agent::WatchJobEnd() {
  if (run_.step.job_end == absl::InfiniteFuture()) return;
  absl::Duration notice = run_.options.run.end_notice;
  absl::Duration left = run_.step.job_end - absl::Now();
  node_->MustEndBy(run_.step.job_end - notice);
  run_.loop->AfterAwake(std::max(left - notice, absl::ZeroDuration()),
                        [this] { AnnounceEnd(); });
  run_.loop->AfterAwake(std::max(left - kLeastNotice, absl::ZeroDuration()),
                        [this] { role_->StopRun(std::string(kJobTimeLimit)); });
}

void Agent::AnnounceEnd() {
  node_->AnnounceEnd(run_.options.run.end_signal);
  GangLeader* leader = role_->family()->leader();
  if (leader != nullptr) node_->SetAside(leader->SetAside());
}

// Told from inside of the node: act when it has returned.
void Agent::NodeChanged() {
  bool urgent = node_ != nullptr && node_->unstarted() < node_->slots();
  UpdateSoon(urgent ? absl::ZeroDuration() : kUpdateDelay);
}

void Agent::RecordsBlocked(const absl::Status& status) {
  run_.Say(
      status.ok()
          ? absl::StrCat(run_.step.node_name, ": going on")
          : absl::StrCat(run_.step.node_name, ": ", status.message(),
                         "; starting nothing until records can be written"));
}

void Agent::UpdateSoon(absl::Duration delay) {
  bool at_once = delay == absl::ZeroDuration();
  if (update_timer_ != 0 && (update_is_soon_ || !at_once)) return;
  run_.loop->Cancel(update_timer_);
  update_is_soon_ = at_once;
  update_timer_ = run_.loop->After(delay, [this] {
    update_timer_ = 0;
    // What is reported as finished is recorded.
    if (node_->FlushRecords() || node_->stopping()) {
      role_->Update();
    } else {
      role_->StillHere();
    }
    if (role_->done()) run_.loop->Stop();
  });
}

Instant Agent::MayRecordBefore() {
  return role_ == nullptr ? absl::InfiniteDuration()
                          : role_->family()->MayRecordBefore();
}

bool Agent::RunsOnGang(const Candidate& candidate) {
  GangLeader* leader = role_ == nullptr ? nullptr : role_->family()->leader();
  if (leader == nullptr) return false;
  leader->Add(candidate);
  return true;
}

void Agent::RanFor(uint32_t failed_on, uint64_t place, bool completed) {
  wire::RanFor ran;
  ran.set_failed_on(failed_on);
  ran.set_index(place);
  ran.set_completed(completed);
  role_->family()->RanFor(ran);
}

void Agent::Tick() {
  // What ended while nothing might be recorded, and what came.
  node_->Reap();
  node_->StartMore();
  node_->HandOnOutput();
  node_->LookAtThem();
  node_->RecordStanding();
  if (steering_ != nullptr) steering_->Heed(role_->family(), records_.get());
  UpdateSoon(absl::ZeroDuration());
  run_.loop->After(kTick, [this] { Tick(); });
}

// All agents were told, and see what was added as soon as their file system
// shows it.
void Agent::TakeAdded(const wire::Added& added) {
  if (run_.left && run_.step.node_id == 0) {
    run_.left->Add({run_.subjobs, added.subjobs()});
  }
  run_.subjobs = added.subjobs();
  if (run_.step.node_id == 0) {
    JournalRecord record;
    record.mutable_added()->set_time_ns(absl::GetCurrentTimeNanos());
    record.mutable_added()->set_subjobs(added.subjobs());
    record.mutable_added()->set_manifest_crc32(added.manifest_crc32());
    records_->Append(record);
  }
  growing_manifest_.Expect(added.manifest_crc32());
}

void Agent::HandleSignals() {
  signalfd_siginfo signal;
  int stop = 0;
  bool child = false;
  while (read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo == SIGCHLD) {
      child = true;
    } else if (signal.ssi_signo == SIGTSTP || signal.ssi_signo == SIGCONT) {
      // Slurm is about to suspend the job, or has resumed it.
      run_.loop->ExpectStops(signal.ssi_signo == SIGTSTP);
    } else {
      stop = static_cast<int>(signal.ssi_signo);
    }
  }
  // First: Slurm sent it to the sub-jobs as well, and those that died of it
  // were cancelled.
  if (stop != 0) {
    role_->StopRun(absl::StrCat(SignalName(stop), " on ", run_.step.node_name));
  }
  if (child) node_->Reap();
}

}  // namespace cram
