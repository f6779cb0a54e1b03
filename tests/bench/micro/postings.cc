// Sets of slots: intersections and unions of sparse and dense sets, reading a posting list, and
// adding to it.
#include "host/payload/index/posting.h"
#include "host/payload/index/slot_set.h"
#include "tests/bench/micro/micro.h"
#include "tests/bench/random.h"

namespace rhumb::bench {
namespace {

using payload::Posting;
using payload::SlotSet;

constexpr uint32_t kSlots = 1u << 20;

// Every slot is in it with a probability of 1 / `one_in`.
std::vector<uint32_t> drawn(uint32_t one_in, uint64_t seed) {
  Random random(seed);
  std::vector<uint32_t> out;
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    if (random.next() % one_in == 0) out.push_back(slot);
  }
  return out;
}
SlotSet set_of(const std::vector<uint32_t>& slots) {
  SlotSet::Builder builder(kSlots);
  for (const uint32_t slot : slots) builder.add(slot);
  return builder.finish();
}
std::shared_ptr<Posting> posting_of(const std::vector<uint32_t>& slots) {
  auto out = std::make_shared<Posting>();
  for (const uint32_t slot : slots) out->add(slot);
  return out;
}

void add_operation(const std::string& name, uint32_t a, uint32_t b,
                   SlotSet& (SlotSet::*combine)(const SlotSet&)) {
  add("postings/" + name, [=] {
    return [left = set_of(drawn(a, 15)), right = set_of(drawn(b, 16)), combine] {
      SlotSet found = left;
      (found.*combine)(right);
      benchmark::DoNotOptimize(found.count());
    };
  });
}

}  // namespace

void add_benchmarks() {
  add_operation("sparse_and_sparse", 1000, 500, &SlotSet::operator&=);
  add_operation("sparse_and_dense", 1000, 3, &SlotSet::operator&=);
  add_operation("dense_and_dense", 4, 3, &SlotSet::operator&=);
  add_operation("sparse_or_dense", 1000, 3, &SlotSet::operator|=);
  add_operation("dense_without_sparse", 3, 1000, &SlotSet::operator-=);
  for (const uint32_t one_in : {4u, 1000u}) {
    add("postings/read/one_in_" + std::to_string(one_in), [one_in] {
      return [posting = posting_of(drawn(one_in, 17))] {
        uint64_t sum = 0;
        posting->for_each_below(kSlots, [&](uint32_t slot) { sum += slot; });
        benchmark::DoNotOptimize(sum);
      };
    });
  }
  add("postings/add_and_remove", [] {
    const auto there = drawn(1000, 18);
    return [posting = posting_of(there), slot = there.front() + 1]() {
      posting->add(slot);
      posting->remove(slot);
    };
  });
}

}  // namespace rhumb::bench
