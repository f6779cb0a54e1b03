// Runs simulated clusters:
// sim [--seed N] [--seeds COUNT] [--seconds S] [--plant NAME --within COUNT] [--replay] [--verbose]
//     [--engine FILE.so]
//   no --seeds: as many seeds as fit into --seconds (default RHUMB_SIM_SECONDS, or 120).
//   --plant: the planted fault must be found within COUNT seeds; finding nothing is the failure.
//   --replay: every seed runs twice and must leave the same trace.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/places.h"
#include "tests/sim/cluster.h"

namespace rhumb::sim {
namespace {

struct Arguments {
  uint64_t seed = 1, seeds = 0, seconds = 120, within = 0;
  Plant plant = Plant::kNone;
  bool verbose = false, replay = false, bad = false;
  std::string engine;
};

Plant plant_named(std::string_view name, bool& bad) {
  if (name == "ack_before_durable") return Plant::kAckBeforeDurable;
  if (name == "vote_forgotten") return Plant::kVoteForgotten;
  if (name == "truncation_ignored") return Plant::kTruncationIgnored;
  if (name == "unheld_messages") return Plant::kUnheldMessages;
  if (name == "lease_reads") return Plant::kLeaseReads;
  bad = true;
  return Plant::kNone;
}

Arguments parse(int argc, char** argv) {
  Arguments out;
  out.engine = places::plugin("consensus_raft");
  if (const char* seconds = std::getenv("RHUMB_SIM_SECONDS"))
    out.seconds = std::strtoull(seconds, nullptr, 10);
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--verbose") {
      out.verbose = true;
    } else if (name == "--replay") {
      out.replay = true;
    } else if (i + 1 == argc) {
      out.bad = true;
    } else if (name == "--plant") {
      out.plant = plant_named(argv[++i], out.bad);
      if (out.plant == Plant::kUnheldMessages || out.plant == Plant::kLeaseReads)
        out.engine = places::planted_consensus();
    } else if (name == "--engine") {
      out.engine = argv[++i];
    } else {
      const uint64_t value = std::strtoull(argv[++i], nullptr, 10);
      if (name == "--seed")
        out.seed = value;
      else if (name == "--seeds")
        out.seeds = value;
      else if (name == "--seconds")
        out.seconds = value;
      else if (name == "--within")
        out.within = value;
      else
        out.bad = true;
    }
  }
  return out;
}

RunResult run_seed(const rhumb_consensus_ops_t* ops, uint64_t seed, const Arguments& arguments) {
  Cluster cluster({ops, seed, arguments.plant, arguments.verbose});
  RunResult result = cluster.run();
  if (arguments.replay && result.violation.empty()) {
    Cluster again({ops, seed, arguments.plant, false});
    if (again.run().trace_hash != result.trace_hash)
      result.violation = "the same seed left another trace";
  }
  return result;
}

// Whether the runs together have met every kind of event.
bool met_everything(const Tally& tally) {
  const uint64_t met[] = {tally.elections,   tally.installs, tally.membership_changes,
                          tally.lost_writes, tally.reads,    tally.entries,
                          tally.crashes,     tally.fetches,  tally.transfers,
                          tally.pauses};
  for (uint64_t count : met) {
    if (count == 0) return false;
  }
  return true;
}

int run(const Arguments& arguments) {
  auto ops = load_engine(arguments.engine);
  if (!ops.ok()) {
    std::fprintf(stderr, "sim: %s\n", ops.status().to_string().c_str());
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  auto elapsed = [begin] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const uint64_t limit = arguments.within != 0 ? arguments.within : arguments.seeds;
  Tally total;
  uint64_t seeds = 0;
  for (; limit != 0 ? seeds < limit : elapsed() < static_cast<double>(arguments.seconds); ++seeds) {
    const uint64_t seed = arguments.seed + seeds;
    const RunResult result = run_seed(ops.value(), seed, arguments);
    total += result.tally;
    if (result.violation.empty()) continue;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), result.violation.c_str());
    if (arguments.within == 0) return 1;
    std::printf("found after %llu seeds, %.1f s\n", static_cast<unsigned long long>(seeds + 1),
                elapsed());
    return 0;
  }
  std::printf("seeds %llu to %llu, %.1f a second: %s\n",
              static_cast<unsigned long long>(arguments.seed),
              static_cast<unsigned long long>(arguments.seed + seeds - 1),
              static_cast<double>(seeds) / elapsed(), total.to_string().c_str());
  if (arguments.within != 0) {
    std::printf("the planted bug was not found within %llu seeds\n",
                static_cast<unsigned long long>(arguments.within));
    return 1;
  }
  if (seeds >= 20 && !met_everything(total)) {
    std::printf("something this simulation is there for never happened\n");
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace rhumb::sim

int main(int argc, char** argv) {
  const rhumb::sim::Arguments arguments = rhumb::sim::parse(argc, argv);
  if (arguments.bad) {
    std::fprintf(stderr, "sim: unknown or incomplete argument; see tests/sim/main.cc\n");
    return 2;
  }
  return rhumb::sim::run(arguments);
}
