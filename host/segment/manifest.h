// What a segment directory says about itself: a JSON document that is replaced atomically. A
// directory is used only if its manifest fits the collection's vectors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/base/uuid.h"
#include "host/model/collection.h"
#include "host/segment/format.h"

namespace rhumb::segment {

// One named vector of the collection. Its place in the list is the column's number and the bit of
// RowRecord::presence.
struct VectorSpec {
  std::string name;
  // The `hnsw` settings are those that hold for this vector, with the collection's merged in.
  model::VectorParams params;
  // The number of rows from which on a segment begins a graph, by the collection's
  // indexing_threshold. Without a value the collection does not set it.
  std::optional<uint64_t> graph_min_rows;
};
inline constexpr uint64_t kNoGraph = ~uint64_t{0};  // as graph_min_rows: never
// The vectors of a collection in the order of their names. The vectors' own graph parameters take
// precedence over the collection's.
std::vector<VectorSpec> vector_specs(const model::CollectionConfig& config);

enum class State : uint8_t { kGrowing, kSealed };
std::string_view state_name(State state);  // "growing"

struct Manifest {
  uint32_t format = kFormat;
  uint64_t segment = 0;
  // Set when the segment is created. Files of one lineage are recognised by it anywhere.
  base::Uuid uuid{};
  State state = State::kGrowing;
  // Only name, size, distance, datatype and multivector are stored.
  std::vector<VectorSpec> vectors;
  // For kSealed: the exact number of bytes in each column file. `overrides` is 0, because that file
  // still grows.
  Lengths sealed;
  // For a sealed segment: the size that its options allowed. 0 if that is not stored.
  uint64_t capacity_bytes = 0;
};

// Writes the present format. Members of a manifest in the directory that this release does not know
// are kept.
base::Status write_manifest(const std::string& directory, const Manifest& manifest);
// Fails with kCorrupt, with kUnsupported (another format), or with kInvalid when the manifest does
// not fit `vectors`.
base::Result<Manifest> read_manifest(const std::string& directory,
                                     const std::vector<VectorSpec>& vectors);

}  // namespace rhumb::segment
