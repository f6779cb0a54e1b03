// The model of a collection: a map of points, which is changed by the same request bodies that the
// server gets.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/model_check/predicate.h"

namespace rhumb::model_check {

// One request to the collection. `operations` are those of a batch; a request of another form is a
// batch of one.
struct Step {
  std::string method, target;
  json body, operations = json::array();
  std::string index_made, index_dropped;  // names of payload indexes
};

class Model {
 public:
  // Returns how many points each operation changed, or nothing if the request is refused.
  std::vector<uint64_t> apply(const Step& step);
  // Whether the request is refused with 404 and does nothing, because it has new vectors for a
  // point that does not exist. Points that a filter deletes earlier in the batch count as existing.
  bool refuses(const Step& step) const;
  // By key, in the order of scrolling.
  const std::map<std::string, Point>& points() const { return points_; }
  const std::set<std::string>& indexes() const { return indexes_; }
  std::vector<const Point*> passing(const json& filter) const;  // null: all points

 private:
  uint64_t upsert(const json& body);
  uint64_t change(const std::string& kind, const json& body);
  std::vector<std::string> selected(const json& body) const;

  std::map<std::string, Point> points_;
  std::set<std::string> indexes_;
};

// Returns a vector as the server stores it: normalised for "cosine", unchanged for the others.
json stored_vector(const std::string& name, const json& components);

}  // namespace rhumb::model_check
