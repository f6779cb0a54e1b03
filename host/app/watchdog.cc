#include "host/app/watchdog.h"

#include <algorithm>
#include <utility>

namespace rhumb::app {

Watchdog::Watchdog(std::vector<Part> parts) : parts_(std::move(parts)) {
  for (size_t i = 0; i < parts_.size(); ++i)
    answered_.push_back(std::make_shared<std::atomic<bool>>(true));
}

bool Watchdog::alive() {
  const bool all = std::all_of(answered_.begin(), answered_.end(),
                               [](const auto& answered) { return answered->load(); });
  if (!all) return false;
  for (size_t i = 0; i < parts_.size(); ++i) {
    answered_[i]->store(false);
    parts_[i].ask([answered = answered_[i]] { answered->store(true); });
  }
  return true;
}

std::string Watchdog::silent() const {
  std::string names;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (!answered_[i]->load()) names += (names.empty() ? "" : ", ") + parts_[i].name;
  }
  return names;
}

}  // namespace rhumb::app
