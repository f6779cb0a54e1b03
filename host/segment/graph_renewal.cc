// Replaces the instance of a graph whose engine was built for other data than there are now
// (renewal.h).
#include <algorithm>

#include "host/base/executor.h"
#include "host/segment/columns/row_bits.h"
#include "host/segment/graph.h"

namespace rhumb::segment {

namespace limits = base::limits;
using base::Result;

std::string Graph::renewal_wish(bool complete) {
  const auto graph = instance();
  if (!graph || !graph->can_insert() || !wanted_.load(std::memory_order_acquire)) return {};
  if (!built_with_.empty()) {
    const std::string& with = build_settings();
    if (!with.empty() && with != built_with_ && with != failed_with_)
      return "the collection's settings of the index have changed";
  }
  const bool once_more = complete && !renewed_complete_;
  if (rows_ < limits::kRenewalMinRows || (rows_ / 2 < renewed_rows_ && !once_more)) return {};
  if (asked_rows_ != rows_ || asked_complete_ != complete) {
    asked_rows_ = rows_;
    asked_complete_ = complete;
    const auto known = graph->stats();
    wish_ = known.ok() ? known->renew : std::string();
  }
  return wish_;
}

// The factor is 2 because the new form may be a richer one.
uint64_t Graph::renewal_bytes() const {
  const auto known = stats();
  return known.ok() ? 2 * (known->bytes_resident + known->bytes_mapped) : 0;
}

std::shared_ptr<Renewal> Graph::begin_renewal(std::span<const uint64_t> live, bool complete,
                                              std::shared_ptr<const void> keep) {
  const uint32_t slot_end = built();
  renewing_with_ = build_settings();
  Renewal::Rows rows{column_.rows_end(slot_end), {}, complete};
  if (column_.table() != nullptr)
    rows.live = rows_of_most(column_, live, slot_end).words;
  else
    rows.live.assign(live.begin(), live.begin() + static_cast<ptrdiff_t>(
                                                      std::min(live.size(), words_for(slot_end))));
  // Only half of the threads are used, because searches and the shards' other work go on during a
  // long build.
  const uint32_t lent = options_.builders != nullptr
                            ? std::min(options_.build_threads, options_.builders->threads())
                            : 1;
  // If the settings change before the instance is opened, it is built once more than needed.
  auto open_new = [this, slot_end] { return open({}, slot_end); };
  return std::make_shared<Renewal>(std::move(keep), std::move(open_new), std::move(rows),
                                   std::max(lent / 2, 1u));
}

Result<bool> Graph::take_renewal(Renewal& renewal, uint32_t max_rows,
                                 const std::atomic<bool>& cancelled) {
  if (renewal.reached() > rows_)
    return base::internal("the graph has lost rows since a new one was begun");
  const uint32_t end = renewal.reached() + std::min(max_rows, rows_ - renewal.reached());
  RHUMB_TRY(insert(*renewal.instance(), renewal.reached(), end, cancelled));
  renewal.reach(end);
  if (end < rows_) return false;
  renewed_rows_ = renewal.rows().end;
  renewed_complete_ = renewal.rows().complete;
  asked_rows_ = 0;
  built_with_ = renewing_with_;
  failed_with_.clear();
  saved_ = 0;  // the files hold the old graph, and are valid until the new one is saved
  mapped_ = false;
  publish(renewal.instance(), built_.load(std::memory_order_relaxed));
  return true;
}

void Graph::renewal_failed(const Renewal& renewal) {
  failed_with_ = renewing_with_;
  renewed_rows_ = std::max(renewed_rows_, renewal.rows().end);
  renewed_complete_ = renewed_complete_ || renewal.rows().complete;
}

}  // namespace rhumb::segment
