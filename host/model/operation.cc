#include "host/model/operation.h"
#include "host/base/limits.h"
#include "host/model/filter_codec.h"

namespace rhumb::model {
namespace {

using base::ByteReader;
using base::ByteWriter;
using base::Result;
using base::Status;

bool known_kind(uint16_t kind) {
  return kind >= static_cast<uint16_t>(OperationKind::kUpsert) &&
         kind <= static_cast<uint16_t>(OperationKind::kClearPayload);
}

// A point is a PointWrite or a PointView.
template <typename Point>
void encode_body(const Point& p, ByteWriter& out) {
  out.blob(p.payload);
  out.u32(static_cast<uint32_t>(p.vectors.size()));
  for (const auto& v : p.vectors) {
    out.blob(v.name);
    out.blob(v.bytes);
  }
}

template <typename Point>
Status decode_body(ByteReader& in, Point& p) {
  p.payload = in.blob();
  const uint32_t n = in.count(8);
  if (n > base::limits::kMaxNamedVectors)
    return base::corrupt("point: more than " + std::to_string(base::limits::kMaxNamedVectors) +
                         " vectors");
  p.vectors.resize(n);
  for (auto& v : p.vectors) {
    v.name = in.blob();
    v.bytes = in.blob();
  }
  return in.failed() ? base::cut_short("point") : base::ok();
}

Result<PointId> decode_id(ByteReader& in) {
  const std::string_view key = in.blob();
  if (in.failed()) return base::cut_short("point id");
  return PointId::from_key(key);
}

void encode_names(const std::vector<std::string>& names, ByteWriter& out) {
  out.u32(static_cast<uint32_t>(names.size()));
  for (const std::string& name : names) out.blob(name);
}

std::vector<std::string> decode_names(ByteReader& in) {
  std::vector<std::string> names(in.count(4));
  for (std::string& name : names) name = std::string(in.blob());
  return names;
}

Status decode_header(ByteReader& in, CommandHeader& h) {
  h.format = in.u16();
  if (h.format != kCommandFormat) {
    return base::corrupt("command: format " + std::to_string(h.format) + ", this release reads " +
                         std::to_string(kCommandFormat));
  }
  const uint16_t kind = in.u16();
  h.feature_level = in.u32();
  if (!known_kind(kind) || h.feature_level > kFeatureLevel) {
    return base::corrupt("command: kind " + std::to_string(kind) + ", feature level " +
                         std::to_string(h.feature_level) +
                         ": written by a newer release, and this "
                         "one knows feature level " +
                         std::to_string(kFeatureLevel));
  }
  h.kind = static_cast<OperationKind>(kind);
  h.session = in.u64();
  h.sequence = in.u64();
  h.request_id = in.fixed<std::array<uint8_t, 16>>();
  return base::ok();
}

// Encodes the fields that level 2 added, with their length in front, so that a later level may
// append to them.
void encode_conditions(const Command& c, ByteWriter& to) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(static_cast<uint8_t>(c.mode));
  out.u8(c.filter != nullptr ? 1 : 0);
  if (c.filter != nullptr) encode(*c.filter, out);
  encode_names(c.uuid_fields, out);
  out.u64(c.attempt);
  out.u64(c.clock_ms);
  out.u32(c.request_limit);
  to.blob(bytes);
}

// About how many bytes the points and targets of a command take, so that they are not copied again
// and again while its text grows.
size_t room_for(const Command& c) {
  constexpr size_t kPerItem = 16, kRest = 256;
  size_t bytes = kRest + c.payload.size();
  for (const Target& t : c.targets) bytes += kPerItem + t.id.key().size();
  for (const PointView& p : c.points) {
    bytes += kPerItem + p.payload.size();
    for (const VectorView& v : p.vectors) bytes += kPerItem + v.name.size() + v.bytes.size();
  }
  return bytes;
}

Status decode_conditions(ByteReader& from, Command& c) {
  ByteReader in(from.blob());
  const uint8_t mode = in.u8();
  if (mode > static_cast<uint8_t>(UpdateMode::kUpdateOnly))
    return base::corrupt("command: unknown mode " + std::to_string(mode));
  c.mode = static_cast<UpdateMode>(mode);
  std::optional<Filter> filter;
  RHUMB_TRY(decode_optional(in, filter));
  if (filter) c.filter = std::make_shared<const Filter>(std::move(*filter));
  c.uuid_fields = decode_names(in);
  c.attempt = in.u64();
  c.clock_ms = in.u64();
  c.request_limit = in.u32();
  return in.done() ? base::ok() : base::cut_short("command");
}

}  // namespace

