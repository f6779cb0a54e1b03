// How much searches find: which of them are answered again by comparing everything, and what the graphs know of themselves.
#include <algorithm>

#include "host/base/bytes.h"
#include "host/segment/search.h"
#include "host/shard/filtering.h"
#include "host/shard/shard.h"

namespace rhumb::shard {

using base::Result;
using base::Status;
using model::SearchRequest;

namespace {

// The distances of the closest points of a view, closest first, found by comparing everything.
Result<std::vector<float>> closest(const SearchRequest& request, size_t column, const ViewPtr& view, const ViewFilter* filter,
                                   const ReadContext& context) {
  segment::SearchCall call;
  call.column = column;
  call.query = request.vector;
  call.k = request.limit;
  call.exact = true;
  call.deadline = context.deadline;
  call.cancelled = context.cancelled;
  std::vector<float> out;
  for (const SegmentView& part : view->segments) {
    if (part.live_count == 0) continue;
    std::optional<payload::FilterResult> passing;
    if (filter != nullptr) {
      RHUMB_ASSIGN(passing, filter->evaluate(*view, part));
      if (passing->pass_count == 0) continue;
    }
    RHUMB_ASSIGN(const segment::SearchAnswer answer,
                 segment::search(*part.segment, call, part.bounds(), passing ? &*passing : nullptr));
    for (const segment::Hit& hit : answer.hits) out.push_back(hit.distance);
  }
  std::sort(out.begin(), out.end());
  if (out.size() > request.limit) out.resize(request.limit);
  return out;
}

}  // namespace

// Searches that leave the breadth to the contract, and all of whose hits count.
bool Shard::measured(const SearchRequest& request, const Schema& schema) const {
  const model::SearchParams& params = request.params;
  return schema.contract.recall > 0 && params.ef == 0 && !params.exact && !params.indexed_only &&
         !request.score_threshold && request.limit > 0 && request.limit <= base::limits::kRecallSampleHits;
}

// Answers it again by comparing everything, on the same view: what was not in it then does not count as missed.
void Shard::measure(const SearchRequest& request, ViewPtr view, std::vector<float> distances) {
  const uint64_t now = base::monotonic_ns();
  if (!watch_.begin(now)) return;
  std::string copied;
  base::ByteWriter writer(copied);
  model::encode(request, writer);
  auto task = [this, copied = std::move(copied), view = std::move(view), distances = std::move(distances)]() mutable {
    const uint64_t began = base::monotonic_ns();
    const auto sample = answer_again(copied, view, distances);
    view.reset();
    watch_.end(sample.ok() ? *sample : std::nullopt, began, base::monotonic_ns());
  };
  watch_strand_.post(std::move(task));
}

Result<std::optional<RecallSample>> Shard::answer_again(std::string_view copied, const ViewPtr& view,
                                                        std::span<const float> distances) {
  RHUMB_TRY(core_.serving());
  base::ByteReader reader(copied);
  RHUMB_ASSIGN(const SearchRequest request, model::decode_search_request(reader));
  const SchemaPtr schema = core_.schema();
  const size_t column = schema->column_of(request.vector_name);
  if (column == schema->vectors.size()) return std::optional<RecallSample>();
  const ReadContext context{{}, &core_.stopping, nullptr};
  std::optional<ViewFilter> filter;
  if (request.filter && !request.filter->empty()) {
    RHUMB_ASSIGN(filter, ViewFilter::compile(core_, *request.filter, context));
  }
  RHUMB_ASSIGN(const std::vector<float> truth, closest(request, column, view, filter ? &*filter : nullptr, context));
  // A payload index knows what came since; then what passes is not what passed.
  if (truth.empty() || (filter && core_.views.applied() != view->applied)) return std::optional<RecallSample>();
  const auto of = static_cast<uint32_t>(truth.size());
  const auto seen = distances.first(std::min<size_t>(of, distances.size()));
  const auto found = std::count_if(seen.begin(), seen.end(), [&](float d) { return d <= truth.back(); });
  return std::optional(RecallSample{static_cast<uint32_t>(found), of});
}

std::vector<Shard::Calibration> Shard::calibrations() {
  std::vector<Calibration> out;
  const ViewPtr view = core_.views.current();
  for (const SegmentView& part : view->segments) {
    const segment::Segment& segment = *part.segment;
    for (size_t c = 0; c < segment.vectors().size(); ++c) {
      std::string table = segment.graph(c).calibration();
      if (!table.empty()) out.push_back({segment.id(), part.live_count, segment.vectors()[c].name, std::move(table)});
    }
  }
  return out;
}

}  // namespace rhumb::shard
