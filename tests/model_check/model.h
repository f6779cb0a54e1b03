// What a collection must be: a map of points, changed by the same request bodies that the server is
// sent.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/model_check/predicate.h"

namespace rhumb::model_check {

// One request of the collection's own. `operations` are the batch's, one request of another form is
// a batch of one.
struct Step {
  std::string method, target;
  json body, operations = json::array();
  std::string index_made, index_dropped;  // payload indexes
};

class Model {
 public:
  // how many points each of its operations changed; nothing, if it is refused
  std::vector<uint64_t> apply(const Step& step);
  // It has new vectors for a point that is not there: 404, and nothing of it is carried out. What a
  // filter deletes in the same batch counts as there.
  bool refuses(const Step& step) const;
  // By key, in the order of scrolling.
  const std::map<std::string, Point>& points() const { return points_; }
  const std::set<std::string>& indexes() const { return indexes_; }
  std::vector<const Point*> passing(const json& filter) const;  // null: all

 private:
  uint64_t upsert(const json& body);
  uint64_t change(const std::string& kind, const json& body);
  std::vector<std::string> selected(const json& body) const;

  std::map<std::string, Point> points_;
  std::set<std::string> indexes_;
};

// A vector as the server keeps it: normalised for "cosine", as given for the others.
json stored_vector(const std::string& name, const json& components);

}  // namespace rhumb::model_check
