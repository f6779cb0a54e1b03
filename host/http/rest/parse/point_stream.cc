#include <algorithm>
#include <cstring>

#include "host/base/bytes.h"
#include "host/base/limits.h"
#include "host/gateway/vector_bits.h"
#include "host/http/rest/parse/parse_vector.h"
#include "host/http/rest/parse/parse_writes.h"
#include "host/http/rest/parse/point_stream.h"
#include "host/http/rest/reply/json_write.h"
#include "rhumb/kernels.h"

namespace rhumb::http::rest {
namespace {

using base::Result;
using base::Status;

constexpr std::string_view kMagic = "RHPOINTS";
constexpr uint32_t kVersion = 1;
constexpr size_t kHeadBytes = 12;
constexpr size_t kMaxPointBytes = 32 * base::limits::kMiB;  // limit of one line or record

std::vector<float> to_floats(const std::string& bytes, model::Scalar scalar) {
  std::vector<float> out(bytes.size() / model::scalar_bytes(scalar));
  if (scalar == model::Scalar::kFloat32)
    std::memcpy(out.data(), bytes.data(), bytes.size());
  else if (scalar == model::Scalar::kFloat16)
    rhumb_f16_to_f32(reinterpret_cast<const uint16_t*>(bytes.data()), out.data(), out.size());
  else {
    for (size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<float>(static_cast<uint8_t>(bytes[i]));
  }
  return out;
}

void write_record(std::string& out, const model::CollectionConfig& config,
                  const model::Record& record) {
  std::string body;
  base::ByteWriter w(body);
  w.blob(record.id.key());
  w.blob(record.payload);
  w.u32(static_cast<uint32_t>(record.vectors.size()));
  for (const model::NamedVector& v : record.vectors) {
    const std::vector<float> floats = to_floats(v.bytes, config.vectors.at(v.name).datatype);
    w.blob(v.name);
    w.blob({reinterpret_cast<const char*>(floats.data()), floats.size() * sizeof(float)});
  }
  base::ByteWriter(out).blob(body);
}

Result<std::string> checked_payload(std::string_view text) {
  if (text.empty()) return std::string();
  RHUMB_ASSIGN(const Element e, parse_body(std::string(text)));
  if (!e.is_object()) return base::invalid("the payload is not a JSON object");
  std::string out;
  append_minified(out, e);
  if (out.size() > base::limits::kMaxPayloadBytes) {
    return base::invalid(std::to_string(out.size()) + " bytes of payload, at most " +
                         std::to_string(base::limits::kMaxPayloadBytes));
  }
  return out == "{}" ? std::string() : out;
}

// A key has one spelling. A string that a JSON body would refuse, or would read as a UUID, is no id
// here either.
Result<model::PointId> checked_id(std::string_view key) {
  auto id = model::PointId::from_key(key);
  if (!id.ok()) return base::invalid(id.status().message());
  if (id->kind() != model::PointId::Kind::kString) return id;
  RHUMB_ASSIGN(const auto same, model::PointId::from_string(id->to_text()));
  if (same != *id)
    return base::invalid("point id \"" + id->to_text() +
                         "\" is a UUID: its key has 16 bytes after 02");
  return id;
}

Result<model::PointWrite> parse_record(std::string_view record,
                                       const model::CollectionConfig& config) {
  base::ByteReader r(record);
  model::PointWrite point;
  const std::string_view key = r.blob(), payload = r.blob();
  const uint32_t vectors = r.count(8);
  if (r.failed()) return base::invalid("the record is cut short");
  RHUMB_ASSIGN(point.id, checked_id(key));
  RHUMB_ASSIGN(point.payload, checked_payload(payload));
  for (uint32_t i = 0; i < vectors; ++i) {
    const std::string name(r.blob());
    const std::string_view bytes = r.blob();
    if (r.failed() || bytes.size() % sizeof(float) != 0)
      return base::invalid("the vector is cut short");
    RHUMB_ASSIGN(const auto* params, gateway::vector_params(config, name, ""));
    std::vector<float> components(bytes.size() / sizeof(float));
    std::memcpy(components.data(), bytes.data(), bytes.size());
    RHUMB_ASSIGN(auto final, gateway::final_bits(std::move(components), *params, "vector"));
    if (std::any_of(point.vectors.begin(), point.vectors.end(),
                    [&](const auto& v) { return v.name == name; })) {
      return base::invalid("vector `" + name + "` comes twice");
    }
    point.vectors.push_back({name, std::move(final)});
  }
  if (!r.done()) return base::invalid("the record has bytes after its last part");
  return point;
}

}  // namespace

Status PointReader::whole(Result<model::PointWrite> point, std::vector<model::PointWrite>& out) {
  if (!point.ok()) {
    const std::string where = format_ == PointFormat::kNdjson
                                  ? "line " + std::to_string(lines_)
                                  : "record " + std::to_string(points_ + 1);
    return point.status().within(where);
  }
  ++points_;
  out.push_back(std::move(*point));
  return base::ok();
}

Status PointReader::read_line(std::string_view line, std::vector<model::PointWrite>& out) {
  ++lines_;
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return base::ok();
  line_.assign(line);
  IgnoredMembers ignored;
  RHUMB_TRY(whole(parse_import_line(line_, config_, &ignored), out));
  if (!ignored.empty()) ignored_.take(std::move(ignored), "line " + std::to_string(lines_));
  return base::ok();
}

Status PointReader::read_record(std::string_view record, std::vector<model::PointWrite>& out) {
  return whole(parse_record(record, config_), out);
}

Status PointReader::read_records(std::vector<model::PointWrite>& out) {
  base::ByteReader r(pending_);
  size_t used = 0;
  if (!head_seen_) {
    if (pending_.size() < kHeadBytes) return base::ok();
    const std::string_view magic = r.raw(kMagic.size());
    const uint32_t version = r.u32();
    if (magic != kMagic || version != kVersion)
      return base::invalid(
          "the body does not begin with the head of application/x-rhumb-points version 1");
    head_seen_ = true;
    used = kHeadBytes;
  }
  while (r.remaining() >= sizeof(uint32_t)) {
    const uint32_t length = r.u32();
    if (length > kMaxPointBytes)
      return base::invalid("record " + std::to_string(points_ + 1) + ": " + std::to_string(length) +
                           " bytes, at most " + std::to_string(kMaxPointBytes));
    if (r.remaining() < length) break;
    RHUMB_TRY(read_record(r.raw(length), out));
    used = r.offset();
  }
  pending_.erase(0, used);
  return base::ok();
}

Status PointReader::feed(std::string_view bytes, std::vector<model::PointWrite>& out) {
  pending_.append(bytes);
  if (format_ == PointFormat::kBinary) return read_records(out);
  size_t start = 0;
  for (size_t newline; (newline = pending_.find('\n', start)) != std::string::npos;
       start = newline + 1) {
    RHUMB_TRY(read_line(std::string_view(pending_).substr(start, newline - start), out));
  }
  pending_.erase(0, start);
  if (pending_.size() > kMaxPointBytes) {
    return base::invalid("line " + std::to_string(lines_ + 1) + ": longer than " +
                         std::to_string(kMaxPointBytes) + " bytes");
  }
  return base::ok();
}

Status PointReader::finish(std::vector<model::PointWrite>& out) {
  if (format_ == PointFormat::kNdjson)
    return pending_.empty() ? base::ok() : read_line(pending_, out);
  if (!pending_.empty() || !head_seen_)
    return base::invalid("record " + std::to_string(points_ + 1) +
                         ": the body ends within the record");
  return base::ok();
}

std::string write_points(PointFormat format, const model::CollectionConfig& config,
                         const std::vector<model::Record>& records, bool first) {
  std::string out;
  if (format == PointFormat::kBinary) {
    if (first) {
      out = kMagic;
      base::ByteWriter(out).u32(kVersion);
    }
    for (const model::Record& record : records) write_record(out, config, record);
    return out;
  }
  for (const model::Record& record : records) {
    append_record(out, record, {false, true, true, &config});
    out += '\n';
  }
  return out;
}

}  // namespace rhumb::http::rest
