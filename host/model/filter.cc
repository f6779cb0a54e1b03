#include "host/model/filter.h"

namespace rhumb::model {
namespace {

uint64_t bytes_of(const std::vector<MatchValue>& values) {
  uint64_t bytes = values.size() * sizeof(MatchValue);
  for (const MatchValue& value : values) {
    if (const auto* text = std::get_if<std::string>(&value)) bytes += text->size();
  }
  return bytes;
}

// The bytes that a test takes beside its Condition.
struct TestBytes {
  uint64_t operator()(const MatchAny& t) const { return bytes_of(t.values); }
  uint64_t operator()(const MatchExcept& t) const { return bytes_of(t.values); }
  uint64_t operator()(const HasId& t) const {
    uint64_t bytes = t.ids.size() * sizeof(PointId);
    for (const PointId& id : t.ids) bytes += id.key().size();
    return bytes;
  }
  uint64_t operator()(const HasVector& t) const { return t.name.size(); }
  uint64_t operator()(const Nested& t) const { return memory_bytes(*t.filter); }
  uint64_t operator()(const SubFilter& t) const { return memory_bytes(*t.filter); }
  template <typename Bounds>
  uint64_t operator()(const Bounds&) const {
    return 0;
  }
};

}  // namespace

bool Filter::empty() const {
  return must.empty() && should.empty() && must_not.empty() && !min_should_set;
}

uint64_t memory_bytes(const Filter& filter) {
  uint64_t bytes = sizeof(filter);
  for (const auto* clause : {&filter.must, &filter.should, &filter.must_not, &filter.min_should}) {
    for (const Condition& c : *clause)
      bytes += sizeof(c) + c.key.size() + std::visit(TestBytes{}, c.test);
  }
  return bytes;
}

}  // namespace rhumb::model
