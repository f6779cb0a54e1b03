// The description that an index engine gives of itself. A collection's parameters are checked
// against it before anything is stored.
//
// describe() of rhumb/index.h returns {"metrics": [..], "scalars": [..], "parameters": {JSON
// schema}} with these names:
//   metrics  cosine, dot, euclid, manhattan, hamming        scalars  f32, f16, u8, bit
// The host reads these parts of the schema: `required`, `additionalProperties`, and `properties`
// with type (integer, number, boolean, string), minimum, maximum, enum and default. The rest is for
// human readers.
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

// The parameter of an engine that can leave a loaded index in the pages of its files.
inline constexpr const char* kOnDisk = "on_disk";

// An immutable value after it was read. Any thread may use it.
class EngineDescription {
 public:
  // Asks the engine. Returns kInternal if the description is malformed; the engine must then not be
  // used.
  static base::Result<EngineDescription> of(const plugin::Engine<rhumb_index_ops_t>& engine);
  static base::Result<EngineDescription> parse(std::string_view engine_id, std::string_view json);

  // As the engine gave it, for GET /plugins/{id}.
  const std::string& text() const { return text_; }
  // kInvalid names what the engine lacks and what it offers.
  base::Status supports(model::Distance distance, model::Scalar scalar) const;
  bool has_parameter(std::string_view name) const;
  // Checks the parameters (an object or empty text) and returns them as config_json for open(),
  // without null values. kUnprocessable names the parameter, the allowed values and the value
  // found.
  base::Result<std::string> config_json(std::string_view parameters_json) const;
  // Makes config_json from a vector's settings, under the names that rhumb/index.h lists. The
  // settings are hints for any engine: those for which this engine has no parameter are left out,
  // and a number outside the engine's bounds becomes the nearest valid one.
  base::Result<std::string> config_json(const model::HnswConfig& hnsw,
                                        std::string_view quantization_json = {}) const;

 private:
  enum class Type : uint8_t { kInteger, kNumber, kBoolean, kString };
  struct Parameter {
    std::string name;
    Type type = Type::kInteger;
    std::optional<double> minimum, maximum;
    std::vector<std::string> allowed;  // for a string; empty: any
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
