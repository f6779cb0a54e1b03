// An index engine as a C++ class: exact, by looking at every vector. Start here, and replace the scan by something
// faster. Exceptions stop at the SDK's thunks and become a status and a text; what each member owes its caller is said
// in rhumb/index.h.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "rhumb/cpp/host.h"
#include "rhumb/cpp/index_engine.h"
#include "rhumb/kernels.h"

namespace {

constexpr uint32_t kBlock = 64;  // slots scored at once; the deadline is looked at between blocks
constexpr const char* kFileName = "my_index.built";

bool bit(const uint64_t* bits, uint32_t i) { return (bits[i / 64] >> (i % 64) & 1) != 0; }

class MyIndex {
 public:
  static constexpr const char* kId = "my_index";
  static constexpr const char* kVersion = "1.0.0";

  MyIndex(const rhumb_host_t* host, const rhumb_index_open_t& open)
      : host_(host), vectors_(*open.vectors), kernel_(rhumb_kernel_for(open.metric, open.vectors->scalar)) {
    if (kernel_ == nullptr) throw rhumb::Error(RHUMB_UNSUPPORTED, "this metric does not go with this scalar type");
    if (open.base == nullptr) return;
    std::string config(rhumb::view(open.base->config_json));
    std::erase_if(config, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    if (!config.empty() && config != "{}") throw rhumb::Error(RHUMB_INVALID, "my_index has no parameters");
    if (open.base->data_dir.size > 0) load(rhumb::view(open.base->data_dir));
  }

  static std::string describe() {
    return R"({"metrics":["cosine","dot","euclid","manhattan"],"scalars":["f32","f16","u8"],)"
           R"("parameters":{"type":"object","properties":{},"additionalProperties":false}})";
  }

  void build(const rhumb_call_t*, uint32_t slot_end, const uint64_t*, const rhumb_progress_t* progress) {
    if (progress != nullptr && progress->tick != nullptr && progress->tick(progress->ctx, slot_end, slot_end) == 0) {
      throw rhumb::Error(RHUMB_CANCELLED, "cancelled");
    }
    built_through_ = slot_end;
  }

  void insert(const rhumb_call_t*, uint32_t, uint32_t slot_end) {
    uint32_t now = built_through_;
    while (now < slot_end && !built_through_.compare_exchange_weak(now, slot_end)) {
    }
  }

  void search(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out) {
    for (const rhumb_ext_t* ext = query.ext; ext != nullptr; ext = ext->next) {
      if (ext->required != 0) throw rhumb::Error(RHUMB_UNSUPPORTED, ext->id);
    }
    if (query.vectors.dim != vectors_.dim || query.vectors.scalar != vectors_.scalar) {
      throw rhumb::Error(RHUMB_INVALID, "the query's dimension or scalar type is not the stored vectors'");
    }
    for (uint64_t q = 0; q < query.query_count; ++q) scan(call, query, q, out);
  }

  void save(std::string_view dir) {
    const std::string path = std::string(dir) + "/" + kFileName;
    const std::string text = std::to_string(built_through_) + "\n";
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0) throw rhumb::Error(RHUMB_IO, path, errno);
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
    const int saved = errno;
    const bool closed = ::close(fd) == 0;
    if (!written || !closed) throw rhumb::Error(RHUMB_IO, path, written ? errno : saved);
  }

  std::string stats() {
    const std::string built = std::to_string(built_through_);
    return "{\"rows\":" + built + ",\"built_through\":" + built +
           ",\"bytes_resident\":" + std::to_string(sizeof *this) + ",\"bytes_mapped\":0}";
  }

 private:
  using Hit = std::pair<float, uint32_t>;

  void load(std::string_view dir) {
    const std::string path = std::string(dir) + "/" + kFileName;
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line) || file.eof()) throw rhumb::Error(RHUMB_CORRUPT, path);
    uint32_t built = 0;
    const auto [end, failed] = std::from_chars(line.data(), line.data() + line.size(), built);
    if (failed != std::errc{} || end != line.data() + line.size() || built > vectors_.rows)
      throw rhumb::Error(RHUMB_CORRUPT, path);
    built_through_ = built;
  }

  bool passes(const rhumb_filter_t* filter, uint32_t slot) const {
    if (vectors_.present != nullptr && !bit(vectors_.present, slot)) return false;
    if (filter == nullptr || filter->kind == RHUMB_FILTER_SLOTS) return true;
    if (filter->kind == RHUMB_FILTER_BITS) return slot < filter->bit_count && bit(filter->bits, slot);
    return filter->live == nullptr || (slot < filter->bit_count && bit(filter->live, slot));
  }

  void scan(const rhumb_call_t* call, const rhumb_query_t& query, uint64_t q, rhumb_hits_t& out) {
    const rhumb_filter_t* filter = query.filter;
    const char* vector = static_cast<const char*>(query.vectors.data) + q * query.vectors.stride;
    const bool listed = filter != nullptr && filter->kind == RHUMB_FILTER_SLOTS;
    const uint32_t end = built_through_;
    const uint64_t n = listed ? filter->pass_count : end;
    std::vector<Hit> best;  // a heap, the farthest on top
    best.reserve(std::min<uint64_t>(query.k, n) + 1);
    uint32_t block[kBlock];
    float distances[kBlock];
    for (uint64_t next = 0; next < n && query.k > 0;) {
      rhumb::check_call(call, host_);
      uint32_t filled = 0;
      for (; next < n && filled < kBlock; ++next) {
        const uint32_t slot = listed ? filter->slots[next] : static_cast<uint32_t>(next);
        if (slot < end && passes(filter, slot)) block[filled++] = slot;
      }
      kernel_->slots(vector, &vectors_, block, filled, distances);
      out.exact_distances += filled;
      for (uint32_t i = 0; i < filled; ++i) {
        const Hit hit{distances[i], block[i]};
        if (best.size() == query.k && !(hit < best.front())) continue;
        best.push_back(hit);
        std::push_heap(best.begin(), best.end());
        if (best.size() <= query.k) continue;
        std::pop_heap(best.begin(), best.end());
        best.pop_back();
      }
    }
    std::sort_heap(best.begin(), best.end());
    out.counts[q] = static_cast<uint32_t>(best.size());
    for (size_t i = 0; i < best.size(); ++i) {
      out.distances[q * query.k + i] = best[i].first;
      out.slots[q * query.k + i] = best[i].second;
    }
  }

  const rhumb::Host host_;
  const rhumb_vectors_t& vectors_;  // the host's: pinned until close
  const rhumb_kernel_t* const kernel_;
  std::atomic<uint32_t> built_through_{0};  // slots below may be found
};

}  // namespace

RHUMB_PLUGIN("my_index", "1.0.0", "Apache-2.0", &rhumb::index_factory<MyIndex>)
