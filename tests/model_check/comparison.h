// Compares the server's answers with the model's. Each function returns the difference, or an empty
// text.
#pragma once

#include <string>

#include "tests/model_check/database.h"
#include "tests/model_check/source.h"

namespace rhumb::model_check {

struct Recall {
  uint64_t found = 0, possible = 0;
};

class Comparison {
 public:
  Comparison(Database& database, const Model& model, uint64_t seed)
      : database_(database), model_(model), source_(seed) {}

  std::string everything();  // all points, page by page, with their number and the content hashes
  // The points of a filter and their number, some points by id, and one exact and one approximate
  // search.
  std::string some();
  bool is_there(const json& id);  // whether the point is as in the model
  const Recall& recall() const { return recall_; }

 private:
  std::string scroll(const json& filter, uint32_t page);
  std::string count(const json& filter);
  std::string get();
  std::string search(bool exact);
  std::string differs(const Point& expected, const json& record) const;

  Database& database_;
  const Model& model_;
  Source source_;
  Recall recall_;
};

}  // namespace rhumb::model_check
