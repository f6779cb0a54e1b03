// What a search asks of the graphs. One struct travels from the client's request to rhumb_query_t.
#pragma once

#include <cstdint>

namespace rhumb::model {

struct SearchParams {
  // The client sets these. They are sent to the shards.
  uint32_t ef = 0;         // the breadth of a graph search; 0: it follows from recall and widen
  float oversampling = 0;  // as in rhumb_query_t
  bool exact = false;
  // Leaves out rows that wait for a graph. Segments that are too small for a graph, or have none,
  // are still searched.
  bool indexed_only = false;
  bool explain = false;
  // The shard sets these from the collection's contract, as in rhumb_query_t. They are not sent.
  float recall = 0, widen = 0;
};

}  // namespace rhumb::model
