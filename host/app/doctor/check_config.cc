// The configuration, and the plugins that it names.
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "host/app/doctor/check.h"
#include "host/app/server.h"
#include "host/base/executor.h"
#include "host/base/file.h"

namespace rhumb::app::doctor {
namespace {

using base::Status;

void check_config_file(const Subject& subject, Findings& findings) {
  const std::string& file = subject.config_file;
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return;  // it was read a moment ago
  if (!may(subject.user, file, R_OK))
    findings.fail("config", file + " cannot be read by " + user_name(subject.user),
                  "chown " + user_name(subject.user) + " " + file + ", or chmod a+r");
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    findings.fail("config",
                  file +
                      " can be written by others than its owner, who can thus make the server "
                      "load any plugin",
                  "chmod go-w " + file);
  settings::Settings alone;
  const bool read = settings::load_file(alone, file).ok();
  const bool secret = read && !(alone.auth.api_key.empty() && alone.auth.read_only_api_key.empty());
  if (secret && (info.st_mode & S_IROTH) != 0)
    findings.warn("config", file + " holds an API key and can be read by everybody",
                  "Move the key to the environment (RHUMB_AUTH_API_KEY in /etc/default/rhumb), or "
                  "chmod o-r " +
                      file);
}

void check_engines(const settings::Settings& settings, const plugin::PluginRegistry& plugins,
                   Findings& findings) {
  const std::pair<const char*, std::function<Status()>> engines[] = {
      {"storage.log", [&] { return plugins.find<rhumb_log_ops_t>(settings.storage.log).status(); }},
      {"storage.kv", [&] { return plugins.find<rhumb_kv_ops_t>(settings.storage.kv).status(); }},
      {"consensus.plugin",
       [&] { return plugins.find<rhumb_consensus_ops_t>(settings.consensus.plugin).status(); }},
      {"router.plugin",
       [&] { return plugins.find<rhumb_router_ops_t>(settings.router.plugin).status(); }},
      {"index.plugin",
       [&] { return plugins.find<rhumb_index_ops_t>(settings.index.plugin).status(); }},
  };
  bool all = true;
  for (const auto& [key, find] : engines) {
    const Status found = find();
    if (found.ok()) continue;
    all = false;
    findings.fail("engines", std::string(key) + ": " + found.message(),
                  std::string("Set ") + key + " to one of these ids, or put the plugin into " +
                      plugin_directory(settings));
  }
  if (all) findings.ok("engines", "all engines that the configuration names are there");
}

void check_auth(const Subject& subject, const plugin::PluginRegistry& plugins, Findings& findings) {
  const settings::Settings& s = subject.settings;
  const auto engine = auth::capabilities(plugins, s.auth.plugin);
  if (!engine.ok())
    return findings.fail("auth", "auth.plugin: " + engine.status().message(),
                         "Set auth.plugin to one of these ids");
  const auto opened = auth::Authenticator::open(
      plugins, s.auth.plugin,
      auth::config_json(*engine, {s.auth.api_key, s.auth.read_only_api_key}));
  if (!opened.ok())
    return findings.fail("auth", opened.status().message(),
                         "Set RHUMB_AUTH_API_KEY in /etc/default/rhumb, or auth.plugin to none");
  const Status exposed = check_exposure(s, plugins);
  if (!exposed.ok() && !subject.insecure)
    return findings.fail("auth", exposed.message(),
                         "Set auth.plugin to static and RHUMB_AUTH_API_KEY in /etc/default/rhumb");
  if (!exposed.ok())
    return findings.warn(
        "auth",
        "with --insecure everybody who reaches " + s.http.host + " can read and delete everything",
        "Set auth.plugin to static and RHUMB_AUTH_API_KEY, and drop --insecure");
  findings.ok("auth", "auth.plugin " + s.auth.plugin + " fits http.host " + s.http.host);
}

}  // namespace

void check_config(const Subject& subject, Findings& findings) {
  const size_t before = findings.all().size();
  if (!subject.config_file.empty()) check_config_file(subject, findings);
  if (findings.all().size() > before) return;
  findings.ok("config", subject.config_file.empty()
                            ? "no file is read: defaults, environment and command line are valid"
                            : subject.config_file + " is valid");
}

void check_plugins(const Subject& subject, Findings& findings) {
  const std::string directory = plugin_directory(subject.settings);
  const auto names = base::list_dir(directory);
  if (!names.ok())
    return findings.fail("plugins", "plugins.directory: " + names.status().message(),
                         "Set plugins.directory to the directory of the *.so files, or leave it "
                         "empty for the installed one");
  base::Executor executor("doctor", 1, 64);
  plugin::PluginRegistry plugins(executor);
  size_t loaded = 0;
  for (const std::string& name : *names) {
    if (!name.ends_with(".so") || name.starts_with(".")) continue;
    const Status status = plugins.load_file(directory + "/" + name);
    if (status.ok()) {
      ++loaded;
      continue;
    }
    findings.fail("plugins", status.message(),
                  "Remove the file, give it and its directory to root, or build it with the SDK of "
                  "this release; rhumb-plugin-check tells more");
  }
  if (loaded > 0)
    findings.ok("plugins", std::to_string(loaded) + " plugins load from " + directory);
  else
    findings.fail("plugins", "no plugin loads from " + directory,
                  "Install the package rhumb again, or set plugins.directory");
  check_engines(subject.settings, plugins, findings);
  check_auth(subject, plugins, findings);
}

}  // namespace rhumb::app::doctor
