// One search on its way. Shared by what answers and what calibrates.
#pragma once

#include <new>

#include "engine/engine.h"
#include "rhumb/cpp/slot_filter.h"

namespace rhumb::coded {

// from here on, wide vectors are scanned by one bit before their codes are looked at
inline constexpr uint64_t kBitScanRows = 2048;

// Everything about one search that its steps hand on.
struct Engine::Request {
  const rhumb_query_t& query;
  const SlotFilter filter;
  IndexedRanges::Snapshot ranges;
  const Trained* const trained;
  Pacer pacer;
  Scratch& scratch;
  rhumb_hits_t& out;
  uint32_t k, ef;
  // the graph's end when the search began: what is added later is not looked at
  uint32_t bound;
  bool all_pass;                 // every node below the graph's end is live and in the view
  const void* vector = nullptr;  // of the query at hand
  BitQuery bit_query{};
  uint32_t hidden = kNoLink;  // a node that a walk does not see
  float reach = 0;            // of a walk without a filter: Walk::stop_beyond

  bool by_floats = false;  // the query at hand is compared with vectors, not with codes

  bool walks_bits() const { return trained->codec.bit_bytes() != 0 && !by_floats; }
  bool scans_bits(uint64_t passing) const { return walks_bits() && passing >= kBitScanRows; }
  void prepare(const void* row) {
    vector = row;
    const Codec& codec = trained->codec;
    scratch.prepared.resize(codec.width());
    by_floats = codec.floats();
    if (!by_floats) {
      codec.prepare_query(row, scratch.prepared.data());
      // A query from beyond the rows' range would be compared as if it lay on its edge.
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
