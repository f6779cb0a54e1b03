// What a body says that no part of it has a member for. It is ignored, as the protocol has it, and
// told in the reply's `warnings`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/rest/parse/shapes.h"

namespace rhumb::http::rest {

class IgnoredMembers {
 public:
  // members of one name in objects of one shape count once
  static constexpr size_t kMaxNamed = 16;
  static constexpr size_t kMaxNameBytes = 64;  // of a name that is shown

  // Counts one more of those that are named already. False: this one is new, and add() says where
  // it stands ("" is the body itself).
  bool again(const Shape& shape, std::string_view name);
  void add(const Shape& shape, std::string_view name, std::string where);
  // of a part that stands `within` this one
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
  uint64_t unnamed_ = 0;  // beyond kMaxNamed
};

// At most so many bytes of a name, cut between characters.
std::string shown_name(std::string_view name);

}  // namespace rhumb::http::rest
