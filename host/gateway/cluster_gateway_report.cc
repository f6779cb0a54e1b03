// Reports: every shard verifies or reports its own part, and the parts become one report of the
// collection.
#include <algorithm>

#include "host/gateway/cluster_gateway.h"
#include "host/gateway/gather.h"
#include "host/model/contract.h"

namespace rhumb::gateway {
namespace {

Verification verification_of(const model::Collection& collection,
                             std::vector<peer::VerifyReply> replies) {
  Verification all;
  all.ok = true;
  for (size_t i = 0; i < replies.size(); ++i) {
    peer::VerifyReply& r = replies[i];
    ShardVerification shard;
    shard.shard = collection.shards[i].shard;
    shard.ok = r.error.empty() && r.kept_hash == r.computed_hash;
    shard.applied_index = r.applied;
    shard.points = r.points;
    shard.kept_hash = r.kept_hash;
    shard.computed_hash = r.computed_hash;
    shard.error = std::move(r.error);
    all.ok = all.ok && shard.ok;
    all.points += shard.points;
    all.shards.push_back(std::move(shard));
  }
  return all;
}

MeasuredRecall measured_of(const peer::ContractReply::Measured& m) {
  return {m.samples, m.mean, m.low, m.high};
}

// Merges the shards as if each had been measured by its share of the samples. The bounds are a
// little too wide.
MeasuredRecall merged(const std::vector<ShardContract>& shards,
                      MeasuredRecall ContractVerdict::*source) {
  MeasuredRecall all{0, 0, 0, 0};
  for (const ShardContract& shard : shards) {
    const MeasuredRecall& m = shard.verdict.*source;
    all.samples += m.samples;
    all.mean += static_cast<double>(m.samples) * m.mean;
    all.low += static_cast<double>(m.samples) * m.low;
    all.high += static_cast<double>(m.samples) * m.high;
  }
  for (double* sum : {&all.mean, &all.low, &all.high})
    *sum /= std::max<double>(1, static_cast<double>(all.samples));
  return all;
}

// Sets the state from the evidence. `missing` and `seconds` are what the shards reported.
void judge(double asked, uint64_t missing, std::optional<uint64_t> seconds, ContractVerdict& out) {
  if (asked <= 0) return;
  const MeasuredRecall& m = out.deciding();
  const auto kept =
      m.samples > 0 ? model::contract_kept(asked, m.mean, m.low, m.high) : std::nullopt;
  if (kept) {
    out.state = *kept ? ContractState::kKept : ContractState::kMissed;
    return;
  }
  out.state = ContractState::kMeasuring;
  out.samples_missing = std::max<uint64_t>(missing, 1);
  out.seconds_left = seconds;
}

ShardContract shard_contract(uint64_t shard, double asked, peer::ContractReply reply) {
  ShardContract out;
  out.shard = shard;
  out.verdict.searches = measured_of(reply.searches);
  out.verdict.moved = measured_of(reply.moved);
  out.verdict.searches_decide = reply.searched;
  out.verdict.samples_total = reply.samples_total;
  out.verdict.limit = std::move(reply.limit);
  judge(asked, reply.missing, reply.seconds_left, out.verdict);
  out.widen = reply.widen;
  out.actions = std::move(reply.actions);
  out.calibration_json = std::move(reply.calibration_json);
  return out;
}

ContractReport contract_of(const model::Collection& collection,
                           std::vector<peer::ContractReply> replies) {
  ContractReport report;
  report.asked = model::contract_of(collection.config).recall;
  ContractVerdict& all = report.verdict;
  uint64_t missing = 0;
  std::optional<uint64_t> seconds = 0;
  for (size_t i = 0; i < replies.size(); ++i) {
    const peer::ContractReply& r = replies[i];
    all.searches_decide = all.searches_decide || r.searched;
    all.samples_total += r.samples_total;
    if (all.limit.empty()) all.limit = r.limit;
    missing += r.missing;
    // The slowest shard decides. If one shard does not know its time, the total is unknown.
    if (r.missing > 0) {
      seconds = seconds && r.seconds_left ? std::optional(std::max(*seconds, *r.seconds_left))
                                          : std::nullopt;
    }
    report.shards.push_back(
        shard_contract(collection.shards[i].shard, report.asked, std::move(replies[i])));
  }
  all.searches = merged(report.shards, &ContractVerdict::searches);
  all.moved = merged(report.shards, &ContractVerdict::moved);
  judge(report.asked, missing, seconds, all);
  return report;
}

}  // namespace

void ClusterGateway::verify(CollectionPtr collection, base::Deadline deadline,
                            Callback<Verification> done) {
  auto gather = Gather<peer::VerifyReply>::of(
      collection->shards.size(),
      [collection, done = std::move(done)](base::Result<std::vector<peer::VerifyReply>> replies) {
        if (!replies.ok()) return done(replies.status());
        done(verification_of(*collection, std::move(*replies)));
      });
  for (size_t i = 0; i < collection->shards.size(); ++i) {
    ask<peer::VerifyMessage>(*collection, collection->shards[i], {collection->shards[i].shard},
                             deadline, gather->part(i));
  }
}

void ClusterGateway::contract(CollectionPtr collection, base::Deadline deadline,
                              Callback<ContractReport> done) {
  auto gather = Gather<peer::ContractReply>::of(
      collection->shards.size(),
      [collection, done = std::move(done)](base::Result<std::vector<peer::ContractReply>> replies) {
        if (!replies.ok()) return done(replies.status());
        done(contract_of(*collection, std::move(*replies)));
      });
  for (size_t i = 0; i < collection->shards.size(); ++i) {
    ask<peer::ContractMessage>(*collection, collection->shards[i], {collection->shards[i].shard},
                               deadline, gather->part(i));
  }
}

void ClusterGateway::optimizations(CollectionPtr collection, base::Deadline deadline,
                                   Callback<Optimizations> done) {
  auto gather = Gather<peer::OptimizationsReply>::of(
      collection->shards.size(),
      [done = std::move(done)](base::Result<std::vector<peer::OptimizationsReply>> replies) {
        if (!replies.ok()) return done(replies.status());
        Optimizations all;
        for (peer::OptimizationsReply& reply : *replies) all.push_back(std::move(reply.all));
        done(std::move(all));
      });
  for (size_t i = 0; i < collection->shards.size(); ++i) {
    ask<peer::OptimizationsMessage>(*collection, collection->shards[i],
                                    {collection->shards[i].shard}, deadline, gather->part(i));
  }
}

}  // namespace rhumb::gateway
