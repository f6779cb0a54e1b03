// A diff walks both collections by id and compares content hashes. It reads a page when it needs
// one and the client has taken what there is, so two pages bound its memory. Writes go on
// meanwhile: each page is as its collection was when it was read.
#include "host/http/rest/resources/diff.h"

#include "host/base/limits.h"
#include "host/http/rest/parse/point_stream.h"

namespace rhumb::http::rest::points {
namespace {

constexpr uint32_t kDiffPagePoints = 4096;

// One of the two collections: the page that was read, and where the walk is in it.
struct Side {
  gateway::CollectionPtr collection;
  std::vector<model::PointHash> page;
  size_t at = 0;
  std::optional<model::PointId> next;
  bool ended = false;  // there is no page after this one

  bool empty() const { return at == page.size(); }
  bool needs_page() const { return empty() && !ended; }
  const model::PointHash& front() const { return page[at]; }
};

struct Diff : std::enable_shared_from_this<Diff> {
  CallPtr x;
  gateway::ReadOptions options;
  Side from, to;
  uint64_t fresh = 0, gone = 0, changed = 0;
  bool done = false;

  void pull(Next next) { step(std::make_shared<Next>(std::move(next))); }

  void step(const std::shared_ptr<Next>& next) {
    if (done) return next->end();
    if (from.needs_page()) return read(from, next);
    if (to.needs_page()) return read(to, next);
    std::string lines;
    while (!from.needs_page() && !to.needs_page() && !(from.empty() && to.empty())) compare(lines);
    if (from.empty() && to.empty() && from.ended && to.ended) {
      done = true;
      lines += "{\"new\":" + std::to_string(fresh) + ",\"gone\":" + std::to_string(gone) +
               ",\"changed\":" + std::to_string(changed) + "}\n";
    }
    if (lines.empty()) return step(next);  // a page is needed
    next->chunk(std::move(lines));
  }

  void compare(std::string& lines) {
    const bool only_from = to.empty() || (!from.empty() && from.front().id < to.front().id);
    const bool only_to = !only_from && (from.empty() || to.front().id < from.front().id);
    if (only_from) {
      ++gone;
      line(lines, from.page[from.at++].id, "gone");
    } else if (only_to) {
      ++fresh;
      line(lines, to.page[to.at++].id, "new");
    } else {
      const bool equal = from.front().hash == to.front().hash;
      if (!equal) {
        ++changed;
        line(lines, to.front().id, "changed");
      }
      ++from.at;
      ++to.at;
    }
  }

  static void line(std::string& lines, const model::PointId& id, const char* change) {
    lines += "{\"id\":";
    id.append_json(lines);
    lines += ",\"change\":\"" + std::string(change) + "\"}\n";
  }

  void read(Side& side, const std::shared_ptr<Next>& next) {
    options.deadline =
        base::Deadline::after_ms(uint64_t{base::limits::kDefaultTimeoutSeconds} * 1000);
    x->gateway().hashes(side.collection, side.next, kDiffPagePoints, options,
                        [self = shared_from_this(), &side, next](auto page) {
                          if (!page.ok()) return next->fail(page.status());
                          side.page = std::move(page->points);
                          side.at = 0;
                          side.next = page->next;
                          side.ended = !page->next;
                          self->step(next);
                        });
  }
};

}  // namespace

void diff(const CallPtr& x) {
  auto from = x->collection();
  if (!from.ok()) return x->fail(from.status());
  const std::string& other = x->capture("other_collection");
  // The front has asked for the first collection only.
  if (x->options.authorize) {
    const base::Status allowed = x->options.authorize(*x->request, Action::kRead, other);
    if (!allowed.ok()) return x->fail(allowed);
  }
  auto to = x->gateway().find(other);
  if (!to.ok()) return x->fail(to.status());
  auto options = x->read_options();
  if (!options.ok()) return x->fail(options.status());
  auto run = std::make_shared<Diff>();
  run->x = x;
  run->options = std::move(*options);
  run->from.collection = *from;
  run->to.collection = *to;
  Response head;
  head.content_type = kNdjsonType;
  x->stream(std::move(head), [run](Next next) { run->pull(std::move(next)); });
}

}  // namespace rhumb::http::rest::points
