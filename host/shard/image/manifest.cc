#include "host/shard/image/manifest.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "host/base/checked_json.h"
#include "host/base/file.h"
#include "host/base/hex.h"
#include "host/base/limits.h"
#include "host/base/version.h"

namespace rhumb::shard {

using base::Result;
using base::Status;
using nlohmann::json;

namespace {

constexpr size_t kCrcDigits = 8;

std::string crc_text(uint32_t crc) { return base::hex(uint64_t{crc}).substr(kCrcDigits); }

std::string crcs_text(const std::vector<uint32_t>& crcs) {
  std::string text;
  text.reserve(crcs.size() * kCrcDigits);
  for (const uint32_t crc : crcs) text += crc_text(crc);
  return text;
}

json files_json(const std::vector<ImageFile>& files) {
  json list = json::array();
  for (const ImageFile& file : files)
    list.push_back({{"path", file.path},
                    {"bytes", file.sums.bytes},
                    {"crcs", crcs_text(file.sums.crcs)},
                    {"lineage", base::uuid_text(file.lineage)},
                    {"key_id", file.key_id}});
  return list;
}

json vectors_json(const std::vector<segment::VectorSpec>& vectors) {
  json list = json::array();
  for (const segment::VectorSpec& spec : vectors)
    list.push_back({{"name", spec.name},
                    {"size", spec.params.size},
                    {"distance", model::distance_name(spec.params.distance)},
                    {"datatype", model::scalar_name(spec.params.datatype)},
                    {"multivector", spec.params.multivector}});
  return list;
}

// A path must not lead out of the image, whoever wrote it.
bool stays_inside(const std::string& path) {
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string name = path.substr(at, end - at);
    if (name.empty() || name == "." || name == ".." || name.find('\0') != std::string::npos)
      return false;
    at = end + 1;
  }
  return path != kImageManifest;
}

Result<std::vector<uint32_t>> read_crcs(const std::string& text, uint64_t bytes) {
  const uint64_t blocks = (bytes + kImageBlockBytes - 1) / kImageBlockBytes;
  if (text.size() != blocks * kCrcDigits) return base::corrupt("checksums do not fit the size");
  std::vector<uint32_t> crcs;
  crcs.reserve(blocks);
  for (size_t at = 0; at < text.size(); at += kCrcDigits) {
    const auto crc = base::parse_hex(std::string_view(text).substr(at, kCrcDigits));
    if (!crc) return base::corrupt("a checksum cannot be read");
    crcs.push_back(*crc);
  }
  return crcs;
}

Result<base::Uuid> read_uuid(const json& text) {
  const auto uuid = base::parse_uuid(text.get<std::string>());
  if (!uuid) return base::corrupt("a UUID cannot be read");
  return *uuid;
}

Result<ImageFile> read_entry(const json& entry) {
  ImageFile file;
  file.path = entry.at("path").get<std::string>();
  if (!stays_inside(file.path)) return base::corrupt("file '" + file.path + "' is not within it");
  file.sums.bytes = entry.at("bytes").get<uint64_t>();
  auto crcs = read_crcs(entry.at("crcs").get<std::string>(), file.sums.bytes);
  if (!crcs.ok()) return crcs.status().within(file.path);
  file.sums.crcs = std::move(*crcs);
  RHUMB_ASSIGN(file.lineage, read_uuid(entry.at("lineage")));
  file.key_id = entry.at("key_id").get<uint32_t>();
  if (file.key_id != 0)
    return base::unsupported("file '" + file.path + "' is encrypted with key " +
                             std::to_string(file.key_id) + ", this release has no keys");
  return file;
}

// The one of `all` whose name is `name`.
template <typename T>
std::optional<T> named(std::initializer_list<T> all, std::string_view (*name_of)(T),
                       const json& name) {
  for (const T one : all) {
    if (name == name_of(one)) return one;
  }
  return std::nullopt;
}

Result<segment::VectorSpec> read_vector(const json& entry) {
  segment::VectorSpec spec;
  spec.name = entry.at("name").get<std::string>();
  spec.params.size = entry.at("size").get<uint32_t>();
  using enum model::Distance;
  using enum model::Scalar;
  const auto distance =
      named({kCosine, kDot, kEuclid, kManhattan}, model::distance_name, entry.at("distance"));
  const auto datatype =
      named({kFloat32, kFloat16, kUint8}, model::scalar_name, entry.at("datatype"));
  if (!distance || !datatype) return base::unsupported("vector '" + spec.name + "' is not known");
  spec.params.distance = *distance;
  spec.params.datatype = *datatype;
  spec.params.multivector = entry.at("multivector").get<bool>();
  return spec;
}

Result<ImageManifest> read_members(const json& document) {
  ImageManifest manifest;
  RHUMB_ASSIGN(manifest.uuid, read_uuid(document.at("uuid")));
  manifest.shard = document.at("shard").get<uint64_t>();
  manifest.applied_index = document.at("applied_index").get<uint64_t>();
  manifest.points = document.at("points").get<uint64_t>();
  const std::string hash = document.at("content_hash").get<std::string>();
  for (size_t i = 0; i < manifest.content_hash.size(); ++i) {
    const auto byte = hash.size() == 2 * manifest.content_hash.size()
                          ? base::parse_hex(std::string_view(hash).substr(2 * i, 2))
                          : std::nullopt;
    if (!byte) return base::corrupt("the content hash cannot be read");
    manifest.content_hash[i] = static_cast<uint8_t>(*byte);
  }
  manifest.bucket_first = document.at("buckets").at("first").get<uint32_t>();
  manifest.bucket_count = document.at("buckets").at("count").get<uint32_t>();
  manifest.epoch = document.at("epoch").get<uint64_t>();
  manifest.config_version = document.at("config_version").get<uint64_t>();
  for (const json& entry : document.at("vectors")) {
    RHUMB_ASSIGN(segment::VectorSpec spec, read_vector(entry));
    manifest.vectors.push_back(std::move(spec));
  }
  for (const json& entry : document.at("files")) {
    RHUMB_ASSIGN(ImageFile file, read_entry(entry));
    if (!manifest.files.empty() && manifest.files.back().path >= file.path)
      return base::corrupt("file '" + file.path + "' is out of order");
    manifest.files.push_back(std::move(file));
  }
  return manifest;
}

Status check_format(const json& document) {
  if (!document.is_object() || !document.contains("format"))
    return base::corrupt("not the manifest of an image");
  const json& format = document["format"];
  if (format == kImageFormat) return base::ok();
  return base::unsupported("the image has format " + format.dump() + ", this release reads " +
                           std::to_string(kImageFormat));
}

std::string words(const segment::VectorSpec& spec) {
  return std::to_string(spec.params.size) + " dimensions of " +
         std::string(model::scalar_name(spec.params.datatype)) + ", distance " +
         std::string(model::distance_name(spec.params.distance)) +
         (spec.params.multivector ? ", several rows per point" : "");
}

}  // namespace

