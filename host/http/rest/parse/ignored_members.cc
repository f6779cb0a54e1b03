#include "host/http/rest/parse/ignored_members.h"

#include <algorithm>

namespace rhumb::http::rest {

std::string shown_name(std::string_view name) {
  if (name.size() <= IgnoredMembers::kMaxNameBytes) return std::string(name);
  size_t end = IgnoredMembers::kMaxNameBytes;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return std::string(name.substr(0, end)) + "...";
}

bool IgnoredMembers::again(const Shape& shape, std::string_view name) {
  const auto same = std::find_if(named_.begin(), named_.end(), [&](const Named& n) {
    return n.shape == &shape && n.name == name;
  });
  if (same != named_.end()) {
    ++same->count;
    return true;
  }
  if (named_.size() < kMaxNamed) return false;
  ++unnamed_;
  return true;
}

void IgnoredMembers::add(const Shape& shape, std::string_view name, std::string where) {
  named_.push_back({&shape, std::string(name), std::move(where), 1});
}

void IgnoredMembers::take(IgnoredMembers&& other, const std::string& within) {
  unnamed_ += other.unnamed_;
  for (Named& n : other.named_) {
    if (again(*n.shape, n.name)) continue;
    n.where = n.where.empty() ? within : within + ": " + n.where;
    named_.push_back(std::move(n));
  }
  other.clear();
}

void IgnoredMembers::clear() {
  named_.clear();
  unnamed_ = 0;
}

std::vector<std::string> IgnoredMembers::warnings() const {
  std::vector<std::string> out;
  for (const Named& n : named_) {
    std::string text = "Unknown member '" + shown_name(n.name) + "' of " +
                       (n.where.empty() ? "the request body" : n.where) + " was ignored";
    if (n.count > 1)
      text += n.count == 2 ? "; 1 more object has it"
                           : "; " + std::to_string(n.count - 1) + " more objects have it";
    out.push_back(std::move(text));
  }
  if (unnamed_ > 0) out.push_back(std::to_string(unnamed_) + " more unknown members were ignored");
  return out;
}

}  // namespace rhumb::http::rest
