// Loads one plugin file. Plugins are trusted code, so the check is who could have placed the file,
// before any of it runs.
#pragma once

#include <string>

#include "host/base/status.h"
#include "rhumb/plugin.h"

namespace rhumb::plugin {

// file: canonical path. manifest: static data of the mapped library, valid until the process ends,
// since nothing is ever unloaded.
struct LoadedPlugin {
  std::string file;
  const rhumb_plugin_t* manifest;
};

// [control thread] Path, owner and mode; mapping (now, local, never unloaded); negotiation. Each
// refusal is kUnsupported or kInvalid with "<file>: <field>: expected .., found ..".
base::Result<LoadedPlugin> load_plugin(const std::string& path);

// The first of these checks alone: a regular file and its directory belong to root or to the
// running user, and nobody else may write them. The canonical path on success.
base::Result<std::string> check_plugin_file(const std::string& path);

}  // namespace rhumb::plugin
