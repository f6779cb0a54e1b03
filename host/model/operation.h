// Writes. An Operation is what a client asked for, validated and with vectors in their final bits
// (normalised, converted by the gateway). The shard's leader makes Commands of it: explicit ids,
// complete, so that applying one is a pure function of (state, command). Conditions travel in the
// command and are tested where it is applied (docs/adr/0012).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/bytes.h"
#include "host/base/status.h"
#include "host/model/filter.h"
#include "host/model/id.h"

namespace rhumb::model {

struct NamedVector {
  std::string name;
  std::string bytes;  // as many as VectorParams::takes(), in the collection's scalar type
};

struct PointWrite {
  PointId id;
  std::string payload;  // minified JSON object; empty = none
  std::vector<NamedVector> vectors;
};

enum class OperationKind : uint16_t {
  kUpsert = 1,
  kDelete = 2,
  kUpdateVectors = 3,
  kDeleteVectors = 4,
  kSetPayload = 5,  // merge at the root, or at payload_key
  kOverwritePayload = 6,
  kDeletePayload = 7,
  kClearPayload = 8,
};
enum class UpdateMode : uint8_t { kUpsert = 0, kInsertOnly = 1, kUpdateOnly = 2 };

struct Operation {
  OperationKind kind = OperationKind::kUpsert;
  // kUpsert, kUpdateVectors (payload unused); no id twice: the REST front joins them
  std::vector<PointWrite> points;
  std::vector<PointId> ids;  // other kinds, unless `filter` selects
  std::optional<Filter> filter;
  std::string payload, payload_key;  // kSetPayload, kOverwritePayload
  std::vector<std::string> names;    // kDeleteVectors: vector names; kDeletePayload: JSON paths
  UpdateMode mode = UpdateMode::kUpsert;  // kUpsert
  // kUpsert: existing points are replaced only if they match
  std::optional<Filter> update_filter;
};
void encode(const Operation& operation, base::ByteWriter& out);
base::Result<Operation> decode_operation(base::ByteReader& in);

inline constexpr uint16_t kCommandFormat = 1;
// What commands mean when they are applied (docs/formats/command.md). Level 1: a point that moved
// on is skipped. Level 2: conditions are tested at apply, a request is known by its identity alone,
// and log time decides when it is forgotten.
inline constexpr uint32_t kConditionsAtApply = 2;
inline constexpr uint32_t kFeatureLevel = 2;
inline constexpr uint64_t kAnyVersion = ~0ull;  // whatever the point's version is
// only if the point does not exist (versions start at 1)
inline constexpr uint64_t kAbsent = 0;

struct CommandHeader {
  uint16_t format = kCommandFormat;
  OperationKind kind = OperationKind::kUpsert;
  uint32_t feature_level = kFeatureLevel;
  // client session of the proposing gateway; a (session, sequence) is applied once
  uint64_t session = 0, sequence = 0;
  std::array<uint8_t, 16> request_id{};
};

// A point a command acts on. expected_version: the version at which the leader saw it pass the
// command's filter; a point that moved on since is tested again. Without a filter a point of
// another version is left alone.
struct Target {
  PointId id;
  uint64_t expected_version = kAnyVersion;
};

struct Command {
  CommandHeader header;
  std::vector<Target> targets;  // parallel to `points` for kUpsert and kUpdateVectors
  // ids are in `targets`; PointWrite::id is filled on decoding too
  std::vector<PointWrite> points;
  std::string payload, payload_key;
  std::vector<std::string> names;
  // one client operation may be several commands; only the last one answers it
  uint32_t part = 0, parts = 1;

  // From level 2 on.
  UpdateMode mode = UpdateMode::kUpsert;  // whether a target has to exist
  // a target that exists has to pass it, unless its version is the expected one
  std::shared_ptr<const Filter> filter;
  // payload fields whose strings the filter compares as UUIDs
  std::vector<std::string> uuid_fields;
  // a number of its own for each time that a leader carries out an operation
  uint64_t attempt = 0;
  // the leader's wall clock; a shard's log time is the largest so far
  uint64_t clock_ms = 0;
  uint32_t request_limit = ~0u;  // remembered requests beyond this number are forgotten
};
std::string encode_command(const Command& command);
base::Result<Command> decode_command(std::string_view bytes);

}  // namespace rhumb::model
