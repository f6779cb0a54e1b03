// One search in progress. The code that answers and the code that calibrates share it.
#pragma once

#include <new>

#include "engine/engine.h"
#include "rhumb/cpp/slot_filter.h"

namespace rhumb::coded {

// From this number of rows on, wide vectors are scanned by one-bit codes before their codes are
// compared.
inline constexpr uint64_t kBitScanRows = 2048;

// The state of one search that its steps pass on.
struct Engine::Request {
  const rhumb_query_t& query;
  const SlotFilter filter;
  IndexedRanges::Snapshot ranges;
  const Trained* const trained;
  Pacer pacer;
  Scratch& scratch;
  rhumb_hits_t& out;
  uint32_t k, ef;
  // The graph's end when the search began. Nodes that are added later are ignored.
  uint32_t bound;
  bool all_pass;                 // whether every node below the graph's end is live and in the view
  const void* vector = nullptr;  // the vector of the current query
  BitQuery bit_query{};
  uint32_t hidden = kNoLink;  // a node that a walk ignores
  float reach = 0;            // for a walk without a filter: Walk::stop_beyond

  bool by_floats = false;  // whether the current query is compared with vectors, not with codes

  bool walks_bits() const { return trained->codec.bit_bytes() != 0 && !by_floats; }
  bool scans_bits(uint64_t passing) const { return walks_bits() && passing >= kBitScanRows; }
  void prepare(const void* row) {
    vector = row;
    const Codec& codec = trained->codec;
    scratch.prepared.resize(codec.width());
    by_floats = codec.floats();
    if (!by_floats) {
      codec.prepare_query(row, scratch.prepared.data());
      // Codes would treat a query beyond the rows' range as if it lay on the edge of the range.
      by_floats = codec.clips(scratch.prepared.data());
    }
    if (by_floats) {
      scratch.code.resize(sizeof(FloatQuery));
      new (scratch.code.data()) FloatQuery(trained->graph.float_query(row));
      return;
    }
    scratch.code.resize(codec.query_bytes());
    codec.encode_query(scratch.prepared.data(), scratch.code.data());
    if (!walks_bits()) return;
    scratch.planes.resize(uint64_t{kQueryPlanes} * codec.bit_bytes());
    bit_query = codec.encode_bit_query(scratch.prepared.data(), scratch.planes.data());
  }
  Probe code_probe() const {
    return by_floats ? trained->graph.float_probe(scratch.code.data())
                     : trained->graph.probe(scratch.code.data());
  }
  Probe walk_probe() const { return walks_bits() ? trained->graph.probe(bit_query) : code_probe(); }
};

}  // namespace rhumb::coded
