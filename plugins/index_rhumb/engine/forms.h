// What a graph is compared by, and what was measured of it.
#pragma once

#include <atomic>
#include <cstdint>

#include "codes/codec.h"
#include "engine/fit.h"
#include "file/file_format.h"

namespace rhumb::coded {

// From the cheapest to the richest, where nothing was asked for: codes of a byte a component,
// walked by one bit where vectors are wide; the same, walked by the bytes; the vectors themselves.
struct Form {
  Codes codes = Codes::kWhole;
  bool one_bit = false;
  bool asked = false;  // by the collection's settings: it stays, whatever is measured
  Why why = Why::kUsual;
  float share = 1;  // Fit::share() that led to it
};

// Any thread may ask while it is measured anew.
struct Measured {
  std::atomic<float> share{1};      // Fit::share(), of codes that were looked at
  std::atomic<uint32_t> places{0};  // Fit::places()
  // at ten hits and the default breadth `ef`, of `queries` queries; no queries: not measured
  std::atomic<float> recall{0};
  std::atomic<uint32_t> queries{0}, ef{0};

  void write(CodesHeader& codes) const {
    codes.share = share.load();
    codes.places = places.load();
    codes.recall = recall.load();
    codes.queries = queries.load();
    codes.ef = ef.load();
  }
  void read(const CodesHeader& codes) {
    share = codes.share;
    places = codes.places;
    recall = codes.recall;
    queries = codes.queries;
    ef = codes.ef;
  }
};

// at the default breadth: below, the breadth is spread
inline constexpr double kWantedRecall = 0.965;
// at the default breadth: below, a richer form is looked for
inline constexpr float kPoorRecall = 0.95f;

}  // namespace rhumb::coded
