// Export runs a scroll page after page. It asks for a page when the client has taken the one
// before, so one page bounds its memory.
#include "host/http/rest/resources/export.h"

#include "host/base/limits.h"
#include "host/http/rest/parse/point_stream.h"

namespace rhumb::http::rest::points {
namespace {

constexpr uint32_t kPagePoints = 500;

struct Export : std::enable_shared_from_this<Export> {
  CallPtr x;
  gateway::CollectionPtr collection;
  gateway::ReadOptions options;
  PointFormat format = PointFormat::kNdjson;
  std::optional<model::PointId> offset;
  bool first = true, done = false;

  void pull(Next next) {
    if (done) return next.end();
    model::ScrollRequest request;
    request.offset = offset;
    request.limit = kPagePoints;
    request.with_payload.mode = model::PayloadSelector::Mode::kAll;
    request.with_vector.mode = model::VectorSelector::Mode::kAll;
    options.deadline =
        base::Deadline::after_ms(uint64_t{base::limits::kDefaultTimeoutSeconds} * 1000);
    auto shared = std::make_shared<Next>(std::move(next));
    x->gateway().scroll(
        collection, std::move(request), options,
        [self = shared_from_this(), shared](base::Result<gateway::ScrollPage> page) {
          if (!page.ok()) return shared->fail(page.status());
          std::string bytes =
              write_points(self->format, self->collection->config, page->points, self->first);
          self->first = false;
          self->done = !page->next;
          self->offset = page->next;
          if (bytes.empty())
            shared->end();
          else
            shared->chunk(std::move(bytes));
        });
  }
};

}  // namespace

void export_all(const CallPtr& x) {
  auto collection = x->collection();
  if (!collection.ok()) return x->fail(collection.status());
  auto options = x->read_options();
  if (!options.ok()) return x->fail(options.status());
  auto run = std::make_shared<Export>();
  run->x = x;
  run->collection = *collection;
  run->options = std::move(*options);
  const auto format = x->query.find("format");
  if (format != x->query.end() && format->second != "ndjson" && format->second != "binary") {
    return x->fail(
        base::malformed_query("format", "'" + format->second + "' is neither ndjson nor binary"));
  }
  const bool binary = format != x->query.end() ? format->second == "binary"
                                               : x->request->header("Accept") == kBinaryPointsType;
  if (binary) run->format = PointFormat::kBinary;
  Response head;
  head.content_type = binary ? kBinaryPointsType : kNdjsonType;
  x->stream(std::move(head), [run](Next next) { run->pull(std::move(next)); });
}

}  // namespace rhumb::http::rest::points
