#include "host/archive/tar_name.h"

#include "host/base/limits.h"

namespace rhumb::archive {

namespace limits = base::limits;

namespace {

constexpr size_t kShownBytes = 80;

base::Status refuse(std::string_view name, std::string_view why) {
  return base::invalid("the name '" + shown_name(name) + "' in the archive " + std::string(why));
}

}  // namespace

std::string shown_name(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, kShownBytes)) out += c < 0x20 || c == 0x7f ? '?' : c;
  if (name.size() > kShownBytes) out += "...";
  return out;
}

base::Status check_tar_name(std::string_view name) {
  if (name.empty()) return base::invalid("an entry of the archive has an empty name");
  if (name.size() > limits::kMaxArchiveNameBytes)
    return refuse(name, "has " + std::to_string(name.size()) + " bytes, over the limit of " +
                            std::to_string(limits::kMaxArchiveNameBytes));
  if (name.front() == '/') return refuse(name, "is absolute");
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return refuse(name, "has a control character");
  }
  uint32_t parts = 0;
  while (true) {
    const size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    if (part.empty()) return refuse(name, "has an empty part");
    if (part == "." || part == "..") return refuse(name, "has a part '" + std::string(part) + "'");
    if (part.size() > limits::kMaxArchiveNamePartBytes)
      return refuse(name, "has a part of more than " +
                              std::to_string(limits::kMaxArchiveNamePartBytes) + " bytes");
    if (++parts > limits::kMaxArchiveNameParts)
      return refuse(name,
                    "has more than " + std::to_string(limits::kMaxArchiveNameParts) + " parts");
    if (slash == std::string_view::npos) return base::ok();
    name.remove_prefix(slash + 1);
  }
}

}  // namespace rhumb::archive
