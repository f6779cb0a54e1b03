#include "host/shard/write/resolution.h"

#include <algorithm>
#include <iterator>

namespace rhumb::shard {

Resolution::Resolution(model::Operation operation, std::vector<model::Target> targets,
                       std::vector<model::PointWrite> points, std::vector<std::string> uuid_fields,
                       size_t chunk)
    : operation_(std::move(operation)),
      targets_(std::move(targets)),
      points_(std::move(points)),
      uuid_fields_(std::move(uuid_fields)),
      chunk_(chunk) {
  auto& given = operation_.filter ? operation_.filter : operation_.update_filter;
  if (given) filter_ = std::make_shared<const model::Filter>(std::move(*given));
  RHUMB_ASSERT(chunk_ > 0);
  parts_ = static_cast<uint32_t>(std::max<size_t>(1, (targets_.size() + chunk_ - 1) / chunk_));
  RHUMB_ASSERT(points_.empty() || (points_.size() == targets_.size() && parts_ == 1));
}

model::Command Resolution::next() {
  RHUMB_ASSERT(!done());
  const uint32_t part = next_++;
  model::Command command;
  command.header.kind = operation_.kind;
  command.part = part;
  command.parts = parts_;
  command.mode = operation_.mode;
  command.filter = filter_;
  if (done()) {
    command.payload = std::move(operation_.payload);
    command.payload_key = std::move(operation_.payload_key);
    command.names = std::move(operation_.names);
  } else {
    command.payload = operation_.payload;
    command.payload_key = operation_.payload_key;
    command.names = operation_.names;
  }
  if (filter_ != nullptr) command.uuid_fields = uuid_fields_;
  if (parts_ == 1) {
    command.targets = std::move(targets_);
    if (!points_.empty())
      command.show(std::make_shared<const std::vector<model::PointWrite>>(std::move(points_)));
    return command;
  }
  const auto first = targets_.begin() + static_cast<ptrdiff_t>(part * chunk_);
  const auto end = done() ? targets_.end() : first + static_cast<ptrdiff_t>(chunk_);
  command.targets.assign(std::make_move_iterator(first), std::make_move_iterator(end));
  return command;
}

}  // namespace rhumb::shard
