#include "tests/sim/network.h"

namespace rhumb::sim {

Microseconds Network::delay_us() {
  if (random_.chance(plan_.late_per_mille))
    return random_.between(plan_.delay_max_us, plan_.late_max_us);
  return random_.between(plan_.delay_min_us, plan_.delay_max_us);
}

void Network::send(uint64_t from, uint64_t to, std::string frame) {
  if (is_cut(from, to) || random_.chance(plan_.drop_per_mille)) return;
  const int copies = random_.chance(plan_.duplicate_per_mille) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    agenda_.after(delay_us(), [this, from, to, frame] {
      if (!is_cut(from, to)) arrive_(from, to, frame);
    });
  }
}

void Network::send_snapshot(uint64_t from, uint64_t to, std::string frame,
                            std::function<void(bool ok)> done) {
  const Microseconds transfer_us = random_.between(20 * kMillisecond, kSecond);
  const bool breaks = is_cut(from, to) || random_.chance(100 + plan_.drop_per_mille);
  const bool tells_early = random_.chance(300);
  agenda_.after(transfer_us, [this, from, to, breaks, tells_early, frame = std::move(frame),
                              done = std::move(done)] {
    if (breaks || is_cut(from, to)) {
      done(false);
      return;
    }
    if (tells_early) {
      done(true);
      agenda_.after(delay_us(), [this, from, to, frame] { arrive_(from, to, frame); });
      return;
    }
    arrive_(from, to, frame);
    agenda_.after(delay_us(), [done] { done(true); });
  });
}

}  // namespace rhumb::sim
