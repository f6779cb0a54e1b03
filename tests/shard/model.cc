#include "tests/shard/model.h"

#include <gtest/gtest.h>

#include <array>

namespace rhumb::shard::test {

using model::OperationKind;
using nlohmann::json;

namespace {

// The source's filters have one condition: a field has one of some values.
bool passes(const model::Filter& filter, const json& payload) {
  const model::Condition& condition = filter.must.at(0);
  const auto it = payload.find(condition.key);
  if (it == payload.end()) return false;
  const auto& values = std::get<model::MatchAny>(condition.test).values;
  return std::any_of(values.begin(), values.end(), [&](const model::MatchValue& value) {
    return std::visit([&](const auto& v) { return *it == json(v); }, value);
  });
}

bool holds(const model::Command& command, size_t i, const ModelPoint* point) {
  const uint64_t expected = command.targets[i].expected_version;
  if (point == nullptr)
    return command.mode != model::UpdateMode::kUpdateOnly &&
           (expected == model::kAnyVersion || expected == model::kAbsent);
  if (command.mode == model::UpdateMode::kInsertOnly || expected == model::kAbsent) return false;
  if (point->version == expected) return true;
  return command.filter == nullptr ? expected == model::kAnyVersion
                                   : passes(*command.filter, point->payload);
}

void merge(json& into, const json& patch) {
  for (const auto& [key, value] : patch.items()) {
    if (value.is_null())
      into.erase(key);
    else
      into[key] = value;
  }
}

json parsed(std::string_view text) { return text.empty() ? json::object() : json::parse(text); }

}  // namespace

void Model::apply(const model::Command& command, uint64_t index) {
  for (size_t i = 0; i < command.targets.size(); ++i) {
    const uint64_t id = command.targets[i].id.as_number();
    const auto it = points_.find(id);
    if (!holds(command, i, it == points_.end() ? nullptr : &it->second)) continue;
    if (command.header.kind == OperationKind::kUpsert) {
      ModelPoint fresh;
      fresh.payload = parsed(command.points[i].payload);
      fresh.version = index;
      for (const auto& v : command.points[i].vectors) fresh.vectors[std::string(v.name)] = v.bytes;
      points_[id] = fresh;
      continue;
    }
    if (it == points_.end()) continue;
    ModelPoint& point = it->second;
    if (command.header.kind == OperationKind::kDelete) {
      points_.erase(it);
      continue;
    }
    if (command.header.kind == OperationKind::kDeleteVectors) {
      size_t erased = 0;
      for (const std::string& name : command.names) erased += point.vectors.erase(name);
      if (erased == 0) continue;
    }
    if (command.header.kind == OperationKind::kUpdateVectors) {
      for (const auto& v : command.points[i].vectors) point.vectors[std::string(v.name)] = v.bytes;
    }
    if (command.header.kind == OperationKind::kSetPayload)
      merge(command.payload_key.empty() ? point.payload : point.payload[command.payload_key],
            parsed(command.payload));
    if (command.header.kind == OperationKind::kOverwritePayload)
      point.payload = parsed(command.payload);
    if (command.header.kind == OperationKind::kDeletePayload) {
      for (const std::string& name : command.names) point.payload.erase(name);
    }
    if (command.header.kind == OperationKind::kClearPayload) point.payload = json::object();
    point.version = index;
  }
}

model::CollectionConfig all_vectors() {
  model::CollectionConfig config;
  config.vectors["a"].size = kDim;
  config.vectors["b"].size = 8;
  config.vectors["b"].distance = model::Distance::kEuclid;
  config.vectors["c"].size = kRowDim;
  config.vectors["c"].distance = model::Distance::kDot;
  config.vectors["c"].multivector = true;
  config.payload_indexes["colour"].type = model::FieldType::kKeyword;
  config.payload_indexes["n"].type = model::FieldType::kInteger;
  return config;
}

void shrink(ShardOptions& options) {
  options.segment.max_rows = 600;
  options.segment.graph_min_rows = 128;
  options.segment.extents = {4096, 65536};
  options.apply_batch_entries = 16;
  options.checkpoint_points = 1u << 30;  // checkpoints happen only when a test asks
  options.index_slice_rows = 64;
}

std::string CommandSource::vector(const std::string& name) {
  if (name == "a") return a_.next_bytes();
  if (name == "b") return b_.next_bytes();
  std::string rows;
  for (uint64_t n = 1 + draw(4); n > 0; --n) rows += c_.next_bytes();
  return rows;
}

std::string CommandSource::payload() {
  static const char* const kColours[] = {"red", "green", "blue", "grün \\\" quoted"};
  json payload = json::object();
  if (draw(4) != 0) payload["colour"] = kColours[draw(4)];
  if (draw(3) != 0) payload["n"] = static_cast<int64_t>(draw(50)) - 10;
  if (draw(5) == 0) payload["list"] = {1, "two", 3.5, nullptr};
  return payload.empty() ? std::string() : payload.dump();
}

model::PointWrite CommandSource::write(uint64_t id) {
  model::PointWrite write;
  write.id = model::PointId::number(id);
  write.payload = payload();
  if (draw(8) != 0) write.vectors.push_back({"a", vector("a")});
  if (draw(3) != 0) write.vectors.push_back({"b", vector("b")});
  if (draw(4) != 0) write.vectors.push_back({"c", vector("c")});
  return write;
}

void CommandSource::condition(model::Command& command) {
  if (draw(5) == 0) command.mode = static_cast<model::UpdateMode>(draw(3));
  if (draw(4) != 0) return;
  model::Filter filter;
  if (draw(2) == 0)
    filter.must.push_back(any_of("colour", {std::string("red"), std::string("green")}));
  else
    filter.must.push_back(
        any_of("n", {int64_t{-3}, int64_t{0}, int64_t{4}, int64_t{11}, int64_t{30}}));
  command.filter = std::make_shared<const model::Filter>(std::move(filter));
}

model::Command CommandSource::next(const Model& known) {
  model::Command command;
  const uint64_t dice = draw(100);
  const auto kind = dice < 45   ? OperationKind::kUpsert
                    : dice < 55 ? OperationKind::kDelete
                    : dice < 65 ? OperationKind::kUpdateVectors
                    : dice < 70 ? OperationKind::kDeleteVectors
                    : dice < 85 ? OperationKind::kSetPayload
                    : dice < 90 ? OperationKind::kOverwritePayload
                    : dice < 96 ? OperationKind::kDeletePayload
                                : OperationKind::kClearPayload;
  command.header.kind = kind;
  const size_t n = draw(4) == 0 ? 1 + draw(12) : 1;
  std::set<uint64_t> chosen;
  std::vector<model::PointWrite> writes;
  for (size_t i = 0; i < n; ++i) chosen.insert(draw(ids_));
  for (const uint64_t id : chosen) {
    uint64_t expected = model::kAnyVersion;
    const auto it = known.points().find(id);
    if (draw(6) == 0)
      expected = it == known.points().end() || draw(3) == 0
                     ? model::kAbsent
                     : it->second.version - (draw(3) == 0 ? 1 : 0);
    command.targets.push_back({model::PointId::number(id), expected});
    if (kind != OperationKind::kUpsert && kind != OperationKind::kUpdateVectors) continue;
    writes.push_back(write(id));
    if (kind == OperationKind::kUpdateVectors) writes.back().payload.clear();
  }
  command.show(std::make_shared<const std::vector<model::PointWrite>>(std::move(writes)));
  if (kind == OperationKind::kDeleteVectors) command.names = {std::array{"a", "b", "c"}[draw(3)]};
  if (kind == OperationKind::kDeletePayload)
    command.names = {draw(2) == 0 ? "colour" : "n", "list"};
  if (kind == OperationKind::kSetPayload || kind == OperationKind::kOverwritePayload)
    command.payload = payload();
  if (command.payload.empty() && kind == OperationKind::kSetPayload)
    command.payload = R"({"colour":"white"})";
  if (command.payload.empty() && kind == OperationKind::kOverwritePayload) command.payload = "{}";
  return command;
}

void expect_equal(Harness& harness, const Model& model, const std::string& when) {
  SCOPED_TRACE(when);
  model::ScrollRequest request;
  request.limit = 1u << 20;
  request.with_payload.mode = model::PayloadSelector::Mode::kAll;
  request.with_vector.mode = model::VectorSelector::Mode::kAll;
  auto records = harness->scroll(request, {});
  ASSERT_TRUE(records.ok()) << records.status().to_string();
  ASSERT_EQ(records->size(), model.points().size());
  auto expected = model.points().begin();
  for (const model::Record& record : *records) {
    ASSERT_EQ(record.id.as_number(), expected->first);
    ASSERT_EQ(record.version, expected->second.version) << "point " << expected->first;
    ASSERT_EQ(parsed(record.payload), expected->second.payload) << "point " << expected->first;
    std::map<std::string, std::string> vectors;
    for (const auto& v : record.vectors) vectors[v.name] = v.bytes;
    ASSERT_EQ(vectors, expected->second.vectors) << "point " << expected->first;
    ++expected;
  }
  auto counted = harness->count({}, {});
  ASSERT_TRUE(counted.ok());
  EXPECT_EQ(*counted, model.points().size());
  auto verified = harness->verify({});
  ASSERT_TRUE(verified.ok()) << verified.status().to_string();
  EXPECT_TRUE(verified->problems.empty()) << verified->problems.front();
  EXPECT_EQ(verified->points, model.points().size());
}

}  // namespace rhumb::shard::test
