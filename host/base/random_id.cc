#include "host/base/random_id.h"

#include <random>

namespace rhumb::base {

uint64_t random_bits() {
  static thread_local std::mt19937_64 engine = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(),
                       device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return engine();
}

}  // namespace rhumb::base
