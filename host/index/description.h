// What an index engine says of itself, and a collection's parameters checked against it before
// anything is stored.
//
// describe() of rhumb/index.h answers {"metrics": [..], "scalars": [..], "parameters": {JSON
// schema}} with these names:
//   metrics  cosine, dot, euclid, manhattan, hamming        scalars  f32, f16, u8, bit
// Of the schema, `properties` with type (integer, number, boolean, string), minimum, maximum, enum
// and default are looked at, and `required` and `additionalProperties`; the rest is for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/model/collection.h"
#include "host/plugin/registry.h"

namespace rhumb::index {

// A value after it was read once; any thread.
class EngineDescription {
 public:
  // Asks the engine. kInternal when what it answers makes no sense: the engine is not to be used
  // then.
  static base::Result<EngineDescription> of(const plugin::Engine<rhumb_index_ops_t>& engine);
  static base::Result<EngineDescription> parse(std::string_view engine_id, std::string_view json);

  const std::string& text() const { return text_; }  // as the engine gave it, for GET /plugins/{id}
  // kInvalid names what the engine lacks and what it has.
  base::Status supports(model::Distance distance, model::Scalar scalar) const;
  bool has_parameter(std::string_view name) const;
  // The parameters, an object or empty, as config_json for open(): checked, without what was null.
  // kUnprocessable names the parameter, what is allowed and what was found.
  base::Result<std::string> config_json(std::string_view parameters_json) const;
  // The same from a collection's graph settings, those of the vector over those of the collection.
  // They are hints for whichever engine serves it: what this engine has no parameter for is left
  // out, what is beyond its bounds becomes the nearest it takes.
  base::Result<std::string> config_json(const model::HnswConfig& collection,
                                        const model::HnswConfig& vector,
                                        std::string_view quantization_json = {}) const;

 private:
  enum class Type : uint8_t { kInteger, kNumber, kBoolean, kString };
  struct Parameter {
    std::string name;
    Type type = Type::kInteger;
    std::optional<double> minimum, maximum;
    std::vector<std::string> allowed;  // of a string; empty = any
    bool required = false;
  };
  struct Json;  // hides the parser's types
  const Parameter* find(std::string_view name) const;

  std::string engine_, text_;
  std::vector<std::string> metrics_, scalars_;
  std::vector<Parameter> parameters_;
  bool closed_ = false;  // unknown parameters are refused
};

}  // namespace rhumb::index
