// Archives for tests: honest ones, and tar blocks made by hand.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/archive/packer.h"
#include "host/archive/unpacker.h"

namespace rhumb::archive::test {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

using Files = std::map<std::string, std::string>;  // name -> content

void put(const std::string& path, std::string_view bytes);
std::string noise(size_t bytes, uint32_t seed);  // does not shrink
Files files_below(const std::string& directory);

// Writes the files below `directory` and packs them.
std::string packed(const TempDir& directory, const Files& files);
std::string pack_all(Packer& packer);

// Unpacks bytes in pieces of `step` into `directory`.
base::Status unpack(std::string_view archive, const UnpackOptions& options, size_t step = 1 << 20,
                    std::string_view checksum = {});

// A tar header made by hand. The checksum fits unless `damage` changes the block afterwards.
struct Entry {
  std::string name = "file", body = {};
  char type = '0';
  std::string size = {};  // the field as it is; empty: that of the body
  std::string link = {};
  std::string magic = std::string("ustar\00000", 8);
};
std::string tar_entry(const Entry& entry);
std::string tar_end();
std::string pax_record(const std::string& key, const std::string& value);
std::string zstd(std::string_view bytes, int level = 3, int window_log = 0);
// All parts in one frame, with the end of an archive after them.
std::string archive_of(const std::vector<std::string>& parts);

// Runs a command of the shell and returns what it printed. Fails the test if it fails.
std::string run(const std::string& command);

}  // namespace rhumb::archive::test