void encode(const Operation& o, ByteWriter& out) {
  out.u16(static_cast<uint16_t>(o.kind));
  out.u8(static_cast<uint8_t>(o.mode));
  out.u32(static_cast<uint32_t>(o.points.size()));
  for (const PointWrite& p : o.points) {
    out.blob(p.id.key());
    encode_body(p, out);
  }
  out.u32(static_cast<uint32_t>(o.ids.size()));
  for (const PointId& id : o.ids) out.blob(id.key());
  encode_optional(o.filter, out);
  encode_optional(o.update_filter, out);
  out.blob(o.payload);
  out.blob(o.payload_key);
  encode_names(o.names, out);
}

Result<Operation> decode_operation(ByteReader& in) {
  Operation o;
  const uint16_t kind = in.u16();
  const uint8_t mode = in.u8();
  if (!known_kind(kind) || mode > static_cast<uint8_t>(UpdateMode::kUpdateOnly))
    return base::corrupt("operation: unknown kind or mode");
  o.kind = static_cast<OperationKind>(kind);
  o.mode = static_cast<UpdateMode>(mode);
  o.points.resize(in.count(12));
  for (PointWrite& p : o.points) {
    RHUMB_ASSIGN(p.id, decode_id(in));
    RHUMB_TRY(decode_body(in, p));
  }
  o.ids.resize(in.count(5));
  for (PointId& id : o.ids) {
    RHUMB_ASSIGN(id, decode_id(in));
  }
  RHUMB_TRY(decode_optional(in, o.filter));
  RHUMB_TRY(decode_optional(in, o.update_filter));
  o.payload = std::string(in.blob());
  o.payload_key = std::string(in.blob());
  o.names = decode_names(in);
  if (in.failed()) return base::cut_short("operation");
  return o;
}

void Command::show(std::shared_ptr<const std::vector<PointWrite>> points_to_write) {
  writes = std::move(points_to_write);
  points.resize(writes->size());
  for (size_t i = 0; i < points.size(); ++i) {
    const PointWrite& write = (*writes)[i];
    points[i].payload = write.payload;
    points[i].vectors.clear();
    for (const NamedVector& v : write.vectors) points[i].vectors.push_back({v.name, v.bytes});
  }
}

std::string encode_command(const Command& c) {
  std::string bytes;
  bytes.reserve(room_for(c));
  ByteWriter out(bytes);
  out.u16(c.header.format);
  out.u16(static_cast<uint16_t>(c.header.kind));
  out.u32(c.header.feature_level);
  out.u64(c.header.session);
  out.u64(c.header.sequence);
  out.fixed(c.header.request_id);
  out.u32(c.part);
  out.u32(c.parts);
  out.u32(static_cast<uint32_t>(c.targets.size()));
  for (const Target& t : c.targets) {
    out.blob(t.id.key());
    out.u64(t.expected_version);
  }
  out.u32(static_cast<uint32_t>(c.points.size()));
  for (const PointView& p : c.points) encode_body(p, out);
  out.blob(c.payload);
  out.blob(c.payload_key);
  encode_names(c.names, out);
  if (c.header.feature_level >= kConditionsAtApply) encode_conditions(c, out);
  return bytes;
}

Result<Command> decode_command(std::string_view bytes) {
  ByteReader in(bytes);
  Command c;
  RHUMB_TRY(decode_header(in, c.header));
  c.part = in.u32();
  c.parts = in.u32();
  c.targets.resize(in.count(13));
  for (Target& t : c.targets) {
    RHUMB_ASSIGN(t.id, decode_id(in));
    t.expected_version = in.u64();
  }
  c.points.resize(in.count(8));
  const bool has_points = c.header.kind == OperationKind::kUpsert ||
                          c.header.kind == OperationKind::kUpdateVectors || !c.points.empty();
  if (has_points && c.points.size() != c.targets.size())
    return base::corrupt("command: points and targets differ in number");
  for (PointView& p : c.points) RHUMB_TRY(decode_body(in, p));
  c.payload = std::string(in.blob());
  c.payload_key = std::string(in.blob());
  c.names = decode_names(in);
  if (c.header.feature_level >= kConditionsAtApply) RHUMB_TRY(decode_conditions(in, c));
  if (!in.done()) return base::cut_short("command");
  return c;
}

}  // namespace rhumb::model
