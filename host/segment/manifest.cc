#include "host/segment/manifest.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "host/base/file.h"
#include "host/base/limits.h"

namespace rhumb::segment {

using base::Result;
using base::Status;
using nlohmann::json;

namespace {

void fill(model::HnswConfig& own, const model::HnswConfig& from) {
  const auto take = [](auto& to, const auto& value) {
    if (!to && value) to = value;
  };
  take(own.m, from.m);
  take(own.ef_construct, from.ef_construct);
  take(own.full_scan_threshold, from.full_scan_threshold);
  take(own.max_indexing_threads, from.max_indexing_threads);
  take(own.payload_m, from.payload_m);
  // Where the vector has one of these two settings, the collection's do not apply.
  if (!own.on_disk) take(own.memory, from.memory);
  take(own.on_disk, from.on_disk);
  take(own.inline_storage, from.inline_storage);
}

// The threshold is in KB of vectors, and 0 switches graphs off.
std::optional<uint64_t> graph_min_rows(const model::CollectionConfig& config,
                                       const model::VectorParams& params) {
  const auto setting = config.settings_json.find("optimizers_config");
  if (setting == config.settings_json.end()) return std::nullopt;
  const json optimizers = json::parse(setting->second, nullptr, /*allow_exceptions=*/false);
  const auto given =
      optimizers.is_object() ? optimizers.find("indexing_threshold") : optimizers.end();
  if (given == optimizers.end() || !given->is_number()) return std::nullopt;
  const double bytes = given->get<double>() * static_cast<double>(base::limits::kKiB);
  if (bytes <= 0) return kNoGraph;
  return std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(bytes / params.row_bytes())));
}

Status check_vectors(const std::string& path, const json& stored,
                     const std::vector<VectorSpec>& wanted) {
  if (stored.size() != wanted.size()) {
    return base::invalid(path + ": the segment has " + std::to_string(stored.size()) +
                         " vectors, the collection " + std::to_string(wanted.size()));
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto& have = stored[i];
    const model::VectorParams& want = wanted[i].params;
    const bool same = have.at("name") == wanted[i].name && have.at("size") == want.size &&
                      have.at("distance") == model::distance_name(want.distance) &&
                      have.at("datatype") == model::scalar_name(want.datatype) &&
                      have.value("multivector", false) == want.multivector;
    if (!same)
      return base::invalid(path + ": vector " + std::to_string(i) + " is not the collection's '" +
                           wanted[i].name + "'");
  }
  return base::ok();
}

// What is written already, or an empty object.
json known_document(const std::string& path) {
  if (!base::exists(path)) return json::object();
  const auto text = base::read_file(path, base::limits::kMaxSegmentManifestBytes);
  json document = text.ok() ? json::parse(*text, nullptr, /*allow_exceptions=*/false) : json();
  return document.is_object() ? document : json::object();
}

Status check_format(const std::string& path, const json& document) {
  const json& format = document.at("format");
  if (format == kFormat || format == kOldestFormat) return base::ok();
  return base::unsupported(path + ": format " + format.dump() + ", this release reads " +
                           std::to_string(kOldestFormat) + " and " + std::to_string(kFormat));
}

}  // namespace

std::vector<VectorSpec> vector_specs(const model::CollectionConfig& config) {
  std::vector<VectorSpec> specs;
  for (const auto& [name, params] : config.vectors) {
    specs.push_back({name, params, graph_min_rows(config, params)});
    fill(specs.back().params.hnsw, config.hnsw);
    const auto quantization = config.settings_json.find("quantization_config");
    if (params.quantization_json.empty() && quantization != config.settings_json.end())
      specs.back().params.quantization_json = quantization->second;
  }
  return specs;
}

std::string_view state_name(State state) { return state == State::kGrowing ? "growing" : "sealed"; }

Status write_manifest(const std::string& directory, const Manifest& manifest) {
  json vectors = json::array();
  for (size_t i = 0; i < manifest.vectors.size(); ++i) {
    const VectorSpec& spec = manifest.vectors[i];
    vectors.push_back({{"name", spec.name},
                       {"file", vector_file(i)},
                       {"size", spec.params.size},
                       {"distance", model::distance_name(spec.params.distance)},
                       {"datatype", model::scalar_name(spec.params.datatype)}});
    if (spec.params.multivector) vectors.back()["multivector"] = true;
  }
  json document = known_document(directory + "/" + kManifestFile);
  document["format"] = kFormat;
  document["segment"] = manifest.segment;
  document["uuid"] = base::uuid_text(manifest.uuid);
  document["state"] = state_name(manifest.state);
  document["vectors"] = vectors;
  if (manifest.state == State::kSealed) {
    document["sealed"] = {{"rows", manifest.sealed.rows},
                          {"ids", manifest.sealed.ids},
                          {"payload", manifest.sealed.payload}};
    document["capacity_bytes"] = manifest.capacity_bytes;
  }
  return base::write_file_atomic(directory + "/" + kManifestFile, document.dump(1) + "\n");
}

Result<Manifest> read_manifest(const std::string& directory,
                               const std::vector<VectorSpec>& vectors) {
  const std::string path = directory + "/" + kManifestFile;
  RHUMB_ASSIGN(const std::string text,
               base::read_file(path, base::limits::kMaxSegmentManifestBytes));
  try {
    const json document = json::parse(text);
    RHUMB_TRY(check_format(path, document));
    RHUMB_TRY(check_vectors(path, document.at("vectors"), vectors));
    Manifest manifest;
    manifest.format = document.at("format").get<uint32_t>();
    if (manifest.format >= kFormat) {
      const auto uuid = base::parse_uuid(document.at("uuid").get<std::string>());
      if (!uuid) return base::corrupt(path + ": the UUID cannot be read");
      manifest.uuid = *uuid;
    }
    manifest.segment = document.at("segment").get<uint64_t>();
    manifest.vectors = vectors;
    const std::string state = document.at("state").get<std::string>();
    if (state != state_name(State::kGrowing) && state != state_name(State::kSealed))
      return base::corrupt(path + ": unknown state '" + state + "'");
    if (state == state_name(State::kSealed)) {
      const json& sealed = document.at("sealed");
      manifest.state = State::kSealed;
      manifest.sealed = {sealed.at("rows").get<uint32_t>(), sealed.at("ids").get<uint64_t>(),
                         sealed.at("payload").get<uint64_t>(), 0};
      manifest.capacity_bytes = document.value("capacity_bytes", uint64_t{0});
    }
    return manifest;
  } catch (const json::exception& error) {
    return base::corrupt(path + ": " + error.what());
  }
}

}  // namespace rhumb::segment
