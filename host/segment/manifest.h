// What a segment directory says about itself: a JSON document, replaced atomically. The directory
// is only used with a manifest that fits the collection's vectors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/model/collection.h"
#include "host/segment/format.h"

namespace rhumb::segment {

// One named vector of the collection; its place in the list is the column's number and the bit of
// RowRecord::presence.
struct VectorSpec {
  std::string name;
  model::VectorParams params;  // hnsw: as it holds for this vector, the collection's merged in
  // Rows from which on a segment begins a graph, by the collection's indexing_threshold; none: it
  // says nothing of it.
  std::optional<uint64_t> graph_min_rows;
};
inline constexpr uint64_t kNoGraph = ~uint64_t{0};  // as graph_min_rows: never
// The vectors of a collection in the order of their names, with the collection's graph parameters
// below the vectors' own.
std::vector<VectorSpec> vector_specs(const model::CollectionConfig& config);

enum class State : uint8_t { kGrowing, kSealed };
std::string_view state_name(State state);  // "growing"

struct Manifest {
  uint64_t segment = 0;
  State state = State::kGrowing;
  std::vector<VectorSpec> vectors;  // name, size, distance, datatype and multivector only
  // kSealed: what the column files hold, to the byte; overrides: 0, that file goes on growing
  Lengths sealed;
};

base::Status write_manifest(const std::string& directory, const Manifest& manifest);
// kCorrupt, kUnsupported (another format), or kInvalid when it does not fit `vectors`.
base::Result<Manifest> read_manifest(const std::string& directory,
                                     const std::vector<VectorSpec>& vectors);

}  // namespace rhumb::segment
