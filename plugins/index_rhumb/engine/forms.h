// The form of codes that a graph is compared by, and the measurements of it.
#pragma once

#include <atomic>
#include <cstdint>

#include "codes/codec.h"
#include "engine/fit.h"
#include "file/file_format.h"

namespace rhumb::coded {

// If no form was asked for, these are tried from the cheapest to the richest: codes of a byte per
// component, walked by one-bit codes if vectors are wide; the same, walked by bytes; the vectors
// themselves.
struct Form {
  Codes codes = Codes::kWhole;
  bool one_bit = false;
  bool asked = false;  // asked for by the collection's settings, so it stays whatever is measured
  Why why = Why::kUsual;
  float share = 1;  // the Fit::share() that led to it
};

// Any thread may read it while it is being measured again.
struct Measured {
  std::atomic<float> share{1};      // Fit::share() of the codes that were measured
  std::atomic<uint32_t> places{0};  // Fit::places()
  // Recall at ten hits and the default breadth `ef`, over `queries` queries. 0 queries: not
  // measured.
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

// Below this recall at the default breadth, the breadth is increased.
inline constexpr double kWantedRecall = 0.965;
// Below this recall at the default breadth, a richer form is looked for.
inline constexpr float kPoorRecall = 0.95f;

}  // namespace rhumb::coded
