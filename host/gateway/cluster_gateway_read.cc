// Reads: one message per shard; the answers are merged by score or by id.
#include <algorithm>
#include <unordered_map>

#include "host/base/limits.h"
#include "host/gateway/cluster_gateway.h"
#include "host/gateway/filter_rules.h"
#include "host/gateway/gather.h"
#include "host/query/merge.h"

namespace rhumb::gateway {
namespace {

using base::Result;
using base::Status;

base::Result<ShardIndexes> session_of(const ReadOptions& options) {
  if (options.session.empty()) return ShardIndexes{};
  return decode_token(options.session);
}

uint64_t text_bytes(const std::vector<model::Record>& records) {
  uint64_t bytes = 0;
  for (const model::Record& record : records) bytes += model::text_bytes(record);
  return bytes;
}

// A part of more than kMaxReplyBytes ended early, with the point that went beyond the limit. What
// follows that point in the order of ids is not known yet. All parts together have the same limit
// as one part.
ScrollPage page_of(uint32_t limit, std::vector<peer::RecordsReply> replies) {
  std::optional<model::PointId> end;
  std::vector<std::vector<model::Record>> parts;
  for (peer::RecordsReply& reply : replies) {
    const bool cut_short = text_bytes(reply.records) > base::limits::kMaxReplyBytes;
    if (cut_short && (!end || reply.records.back().id < *end)) end = reply.records.back().id;
    parts.push_back(std::move(reply.records));
  }
  ScrollPage page;
  page.points = query::merge_by_id(limit + 1, std::move(parts));
  size_t shown = 0;
  for (uint64_t bytes = 0; shown < std::min<size_t>(limit, page.points.size()); ++shown) {
    bytes += model::text_bytes(page.points[shown]);
    const bool over =
        bytes > base::limits::kMaxReplyBytes || (end && !(page.points[shown].id < *end));
    if (over && shown > 0) break;
  }
  if (shown == page.points.size()) return page;
  page.next = page.points[shown].id;
  page.points.resize(shown);
  return page;
}

HashPage hash_page_of(uint32_t limit, std::vector<peer::HashesReply> replies) {
  HashPage page;
  for (peer::HashesReply& reply : replies)
    std::move(reply.points.begin(), reply.points.end(), std::back_inserter(page.points));
  std::sort(page.points.begin(), page.points.end(),
            [](const model::PointHash& a, const model::PointHash& b) { return a.id < b.id; });
  if (page.points.size() <= limit) return page;
  page.next = page.points[limit].id;
  page.points.resize(limit);
  return page;
}

}  // namespace

void ClusterGateway::search(const CollectionPtr& collection,
                            std::vector<model::SearchRequest> requests, const ReadOptions& options,
                            Callback<std::vector<model::SearchResult>> done) {
  auto session = session_of(options);
  if (!session.ok()) return done(session.status());
  struct Order {
    model::Distance distance;
    uint32_t limit;
  };
  std::vector<Order> orders;
  for (const model::SearchRequest& r : requests) {
    // check() has seen that the vector exists.
    orders.push_back({collection->config.vectors.at(r.vector_name).distance, r.limit});
  }
  const size_t shards = collection->shards.size();
  auto gather = Gather<peer::SearchReply>::of(
      shards, [orders, done = std::move(done)](Result<std::vector<peer::SearchReply>> replies) {
        if (!replies.ok()) return done(replies.status());
        std::vector<model::SearchResult> merged;
        // Each shard bounds only its own part, so this bounds all of them together.
        uint64_t bytes = 0;
        for (size_t q = 0; q < orders.size(); ++q) {
          std::vector<model::SearchResult> parts;
          for (peer::SearchReply& reply : *replies) {
            if (reply.results.size() != orders.size())
              return done(base::internal(
                  "search: a shard answered another number of queries than it was sent"));
            parts.push_back(std::move(reply.results[q]));
          }
          merged.push_back(query::merge(orders[q].distance, orders[q].limit, std::move(parts)));
          bytes += text_bytes(merged.back().points);
        }
        if (bytes > base::limits::kMaxReplyBytes) return done(model::too_large());
        done(std::move(merged));
      });
  for (size_t i = 0; i < shards; ++i) {
    const model::ShardPlacement& shard = collection->shards[i];
    peer::SearchMessage message;
    message.shard = shard.shard;
    message.level = level_of(shard.shard, options, *session);
    if (i + 1 == shards)
      message.requests = std::move(requests);  // NOLINT(bugprone-use-after-move): the last turn
    else
      message.requests = requests;
    ask<peer::SearchMessage>(*collection, shard, std::move(message), options.deadline,
                             gather->part(i));
  }
}

void ClusterGateway::get(CollectionPtr collection, model::GetRequest request, ReadOptions options,
                         Callback<std::vector<model::Record>> done) {
  auto session = session_of(options);
  if (!session.ok()) return done(session.status());
  std::vector<std::string_view> keys;
  for (const model::PointId& id : request.ids) keys.push_back(id.key());
  auto buckets = router_.place(keys);
  if (!buckets.ok()) return done(buckets.status());
  std::map<uint64_t, std::vector<model::PointId>> by_shard;
  for (size_t i = 0; i < request.ids.size(); ++i)
    by_shard[collection->shard_of_bucket((*buckets)[i])].push_back(request.ids[i]);
  if (by_shard.empty()) return done(std::vector<model::Record>{});
  auto gather = Gather<peer::RecordsReply>::of(
      by_shard.size(),
      [ids = request.ids, done = std::move(done)](Result<std::vector<peer::RecordsReply>> replies) {
        if (!replies.ok()) return done(replies.status());
        std::unordered_map<std::string, model::Record> found;
        for (peer::RecordsReply& reply : *replies) {
          for (model::Record& r : reply.records) found.emplace(r.id.key(), std::move(r));
        }
        std::vector<model::Record> ordered;
        for (const model::PointId& id : ids) {
          // An id that is asked for twice is answered once.
          auto node = found.extract(id.key());
          if (!node.empty()) ordered.push_back(std::move(node.mapped()));
        }
        if (text_bytes(ordered) > base::limits::kMaxReplyBytes) return done(model::too_large());
        done(std::move(ordered));
      });
  size_t part = 0;
  for (auto& [shard, ids] : by_shard) {
    const model::ShardPlacement& placement = *collection->shard(shard);
    peer::GetMessage message{shard,
                             level_of(shard, options, *session),
                             {std::move(ids), request.with_payload, request.with_vector}};
    ask<peer::GetMessage>(*collection, placement, std::move(message), options.deadline,
                          gather->part(part++));
  }
}

void ClusterGateway::scroll(CollectionPtr collection, model::ScrollRequest request,
                            ReadOptions options, Callback<ScrollPage> done) {
  if (Status status = check(request.filter, "filter"); !status.ok()) return done(status);
  auto session = session_of(options);
  if (!session.ok()) return done(session.status());
  const uint32_t limit = request.limit;
  auto gather = Gather<peer::RecordsReply>::of(
      collection->shards.size(),
      [limit, done = std::move(done)](Result<std::vector<peer::RecordsReply>> replies) {
        if (!replies.ok()) return done(replies.status());
        ScrollPage page = page_of(limit, std::move(*replies));
        done(std::move(page));
      });
  for (size_t i = 0; i < collection->shards.size(); ++i) {
    const model::ShardPlacement& shard = collection->shards[i];
    peer::ScrollMessage message{shard.shard, level_of(shard.shard, options, *session), {}};
    message.request.offset = request.offset;
    message.request.limit = limit + 1;  // the point after the page gives the next offset
    message.request.filter = request.filter;
    message.request.with_payload = request.with_payload;
    message.request.with_vector = request.with_vector;
    ask<peer::ScrollMessage>(*collection, shard, std::move(message), options.deadline,
                             gather->part(i));
  }
}

void ClusterGateway::hashes(CollectionPtr collection, std::optional<model::PointId> first,
                            uint32_t limit, ReadOptions options, Callback<HashPage> done) {
  auto session = session_of(options);
  if (!session.ok()) return done(session.status());
  auto gather = Gather<peer::HashesReply>::of(
      collection->shards.size(),
      [limit, done = std::move(done)](Result<std::vector<peer::HashesReply>> replies) {
        if (!replies.ok()) return done(replies.status());
        done(hash_page_of(limit, std::move(*replies)));
      });
  for (size_t i = 0; i < collection->shards.size(); ++i) {
    const uint64_t shard = collection->shards[i].shard;
    // The point after the page gives the next id.
    peer::HashesMessage message{shard, level_of(shard, options, *session),
                                first ? first->key() : std::string(), limit + 1};
    ask<peer::HashesMessage>(*collection, collection->shards[i], std::move(message),
                             options.deadline, gather->part(i));
  }
}

void ClusterGateway::count(CollectionPtr collection, model::CountRequest request,
                           ReadOptions options, Callback<uint64_t> done) {
  if (Status status = check(request.filter, "filter"); !status.ok()) return done(status);
  auto session = session_of(options);
  if (!session.ok()) return done(session.status());
  auto gather = Gather<peer::CountReply>::of(
      collection->shards.size(),
      [done = std::move(done)](Result<std::vector<peer::CountReply>> replies) {
        if (!replies.ok()) return done(replies.status());
        uint64_t total = 0;
        for (const peer::CountReply& reply : *replies) total += reply.count;
        done(total);
      });
  for (size_t i = 0; i < collection->shards.size(); ++i) {
    const model::ShardPlacement& shard = collection->shards[i];
    peer::CountMessage message{shard.shard, level_of(shard.shard, options, *session), {}};
    message.request.filter = request.filter;
    message.request.exact = request.exact;
    ask<peer::CountMessage>(*collection, shard, std::move(message), options.deadline,
                            gather->part(i));
  }
}

}  // namespace rhumb::gateway
