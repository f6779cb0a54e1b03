// The members of a body that no part of it knows. They are ignored, as the protocol demands, and
// named in the reply's `warnings`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/rest/parse/shapes.h"

namespace rhumb::http::rest {

class IgnoredMembers {
 public:
  // Members of one name in objects of one shape count once.
  static constexpr size_t kMaxNamed = 16;
  static constexpr size_t kMaxNameBytes = 64;  // bytes of a name that are shown

  // Counts one more member that is named already. Returns false when the member is new; add() then
  // says where it is ("" is the body itself).
  bool again(const Shape& shape, std::string_view name);
  void add(const Shape& shape, std::string_view name, std::string where);
  // Takes the members of a part that is at `within` in this body.
  void take(IgnoredMembers&& other, const std::string& within);
  void clear();
  bool empty() const { return named_.empty(); }
  std::vector<std::string> warnings() const;

 private:
  struct Named {
    const Shape* shape;
    std::string name, where;
    uint64_t count;
  };
  std::vector<Named> named_;
  uint64_t unnamed_ = 0;  // members beyond kMaxNamed
};

// Returns at most kMaxNameBytes bytes of a name, cut between characters.
std::string shown_name(std::string_view name);

}  // namespace rhumb::http::rest
