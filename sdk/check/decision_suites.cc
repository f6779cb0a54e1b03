// Conformance of authentication engines and routers.
#include <set>
#include <vector>

#include "rhumb/auth.h"
#include "rhumb/cpp/guard.h"
#include "rhumb/cpp/negotiate.h"
#include "rhumb/router.h"
#include "sdk/check/check_host.h"
#include "sdk/check/report.h"
#include "sdk/check/suites.h"

namespace rhumb::check {
namespace {

template <typename Ops, typename Self>
class Opened {
 public:
  Opened(const Ops& ops, const CheckHost& host, const std::string& config) : ops_(ops) {
    const rhumb_open_t open{sizeof open, 0, slice(config), {nullptr, 0}, nullptr};
    rhumb_error_t error{};
    error.struct_size = sizeof error;
    require_status(RHUMB_OK, ops.open(host.raw(), &open, &self_, &error),
                   "open (does it need a --config?)", &error);
  }
  ~Opened() { ops_.close(self_); }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  Self* self() const { return self_; }

 private:
  const Ops& ops_;
  Self* self_ = nullptr;
};

// ---- authentication ----

struct Principal {
  rhumb_principal_t raw{};
  Principal() { raw.struct_size = sizeof raw; }
  ~Principal() {
    if (raw.subject.release != nullptr) raw.subject.release(&raw.subject);
    if (raw.claims_json.release != nullptr) raw.claims_json.release(&raw.claims_json);
  }
};
struct Decision {
  rhumb_decision_t raw{};
  Decision() { raw.struct_size = sizeof raw; }
  ~Decision() {
    if (raw.mandatory_filter_json.release != nullptr)
      raw.mandatory_filter_json.release(&raw.mandatory_filter_json);
    if (raw.quota_class.release != nullptr) raw.quota_class.release(&raw.quota_class);
  }
};
using Auth = Opened<rhumb_auth_ops_t, rhumb_auth_t>;

void strangers(const rhumb_auth_ops_t& ops, const Auth& auth) {
  const std::string huge(100'000, 'k'), binary("\0\xFF\n", 3);
  for (const std::string_view scheme : {"none", "api-key", "bearer", "no-such-scheme"}) {
    for (const std::string_view token : {std::string_view(""), std::string_view("guess"),
                                         std::string_view(huge), std::string_view(binary)}) {
      Principal who;
      rhumb_error_t error{};
      error.struct_size = sizeof error;
      const rhumb_status_t status =
          ops.authenticate(auth.self(), nullptr, slice(scheme), slice(token), &who.raw, &error);
      require(status == RHUMB_OK || status == RHUMB_DENIED || status == RHUMB_UNSUPPORTED ||
                  status == RHUMB_INVALID,
              "authenticate: status " + std::to_string(status));
      if (status != RHUMB_OK) {
        require(
            token.size() < 4 || std::string_view(error.text).find(token) == std::string_view::npos,
            "a secret in an error's text");
        continue;
      }
      const std::string_view subject(static_cast<const char*>(who.raw.subject.data),
                                     who.raw.subject.size);
      require(token.size() < 4 || subject.find(token) == std::string_view::npos,
              "a secret in the subject, which is logged");
      for (const uint32_t action :
           {RHUMB_ACTION_READ, RHUMB_ACTION_WRITE, RHUMB_ACTION_MANAGE, RHUMB_ACTION_ADMIN}) {
        Decision decision;
        require_status(RHUMB_OK,
                       ops.authorize(auth.self(), nullptr, &who.raw, action, slice("things"),
                                     &decision.raw, &error),
                       "authorize", &error);
        require(decision.raw.verdict == RHUMB_VERDICT_ALLOW ||
                    decision.raw.verdict == RHUMB_VERDICT_DENY,
                "a verdict is yes or no");
      }
    }
  }
}

void unknown_action(const rhumb_auth_ops_t& ops, const Auth& auth) {
  Principal who;
  if (ops.authenticate(auth.self(), nullptr, slice("none"), slice(""), &who.raw, nullptr) !=
      RHUMB_OK)
    throw Skipped("no anonymous principal to ask for");
  Decision decision;
  const rhumb_status_t status =
      ops.authorize(auth.self(), nullptr, &who.raw, 4711, slice(""), &decision.raw, nullptr);
  require(status != RHUMB_OK || decision.raw.verdict == RHUMB_VERDICT_DENY ||
              (who.raw.flags & RHUMB_PRINCIPAL_READ_ONLY) == 0,
          "an action of a later host is allowed to a read-only principal");
}

// ---- router ----

using Router = Opened<rhumb_router_ops_t, rhumb_router_t>;
using Map = std::vector<rhumb_bucket_run_t>;

Map assign(const rhumb_router_ops_t& ops, const Router& router, const Map& now,
           const std::vector<rhumb_shard_t>& shards) {
  Map out(RHUMB_BUCKETS);
  uint64_t count = 0;
  rhumb_error_t error{};
  error.struct_size = sizeof error;
  require_status(RHUMB_OK,
                 ops.assign(router.self(), now.data(), now.size(), shards.data(), shards.size(),
                            out.data(), out.size(), &count, &error),
                 "assign", &error);
  require(count <= out.size(), "more runs than were allowed");
  out.resize(count);
  return out;
}

std::vector<uint64_t> owners(const Map& map, const std::vector<rhumb_shard_t>& shards) {
  std::set<uint64_t> active;
  for (const rhumb_shard_t& shard : shards) {
    if (shard.state == RHUMB_SHARD_ACTIVE) active.insert(shard.shard);
  }
  std::vector<uint64_t> out;
  for (const rhumb_bucket_run_t& run : map) {
    require_equal(out.size(), size_t{run.first}, "where a run begins");
    require(run.count > 0, "an empty run");
    require(active.contains(run.shard), "buckets of a shard that is not active");
    out.insert(out.end(), run.count, run.shard);
  }
  require_equal(size_t{RHUMB_BUCKETS}, out.size(), "buckets of a map");
  return out;
}

void places(const rhumb_router_ops_t& ops, const Router& router, const Router& another) {
  std::vector<std::string> keys;
  for (uint64_t i = 0; i < 20'000; ++i) keys.push_back("\x03key " + std::to_string(i));
  std::vector<rhumb_slice_t> slices;
  for (const std::string& key : keys) slices.push_back(slice(key));
  std::vector<uint32_t> buckets(keys.size()), again(keys.size());
  require_status(RHUMB_OK,
                 ops.place(router.self(), slices.data(), slices.size(), buckets.data(), nullptr),
                 "place");
  std::vector<uint32_t> load(RHUMB_BUCKETS);
  for (const uint32_t bucket : buckets) {
    require(bucket < RHUMB_BUCKETS, "a bucket out of range");
    ++load[bucket];
  }
  for (const uint32_t n : load)
    require(n < 40, "20,000 keys crowd into one of 4,096 buckets: " + std::to_string(n));
  for (size_t i = 0; i < keys.size(); ++i) {  // one at a time, by another instance
    require_status(RHUMB_OK, ops.place(another.self(), &slices[i], 1, &again[i], nullptr), "place");
  }
  require(buckets == again, "another instance places the same keys elsewhere");
}

void maps(const rhumb_router_ops_t& ops, const Router& router) {
  std::vector<rhumb_shard_t> shards;
  for (uint64_t i = 0; i < 5; ++i) shards.push_back({1024 + i, 1, 0, RHUMB_SHARD_ACTIVE});
  Map map = assign(ops, router, {}, shards);
  std::vector<uint64_t> before = owners(map, shards);
  const Map same = assign(ops, router, map, shards);
  require(owners(same, shards) == before, "a map that needs no change was changed");

  shards.push_back({2000, 1, 0, RHUMB_SHARD_ACTIVE});
  map = assign(ops, router, map, shards);
  std::vector<uint64_t> after = owners(map, shards);
  uint64_t moved = 0;
  for (size_t i = 0; i < after.size(); ++i) {
    if (before[i] == after[i]) continue;
    ++moved;
    require_equal(uint64_t{2000}, after[i],
                  "buckets move only to the new shard, found one going to");
  }
  require(moved > 0 && moved <= RHUMB_BUCKETS / 6 + 1,
          "a sixth shard takes at most its share, found " + std::to_string(moved));

  shards[2].state = RHUMB_SHARD_LEAVING;
  before = after;
  after = owners(assign(ops, router, map, shards), shards);
  for (size_t i = 0; i < after.size(); ++i) {
    require(before[i] == after[i] || before[i] == shards[2].shard,
            "a bucket moved although its shard stays");
  }
}

void limits(const rhumb_router_ops_t& ops, const Router& router) {
  const std::vector<rhumb_shard_t> shards = {{1, 1, 0, RHUMB_SHARD_ACTIVE},
                                             {2, 1, 0, RHUMB_SHARD_ACTIVE}};
  uint64_t count = 0;
  rhumb_bucket_run_t run{};
  require_status(
      RHUMB_OVER_LIMIT,
      ops.assign(router.self(), nullptr, 0, shards.data(), shards.size(), &run, 1, &count, nullptr),
      "assign into one run");
  require(count >= 2, "and says how many are needed");
  const rhumb_status_t nobody =
      ops.assign(router.self(), nullptr, 0, nullptr, 0, &run, 1, &count, nullptr);
  require(nobody != RHUMB_OK && nobody != RHUMB_BUG,
          "a map over no shards: status " + std::to_string(nobody));
}

}  // namespace

int check_auth(const Subject& subject) {
  const auto ops = normalise<rhumb_auth_ops_t>(subject.factory->ops);
  CheckHost host;
  Report report(std::string("auth/") + subject.factory->id);
  report.run("opens", [&] { const Auth auth(ops, host, subject.config_json); });
  if (report.failures() > 0) return report.failures();
  const Auth auth(ops, host, subject.config_json);
  report.run("judges unknown clients and reveals no secret", [&] { strangers(ops, auth); });
  report.run("does not allow actions of a later host", [&] { unknown_action(ops, auth); });
  return report.failures();
}

int check_router(const Subject& subject) {
  const auto ops = normalise<rhumb_router_ops_t>(subject.factory->ops);
  CheckHost host;
  Report report(std::string("router/") + subject.factory->id);
  report.run("opens", [&] { const Router router(ops, host, subject.config_json); });
  if (report.failures() > 0) return report.failures();
  const Router router(ops, host, subject.config_json), another(ops, host, subject.config_json);
  report.run("places keys evenly and for ever", [&] { places(ops, router, another); });
  report.run("assigns with the least movement", [&] { maps(ops, router); });
  report.run("reports when a map does not fit", [&] { limits(ops, router); });
  return report.failures();
}

}  // namespace rhumb::check
