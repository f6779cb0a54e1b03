#include "host/http/rest/resources/points_read.h"

#include "host/base/json_text.h"
#include "host/http/rest/parse/parse_reads.h"
#include "host/http/rest/reply/json_write.h"

namespace rhumb::http::rest::points {
namespace {

using base::Result;
using model::PayloadSelector;
using model::VectorSelector;

RecordShape shape_of(const gateway::CollectionPtr& collection, const PayloadSelector& payload,
                     const VectorSelector& vector) {
  return {false, payload.mode != PayloadSelector::Mode::kNone,
          vector.mode != VectorSelector::Mode::kNone, &collection->config};
}

// Finds the collection and the options that every read needs. It answers a failure itself.
bool prepare(const CallPtr& x, gateway::CollectionPtr& collection, gateway::ReadOptions& options) {
  auto found = x->collection();
  if (!found.ok()) {
    x->fail(found.status());
    return false;
  }
  auto read = x->read_options();
  if (!read.ok()) {
    x->fail(read.status());
    return false;
  }
  collection = *found;
  options = std::move(*read);
  x->show_session(collection);
  return true;
}

}  // namespace

void get_one(const CallPtr& x) {
  gateway::CollectionPtr collection;
  gateway::ReadOptions options;
  if (!prepare(x, collection, options)) return;
  auto id = model::PointId::from_path(x->capture("id"));
  if (!id.ok()) return x->fail(id.status());
  model::GetRequest request{
      {*id}, {PayloadSelector::Mode::kAll, {}}, {VectorSelector::Mode::kAll, {}}};
  x->gateway().get(collection, std::move(request), options,
                   [x, collection](Result<std::vector<model::Record>> records) {
                     if (!records.ok()) return x->fail(records.status());
                     if (records->empty())
                       return x->fail(base::not_found("Point with id " + x->capture("id") +
                                                      " does not exists!"));
                     std::string out;
                     append_record(out, records->front(), {false, true, true, &collection->config});
                     x->ok(out);
                   });
}

void get(const CallPtr& x) {
  gateway::CollectionPtr collection;
  gateway::ReadOptions options;
  if (!prepare(x, collection, options)) return;
  IgnoredMembers ignored;
  auto request = parse_get(x->request->body, &ignored);
  x->warn(ignored);
  if (!request.ok()) return x->fail(request.status());
  const RecordShape shape = shape_of(collection, request->with_payload, request->with_vector);
  x->gateway().get(collection, std::move(*request), options,
                   [x, collection, shape](Result<std::vector<model::Record>> records) {
                     if (!records.ok()) return x->fail(records.status());
                     x->ok(records_json(*records, shape));
                   });
}

void scroll(const CallPtr& x) {
  gateway::CollectionPtr collection;
  gateway::ReadOptions options;
  if (!prepare(x, collection, options)) return;
  IgnoredMembers ignored;
  auto request = parse_scroll(x->request->body, &ignored);
  x->warn(ignored);
  if (!request.ok()) return x->fail(request.status());
  const RecordShape shape = shape_of(collection, request->with_payload, request->with_vector);
  x->gateway().scroll(collection, std::move(*request), options,
                      [x, collection, shape](Result<gateway::ScrollPage> page) {
                        if (!page.ok()) return x->fail(page.status());
                        std::string out = "{\"points\":" + records_json(page->points, shape) +
                                          ",\"next_page_offset\":";
                        if (page->next)
                          page->next->append_json(out);
                        else
                          out += "null";
                        x->ok(out + "}");
                      });
}

void count(const CallPtr& x) {
  gateway::CollectionPtr collection;
  gateway::ReadOptions options;
  if (!prepare(x, collection, options)) return;
  IgnoredMembers ignored;
  auto request = parse_count(x->request->body, &ignored);
  x->warn(ignored);
  if (!request.ok()) return x->fail(request.status());
  x->gateway().count(collection, std::move(*request), options, [x](Result<uint64_t> count) {
    if (!count.ok()) return x->fail(count.status());
    x->ok("{\"count\":" + std::to_string(*count) + "}");
  });
}

}  // namespace rhumb::http::rest::points
