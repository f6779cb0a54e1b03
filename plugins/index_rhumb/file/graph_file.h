// The access that the file's code has to a graph's arrays.
#pragma once

#include "file/file_format.h"
#include "graph/graph.h"

namespace rhumb::coded {

class GraphFile {
 public:
  explicit GraphFile(Graph& graph) : g_(graph) {}
  ChunkedArray& codes() { return g_.codes_; }
  ChunkedArray& bits() { return g_.bits_; }
  ChunkedArray& rows() { return g_.rows_; }
  NodeLevels& levels() { return g_.levels_; }
  ChunkedArray& upper() { return g_.upper_; }
  bool has_bits() const { return g_.bit_bytes_ != 0; }
  uint32_t upper_used() const { return g_.upper_used_; }

  // Called after mapping: the contents of the arrays become the graph.
  void adopt(uint32_t end, uint64_t nodes, uint32_t upper_rows, EntryPoint entry) {
    g_.slack_.reserve(end);
    g_.capacity_.store(end);  // capacity of the mapped rows; reserve() continues from here
    g_.end_.store(end);
    g_.nodes_.store(nodes);
    g_.upper_used_ = upper_rows;
    g_.uses_slack_.store(false);
    g_.set_entry(entry);
  }

 private:
  Graph& g_;
};

}  // namespace rhumb::coded
