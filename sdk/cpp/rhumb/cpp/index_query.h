// Rhumb plugin SDK, C++ face: the checks that every index engine makes in open() and in search().
#pragma once

#include <string>
#include <vector>

#include "rhumb/cpp/guard.h"
#include "rhumb/index.h"
#include "rhumb/kernels.h"

namespace rhumb {

// Returns the kernel for the column that open() received. It throws if the column is malformed, or
// if there is no kernel for the metric and the scalar type.
inline const rhumb_kernel_t& kernel_of(const rhumb_index_open_t& open) {
  const rhumb_vectors_t* column = open.vectors;
  if (column == nullptr || column->chunks == nullptr)
    throw Error(RHUMB_INVALID, "vectors: a column expected, found NULL");
  if (column->dim == 0 || column->chunk_shift > 31)
    throw Error(RHUMB_INVALID, "vectors: dim or chunk_shift out of range");
  if (column->stride < rhumb_vector_bytes(column->scalar, column->dim))
    throw Error(RHUMB_INVALID, "vectors: stride below a row's bytes");
  const rhumb_kernel_t* kernel = rhumb_kernel_for(open.metric, column->scalar);
  if (kernel == nullptr) {
    throw Error(RHUMB_UNSUPPORTED, "metric " + std::to_string(open.metric) + " on scalar type " +
                                       std::to_string(column->scalar));
  }
  return *kernel;
}

inline void refuse_required_extensions(const rhumb_ext_t* ext) {
  for (; ext != nullptr; ext = ext->next) {
    if (ext->required != 0)
      throw Error(RHUMB_UNSUPPORTED,
                  "unknown required extension " + std::string(ext->id != nullptr ? ext->id : ""));
  }
}

// Checks that the queries fit the column, and returns a pointer to each of them.
inline std::vector<const void*> rows_of(const rhumb_vectors_t& column, const rhumb_query_t& query,
                                        const rhumb_hits_t& out) {
  refuse_required_extensions(query.ext);
  if (query.params_json.size != 0 && view(query.params_json) != "{}") {
    throw Error(RHUMB_UNSUPPORTED, "params_json: no parameters are known");
  }
  const rhumb_matrix_t& rows = query.vectors;
  if (rows.dim != column.dim || rows.scalar != column.scalar) {
    throw Error(RHUMB_INVALID, "query: expected " + std::to_string(column.dim) +
                                   " components of scalar type " + std::to_string(column.scalar) +
                                   ", found " + std::to_string(rows.dim) + " of " +
                                   std::to_string(rows.scalar));
  }
  if (rows.rows < query.query_count || (query.query_count > 0 && rows.data == nullptr)) {
    throw Error(RHUMB_INVALID, "query: fewer rows than queries");
  }
  if (query.query_count > 0 &&
      (out.counts == nullptr ||
       (query.k > 0 && (out.slots == nullptr || out.distances == nullptr)))) {
    throw Error(RHUMB_INVALID, "hits: no room given");
  }
  std::vector<const void*> queries(query.query_count);
  for (uint64_t i = 0; i < query.query_count; ++i)
    queries[i] = static_cast<const char*>(rows.data) + i * rows.stride;
  return queries;
}

}  // namespace rhumb
