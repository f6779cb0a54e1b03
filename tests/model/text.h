// Prints values of the model as text, member by member and without the codecs, to see whether a
// round trip changed them.
#pragma once

#include <string>

#include "host/model/filter.h"
#include "host/model/operation.h"
#include "host/model/optimization.h"
#include "host/model/query.h"
#include "host/model/topology.h"

namespace rhumb::model {

std::string text_of(const PointId& id);
std::string text_of(const Filter& filter);
std::string text_of(const Operation& operation);
std::string text_of(const Command& command);
std::string text_of(const SearchRequest& request);
std::string text_of(const SearchResult& result);
std::string text_of(const Record& record);
std::string text_of(const GetRequest& request);
std::string text_of(const ScrollRequest& request);
std::string text_of(const CountRequest& request);
std::string text_of(const IndexState& state);
std::string text_of(const ShardState& state);
std::string text_of(const ShardOptimizations& optimizations);
std::string text_of(const CollectionConfig& config);
std::string text_of(const Collection& collection);
std::string text_of(const ClusterMap& map);

}  // namespace rhumb::model
