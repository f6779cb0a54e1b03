// After a crash the key-value store may be ahead of the columns: it names rows whose bytes never
// reached the disk. A replay carries out the entries in (watermark W, key-value store's applied
// index X] again, and writes their rows to the slots that the store names.
//
// The rule: an entry writes a point's bytes only if the version of the point's row in the store is
// the entry's index, and it writes them to that row's slot. Points that several entries changed are
// followed in memory from their state at W. The undo table has that state where it differs from the
// row in the store; the state is durable. The result must have the row's content hash, otherwise
// the shard is damaged. Belongs to the apply strand. A crash during the replay starts it again,
// because nothing below W is written and the key-value store does not change.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/base/status.h"
#include "host/consensus/state_machine.h"
#include "host/shard/state/apply_state.h"
#include "host/shard/state/core.h"
#include "host/shard/write/change.h"

namespace rhumb::shard {

class Replayer {
 public:
  // apply_state is as in the key-value store, at X. The segments are open with their durable
  // lengths.
  Replayer(Core& core, ApplyState& apply_state)
      : core_(core), apply_state_(apply_state), next_(apply_state.watermark.index + 1) {}

  uint64_t target() const { return apply_state_.applied.index; }
  bool done() const { return next_ > target(); }
  // Entries follow one another from W + 1 on. The caller keeps back those beyond X.
  base::Status replay(std::span<const consensus::Entry> entries);

 private:
  // A point between two entries of the range.
  class Traced final : public PointState {
   public:
    bool exists() const override { return exists_; }
    uint64_t version() const override { return version_; }
    base::Result<std::string_view> payload() override { return std::string_view(payload_); }
    base::Result<uint64_t> presence() override;
    base::Result<std::string_view> vector(size_t column) override;
    void take(const Change& change, uint64_t index);
    base::Status take(const ApplyState& apply_state, const PointRow& row, size_t columns);

   private:
    bool exists_ = false;
    uint64_t version_ = 0;
    std::string payload_;
    std::vector<std::optional<std::string>> vectors_;
  };

  base::Status replay_entry(const consensus::Entry& entry);
  base::Status replay_point(const PreparedCommand& command, size_t i, uint64_t index);
  base::Result<Traced*> trace(const std::string& key);
  std::string stood_at(const std::string& key) const;
  base::Status write(const std::string& key, const PointRow& row, Traced& point);

  Core& core_;
  ApplyState& apply_state_;
  uint64_t next_;
  // Points stay here until their last change in the range is written.
  std::unordered_map<std::string, Traced> traced_;
};

}  // namespace rhumb::shard
