#include "graph/insertion.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <unordered_map>

namespace rhumb::coded {
namespace {

// A walk by one-bit codes keeps this many candidates, which are compared again by the 7-bit codes
// before links are chosen.
constexpr uint32_t kCandidates = 80;
constexpr float kLengthSlack = 1e-4f;  // the square of a length is a sum of floats
// Passes of reconnect(). A link that is replaced may have been the only link to a node, so one pass
// may not be enough.
constexpr int kReconnectPasses = 4;

// Marks in `reached` all slots that can be reached from `from` at level 0.
void flood(const Graph& graph, uint32_t from, std::vector<uint64_t>& reached) {
  std::vector<uint32_t> stack{from}, links(graph.row_links(0) + kSlackLinks);
  const auto mark = [&](uint32_t slot) {
    uint64_t& word = reached[slot >> 6];
    const uint64_t bit = uint64_t{1} << (slot & 63);
    if ((word & bit) != 0) return false;
    word |= bit;
    return true;
  };
  if (!mark(from)) return;
  while (!stack.empty()) {
    const uint32_t slot = stack.back();
    stack.pop_back();
    const uint32_t n = graph.copy_links(slot, 0, links.data());
    for (uint32_t i = 0; i < n; ++i) {
      if (!mark(links[i])) continue;
      stack.push_back(links[i]);
      graph.prefetch(links[i]);
    }
  }
}

}  // namespace

// The walk may use one-bit codes. The candidates among which links are chosen are ordered by 7-bit
// codes.
std::vector<std::vector<WalkKey>> Insertion::candidates(uint32_t slot, EntryPoint entry,
                                                        uint32_t level, Pacer& pacer,
                                                        Scratch& scratch) {
  std::vector<uint8_t> room;
  const Probe exact = graph_.row_probe(slot, room);
  BitQuery bit_query;
  Probe probe = exact;
  if (codec_.bit_bytes() != 0) {
    scratch.planes.resize(uint64_t{kQueryPlanes} * codec_.bit_bytes());
    bit_query = codec_.encode_bit_query(scratch.prepared.data(), scratch.planes.data());
    probe = graph_.probe(bit_query);
  }
  Walk walk(graph_, probe, graph_.end(), pacer, scratch);
  WalkKey at = walk.measured(entry.slot);
  for (uint32_t l = entry.level; l > level; --l) at = walk.descend(at, l);
  std::vector<std::vector<WalkKey>> found(std::min(level, entry.level) + 1);
  std::vector<uint32_t> ids, distances;
  for (size_t l = found.size(); l-- > 0;) {
    walk.search(at, static_cast<uint32_t>(l), ef_);
    found[l].assign(scratch.pool.begin(), scratch.pool.end());
    at = found[l].front();
    if (codec_.bit_bytes() == 0) continue;
    ids.clear();
    if (found[l].size() > kCandidates) found[l].resize(kCandidates);
    for (const WalkKey key : found[l]) ids.push_back(walk_slot(key));
    distances.resize(ids.size());
    exact(ids.data(), static_cast<uint32_t>(ids.size()), distances.data());
    for (size_t i = 0; i < ids.size(); ++i) found[l][i] = walk_key(distances[i], ids[i]);
    std::sort(found[l].begin(), found[l].end());
  }
  return found;
}

void Insertion::encode(uint32_t slot, Scratch& scratch) {
  if (codec_.floats()) {
    const float square = square_of_row(row_of(column_, slot), column_.scalar, column_.dim);
    std::memcpy(graph_.code(slot), &square, sizeof square);
    return;
  }
  scratch.prepared.resize(codec_.width());
  codec_.prepare_row(row_of(column_, slot), scratch.prepared.data());
  if (codec_.clips(scratch.prepared.data())) clipped_.fetch_add(1, std::memory_order_relaxed);
  codec_.encode_row(scratch.prepared.data(), graph_.code(slot));
  if (codec_.bit_bytes() != 0) codec_.encode_bits(scratch.prepared.data(), graph_.bit_code(slot));
}

bool Insertion::leaves_out(uint32_t slot) {
  const uint32_t metric = codec_.params().metric;
  if (metric != RHUMB_COSINE && metric != RHUMB_DOT) return false;
  const float square = square_of_row(row_of(column_, slot), column_.scalar, column_.dim);
  if (metric == RHUMB_COSINE) return square == 0;
  const float reach = codec_.params().reach;
  return square > reach * reach * (1 + kLengthSlack) && long_rows_.add(slot, std::sqrt(square));
}

PlannedNode Insertion::plan(uint32_t slot, Pacer& pacer, Scratch& scratch) {
  encode(slot, scratch);
  PlannedNode node{slot, graph_.draw_level(slot), {}};
  const std::optional<EntryPoint> entry = graph_.entry();
  if (!entry) return node;
  const auto found = candidates(slot, *entry, node.level, pacer, scratch);
  for (size_t l = 0; l < found.size(); ++l)
    node.links.push_back(graph_.choose_links(slot, static_cast<uint32_t>(l), found[l]));
  return node;
}

void Insertion::add(uint32_t slot, Pacer& pacer, Scratch& scratch) {
  if (graph_.has(slot) || leaves_out(slot)) return;
  encode(slot, scratch);
  const uint32_t level = graph_.draw_level(slot);
  std::unique_lock top(top_, std::defer_lock);
  std::optional<EntryPoint> entry = graph_.entry();
  if (!entry || level > entry->level) {
    top.lock();
    entry = graph_.entry();
    if (entry && level <= entry->level) top.unlock();
  }
  std::vector<std::vector<WalkKey>> found;
  if (entry) found = candidates(slot, *entry, level, pacer, scratch);
  graph_.create(slot, level);
  // Links level 0 first and then upwards, because a node becomes reachable at a level only when a
  // walk can go on downwards from it.
  for (size_t l = 0; l < found.size(); ++l) graph_.link(slot, static_cast<uint32_t>(l), found[l]);
  if (top.owns_lock()) graph_.set_entry({slot, level});
}

// A walk cannot tell such rows apart: it would find the same few of them, again and again.
std::string_view Insertion::compared_bytes(uint32_t slot) const {
  if (codec_.floats())
    return {static_cast<const char*>(row_of(column_, slot)),
            rhumb_vector_bytes(column_.scalar, column_.dim)};
  return {reinterpret_cast<const char*>(graph_.code(slot)), codec_.code_bytes()};
}

// Takes the closest node whose row has room. If there is none, the closest node replaces its last
// link.
uint32_t Insertion::place_of_lost(uint32_t slot, EntryPoint entry, Pacer& pacer, Scratch& scratch) {
  std::vector<uint8_t> room;
  Walk walk(graph_, graph_.row_probe(slot, room), graph_.end(), pacer, scratch);
  WalkKey at = walk.measured(entry.slot);
  for (uint32_t l = entry.level; l > 0; --l) at = walk.descend(at, l);
  walk.search(at, 0, ef_);
  uint32_t from = entry.slot;
  bool first = true;
  for (const WalkKey key : scratch.pool) {
    const uint32_t near = walk_slot(key);
    if (near == slot) continue;
    if (graph_.has_room(near)) return near;
    if (first) from = near;
    first = false;
  }
  return from;
}

uint64_t Insertion::reconnect(Pacer& pacer, Scratch& scratch) {
  uint64_t lost = 0;
  const auto entry = graph_.entry();
  if (!entry) return lost;
  const uint32_t end = graph_.end();
  for (int pass = 0; pass < kReconnectPasses; ++pass) {
    std::vector<uint64_t> reached(end / 64 + 1);
    flood(graph_, entry->slot, reached);
    // A reachable node with room for each kind of row that was lost. Most of 262,144 equal rows
    // are lost, and a walk for each of them took 20 s.
    std::unordered_map<std::string_view, uint32_t> equals;
    const uint64_t lost_before = lost;
    for (uint32_t slot = 0; slot < end; ++slot) {
      if (!graph_.has(slot) || (reached[slot >> 6] >> (slot & 63) & 1) != 0) continue;
      ++lost;
      const auto [equal, is_new] = equals.try_emplace(compared_bytes(slot), slot);
      const uint32_t from = is_new ? place_of_lost(slot, *entry, pacer, scratch) : equal->second;
      graph_.force_link(from, slot);
      flood(graph_, slot, reached);
      if (graph_.has_room(equal->second)) continue;
      if (graph_.has_room(slot))
        equal->second = slot;
      else
        equals.erase(equal);
    }
    if (lost == lost_before) break;
  }
  return lost;
}

}  // namespace rhumb::coded
