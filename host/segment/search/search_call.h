// What one search asks of one segment. The graph, the scans and the multivector search share it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "host/base/clock.h"
#include "host/model/search_params.h"

namespace rhumb::segment {

struct SearchCall {
  size_t column = 0;
  // Bytes of a row; a multivector has one or more rows. A graph takes each row as a query.
  std::string_view query;
  uint32_t k = 0;
  model::SearchParams params;
  base::Deadline deadline;
  const std::atomic<bool>* cancelled = nullptr;
};

}  // namespace rhumb::segment
