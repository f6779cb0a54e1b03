#include <yaml-cpp/yaml.h>

#include <filesystem>

#include "host/base/file.h"
#include "host/settings/settings.h"

namespace rhumb::settings {
namespace {

using base::Status;

std::string place(const std::string& file, const YAML::Node& node) {
  return file + ":" + std::to_string(node.Mark().line + 1) + ": ";
}

// Returns a scalar, or the entries of a list joined by commas.
base::Result<std::string> value_of(const YAML::Node& node, const std::string& where) {
  if (node.IsNull()) return std::string();
  if (node.IsScalar()) return node.Scalar();
  if (!node.IsSequence()) return base::invalid(where + "expected a value");
  std::string out;
  for (const YAML::Node& item : node) {
    if (!item.IsScalar()) return base::invalid(where + "expected a list of values");
    out += (out.empty() ? "" : ",") + item.Scalar();
  }
  return out;
}

bool known_section(const std::string& name) {
  for (const Key& key : keys()) {
    if (key.path.starts_with(name + ".")) return true;
  }
  return false;
}

Status load_section(Settings& settings, const std::string& file, const std::string& name,
                    const YAML::Node& head, const YAML::Node& section) {
  if (!known_section(name)) return base::invalid(place(file, head) + name + ": unknown section");
  if (section.IsNull()) return base::ok();
  if (!section.IsMap()) return base::invalid(place(file, head) + name + ": expected keys below it");
  for (const auto& entry : section) {
    const std::string path = name + "." + entry.first.Scalar();
    const std::string where = place(file, entry.first);
    RHUMB_ASSIGN(const std::string value, value_of(entry.second, where + path + ": "));
    if (const Status status = set(settings, path, value); !status.ok())
      return base::invalid(where + status.message());
  }
  return base::ok();
}

}  // namespace

Status load_file(Settings& settings, const std::string& path) {
  try {
    const YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return base::ok();
    if (!root.IsMap()) return base::invalid(path + ":1: expected sections (http:, log:, ...)");
    for (const auto& entry : root)
      RHUMB_TRY(load_section(settings, path, entry.first.Scalar(), entry.first, entry.second));
    return base::ok();
  } catch (const YAML::BadFile&) {
    return base::not_found(path + ": cannot be opened");
  } catch (const YAML::Exception& e) {
    return base::invalid(path + ":" + std::to_string(e.mark.line + 1) + ": " + e.msg);
  }
}

Status load_file_and_parts(Settings& settings, const std::string& path) {
  RHUMB_TRY(load_file(settings, path));
  const std::string directory = std::filesystem::path(path).parent_path() / "conf.d";
  if (!base::exists(directory)) return base::ok();
  RHUMB_ASSIGN(const std::vector<std::string> names, base::list_dir(directory));
  for (const std::string& name : names) {
    if (name.ends_with(".yaml") && !name.starts_with("."))
      RHUMB_TRY(load_file(settings, directory + "/" + name));
  }
  return base::ok();
}

}  // namespace rhumb::settings
