#include "host/shard/write/resolution.h"

#include <algorithm>

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
  RHUMB_ASSERT(chunk_ > 0 && (points_.empty() || points_.size() == targets_.size()));
  parts_ = static_cast<uint32_t>(std::max<size_t>(1, (targets_.size() + chunk_ - 1) / chunk_));
}

model::Command Resolution::command(uint32_t i) const {
  RHUMB_ASSERT(i < parts_);
  model::Command command;
  command.header.kind = operation_.kind;
  command.part = i;
  command.parts = parts_;
  command.payload = operation_.payload;
  command.payload_key = operation_.payload_key;
  command.names = operation_.names;
  command.mode = operation_.mode;
  command.filter = filter_;
  if (filter_ != nullptr) command.uuid_fields = uuid_fields_;
  const size_t first = i * chunk_, end = std::min(targets_.size(), first + chunk_);
  const auto slice = [&](const auto& from, auto& to) {
    to.assign(from.begin() + static_cast<ptrdiff_t>(first),
              from.begin() + static_cast<ptrdiff_t>(end));
  };
  slice(targets_, command.targets);
  if (!points_.empty()) slice(points_, command.points);
  return command;
}

}  // namespace rhumb::shard
