#include "host/model/filter_codec.h"

#include "host/base/limits.h"

namespace rhumb::model {
namespace {

using base::ByteReader;
using base::ByteWriter;
using base::Result;
using base::Status;
namespace limits = base::limits;

// The tags of conditions on the wire, which are never reused. kDoubleRange is only read: its bounds
// are doubles, even if the client sent integers.
enum class Tag : uint8_t {
  kMatchAny = 1,
  kMatchExcept,
  kDoubleRange,
  kDatetimeRange,
  kValuesCount,
  kIsEmpty,
  kIsNull,
  kHasId,
  kHasVector,
  kNested,
  kSubFilter,
  kRange
};

void encode_values(const std::vector<MatchValue>& values, ByteWriter& out) {
  out.u32(static_cast<uint32_t>(values.size()));
  for (const MatchValue& v : values) {
    out.u8(static_cast<uint8_t>(v.index()));
    if (const auto* s = std::get_if<std::string>(&v))
      out.blob(*s);
    else if (const auto* i = std::get_if<int64_t>(&v))
      out.fixed(*i);
    else if (const auto* u = std::get_if<uint64_t>(&v))
      out.fixed(*u);
    else
      out.u8(std::get<bool>(v) ? 1 : 0);
  }
}

Result<std::vector<MatchValue>> decode_values(ByteReader& in) {
  const uint32_t n = in.count(2);
  if (n > limits::kMaxMatchAny) return base::corrupt("filter: too many match values");
  std::vector<MatchValue> values;
  values.reserve(n);
  for (uint32_t i = 0; i < n; ++i) {
    switch (in.u8()) {
      case 0:
        values.emplace_back(std::string(in.blob()));
        break;
      case 1:
        values.emplace_back(in.fixed<int64_t>());
        break;
      case 2:
        values.emplace_back(in.u8() != 0);
        break;
      case 3:
        values.emplace_back(in.fixed<uint64_t>());
        break;
      default:
        return base::corrupt("filter: a match value has an unknown kind");
    }
  }
  if (in.failed()) return base::cut_short("filter");
  return values;
}

void encode_bound(int64_t bound, ByteWriter& out) { out.fixed(bound); }
void encode_bound(uint64_t bound, ByteWriter& out) { out.fixed(bound); }
void encode_bound(const Number& bound, ByteWriter& out) {
  out.u8(static_cast<uint8_t>(bound.kind()));
  switch (bound.kind()) {
    case Number::Kind::kDouble:
      return out.fixed(bound.double_value());
    case Number::Kind::kSigned:
      return out.fixed(bound.signed_value());
    case Number::Kind::kUnsigned:
      return out.fixed(bound.unsigned_value());
  }
}

// The four bounds of any range: a byte of presence bits, followed by the bounds that are present.
template <typename R>
void encode_bounds(const R& r, ByteWriter& out) {
  out.u8(static_cast<uint8_t>((r.lt ? 1 : 0) | (r.lte ? 2 : 0) | (r.gt ? 4 : 0) | (r.gte ? 8 : 0)));
  for (const auto& bound : {r.lt, r.lte, r.gt, r.gte}) {
    if (bound) encode_bound(*bound, out);
  }
}

template <typename Bound>
Result<Bound> decode_bound(ByteReader& in) {
  if constexpr (!std::is_same_v<Bound, Number>) {
    return in.fixed<Bound>();
  } else {
    switch (static_cast<Number::Kind>(in.u8())) {
      case Number::Kind::kDouble:
        return Number(in.f64());
      case Number::Kind::kSigned:
        return Number(in.fixed<int64_t>());
      case Number::Kind::kUnsigned:
        return Number(in.u64());
    }
    return base::corrupt("filter: a number has an unknown kind");
  }
}

// `As` is the type of the bounds in the message.
template <typename R, typename As>
base::Status decode_bounds(ByteReader& in, Condition& c) {
  R r;
  const uint8_t present = in.u8();
  uint8_t bit = 1;
  for (auto* bound : {&r.lt, &r.lte, &r.gt, &r.gte}) {
    if ((present & bit) != 0) {
      RHUMB_ASSIGN(*bound, decode_bound<As>(in));
    }
    bit = static_cast<uint8_t>(bit << 1);
  }
  c.test = r;
  return base::ok();
}

void tag(Tag t, ByteWriter& out) { out.u8(static_cast<uint8_t>(t)); }

struct EncodeTest {
  ByteWriter& out;
  void operator()(const MatchAny& t) const {
    tag(Tag::kMatchAny, out);
    encode_values(t.values, out);
  }
  void operator()(const MatchExcept& t) const {
    tag(Tag::kMatchExcept, out);
    encode_values(t.values, out);
  }
  void operator()(const Range& t) const {
    tag(Tag::kRange, out);
    encode_bounds(t, out);
  }
  void operator()(const DatetimeRange& t) const {
    tag(Tag::kDatetimeRange, out);
    encode_bounds(t, out);
  }
  void operator()(const ValuesCount& t) const {
    tag(Tag::kValuesCount, out);
    encode_bounds(t, out);
  }
  void operator()(const IsEmpty& t) const {
    tag(Tag::kIsEmpty, out);
    out.u8(t.value ? 1 : 0);
  }
  void operator()(const IsNull& t) const {
    tag(Tag::kIsNull, out);
    out.u8(t.value ? 1 : 0);
  }
  void operator()(const HasId& t) const {
    tag(Tag::kHasId, out);
    out.u32(static_cast<uint32_t>(t.ids.size()));
    for (const PointId& id : t.ids) out.blob(id.key());
  }
  void operator()(const HasVector& t) const {
    tag(Tag::kHasVector, out);
    out.blob(t.name);
  }
  void operator()(const Nested& t) const {
    tag(Tag::kNested, out);
    encode(*t.filter, out);
  }
  void operator()(const SubFilter& t) const {
    tag(Tag::kSubFilter, out);
    encode(*t.filter, out);
  }
};

void encode_all(const std::vector<Condition>& conditions, ByteWriter& out) {
  out.u32(static_cast<uint32_t>(conditions.size()));
  for (const Condition& c : conditions) {
    out.blob(c.key);
    std::visit(EncodeTest{out}, c.test);
  }
}

// The rest of the budget of the whole tree, so that a hostile message cannot ask for more than a
// client may.
struct Budget {
  uint32_t conditions = limits::kMaxFilterConditions;
  uint32_t depth = 0;
};
Result<Filter> decode_tree(ByteReader& in, Budget& budget);

Result<std::shared_ptr<const Filter>> decode_inner(ByteReader& in, Budget& budget) {
  RHUMB_ASSIGN(Filter inner, decode_tree(in, budget));
  return std::make_shared<const Filter>(std::move(inner));
}

Result<HasId> decode_ids(ByteReader& in) {
  HasId test;
  const uint32_t n = in.count(4);
  if (n > limits::kMaxMatchAny) return base::corrupt("filter: too many ids");
  for (uint32_t i = 0; i < n; ++i) {
    RHUMB_ASSIGN(PointId id, PointId::from_key(in.blob()));
    test.ids.push_back(std::move(id));
  }
  return test;
}

base::Status decode_test(ByteReader& in, Budget& budget, Condition& c) {
  switch (static_cast<Tag>(in.u8())) {
    case Tag::kMatchAny: {
      RHUMB_ASSIGN(auto values, decode_values(in));
      c.test = MatchAny{std::move(values)};
      break;
    }
    case Tag::kMatchExcept: {
      RHUMB_ASSIGN(auto values, decode_values(in));
      c.test = MatchExcept{std::move(values)};
      break;
    }
    case Tag::kRange:
      RHUMB_TRY((decode_bounds<Range, Number>(in, c)));
      break;
    case Tag::kDoubleRange:
      RHUMB_TRY((decode_bounds<Range, double>(in, c)));
      break;
    case Tag::kDatetimeRange:
      RHUMB_TRY((decode_bounds<DatetimeRange, int64_t>(in, c)));
      break;
    case Tag::kValuesCount:
      RHUMB_TRY((decode_bounds<ValuesCount, uint64_t>(in, c)));
      break;
    case Tag::kIsEmpty:
      c.test = IsEmpty{in.u8() != 0};
      break;
    case Tag::kIsNull:
      c.test = IsNull{in.u8() != 0};
      break;
    case Tag::kHasId: {
      RHUMB_ASSIGN(c.test, decode_ids(in));
      break;
    }
    case Tag::kHasVector:
      c.test = HasVector{std::string(in.blob())};
      break;
    case Tag::kNested: {
      RHUMB_ASSIGN(auto inner, decode_inner(in, budget));
      c.test = Nested{std::move(inner)};
      break;
    }
    case Tag::kSubFilter: {
      RHUMB_ASSIGN(auto inner, decode_inner(in, budget));
      c.test = SubFilter{std::move(inner)};
      break;
    }
    default:
      return base::corrupt("filter: unknown condition");
  }
  return in.failed() ? base::cut_short("filter") : base::ok();
}

base::Status decode_all(ByteReader& in, Budget& budget, std::vector<Condition>& out) {
  const uint32_t n = in.count(5);
  if (n > budget.conditions)
    return base::corrupt("filter: more than " + std::to_string(limits::kMaxFilterConditions) +
                         " conditions");
  budget.conditions -= n;
  for (uint32_t i = 0; i < n; ++i) {
    Condition c;
    c.key = std::string(in.blob());
    RHUMB_TRY(decode_test(in, budget, c));
    out.push_back(std::move(c));
  }
  return in.failed() ? base::cut_short("filter") : base::ok();
}

Result<Filter> decode_tree(ByteReader& in, Budget& budget) {
  if (++budget.depth > limits::kMaxFilterDepth)
    return base::corrupt("filter: deeper than " + std::to_string(limits::kMaxFilterDepth));
  Filter f;
  RHUMB_TRY(decode_all(in, budget, f.must));
  RHUMB_TRY(decode_all(in, budget, f.should));
  RHUMB_TRY(decode_all(in, budget, f.must_not));
  RHUMB_TRY(decode_all(in, budget, f.min_should));
  f.min_count = in.u32();
  f.min_should_set = in.u8() != 0;
  if (in.failed()) return base::cut_short("filter");
  --budget.depth;
  return f;
}

}  // namespace

void encode(const Filter& filter, ByteWriter& out) {
  encode_all(filter.must, out);
  encode_all(filter.should, out);
  encode_all(filter.must_not, out);
  encode_all(filter.min_should, out);
  out.u32(filter.min_count);
  out.u8(filter.min_should_set ? 1 : 0);
}

Result<Filter> decode_filter(ByteReader& in) {
  Budget budget;
  return decode_tree(in, budget);
}

void encode_optional(const std::optional<Filter>& filter, ByteWriter& out) {
  out.u8(filter ? 1 : 0);
  if (filter) encode(*filter, out);
}

Status decode_optional(ByteReader& in, std::optional<Filter>& filter) {
  if (in.u8() == 0) return base::ok();
  RHUMB_ASSIGN(filter, decode_filter(in));
  return base::ok();
}

}  // namespace rhumb::model
