// Passes committed entries to the state machine and reports the result to the engine.
#include <algorithm>

#include "host/base/limits.h"
#include "host/consensus/group.h"

namespace rhumb::consensus {

void Group::advance() {
  tell_applied();
  if (fenced_.ok()) apply_next();
}

// Each membership entry is a step of its own (apply_to stops at it), so this may take several
// steps.
void Group::tell_applied() {
  while (fenced_.ok() && std::min(apply_to_, machine_done_) > engine_applied_) {
    rhumb_event_t event = make_event(RHUMB_EV_APPLIED);
    event.index = engine_applied_ = std::min(apply_to_, machine_done_);
    const Engine::Outcome outcome = step(event);
    if (outcome.code != RHUMB_OK) fence(outcome.status);
  }
}

void Group::apply_next() {
  // After a restart the state machine may be behind the index that the engine counts as applied.
  const uint64_t until = std::max(apply_to_, engine_applied_);
  if (applying_ || reading_ || handed_ >= until) return;
  const uint64_t first = handed_ + 1;
  if (first <= table_.base()) {
    // The bootstrap record stands for entry 1. An empty state machine is given a no-op in its
    // place.
    RHUMB_ASSERT(first == 1 && table_.base() == 1);
    hand_over({{1, table_.term_at(1), EntryType::kNoop, {}}});
    return;
  }
  uint64_t last = std::min(until, first + base::limits::kApplyBatchEntries - 1);
  if (recent_.empty() || recent_.front().index != first) {
    if (!recent_.empty()) last = std::min(last, recent_.front().index - 1);
    read_for_apply(first, last);
    return;
  }
  std::vector<Entry> entries;
  uint64_t bytes = 0;
  while (!recent_.empty() && recent_.front().index <= last &&
         (entries.empty() || bytes < base::limits::kHandOverBytes)) {
    bytes += recent_.front().data.size();
    entries.push_back(std::move(recent_.front()));
    recent_.pop_front();
  }
  recent_bytes_ -= bytes;
  hand_over(std::move(entries));
}

void Group::read_for_apply(uint64_t first, uint64_t last) {
  const auto entries = std::make_shared<std::vector<Entry>>();
  const auto job = [entries, first, last, id = id_, incarnation = incarnation_,
                    &services = services_] {
    const base::Status read = services.log.read(
        id, first, last, base::limits::kHandOverBytes, [&](const storage::LogRecord& record) {
          entries->push_back({record.index, record.term, static_cast<EntryType>(record.type),
                              std::string(record.data)});
          return true;
        });
    services.post(id, incarnation, [entries, read](Group& group) {
      group.reading_ = false;
      if (!group.fenced_.ok()) return;
      if (!read.ok()) return group.fence(read);
      group.hand_over(std::move(*entries));
    });
  };
  const base::Status posted = services_.log_reader.post(job);
  if (posted.ok()) {
    reading_ = true;
  } else if (posted.code() != base::Code::kBusy) {
    fence(posted);
  } else {
    services_.post(id_, incarnation_, [](Group&) {});  // settle() then calls this function again
  }
}

void Group::hand_over(std::vector<Entry> entries) {
  applying_ = true;
  handed_ = entries.back().index;
  machine_->apply(std::move(entries), [index = handed_, id = id_, incarnation = incarnation_,
                                       &services = services_](const base::Status& status) {
    services.post(id, incarnation, [index, status](Group& group) { group.applied(index, status); });
  });
}

void Group::applied(uint64_t index, const base::Status& status) {
  applying_ = false;
  if (!status.ok()) {
    fence(status.within("applying up to entry " + std::to_string(index)));
    return;
  }
  machine_done_ = index;
}

void Group::check_opened() {
  if (!opened_ || engine_ == nullptr) return;
  if (opened_at_ == 0 && role_ == RHUMB_LEADER)
    opened_at_ = last_;  // the entry that begins this leader's term, and all entries before it
  if (opened_at_ != 0 && std::min(machine_done_, engine_applied_) >= opened_at_)
    std::exchange(opened_, nullptr)(base::ok());
}

}  // namespace rhumb::consensus
