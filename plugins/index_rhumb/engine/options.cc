#include "engine/options.h"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "rhumb/cpp/guard.h"

namespace rhumb::coded {
namespace {

constexpr uint32_t kLineLinks = kLineBytes / sizeof(uint32_t);
constexpr uint32_t kSeedMax = 0x7FFFFFFF;
// The compressions of codes of a byte and of half a byte per component.
constexpr uint32_t kWholeCompression = 4, kNibblesCompression = 8;

uint32_t number(const nlohmann::json& value, const std::string& key, uint32_t low, uint32_t high) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() < low || value.get<uint64_t>() > high) {
    throw Error(RHUMB_INVALID, key + ": expected a whole number from " + std::to_string(low) +
                                   " to " + std::to_string(high) + ", found " + value.dump());
  }
  return value.get<uint32_t>();
}

uint32_t power_of_two(const nlohmann::json& value, const std::string& key, uint32_t low,
                      uint32_t high) {
  const uint32_t found = number(value, key, low, high);
  if (!std::has_single_bit(found))
    throw Error(RHUMB_INVALID, key + ": expected a power of two, found " + value.dump());
  return found;
}

double share(const nlohmann::json& value, const std::string& key, double low, double high) {
  if (!value.is_number() || value.get<double>() < low || value.get<double>() > high) {
    throw Error(RHUMB_INVALID, key + ": expected a number from " + std::to_string(low) + " to " +
                                   std::to_string(high) + ", found " + value.dump());
  }
  return value.get<double>();
}

bool flag(const nlohmann::json& value, const std::string& key) {
  if (!value.is_boolean())
    throw Error(RHUMB_INVALID, key + ": expected true or false, found " + value.dump());
  return value.get<bool>();
}

constexpr const char* kCodesNames[] = {"8bit", "4bit", "pq", "float"};  // indexed by number
constexpr const char* kAuto = "auto";

void take_codes(const nlohmann::json& value, const std::string& key, Options& options) {
  options.asked = value != kAuto;
  if (!options.asked) return;
  std::string expected = kAuto;
  for (uint32_t i = 0; i < std::size(kCodesNames); ++i) {
    if (value == kCodesNames[i]) {
      options.codes = Codes{i};
      return;
    }
    expected += ", " + std::string(kCodesNames[i]);
  }
  throw Error(RHUMB_INVALID, key + ": expected one of " + expected + ", found " + value.dump());
}

constexpr const char* kQuantizations[] = {"scalar", "product", "binary"};  // of a collection

// Sets what a collection's quantization means here, as far as parameters of this engine do not say
// otherwise. scalar: codes of one byte per component. product: codes of the size that is asked for.
// binary: wide vectors also get codes of one bit, and the graph is walked by them. Codes that were
// asked for stay, even where measuring says that others would find more.
void take_quantization(const nlohmann::json& config, Options& options) {
  const auto found = config.find("quantization");
  if (found == config.end()) return;
  const std::string asked = found->is_string() ? found->get<std::string>() : std::string();
  if (std::find(std::begin(kQuantizations), std::end(kQuantizations), asked) ==
      std::end(kQuantizations)) {
    throw Error(RHUMB_INVALID,
                "quantization: expected one of scalar, product, binary, found " + found->dump());
  }
  if (!config.contains("one_bit")) options.one_bit = asked == "binary";
  const bool product = asked == "product";
  if (config.contains("codes") || (product && !config.contains("compression"))) return;
  options.asked = true;
  // Up to half a byte per component, plain codes find as much in the same space, and are faster.
  if (!product || options.compression <= kWholeCompression)
    options.codes = Codes::kWhole;
  else
    options.codes = options.compression <= kNibblesCompression ? Codes::kNibbles : Codes::kProduct;
}

nlohmann::json parameter(uint32_t low, uint32_t high, uint32_t standard, const char* text) {
  return {{"type", "integer"},
          {"minimum", low},
          {"maximum", high},
          {"default", standard},
          {"description", text}};
}

uint32_t whole_lines(uint32_t links) { return (links + kLineLinks - 1) / kLineLinks * kLineLinks; }

}  // namespace

const char* name_of(Codes codes) { return kCodesNames[static_cast<uint32_t>(codes)]; }

