// rhumb-plugin-check says whether a host would accept a plugin and whether the plugin's engines do
// what their kind promises.
//   rhumb-plugin-check [--manifest] [--engine ID] [--config JSON] [--seed N] [--dir DIR] FILE.so
// The exit status is 0 for a plugin that conforms, 1 for one that was refused or fails, and 2 for
// wrong use.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "rhumb/cpp/negotiate.h"
#include "sdk/check/check_host.h"
#include "sdk/check/suites.h"

namespace rhumb::check {
namespace {

struct Options {
  bool manifest_only = false;
  std::string engine, config, file;
  uint64_t seed = 1;
};

struct OptionRow {
  const char *name, *value, *help;
};
constexpr OptionRow kOptions[] = {
    {"--manifest", "", "check and print the manifest, and run nothing"},
    {"--engine", "ID", "check only this engine"},
    {"--config", "JSON", "open every instance with these parameters"},
    {"--seed", "N", "the seed of test data and schedules (default 1)"},
    {"--dir", "DIR", "the directory for test files (default: the temporary one of the system)"},
};

int usage(std::FILE* to, int status) {
  std::fputs("usage: rhumb-plugin-check [options] FILE.so\n", to);
  for (const OptionRow& row : kOptions)
    std::fprintf(to, "  %-10s %-5s %s\n", row.name, row.value, row.help);
  return status;
}

// The manual page in roff. The texts have no character that roff would take for its own, except
// the minus.
int print_page() {
  const auto minus = [](const char* text) {
    std::string out;
    for (; *text != 0; ++text) out += *text == '-' ? "\\-" : std::string(1, *text);
    return out;
  };
  std::printf(
      ".\\\" Made from the table of options.\n"
      ".TH rhumb\\-plugin\\-check 1 \"\" \"Rhumb\" \"Rhumb\"\n"
      ".SH NAME\nrhumb\\-plugin\\-check \\- check a plugin of Rhumb as a server would load it\n"
      ".SH SYNOPSIS\n\\fBrhumb\\-plugin\\-check\\fR [options] \\fIFILE.so\\fR\n"
      ".SH DESCRIPTION\nSays whether a server would accept a plugin, and whether the engines of "
      "the plugin do what their kind promises.\n.SH OPTIONS\n");
  for (const OptionRow& row : kOptions)
    std::printf(".TP\n\\fB%s\\fR \\fI%s\\fR\n%s\n", minus(row.name).c_str(), row.value,
                minus(row.help).c_str());
  std::printf(
      ".SH EXIT STATUS\n0 for a plugin that conforms, 1 for one that was refused or fails, 2 for "
      "wrong usage.\n.SH SEE ALSO\n\\fBrhumbd\\fR(8)\n");
  return 0;
}

bool parse(int argc, char** argv, Options& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--manifest")
      out.manifest_only = true;
    else if (word == "--engine" && has_value)
      out.engine = argv[++i];
    else if (word == "--config" && has_value)
      out.config = argv[++i];
    else if (word == "--seed" && has_value)
      out.seed = std::strtoull(argv[++i], nullptr, 10);
    else if (word == "--dir" && has_value)
      ScratchDir::set_root(argv[++i]);
    else if (!word.starts_with("-") && out.file.empty())
      out.file = word;
    else
      return false;
  }
  return !out.file.empty();
}

// Returns the manifest. If a host would refuse the file, it prints why and returns NULL.
const rhumb_plugin_t* load(const std::string& file) {
  const std::string path = file.find('/') == std::string::npos ? "./" + file : file;
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    std::printf("refused: %s\n", ::dlerror());
    return nullptr;
  }
  const auto entry = reinterpret_cast<rhumb_plugin_fn>(::dlsym(library, RHUMB_PLUGIN_SYMBOL));
  if (entry == nullptr) {
    std::printf("refused: %s: symbol: expected %s, found no such exported symbol\n", file.c_str(),
                RHUMB_PLUGIN_SYMBOL);
    return nullptr;
  }
  const rhumb_plugin_t* plugin = entry();
  if (const auto refusal = negotiate(plugin)) {
    std::printf("refused: %s: %s\n", file.c_str(), refusal->to_string().c_str());
    return nullptr;
  }
  return plugin;
}

void print_manifest(const std::string& file, const rhumb_plugin_t& plugin) {
  std::printf("file     %s\nid       %s\nversion  %s\nlicense  %s\nabi      %u.%u, needs %u.%u%s\n",
              file.c_str(), plugin.id, plugin.version, plugin.license, plugin.abi_major,
              plugin.abi_minor_built, plugin.abi_major, plugin.abi_minor_min,
              plugin.draft != 0 ? ", draft" : "");
  for (uint64_t i = 0; i < plugin.factory_count; ++i) {
    const rhumb_factory_t& factory = *plugin.factories[i];
    uint32_t head[2] = {0, 0};  // struct_size and caps, with which every table begins
    if (kind_rules(factory.kind) != nullptr) std::memcpy(head, factory.ops, sizeof head);
    std::printf("engine   %s/%s %s, caps 0x%x\n", kind_name(factory.kind).c_str(), factory.id,
                factory.version, head[1]);
  }
}

int check(const Subject& subject) {
  switch (subject.factory->kind) {
    case RHUMB_KIND_INDEX:
      return check_index(subject);
    case RHUMB_KIND_KV:
      return check_kv(subject);
    case RHUMB_KIND_LOG:
      return check_log(subject);
    case RHUMB_KIND_AUTH:
      return check_auth(subject);
    case RHUMB_KIND_CONSENSUS:
      return check_consensus(subject);
    case RHUMB_KIND_ROUTER:
      return check_router(subject);
    default:
      std::printf("skip %s: this checker is older than its kind\n", subject.factory->id);
      return 0;
  }
}

int run(const Options& options) {
  const rhumb_plugin_t* plugin = load(options.file);
  if (plugin == nullptr) return 1;
  print_manifest(options.file, *plugin);
  if (options.manifest_only) return 0;
  std::printf("seed     %llu\n", static_cast<unsigned long long>(options.seed));
  int failures = 0, engines = 0;
  for (uint64_t i = 0; i < plugin->factory_count; ++i) {
    if (!options.engine.empty() && options.engine != plugin->factories[i]->id) continue;
    ++engines;
    failures += check({plugin->factories[i], options.config, options.seed});
  }
  if (engines == 0) {
    std::printf("no engine \"%s\" in this plugin\n", options.engine.c_str());
    return 1;
  }
  std::printf(failures == 0 ? "conforming\n" : "NOT conforming: %d failed\n", failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace rhumb::check

int main(int argc, char** argv) {
  rhumb::check::Options options;
  if (argc == 2 && std::string(argv[1]) == "--help") return rhumb::check::usage(stdout, 0);
  if (argc == 2 && std::string(argv[1]) == "--print-man") return rhumb::check::print_page();
  if (!rhumb::check::parse(argc, argv, options)) return rhumb::check::usage(stderr, 2);
  try {
    return rhumb::check::run(options);
  } catch (const std::exception& e) {
    std::printf("FAIL %s: %s\n", options.file.c_str(), e.what());
    return 1;
  }
}
