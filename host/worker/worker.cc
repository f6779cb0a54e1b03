#include "host/worker/worker.h"

#include "host/base/json_text.h"

#include <algorithm>
#include <cstring>

#include "host/base/log.h"
#include "host/base/overdue.h"
#include "host/peer/messages.h"
#include "host/worker/write_task.h"

namespace rhumb::worker {
namespace {

using base::Code;
using base::Deadline;
using base::Result;
using base::Status;

template <typename T>
using Done = std::function<void(Result<T>)>;

}  // namespace

Worker::Worker(const WorkerOptions& options) : options_(options), replicas_(options.replicas) {}

Worker::~Worker() { stop(); }

void Worker::start(peer::Channel& placement) { watch(placement, 0); }

void Worker::stop() { replicas_.stop(); }

// The answer comes on the shard's own strand, which must not drop the last reference to the shard.
// The reference is therefore handed to a task.
void Worker::checkpoint(uint64_t shard, std::function<void()> done) {
  auto replica = replicas_.find(shard);
  if (!replica.ok()) return done();
  auto held = std::make_shared<ReplicaPtr>(std::move(*replica));
  // A failure has already fenced the shard and was reported.
  (*held)->shard->checkpoint([this, held, done = std::move(done)](const Status&) {
    const Status posted =
        options_.replicas.background->post([last = std::move(*held), done] { done(); });
    if (!posted.ok()) done();
  });
}

void Worker::watch(peer::Channel& placement, uint64_t known_version) {
  placement.call<peer::WatchMap>(
      {known_version}, {}, [this, &placement](Result<peer::MapReply> reply) {
        if (!reply.ok()) {
          if (reply.status().code() != Code::kUnavailable)
            base::log_error("worker", "map watch failed", {{"error", reply.status().message()}});
          return;
        }
        const uint64_t version = reply->map->version;
        replicas_.follow(std::move(reply->map));
        watch(placement, version);
      });
}

template <typename Reply, typename Read>
Result<Reply> Worker::read_now(std::string_view what, const ReplicaPtr& replica, Deadline deadline,
                               Read read) const {
  const base::Watched watched("read", deadline);
  const Status stopping(Code::kUnavailable, "stopping");
  if (reads_cancelled_.load(std::memory_order_relaxed)) return stopping;
  base::Span span = shard_span(what, *replica);
  const base::TraceScope scope(span.context());
  Result<Reply> reply = read(*replica->shard);
  span.outcome(reply.status());
  if (!reply.ok() && reply.status().code() == Code::kCancelled &&
      reads_cancelled_.load(std::memory_order_relaxed))
    return stopping;
  return reply;
}

template <typename Reply, typename Read>
void Worker::read_at(std::string_view what, const ReplicaPtr& replica, uint64_t index,
                     Deadline deadline, std::shared_ptr<Once<Reply>> once, Read read) {
  if (replica->shard->applied_index() >= index)
    return once->fire(read_now<Reply>(what, replica, deadline, read));
  const auto trace = base::current_trace();
  replica->shard->wait_applied(
      index, [this, what, replica, deadline, once, read, trace](Status status) {
        if (!status.ok()) return once->fire(status);
        const base::TraceScope scope(trace);
        const Status posted = options_.pool->post([this, what, replica, deadline, once, read] {
          if (!once->fired()) once->fire(read_now<Reply>(what, replica, deadline, read));
        });
        if (!posted.ok()) once->fire(posted);
      });
}

template <typename Reply, typename Read>
void Worker::on_read(std::string_view what, uint64_t shard, const peer::ReadLevel& level,
                     Deadline deadline, Done<Reply> done, Read read) {
  auto replica = replicas_.find(shard);
  if (!replica.ok()) return done(replica.status());
  if (!level.linearizable && (*replica)->shard->applied_index() >= level.min_applied)
    return done(read_now<Reply>(what, *replica, deadline, read));
  auto once =
      Once<Reply>::start(*options_.timers, deadline, std::move(done),
                         "the replica did not reach the index that the read asked for in time");
  if (!level.linearizable) return read_at(what, *replica, level.min_applied, deadline, once, read);
  const auto trace = base::current_trace();
  options_.replicas.groups->read_index(shard, [this, what, r = *replica, deadline, once, read,
                                               trace,
                                               least = level.min_applied](Result<uint64_t> index) {
    if (!index.ok()) return once->fire(index.status());
    const base::TraceScope scope(trace);
    // The loop thread must not read, so the pool does it even if the index is applied already.
    const Status posted =
        options_.pool->post([this, what, r, deadline, once, read, at = std::max(*index, least)] {
          read_at(what, r, at, deadline, once, read);
        });
    if (!posted.ok()) once->fire(posted);
  });
}

void Worker::on_verify(uint64_t shard, Deadline deadline, Done<peer::VerifyReply> done) {
  auto replica = replicas_.find(shard);
  if (!replica.ok()) return done(replica.status());
  auto shared_done = std::make_shared<Done<peer::VerifyReply>>(std::move(done));
  const Status posted =
      options_.replicas.background->post([this, r = *replica, deadline, shared_done] {
        const base::Watched watched("verify", deadline);
        base::Span span = shard_span("shard verify", *r);
        auto found = r->shard->verify({deadline, &reads_cancelled_});
        span.outcome(found.status());
        span.end();
        if (!found.ok()) return (*shared_done)(found.status());
        peer::VerifyReply reply;
        reply.applied = found->applied;
        reply.points = found->points;
        std::memcpy(reply.kept_hash.data(), &found->kept, reply.kept_hash.size());
        std::memcpy(reply.computed_hash.data(), &found->computed, reply.computed_hash.size());
        if (!found->problems.empty()) reply.error = found->problems.front();
        const uint64_t more = found->problems.size() + found->more_problems;
        if (more > 1) reply.error += " (and " + std::to_string(more - 1) + " more)";
        (*shared_done)(std::move(reply));
      });
  if (!posted.ok()) (*shared_done)(posted);
}

Result<peer::ContractReply> Worker::contract(uint64_t shard) {
  RHUMB_ASSIGN(const auto replica, replicas_.find(shard));
  const shard::Measurer::State state = replica->shard->recall();
  const auto measured = [](const shard::RecallWatch::Measured& m) {
    return peer::ContractReply::Measured{m.interval.mean, m.interval.low, m.interval.high,
                                         m.samples};
  };
  peer::ContractReply reply{state.asked,
                            state.widen,
                            measured(state.searches),
                            measured(state.moved),
                            state.searched,
                            state.samples_total,
                            state.missing,
                            state.seconds_left,
                            state.limit,
                            {},
                            {}};
  for (const auto& action : state.actions) reply.actions.emplace_back(action.wall_ms, action.what);
  for (const auto& c : replica->shard->calibrations()) {
    reply.calibration_json += reply.calibration_json.empty() ? "[" : ",";
    reply.calibration_json += R"({"segment":)" + std::to_string(c.segment) + R"(,"vector":)";
    base::append_json_string(reply.calibration_json, c.vector);
    reply.calibration_json +=
        R"(,"points":)" + std::to_string(c.rows) + R"(,"ef_recall":)" + c.table_json + "}";
  }
  if (!reply.calibration_json.empty()) reply.calibration_json += "]";
  return reply;
}

void Worker::bind(peer::Dispatcher& dispatcher) {
  dispatcher.on<peer::WriteRequest>(
      [this](peer::WriteRequest request, Deadline deadline, Done<peer::WriteReply> done) {
        auto replica = replicas_.find(request.shard);
        if (!replica.ok()) return done(replica.status());
        auto task =
            std::make_shared<WriteTask>(*replica, *options_.replicas.groups, *options_.log_bound,
                                        *options_.pool, std::move(request), deadline);
        task->start(*options_.timers, std::move(done));
      });
  dispatcher.on<peer::SearchMessage>(
      [this](peer::SearchMessage m, Deadline deadline, Done<peer::SearchReply> done) {
        auto requests =
            std::make_shared<const std::vector<model::SearchRequest>>(std::move(m.requests));
        on_read<peer::SearchReply>(
            "shard search", m.shard, m.level, deadline, std::move(done),
            [this, requests, deadline](shard::Shard& s) -> Result<peer::SearchReply> {
              peer::SearchReply reply{s.applied_index(), {}};
              uint64_t bytes_left = base::limits::kMaxReplyBytes;
              for (const model::SearchRequest& r : *requests) {
                RHUMB_ASSIGN(auto result, s.search(r, {deadline, &reads_cancelled_, &bytes_left}));
                reply.results.push_back(std::move(result));
              }
              return reply;
            });
      });
  dispatcher.on<peer::GetMessage>(
      [this](peer::GetMessage m, Deadline deadline, Done<peer::RecordsReply> done) {
        auto request = std::make_shared<const model::GetRequest>(std::move(m.request));
        on_read<peer::RecordsReply>(
            "shard get", m.shard, m.level, deadline, std::move(done),
            [this, request, deadline](shard::Shard& s) -> Result<peer::RecordsReply> {
              const uint64_t applied = s.applied_index();
              RHUMB_ASSIGN(auto records, s.get(*request, {deadline, &reads_cancelled_}));
              return peer::RecordsReply{applied, std::move(records)};
            });
      });
  dispatcher.on<peer::ScrollMessage>(
      [this](peer::ScrollMessage m, Deadline deadline, Done<peer::RecordsReply> done) {
        auto request = std::make_shared<const model::ScrollRequest>(std::move(m.request));
        on_read<peer::RecordsReply>(
            "shard scroll", m.shard, m.level, deadline, std::move(done),
            [this, request, deadline](shard::Shard& s) -> Result<peer::RecordsReply> {
              const uint64_t applied = s.applied_index();
              RHUMB_ASSIGN(auto records, s.scroll(*request, {deadline, &reads_cancelled_}));
              return peer::RecordsReply{applied, std::move(records)};
            });
      });
  dispatcher.on<peer::HashesMessage>(
      [this](peer::HashesMessage m, Deadline deadline, Done<peer::HashesReply> done) {
        on_read<peer::HashesReply>(
            "shard hashes", m.shard, m.level, deadline, std::move(done),
            [this, first = std::move(m.first), limit = m.limit,
             deadline](shard::Shard& s) -> Result<peer::HashesReply> {
              const uint64_t applied = s.applied_index();
              RHUMB_ASSIGN(auto points, s.hashes(first, limit, {deadline, &reads_cancelled_}));
              return peer::HashesReply{applied, std::move(points)};
            });
      });
  dispatcher.on<peer::CountMessage>(
      [this](peer::CountMessage m, Deadline deadline, Done<peer::CountReply> done) {
        auto request = std::make_shared<const model::CountRequest>(std::move(m.request));
        on_read<peer::CountReply>(
            "shard count", m.shard, m.level, deadline, std::move(done),
            [this, request, deadline](shard::Shard& s) -> Result<peer::CountReply> {
              const uint64_t applied = s.applied_index();
              RHUMB_ASSIGN(const uint64_t count, s.count(*request, {deadline, &reads_cancelled_}));
              return peer::CountReply{applied, count};
            });
      });
  dispatcher.on<peer::ShardStateMessage>(
      [this](peer::ShardStateMessage m, Deadline, const Done<peer::ShardStateReply>& done) {
        auto replica = replicas_.find(m.shard);
        if (!replica.ok()) return done(replica.status());
        done(peer::ShardStateReply{(*replica)->shard->state()});
      });
  dispatcher.on<peer::OptimizationsMessage>(
      [this](peer::OptimizationsMessage m, Deadline, const Done<peer::OptimizationsReply>& done) {
        auto replica = replicas_.find(m.shard);
        if (!replica.ok()) return done(replica.status());
        done(peer::OptimizationsReply{(*replica)->shard->optimizations()});
      });
  dispatcher.on<peer::AwaitConfigMessage>(
      [this](peer::AwaitConfigMessage m, Deadline deadline, Done<peer::EmptyReply> done) {
        auto once =
            Once<peer::EmptyReply>::start(*options_.timers, deadline, std::move(done),
                                          "shard " + std::to_string(m.shard) + " is not ready yet");
        replicas_.await(m.shard, m.config_version,
                        [once, version = m.config_version](Result<ReplicaPtr> replica) {
                          if (!replica.ok()) {
                            // The shard was dropped in the meantime.
                            if (replica.status().code() == Code::kNotFound)
                              return once->fire(peer::EmptyReply{});
                            return once->fire(replica.status());
                          }
                          (*replica)->shard->when_configured(version, [once](const Status& status) {
                            if (status.ok())
                              once->fire(peer::EmptyReply{});
                            else
                              once->fire(status);
                          });
                        });
      });
  dispatcher.on<peer::ContractMessage>(
      [this](peer::ContractMessage m, Deadline, const Done<peer::ContractReply>& done) {
        done(contract(m.shard));
      });
  dispatcher.on<peer::VerifyMessage>(
      [this](peer::VerifyMessage m, Deadline deadline, Done<peer::VerifyReply> done) {
        on_verify(m.shard, deadline, std::move(done));
      });
}

}  // namespace rhumb::worker
