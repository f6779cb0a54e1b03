#include "host/consensus/recovered.h"

#include <algorithm>

namespace rhumb::consensus {
namespace {

base::Status take(RecoveredGroup& group, const storage::LogRecord& record) {
  if (storage::is_entry(record.type)) {
    const auto type = static_cast<EntryType>(record.type);
    if (record.index != group.last_index() + 1)
      return base::corrupt("entry " + std::to_string(record.index) + " out of order");
    group.entries.push_back({record.term, static_cast<uint32_t>(record.data.size()), type});
    if (type == EntryType::kMembers) group.membership_changes.emplace(record.index, record.data);
    return base::ok();
  }
  if (record.type == storage::RecordType::kHardState) {
    RHUMB_ASSIGN(group.hard, decode_hard_state(record.data));
    return base::ok();
  }
  group.base_index = record.index;
  group.base_term = record.term;
  if (record.type != storage::RecordType::kInstall) return base::ok();
  RHUMB_ASSIGN(const InstallManifest manifest, decode_install_manifest(record.data));
  group.bootstrapped = manifest.bootstrap;
  if (group.hard.membership.index < record.index) {
    group.hard.membership = manifest.membership;
    group.hard.membership.index = record.index;
  }
  return base::ok();
}

}  // namespace

base::Result<std::unordered_map<uint64_t, RecoveredGroup>> recover_groups(storage::LogStore& log) {
  std::unordered_map<uint64_t, RecoveredGroup> groups;
  base::Status fault;
  RHUMB_TRY(log.recover([&](const storage::LogRecord& record) {
    fault = take(groups[record.group], record).within("group " + std::to_string(record.group));
    return fault.ok();
  }));
  RHUMB_TRY(fault);
  return groups;
}

base::Result<StartPoint> find_start(const RecoveredGroup& group, uint64_t machine_applied) {
  const Membership& membership = group.hard.membership;
  const uint64_t first = group.base_index, last = group.last_index();
  const bool fresh = machine_applied == 0 && group.bootstrapped;
  if (machine_applied < first && !fresh) {
    return base::corrupt("the state ends at " + std::to_string(machine_applied) +
                         ", the log begins behind " + std::to_string(first));
  }
  if (machine_applied > last || membership.index > last) {
    return base::corrupt("the log ends at " + std::to_string(last) + ", but " +
                         std::to_string(std::max(machine_applied, membership.index)) +
                         " was applied");
  }
  StartPoint start;
  start.machine_applied = machine_applied;
  start.engine_applied = std::max({machine_applied, membership.index, first});
  // The stored members hold up to the next membership change in the log. If the state machine is
  // further, the engine catches up by itself.
  const auto next_change = group.membership_changes.upper_bound(membership.index);
  if (next_change != group.membership_changes.end())
    start.engine_applied = std::min(start.engine_applied, next_change->first - 1);
  if (start.engine_applied < first)
    return base::corrupt("the members as of entry " + std::to_string(first) + " are not known");
  // What was applied was committed, even if the log's newest commit index is older: the commit
  // index is stored only together with writes.
  start.commit = std::max({group.hard.commit, machine_applied, membership.index, first});
  return start;
}

}  // namespace rhumb::consensus
