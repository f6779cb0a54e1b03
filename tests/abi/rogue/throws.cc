// Throws out of every member, with a C++ runtime of its own linked in statically: what the guards
// of the C++ face let through would abort the host.
#include <stdexcept>
#include <string>

#include "rhumb/cpp/index_engine.h"

namespace {

class Throws {
 public:
  static constexpr const char* kId = "throws";
  static constexpr const char* kVersion = "1.0.0";
  Throws(const rhumb_host_t*, const rhumb_index_open_t& open) {
    if (open.capacity_hint == 0) throw std::bad_alloc();
  }
  static std::string describe() { throw std::runtime_error("describe"); }
  void build(const rhumb_call_t*, uint32_t, const uint64_t*, const rhumb_progress_t*) {
    throw rhumb::Error(RHUMB_NO_SPACE, "no room", 28);
  }
  void insert(const rhumb_call_t*, uint32_t, uint32_t) { throw 42; }
  void search(const rhumb_call_t*, const rhumb_query_t&, rhumb_hits_t&) {
    throw std::logic_error(std::string(1000, 'x'));
  }
  void save(std::string_view dir) { throw std::out_of_range(std::string(dir)); }
  std::string stats() { throw std::runtime_error("stats"); }
};

}  // namespace

RHUMB_PLUGIN("throws", "1.0.0", "Apache-2.0", &rhumb::index_factory<Throws>)
