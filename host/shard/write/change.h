// What a command does to one point. This is a pure function of the command and the point, so it is
// the same on every replica and at every replay.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/model/operation.h"
#include "host/payload/json/mutate.h"
#include "host/segment/manifest.h"
#include "host/shard/write/command_filter.h"

namespace rhumb::shard {

// A point as it is now. A command asks only for what the command needs, and for each vector at
// most once. Views stay valid until the change is written. vector() returns data() == nullptr if
// the point has no vector in that column. Bit i of presence() says that it has one in column i.
class PointState {
 public:
  virtual ~PointState() = default;
  virtual bool exists() const = 0;
  virtual uint64_t version() const = 0;
  virtual base::Result<std::string_view> payload() = 0;
  virtual base::Result<uint64_t> presence() = 0;
  virtual base::Result<std::string_view> vector(size_t column) = 0;
};

enum class Effect : uint8_t {
  kNone,  // the condition does not hold, or there is nothing to change
  kRemove,
  kPayload,  // a new payload, the same vectors
  kRow,      // a new payload and new vectors
};

struct Change {
  Effect effect = Effect::kNone;
  std::string_view borrowed;              // a payload that lies in the command or the point
  std::optional<std::string> text;        // a payload that was made
  std::vector<std::string_view> vectors;  // for kRow: by column
  std::string_view payload() const { return text ? std::string_view(*text) : borrowed; }
};

// A command with what its targets share: its filter is compiled and its patch is read once. It
// borrows its arguments.
class PreparedCommand {
 public:
  // `vector_names` are by column, as in FilterSchema.
  PreparedCommand(const model::Command& command, const std::vector<segment::VectorSpec>& vectors,
                  const std::vector<std::string>& vector_names);

  const std::vector<model::Target>& targets() const { return command_.targets; }
  // Returns the change of target `i`. kCorrupt means that the stored point is damaged. A command
  // that no gateway would have made (vectors of a wrong size, a patch that is not JSON) changes
  // nothing.
  base::Result<Change> change_of(size_t i, PointState& point) const;

 private:
  base::Result<Change> new_payload(PointState& point) const;

  const model::Command& command_;
  const std::vector<segment::VectorSpec>& vectors_;
  const CommandFilter filter_;
  const std::optional<payload::PayloadChange> payload_;
};

// Adds the rest of a point that only got a new payload, when a whole row must be written after all.
base::Status complete_row(Change& change, size_t columns, PointState& point);

}  // namespace rhumb::shard
