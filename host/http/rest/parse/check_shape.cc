#include "host/http/rest/parse/check_shape.h"

namespace rhumb::http::rest {
namespace {

using base::Status;

// The place of the walk in the body. It is written out only for error messages.
struct Place {
  const Place* parent = nullptr;
  std::string_view name;
  size_t index = 0;
  bool of_list = false;

  std::string text() const {
    if (parent == nullptr) return std::string(name);
    return of_list ? at(parent->text(), index) : at(parent->text(), name);
  }
};

Status unknown(const Shape& shape, std::string_view name, const Place& place) {
  std::string expected;
  for (const Member& m : shape.members) {
    if (!m.same_as_before) expected += (expected.empty() ? "" : ", ") + std::string(m.name);
  }
  return format_error(place.text(),
                      "unknown field `" + shown_name(name) + "`, expected one of " + expected);
}

// Complains about a member before `late` that has no form in common with it.
Status apart(const Object& object, const Shape& shape, const Member& late, const Place& place) {
  std::string_view early;
  for (const auto field : object) {
    const Member* m = shape.find(field.key);
    if (m == &late) break;
    if (m == nullptr || m->forms == kEveryForm || field.value.is_null()) continue;
    early = m->name;
    if ((m->forms & late.forms) == 0) break;
  }
  return format_error(place.text(), "`" + std::string(early) + "` and `" + std::string(late.name) +
                                        "` do not go together");
}

// Complains that the member came before, under this name or another one.
Status twice(const Object& object, const Shape& shape, const Member& m, const Place& place) {
  const Member* first = m.same_as_before ? &m - 1 : &m;
  std::string_view other;
  for (const auto field : object) {
    const Member* found = shape.find(field.key);
    if (found != nullptr && found != &m &&
        (found == first || (found->same_as_before && found - 1 == first)))
      other = found->name;
  }
  return format_error(place.text(),
                      "field `" + std::string(m.name) + "` comes twice" +
                          (other.empty() ? "" : ", as `" + std::string(other) + "` as well"));
}

class Walk {
 public:
  explicit Walk(IgnoredMembers* ignored) : ignored_(ignored) {}

  Status object(const Object& object, const Shape& shape, const Place& place) {
    uint64_t seen = 0;
    Forms forms = kEveryForm;
    for (const auto field : object) {
      const Member* m = shape.find(field.key);
      if (m == nullptr) {
        if (shape.unknown == Unknown::kRefused) return unknown(shape, field.key, place);
        if (ignored_ != nullptr && !ignored_->again(shape, field.key))
          ignored_->add(shape, field.key, place.text());
        continue;
      }
      const auto row = static_cast<size_t>(m - shape.members.data()) - (m->same_as_before ? 1 : 0);
      if ((seen >> row & 1) != 0) {
        return twice(object, shape, *m, place);
      }
      seen |= uint64_t{1} << row;
      if (field.value.is_null()) continue;
      if ((forms & m->forms) == 0) return apart(object, shape, *m, place);
      forms &= m->forms;
      if (m->shape != nullptr) RHUMB_TRY(value(field.value, *m, {&place, m->name}));
    }
    return base::ok();
  }

 private:
  Status value(const Element& e, const Member& m, const Place& place) {
    if (e.is_array())
      return m.holds == Holds::kOneOrMore ? list(Array(e), *m.shape, place) : base::ok();
    if (!e.is_object()) return base::ok();
    const bool named =
        m.holds == Holds::kMap || (m.holds == Holds::kOneOrNamed && !is_one(Object(e)));
    if (!named) return object(Object(e), *m.shape, place);
    for (const auto field : Object(e)) {
      if (field.value.is_object())
        RHUMB_TRY(object(Object(field.value), *m.shape, {&place, field.key}));
    }
    return base::ok();
  }

  Status list(const Array& array, const Shape& shape, const Place& place) {
    size_t i = 0;
    for (const Element item : array) {
      if (item.is_object()) RHUMB_TRY(object(Object(item), shape, {&place, {}, i, true}));
      ++i;
    }
    return base::ok();
  }

  // A collection may have a vector named "size". Then the value of "size" is an object.
  static bool is_one(const Object& object) {
    const auto size = member(object, "size");
    return size && !size->is_object();
  }

  IgnoredMembers* const ignored_;
};

}  // namespace

Status check_shape(const Element& e, const Shape& shape, const std::string& where,
                   IgnoredMembers* ignored) {
  if (ignored != nullptr) ignored->clear();
  if (!e.is_object()) return base::ok();
  return Walk(ignored).object(Object(e), shape, {nullptr, where});
}

}  // namespace rhumb::http::rest
