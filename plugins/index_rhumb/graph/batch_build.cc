#include "graph/batch_build.h"

#include <algorithm>
#include <atomic>

namespace rhumb::coded {
namespace {

constexpr uint64_t kBatchShare = 50;  // a batch has at most this part of the graph's nodes
constexpr uint64_t kBatchSlotsMax = 1 << 16;
constexpr uint64_t kBlock = 16;  // slots that a thread takes at once

}  // namespace

uint64_t BatchBuild::batch_size() const noexcept {
  return std::clamp<uint64_t>(graph_.nodes() / kBatchShare, 1, kBatchSlotsMax);
}

void BatchBuild::parallel(uint64_t n,
                          const std::function<void(uint64_t, Pacer&, Scratch&)>& body) const {
  const uint64_t threads = std::min(threads_, (n + kBlock - 1) / kBlock);
  std::atomic<uint64_t> next{0};
  const auto work = [&](uint64_t) {
    Pacer pacer(call_, host_, column_);
    for (uint64_t first = next.fetch_add(kBlock); first < n; first = next.fetch_add(kBlock)) {
      for (uint64_t i = first; i < std::min(n, first + kBlock); ++i)
        body(i, pacer, Scratch::of_this_thread());
    }
  };
  if (threads > 1)
    host_.parallel(threads, work);
  else
    work(0);
}

void BatchBuild::add(std::span<const uint32_t> slots) {
  std::vector<uint32_t> fresh;
  std::copy_if(slots.begin(), slots.end(), std::back_inserter(fresh),
               [&](uint32_t slot) { return !graph_.has(slot) && !insertion_.leaves_out(slot); });
  std::vector<PlannedNode> nodes(fresh.size());
  parallel(fresh.size(), [&](uint64_t i, Pacer& pacer, Scratch& scratch) {
    nodes[i] = insertion_.plan(fresh[i], pacer, scratch);
  });
  parallel(nodes.size(), [&](uint64_t i, Pacer&, Scratch&) {
    const PlannedNode& node = nodes[i];
    graph_.create(node.slot, node.level);
    for (size_t l = 0; l < node.links.size(); ++l)
      graph_.set_row(node.slot, static_cast<uint32_t>(l), node.links[l]);
  });
  link_back(nodes);
  raise_entry(nodes);
}

// Each row is changed by one thread, which adds links in the order of slots.
void BatchBuild::link_back(std::span<const PlannedNode> nodes) {
  std::vector<BackLink> all;
  for (const PlannedNode& node : nodes) {
    for (size_t l = 0; l < node.links.size(); ++l) {
      for (const uint32_t to : node.links[l])
        all.push_back({static_cast<uint32_t>(l), to, node.slot});
    }
  }
  std::sort(all.begin(), all.end());
  std::vector<size_t> first;  // where each row's links begin
  for (size_t i = 0; i < all.size(); ++i) {
    if (i == 0 || all[i].level != all[i - 1].level || all[i].to != all[i - 1].to)
      first.push_back(i);
  }
  first.push_back(all.size());
  parallel(first.size() - 1, [&](uint64_t row, Pacer&, Scratch&) {
    for (size_t i = first[row]; i < first[row + 1]; ++i)
      graph_.link_back(all[i].to, all[i].from, all[i].level);
  });
}

void BatchBuild::raise_entry(std::span<const PlannedNode> nodes) {
  for (const PlannedNode& node : nodes) {
    const auto entry = graph_.entry();
    if (!entry || node.level > entry->level) graph_.set_entry({node.slot, node.level});
  }
}

}  // namespace rhumb::coded