GraphShape Options::shape() const {
  GraphShape shape;
  shape.degree = whole_lines(2 * m);
  shape.upper_degree = whole_lines(m);
  shape.own_links = m + m / 2;
  return shape;
}

bool is_possible(const GraphShape& shape) {
  const auto lines_up_to = [](uint32_t links, uint32_t most) {
    return links > 0 && links <= most && links % kLineLinks == 0;
  };
  return lines_up_to(shape.degree, 2 * kMMax) && lines_up_to(shape.upper_degree, kMMax) &&
         shape.own_links > 0 && shape.own_links <= shape.degree;
}

Options parse_options(std::string_view config_json) {
  Options options;
  if (config_json.empty()) return options;
  const auto config = nlohmann::json::parse(config_json, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object()) throw Error(RHUMB_INVALID, "config: expected a JSON object");
  for (const auto& [key, value] : config.items()) {
    if (key == "m")
      options.m = number(value, key, kMMin, kMMax);
    else if (key == "ef_construct")
      options.ef_construct = number(value, key, kEfConstructMin, kEfConstructMax);
    else if (key == "recall")
      options.recall = share(value, key, kRecallMin, kRecallMax);
    else if (key == "seed")
      options.seed = number(value, key, 0, kSeedMax);
    else if (key == "one_bit")
      options.one_bit = flag(value, key);
    else if (key == "codes")
      take_codes(value, key, options);
    else if (key == "compression")
      options.compression = power_of_two(value, key, kCompressionMin, kCompressionMax);
    else if (key == "deterministic")
      options.deterministic = flag(value, key);
    else if (key == "on_disk")
      options.mapped = flag(value, key);
    else if (key != "quantization")
      throw Error(RHUMB_INVALID, "config: unknown parameter " + key);
  }
  take_quantization(config, options);
  return options;
}

std::string describe() {
  const nlohmann::json properties = {
      {"m",
       parameter(kMMin, kMMax, kMDefault,
                 "Half the links of a node at level 0. More links cost memory and raise recall.")},
      {"ef_construct", parameter(kEfConstructMin, kEfConstructMax, kEfConstructDefault,
                                 "Candidates kept when a node is linked.")},
      {"recall",
       {{"type", "number"},
        {"minimum", kRecallMin},
        {"maximum", kRecallMax},
        {"default", kRecallDefault},
        {"description",
         "Recall at 10 that a search aims at when it names no ef. The ef for it is measured when "
         "the graph is built or saved."}}},
      {"seed",
       parameter(0, kSeedMax, kSeedDefault, "Seed of the random rotation before quantisation.")},
      {"one_bit",
       {{"type", "boolean"},
        {"default", true},
        {"description", "Walk vectors of 512 dimensions and more by one-bit codes."}}},
      {"codes",
       {{"type", "string"},
        {"enum", {kAuto, kCodesNames[0], kCodesNames[1], kCodesNames[2], kCodesNames[3]}},
        {"default", kAuto},
        {"description",
         "What rows are compared by: codes of a byte per component (8bit), of half a byte (4bit, "
         "with more exact distances), of less by product quantization (pq), or the vectors "
         "themselves (float). auto: 8bit, unless measuring shows that its recall is too low."}}},
      {"compression",
       parameter(kCompressionMin, kCompressionMax, kCompressionDefault,
                 "For pq and for quantization by product: bytes of a vector's floats per byte of "
                 "its code, a power of two.")},
      {"quantization",
       {{"type", "string"},
        {"enum", kQuantizations},
        {"description",
         "The quantization that a collection asks for. scalar: codes of a byte per component. "
         "product: codes of the size that compression says. binary: codes of a byte per component "
         "and one-bit codes for the walk. one_bit and codes take precedence."}}},
      {"deterministic",
       {{"type", "boolean"},
        {"default", false},
        {"description",
         "Builds and merges of the same rows give the same graph, byte by byte, on any number of "
         "threads."}}},
      {"on_disk",
       {{"type", "boolean"},
        {"default", false},
        {"description",
         "Leave a loaded graph in its file's pages, which takes less memory and is slower."}}}};
  return nlohmann::json{
      {"metrics", {"cosine", "dot", "euclid", "manhattan", "hamming"}},
      {"scalars", {"f32", "f16", "u8", "bit"}},
      {"parameters",
       {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}}}}
      .dump();
}

}  // namespace rhumb::coded
