#include "host/index/description.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "host/plugin/status.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::index {

using base::Result;
using base::Status;
using nlohmann::json;

namespace {

constexpr const char* kQuantization = "quantization";
constexpr const char* kCompression = "compression";

std::string_view abi_name(model::Distance distance) {
  switch (distance) {
    case model::Distance::kCosine:
      return "cosine";
    case model::Distance::kDot:
      return "dot";
    case model::Distance::kEuclid:
      return "euclid";
    case model::Distance::kManhattan:
      return "manhattan";
  }
  return "unknown";
}

std::string_view abi_name(model::Scalar scalar) {
  switch (scalar) {
    case model::Scalar::kFloat32:
      return "f32";
    case model::Scalar::kFloat16:
      return "f16";
    case model::Scalar::kUint8:
      return "u8";
  }
  return "unknown";
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<std::vector<std::string>> words_of(const json& value) {
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> out;
  for (const json& word : value) {
    if (!word.is_string()) return std::nullopt;
    out.push_back(word.get<std::string>());
  }
  return out;
}

// The compression of product quantization: bytes of floats per byte of code.
std::optional<uint32_t> compression_of(const json& product) {
  if (!product.is_object()) return std::nullopt;
  const json asked = product.value("compression", json());
  for (const uint32_t bytes : {4u, 8u, 16u, 32u, 64u}) {
    if (asked == "x" + std::to_string(bytes)) return bytes;
  }
  return std::nullopt;
}

// The settings of a vector under the names that rhumb/index.h lists.
json settings_of(const model::HnswConfig& hnsw, std::string_view quantization_json) {
  json out = json::object();
  if (hnsw.m) out["m"] = *hnsw.m;
  if (hnsw.ef_construct) out["ef_construct"] = *hnsw.ef_construct;
  if (const auto on_disk = hnsw.leaves_memory()) out[kOnDisk] = *on_disk;
  const json quantization = json::parse(quantization_json, nullptr, /*allow_exceptions=*/false);
  if (!quantization.is_object() || quantization.empty()) return out;
  out[kQuantization] = quantization.begin().key();
  if (const auto bytes = compression_of(quantization.value("product", json())))
    out[kCompression] = *bytes;
  return out;
}

std::string bound_text(double bound) {
  std::string text = json(bound).dump();
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

}  // namespace

struct EngineDescription::Json {
  static std::optional<Type> type_of(const json& property) {
    const json& type = property.value("type", json());
    if (type == "integer") return Type::kInteger;
    if (type == "number") return Type::kNumber;
    if (type == "boolean") return Type::kBoolean;
    if (type == "string") return Type::kString;
    return std::nullopt;
  }

  // Returns false if the property's schema cannot be checked.
  static bool read(const std::string& name, const json& property, Parameter& out) {
    if (!property.is_object()) return false;
    const auto type = type_of(property);
    if (!type) return false;
    out.name = name;
    out.type = *type;
    for (const auto& [key, bound] :
         {std::pair{"minimum", &out.minimum}, std::pair{"maximum", &out.maximum}}) {
      if (!property.contains(key)) continue;
      if (!property[key].is_number()) return false;
      *bound = property[key].get<double>();
    }
    if (property.contains("enum")) {
      auto allowed = words_of(property["enum"]);
      if (!allowed || *type != Type::kString) return false;
      out.allowed = std::move(*allowed);
    }
    return true;
  }

  static bool fits(const Parameter& parameter, const json& value) {
    switch (parameter.type) {
      case Type::kInteger:
        if (!value.is_number_integer()) return false;
        break;
      case Type::kNumber:
        if (!value.is_number()) return false;
        break;
      case Type::kBoolean:
        return value.is_boolean();
      case Type::kString:
        return value.is_string() &&
               (parameter.allowed.empty() ||
                contains(parameter.allowed, value.get_ref<const std::string&>()));
    }
    const double number = value.get<double>();
    return (!parameter.minimum || number >= *parameter.minimum) &&
           (!parameter.maximum || number <= *parameter.maximum);
  }

  // Moves a number into the parameter's bounds, as far as they are numbers that a setting may have.
  static json nearest(const Parameter& parameter, const json& value) {
    if (!value.is_number_unsigned()) return value;
    constexpr double kMaxSetting = std::numeric_limits<uint32_t>::max();
    double number = value.get<double>();
    if (parameter.minimum) number = std::max(number, *parameter.minimum);
    if (parameter.maximum) number = std::min(number, *parameter.maximum);
    return number < 0 || number > kMaxSetting ? value : json(static_cast<uint64_t>(number));
  }

  static std::string expected(const Parameter& parameter) {
    if (parameter.type == Type::kBoolean) return "true or false";
    if (parameter.type == Type::kString)
      return parameter.allowed.empty() ? "a text" : "one of " + joined(parameter.allowed);
    std::string out = parameter.type == Type::kInteger ? "a whole number" : "a number";
    if (parameter.minimum) out += " from " + bound_text(*parameter.minimum);
    if (parameter.maximum) out += " to " + bound_text(*parameter.maximum);
    return out;
  }
};

Result<EngineDescription> EngineDescription::of(const plugin::Engine<rhumb_index_ops_t>& engine) {
  Buffer answer;
  const rhumb_status_t rc = engine.ops->describe(engine.host, answer.out());
  RHUMB_TRY(plugin::to_status(rc, nullptr, "index " + std::string(engine.id) + ": describe"));
  return parse(engine.id, answer.view());
}

Result<EngineDescription> EngineDescription::parse(std::string_view engine_id,
                                                   std::string_view text) {
  EngineDescription out;
  out.engine_ = engine_id;
  out.text_ = text;
  const auto nonsense = [&](std::string_view what) {
    return base::internal("index " + out.engine_ + ": description: " + std::string(what));
  };
  const json described = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!described.is_object()) return nonsense("not a JSON object");
  auto metrics = words_of(described.value("metrics", json()));
  auto scalars = words_of(described.value("scalars", json()));
  if (!metrics || !scalars) return nonsense("metrics and scalars must be lists of names");
  out.metrics_ = std::move(*metrics);
  out.scalars_ = std::move(*scalars);
  const json schema = described.value("parameters", json::object());
  if (!schema.is_object()) return nonsense("parameters must be a schema");
  const json properties = schema.value("properties", json::object());
  if (!properties.is_object()) return nonsense("parameters.properties must be an object");
  for (const auto& [name, property] : properties.items()) {
    out.parameters_.emplace_back();
    if (!Json::read(name, property, out.parameters_.back()))
      return nonsense("parameters.properties." + name + " cannot be checked");
  }
  const auto required = words_of(schema.value("required", json::array()));
  if (!required) return nonsense("parameters.required must be a list of names");
  for (Parameter& parameter : out.parameters_)
    parameter.required = contains(*required, parameter.name);
  out.closed_ = schema.value("additionalProperties", json()) == json(false);
  return out;
}

const EngineDescription::Parameter* EngineDescription::find(std::string_view name) const {
  const auto it = std::find_if(parameters_.begin(), parameters_.end(),
                               [&](const Parameter& p) { return p.name == name; });
  return it == parameters_.end() ? nullptr : &*it;
}

bool EngineDescription::has_parameter(std::string_view name) const { return find(name) != nullptr; }

Status EngineDescription::supports(model::Distance distance, model::Scalar scalar) const {
  if (!contains(metrics_, abi_name(distance))) {
    return base::invalid("index " + engine_ + ": distance " + std::string(abi_name(distance)) +
                         " is not one of " + joined(metrics_));
  }
  if (!contains(scalars_, abi_name(scalar))) {
    return base::invalid("index " + engine_ + ": datatype " + std::string(abi_name(scalar)) +
                         " is not one of " + joined(scalars_));
  }
  return base::ok();
}

Result<std::string> EngineDescription::config_json(std::string_view parameters_json) const {
  const auto refused = [&](const std::string& name, const std::string& why) {
    return base::unprocessable("index " + engine_ + ": " + name + ": " + why);
  };
  json given = parameters_json.empty()
                   ? json::object()
                   : json::parse(parameters_json, nullptr, /*allow_exceptions=*/false);
  if (!given.is_object()) return refused("parameters", "expected a JSON object");
  json config = json::object();
  for (auto& [name, value] : given.items()) {
    if (value.is_null()) continue;
    const Parameter* parameter = find(name);
    if (parameter == nullptr && closed_) {
      std::vector<std::string> known;
      for (const Parameter& p : parameters_) known.push_back(p.name);
      return refused(name,
                     "unknown parameter; there is " + (known.empty() ? "none" : joined(known)));
    }
    if (parameter != nullptr && !Json::fits(*parameter, value)) {
      const std::string found = value.dump(-1, ' ', false, json::error_handler_t::replace);
      return refused(name, "expected " + Json::expected(*parameter) + ", found " + found);
    }
    config[name] = std::move(value);
  }
  for (const Parameter& parameter : parameters_) {
    if (parameter.required && !config.contains(parameter.name))
      return refused(parameter.name, "missing");
  }
  return config.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The settings are hints: a client may give one that only another engine allows.
Result<std::string> EngineDescription::config_json(const model::HnswConfig& hnsw,
                                                   std::string_view quantization_json) const {
  json config = json::object();
  const json settings = settings_of(hnsw, quantization_json);
  for (const auto& [name, value] : settings.items()) {
    const Parameter* const parameter = find(name);
    if (parameter == nullptr) continue;
    json nearest = Json::nearest(*parameter, value);
    if (Json::fits(*parameter, nearest)) config[name] = std::move(nearest);
  }
  if (!config.contains(kQuantization)) config.erase(kCompression);
  return config_json(config.dump());
}

}  // namespace rhumb::index
