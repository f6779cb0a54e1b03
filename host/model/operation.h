// Writes. An Operation is a client's request, validated and with its vectors in their final bits
// (the gateway has normalised and converted them). The shard's leader turns it into Commands. A
// Command names explicit ids and is complete, so applying it is a pure function of (state,
// command). Conditions travel in the command and are tested when it is applied (docs/adr/0012).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/bytes.h"
#include "host/base/status.h"
#include "host/model/filter.h"
#include "host/model/id.h"

namespace rhumb::model {

struct NamedVector {
  std::string name;
  // In the collection's scalar type. VectorParams::takes() says how many bytes are valid.
  std::string bytes;
};

struct PointWrite {
  PointId id;
  std::string payload;  // minified JSON object; empty: no payload
  std::vector<NamedVector> vectors;
};

// The same in a command, without the id. The bytes lie elsewhere.
struct VectorView {
  std::string_view name, bytes;
};
struct PointView {
  std::string_view payload;
  std::vector<VectorView> vectors;
};

enum class OperationKind : uint16_t {
  kUpsert = 1,
  kDelete = 2,
  kUpdateVectors = 3,
  kDeleteVectors = 4,
  kSetPayload = 5,  // merges at the root, or at payload_key
  kOverwritePayload = 6,
  kDeletePayload = 7,
  kClearPayload = 8,
};
enum class UpdateMode : uint8_t { kUpsert = 0, kInsertOnly = 1, kUpdateOnly = 2 };

struct Operation {
  OperationKind kind = OperationKind::kUpsert;
  // kUpsert, kUpdateVectors (which uses no payload). No id occurs twice after the gateway has
  // merged equal ids.
  std::vector<PointWrite> points;
  std::vector<PointId> ids;  // for the other kinds, unless `filter` selects the points
  std::optional<Filter> filter;
  // kSetPayload and kOverwritePayload use both fields.
  std::string payload, payload_key;
  // Vector names for kDeleteVectors, JSON paths for kDeletePayload.
  std::vector<std::string> names;
  UpdateMode mode = UpdateMode::kUpsert;  // kUpsert
  // kUpsert: an existing point is replaced only if it matches this filter.
  std::optional<Filter> update_filter;
};
void encode(const Operation& operation, base::ByteWriter& out);
base::Result<Operation> decode_operation(base::ByteReader& in);

inline constexpr uint16_t kCommandFormat = 1;
// The meaning of commands when they are applied (docs/formats/command.md). Level 1: a point whose
// version has changed is skipped. Level 2: conditions are tested at apply, a request is recognised
// by its identity alone, and log time decides when a request is forgotten.
inline constexpr uint32_t kConditionsAtApply = 2;
inline constexpr uint32_t kFeatureLevel = 2;
// The point may have any version.
inline constexpr uint64_t kAnyVersion = ~0ull;
// The point must not exist (versions start at 1).
inline constexpr uint64_t kAbsent = 0;

struct CommandHeader {
  uint16_t format = kCommandFormat;
  OperationKind kind = OperationKind::kUpsert;
  uint32_t feature_level = kFeatureLevel;
  // The client session of the proposing gateway. A (session, sequence) is applied once.
  uint64_t session = 0, sequence = 0;
  std::array<uint8_t, 16> request_id{};
};

// A point that a command acts on. `expected_version` is the version at which the leader saw that
// the point passes the command's filter. If the version has changed since, the point is tested
// again. Without a filter, a point with another version is left alone.
struct Target {
  PointId id;
  uint64_t expected_version = kAnyVersion;
};

struct Command {
  CommandHeader header;
  std::vector<Target> targets;  // parallel to `points` for kUpsert and kUpdateVectors
  std::vector<PointView> points;
  // What `points` are views of. Null in a decoded command, whose points lie in the decoded bytes.
  std::shared_ptr<const std::vector<PointWrite>> writes;
  std::string payload, payload_key;
  std::vector<std::string> names;
  // One client operation may become several commands. Only the last one answers the client.
  uint32_t part = 0, parts = 1;

  // The following fields exist from level 2 on.
  UpdateMode mode = UpdateMode::kUpsert;  // whether a target must exist
  // An existing target must pass this filter, unless its version is the expected one.
  std::shared_ptr<const Filter> filter;
  // Payload fields whose strings the filter compares as UUIDs.
  std::vector<std::string> uuid_fields;
  // A distinct number for each time that a leader carries out an operation.
  uint64_t attempt = 0;
  // The leader's wall clock. A shard's log time is the largest value so far.
  uint64_t clock_ms = 0;
  uint32_t request_limit = ~0u;  // requests beyond this number are forgotten

  // Makes `points` views of these.
  void show(std::shared_ptr<const std::vector<PointWrite>> points_to_write);
};
std::string encode_command(const Command& command);
// The command's points are views of `bytes`.
base::Result<Command> decode_command(std::string_view bytes);

}  // namespace rhumb::model
