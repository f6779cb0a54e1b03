#include "file.h"

#include <vector>

#include "options.h"
#include "rhumb/cpp/block_file.h"
#include "rhumb/cpp/slot_filter.h"

namespace rhumb::hnsw {
namespace {

constexpr std::string_view kMagic = "RHMBHNSW";
constexpr uint32_t kFormat = 1;
constexpr uint8_t kNoNode = 0xFF;

struct Head {
  uint32_t metric, scalar, dim, m;
  uint32_t ef_construct, built_through, entry_slot, entry_level;
  uint64_t nodes;
};
static_assert(sizeof(Head) == 40);

std::string file_in(const std::string& dir) { return dir + "/graph"; }

void save_links(BlockFileWriter& file, const Graph& graph, uint32_t slot, uint32_t level,
                uint32_t built_through, std::vector<uint32_t>& links) {
  const uint32_t n = graph.copy_links(slot, level, links.data());
  uint32_t kept = 0;
  for (uint32_t i = 0; i < n; ++i) {
    if (links[i] < built_through) links[kept++] = links[i];
  }
  file.value(static_cast<uint16_t>(kept));
  file.bytes(links.data(), kept * sizeof(uint32_t));
}

Head read_head(BlockFileReader& file, const GraphIdentity& identity,
               const rhumb_vectors_t& column) {
  const auto head = file.value<Head>();
  const auto same = [](const char* what, uint32_t expected, uint32_t found) {
    if (expected == found) return;
    throw Error(RHUMB_UNSUPPORTED, std::string("graph: ") + what + ": expected " +
                                       std::to_string(expected) + ", found " +
                                       std::to_string(found));
  };
  same("metric", identity.metric, head.metric);
  same("scalar type", identity.scalar, head.scalar);
  same("dim", identity.dim, head.dim);
  if (head.m < kMMin || head.m > kMMax) file.corrupt("m out of range");
  if (head.built_through > column.rows) {
    file.corrupt("built through slot " + std::to_string(head.built_through) + " of " +
                 std::to_string(column.rows));
  }
  if (head.nodes > head.built_through) file.corrupt("more nodes than slots");
  return head;
}

std::vector<uint8_t> read_levels(BlockFileReader& file, const Head& head,
                                 const rhumb_vectors_t& column) {
  std::vector<uint8_t> levels(head.built_through);
  file.bytes(levels.data(), levels.size());
  const SlotFilter present(column, nullptr);
  uint64_t nodes = 0, lists = 0;
  for (uint32_t slot = 0; slot < head.built_through; ++slot) {
    if (levels[slot] == kNoNode) continue;
    ++nodes;
    lists += levels[slot] + 1u;
    if (levels[slot] > kMaxLevel) file.corrupt("level out of range, slot " + std::to_string(slot));
    if (levels[slot] > head.entry_level)
      file.corrupt("level above the entry point's, slot " + std::to_string(slot));
    if (!present.present(slot))
      file.corrupt("a node without a vector, slot " + std::to_string(slot));
  }
  if (nodes != head.nodes) file.corrupt("number of nodes differs");
  if (nodes > 0 &&
      (head.entry_slot >= head.built_through || levels[head.entry_slot] != head.entry_level)) {
    file.corrupt("no node at the entry point");
  }
  if (file.remaining() < lists * sizeof(uint16_t)) file.corrupt("fewer lists than levels");
  return levels;
}

}  // namespace

void save_graph(const std::string& dir, const GraphIdentity& identity, const Graph& graph,
                uint32_t built_through) {
  std::vector<uint8_t> levels(built_through, kNoNode);
  Head head{identity.metric,
            identity.scalar,
            identity.dim,
            graph.m(),
            graph.ef_construct(),
            built_through,
            0,
            0,
            0};
  for (uint32_t slot = 0; slot < built_through; ++slot) {
    const auto level = graph.level(slot);
    if (!level) continue;
    levels[slot] = static_cast<uint8_t>(*level);
    if (head.nodes++ == 0 || *level > head.entry_level) {
      head.entry_slot = slot;
      head.entry_level = *level;
    }
  }
  BlockFileWriter file(file_in(dir), kMagic, kFormat);
  file.value(head);
  file.bytes(levels.data(), levels.size());
  std::vector<uint32_t> links(graph.max_links(0));
  for (uint32_t slot = 0; slot < built_through; ++slot) {
    if (levels[slot] == kNoNode) continue;
    for (uint32_t level = 0; level <= levels[slot]; ++level)
      save_links(file, graph, slot, level, built_through, links);
  }
  file.finish();
  sync_directory(dir);
}

uint32_t load_graph(const std::string& dir, const GraphIdentity& identity,
                    const rhumb_vectors_t& column, Graph& graph) {
  BlockFileReader file(file_in(dir), kMagic, kFormat);
  const Head head = read_head(file, identity, column);
  graph.set_m(head.m);
  const std::vector<uint8_t> levels = read_levels(file, head, column);
  graph.reserve(head.built_through);
  for (uint32_t slot = 0; slot < head.built_through; ++slot) {
    if (levels[slot] != kNoNode) graph.create(slot, levels[slot]);
  }
  std::vector<uint32_t> links;
  for (uint32_t slot = 0; slot < head.built_through; ++slot) {
    if (levels[slot] == kNoNode) continue;
    for (uint32_t level = 0; level <= levels[slot]; ++level) {
      const auto n = file.value<uint16_t>();
      if (n > graph.max_links(level)) file.corrupt("too many links, slot " + std::to_string(slot));
      links.resize(n);
      file.bytes(links.data(), n * sizeof(uint32_t));
      for (const uint32_t other : links) {
        const bool reachable = other < head.built_through && other != slot &&
                               levels[other] != kNoNode && levels[other] >= level;
        if (!reachable) file.corrupt("a link that leads nowhere, slot " + std::to_string(slot));
      }
      graph.restore(slot, level, links);
    }
  }
  file.expect_end();
  if (head.nodes > 0) graph.set_entry({head.entry_slot, head.entry_level});
  return head.built_through;
}

}  // namespace rhumb::hnsw
