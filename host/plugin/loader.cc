#include "host/plugin/loader.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <system_error>
#include <vector>  // Boost.DLL 1.74 with std::filesystem does not include it

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>

#include "host/base/file.h"
#include "rhumb/cpp/negotiate.h"

namespace rhumb::plugin {
namespace {

using base::Code;
using base::Status;

Status refused(const std::string& file, std::string field, std::string expected,
               std::string found) {
  return {
      Code::kInvalid,
      file + ": " + Refusal{std::move(field), std::move(expected), std::move(found)}.to_string()};
}

std::string octal(mode_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

Status check_owner(const std::string& path, const struct stat& st) {
  const uid_t own = ::geteuid();
  if (st.st_uid != 0 && st.st_uid != own) {
    return refused(path, "owner", "root or uid " + std::to_string(own),
                   "uid " + std::to_string(st.st_uid));
  }
  return base::ok();
}

Status check_directory(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return base::io_error("stat", path, errno);
  RHUMB_TRY(check_owner(path, st));
  // In a sticky directory (/tmp) others can add files but not replace this one.
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0) {
    return refused(path, "mode of the directory", "not writable by group or others",
                   octal(st.st_mode));
  }
  return base::ok();
}

// A truncated file maps without an error and then kills the process with SIGBUS inside the dynamic
// linker.
Status check_complete(const std::string& path) {
  RHUMB_ASSIGN(const base::File file, base::File::open_ro(path));
  RHUMB_ASSIGN(const uint64_t size, file.size());
  ElfW(Ehdr) header{};
  if (size < sizeof header)
    return refused(path, "file", "a loadable shared library", std::to_string(size) + " bytes");
  RHUMB_TRY(file.read_at(0, reinterpret_cast<char*>(&header), sizeof header));
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return refused(path, "file", "a loadable shared library", "a file of another format");
  }
  if (header.e_phentsize != sizeof(ElfW(Phdr)))
    return refused(path, "file", "a library of this machine's word size", "another one");
  for (uint32_t i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment{};
    const uint64_t at = header.e_phoff + uint64_t{i} * sizeof segment;
    if (at > size || size - at < sizeof segment)
      return refused(path, "size", "> " + std::to_string(at), std::to_string(size));
    RHUMB_TRY(file.read_at(at, reinterpret_cast<char*>(&segment), sizeof segment));
    if (segment.p_type != PT_LOAD) continue;
    if (segment.p_offset > size || size - segment.p_offset < segment.p_filesz) {
      return refused(
          path, "size",
          ">= " + std::to_string(segment.p_offset + segment.p_filesz) + " bytes (cut short?)",
          std::to_string(size));
    }
  }
  return base::ok();
}

base::Result<const rhumb_plugin_t*> manifest_of(const std::string& file) {
  using boost::dll::load_mode::type;
  const auto mode =
      static_cast<type>(boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local |
                        // Boost's enum lacks this flag, but Boost passes it through.
                        static_cast<type>(RTLD_NODELETE));
  try {
    std::error_code ec;
    boost::dll::shared_library library;
    library.load(file, mode, ec);
    if (ec) {
      const char* why = ::dlerror();
      return refused(file, "file", "a loadable shared library",
                     why != nullptr ? why : ec.message());
    }
    if (!library.has(RHUMB_PLUGIN_SYMBOL)) {
      return refused(file, "symbol", RHUMB_PLUGIN_SYMBOL, "no such exported symbol");
    }
    return library.get<const rhumb_plugin_t*()>(RHUMB_PLUGIN_SYMBOL)();
  } catch (const std::exception& e) {
    // Boost.DLL's own paths and allocations can throw. A plugin that throws here aborts the
    // process, as documented.
    return refused(file, "file", "a loadable shared library", e.what());
  }
}

}  // namespace

base::Result<std::string> check_plugin_file(const std::string& path) {
  const std::unique_ptr<char, decltype(&::free)> real(::realpath(path.c_str(), nullptr), &::free);
  if (real == nullptr) return base::io_error("resolve", path, errno);
  const std::string file(real.get());
  struct stat st {};
  if (::stat(file.c_str(), &st) != 0) return base::io_error("stat", file, errno);
  if (!S_ISREG(st.st_mode))
    return refused(file, "type", "a regular file",
                   "mode " + octal(st.st_mode) + " of another type");
  RHUMB_TRY(check_owner(file, st));
  if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return refused(file, "mode", "not writable by group or others", octal(st.st_mode));
  }
  RHUMB_TRY(check_directory(file.substr(0, std::max<size_t>(1, file.find_last_of('/')))));
  return file;
}

base::Result<LoadedPlugin> load_plugin(const std::string& path) {
  RHUMB_ASSIGN(std::string file, check_plugin_file(path));
  RHUMB_TRY(check_complete(file));
  RHUMB_ASSIGN(const rhumb_plugin_t* manifest, manifest_of(file));
  if (auto refusal = negotiate(manifest))
    return Status{Code::kUnsupported, file + ": " + refusal->to_string()};
  return LoadedPlugin{std::move(file), manifest};
}

}  // namespace rhumb::plugin
