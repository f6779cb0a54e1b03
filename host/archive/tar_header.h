// The headers of a tar archive: POSIX.1-1988 (ustar), with the extended headers of POSIX.1-2001
// (pax) for long names and large files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::archive {

inline constexpr size_t kTarBlockBytes = 512;
// Zero bytes that follow a body of `size` bytes up to the next block.
inline uint64_t tar_padding(uint64_t size) {
  return (kTarBlockBytes - size % kTarBlockBytes) % kTarBlockBytes;
}

enum class TarKind : uint8_t { kFile, kDirectory, kExtended };
struct TarHeader {
  TarKind kind = TarKind::kFile;
  std::string name;
  uint64_t size = 0;
};

// The header of a regular file, with an extended header in front when the name or the size needs
// one. `name` is one that check_tar_name() accepts.
std::string write_tar_header(std::string_view name, uint64_t size, uint64_t mtime_seconds);

// Reads a block that is not all zero. kInvalid for a checksum that does not fit, for another format
// than POSIX's and for every kind of entry but those of TarKind: links, devices, pipes, sparse
// files and global headers.
base::Result<TarHeader> read_tar_header(std::string_view block);

// What an extended header says about the entry that follows it.
struct TarExtension {
  std::optional<std::string> name;
  std::optional<uint64_t> size;
};
// Times, owners and comments are passed over. A link's target and all that makes a file sparse is
// refused.
base::Result<TarExtension> read_tar_extension(std::string_view body);

}  // namespace rhumb::archive