const ImageFile* ImageManifest::find(const std::string& path) const {
  const auto it =
      std::lower_bound(files.begin(), files.end(), path,
                       [](const ImageFile& file, const std::string& p) { return file.path < p; });
  return it != files.end() && it->path == path ? &*it : nullptr;
}

uint64_t ImageManifest::bytes() const {
  uint64_t bytes = 0;
  for (const ImageFile& file : files) bytes += file.sums.bytes;
  return bytes;
}

Status write_image_manifest(const std::string& directory, const ImageManifest& manifest) {
  json document = {
      {"format", kImageFormat},
      {"release", base::kRhumbVersion},
      {"uuid", base::uuid_text(manifest.uuid)},
      {"shard", manifest.shard},
      {"applied_index", manifest.applied_index},
      {"points", manifest.points},
      {"content_hash", base::hex(manifest.content_hash)},
      {"buckets", {{"first", manifest.bucket_first}, {"count", manifest.bucket_count}}},
      {"epoch", manifest.epoch},
      {"config_version", manifest.config_version},
      {"vectors", vectors_json(manifest.vectors)},
      {"files", files_json(manifest.files)}};
  return base::write_file_atomic(directory + "/" + kImageManifest,
                                 base::checked_json_text(std::move(document)));
}

Result<ImageManifest> read_image_manifest(const std::string& directory) {
  const std::string path = directory + "/" + kImageManifest;
  RHUMB_ASSIGN(const std::string text, base::read_file(path, kMaxImageManifestBytes));
  try {
    const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
    RHUMB_TRY(check_format(document).within(path));
    if (base::checked_json_text(document) != text)
      return base::corrupt(path + ": the checksum does not match");
    auto manifest = read_members(document);
    if (!manifest.ok()) return manifest.status().within(path);
    return manifest;
  } catch (const json::exception& error) {
    return base::corrupt(path + ": " + error.what());
  }
}

Status check_vectors(const ImageManifest& manifest,
                     const std::vector<segment::VectorSpec>& wanted) {
  if (manifest.vectors.size() != wanted.size())
    return base::invalid("the image has " + std::to_string(manifest.vectors.size()) +
                         " vectors, the collection " + std::to_string(wanted.size()));
  for (size_t i = 0; i < wanted.size(); ++i) {
    const segment::VectorSpec &have = manifest.vectors[i], &want = wanted[i];
    if (have.name != want.name)
      return base::invalid("the image has vector '" + have.name + "', the collection '" +
                           want.name + "'");
    if (words(have) != words(want))
      return base::invalid("vector '" + want.name + "' has " + words(have) + " in the image and " +
                           words(want) + " in the collection");
  }
  return base::ok();
}

}  // namespace rhumb::shard
