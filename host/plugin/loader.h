// Loads one plugin file. Plugins are trusted code, so before any of it runs, the loader checks who
// could have placed the file.
#pragma once

#include <string>

#include "host/base/status.h"
#include "rhumb/plugin.h"

namespace rhumb::plugin {

// `file` is the canonical path. `manifest` is static data of the mapped library. It is valid until
// the process ends, because nothing is ever unloaded.
struct LoadedPlugin {
  std::string file;
  const rhumb_plugin_t* manifest;
};

// [control thread] Checks path, owner and mode, maps the library (RTLD_NOW, RTLD_LOCAL, never
// unloaded) and negotiates. Each refusal is kUnsupported or kInvalid and reads "<file>: <field>:
// expected .., found ..".
base::Result<LoadedPlugin> load_plugin(const std::string& path);

// Makes only the first of these checks: a regular file and its directory belong to root or to the
// running user, and nobody else may write them. Returns the canonical path.
base::Result<std::string> check_plugin_file(const std::string& path);

}  // namespace rhumb::plugin
