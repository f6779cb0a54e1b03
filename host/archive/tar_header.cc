#include "host/archive/tar_header.h"

#include <charconv>
#include <cstring>

#include "host/archive/tar_name.h"
#include "host/base/assert.h"

namespace rhumb::archive {
namespace {

using base::Result;
using base::Status;

// POSIX.1-1988, "ustar Interchange Format".
struct Field {
  size_t at, bytes;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12},
    kTime{136, 12}, kChecksum{148, 8}, kMagic{257, 8}, kMajor{329, 8}, kMinor{337, 8},
    kPrefix{345, 155};
constexpr size_t kTypeAt = 156;
constexpr std::string_view kPosix("ustar\00000", 8), kGnu("ustar  \0", 8);
constexpr uint64_t kFileMode = 0640;
constexpr uint64_t kMaxOctal = (uint64_t{1} << 33) - 1;  // 11 digits
constexpr char kExtendedType = 'x';

std::string_view bytes_of(std::string_view block, Field f) { return block.substr(f.at, f.bytes); }

std::string text_of(std::string_view block, Field f) {
  const std::string_view bytes = bytes_of(block, f);
  return std::string(bytes.substr(0, bytes.find('\0')));
}

// Digits with spaces in front, up to a space, a zero byte or the end of the field.
Result<uint64_t> octal_of(std::string_view block, Field f, std::string_view what) {
  std::string_view text = bytes_of(block, f);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  text = text.substr(0, text.find_first_of(std::string_view(" \0", 2)));
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return base::invalid("a header of the archive has a " + std::string(what) +
                         " that is no octal number");
  return value;
}

uint64_t checksum_of(std::string_view block) {
  uint64_t sum = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const bool inside = i >= kChecksum.at && i < kChecksum.at + kChecksum.bytes;
    sum += inside ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return sum;
}

void put_octal(std::string& block, Field f, uint64_t value) {
  for (size_t i = f.bytes - 1; i-- > 0; value /= 8)
    block[f.at + i] = static_cast<char>('0' + value % 8);
  RHUMB_ASSERT(value == 0);
}

void put_text(std::string& block, Field f, std::string_view text) {
  RHUMB_ASSERT(text.size() <= f.bytes);
  std::memcpy(block.data() + f.at, text.data(), text.size());
}

// The slash that divides a long name into prefix and name, or npos if none does.
size_t division_of(std::string_view name) {
  if (name.size() > kPrefix.bytes + 1 + kName.bytes) return std::string_view::npos;
  const size_t slash = name.rfind('/', kPrefix.bytes);
  const bool fits = slash != std::string_view::npos && slash > 0 &&
                    name.size() - slash - 1 <= kName.bytes && slash + 1 < name.size();
  return fits ? slash : std::string_view::npos;
}

std::string block_of(std::string_view name, char type, uint64_t size, uint64_t mtime) {
  std::string block(kTarBlockBytes, '\0');
  if (name.size() <= kName.bytes) {
    put_text(block, kName, name);
  } else {
    const size_t slash = division_of(name);
    put_text(block, kPrefix, name.substr(0, slash));
    put_text(block, kName, name.substr(slash + 1));
  }
  put_octal(block, kMode, kFileMode);
  put_octal(block, kUid, 0);
  put_octal(block, kGid, 0);
  put_octal(block, kSize, size);
  put_octal(block, kTime, mtime <= kMaxOctal ? mtime : 0);
  block[kTypeAt] = type;
  put_text(block, kMagic, kPosix);
  put_octal(block, kMajor, 0);
  put_octal(block, kMinor, 0);
  // Six digits, a zero byte and a space, as POSIX's examples and GNU tar have it.
  uint64_t sum = checksum_of(block);
  for (size_t i = 6; i-- > 0; sum /= 8) block[kChecksum.at + i] = static_cast<char>('0' + sum % 8);
  block[kChecksum.at + 7] = ' ';
  return block;
}

// "27 path=some/where\n", where the number counts its own digits, too.
void append_record(std::string& out, std::string_view key, std::string_view value) {
  const size_t rest = key.size() + value.size() + 3;  // a space, "=" and the end of the line
  size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) ++length;
  out += std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

Result<TarKind> kind_of(char type) {
  const auto refuse = [](const char* what) {
    return base::invalid("the archive has " + std::string(what) +
                         "; only regular files and directories are taken");
  };
  switch (type) {
    case '0':
    case '\0':
      return TarKind::kFile;
    case '5':
      return TarKind::kDirectory;
    case kExtendedType:
      return TarKind::kExtended;
    case '1':
      return refuse("a hard link");
    case '2':
      return refuse("a symbolic link");
    case '3':
    case '4':
      return refuse("a device");
    case '6':
      return refuse("a named pipe");
    case 'g':
      return refuse("a global header");
    case 'S':
      return refuse("a sparse file");
    case 'L':
    case 'K':
      return refuse("a long name in GNU's format (tar's --format=pax writes POSIX's)");
    default:
      return refuse("an entry of an unknown type");
  }
}

Result<uint64_t> decimal_of(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return base::invalid("an extended header of the archive has the size '" + shown_name(text) +
                         "', which is no number of bytes");
  return value;
}

}  // namespace

std::string write_tar_header(std::string_view name, uint64_t size, uint64_t mtime_seconds) {
  const bool long_name = name.size() > kName.bytes && division_of(name) == std::string_view::npos;
  std::string records, out;
  if (long_name) append_record(records, "path", name);
  if (size > kMaxOctal) append_record(records, "size", std::to_string(size));
  if (!records.empty()) {
    out = block_of("pax_header", kExtendedType, records.size(), mtime_seconds) + records;
    out.append(tar_padding(records.size()), '\0');
  }
  // A reader that knows no extended headers extracts a long name cut off.
  out += block_of(long_name ? name.substr(0, kName.bytes) : name, '0', size > kMaxOctal ? 0 : size,
                  mtime_seconds);
  return out;
}

Result<TarHeader> read_tar_header(std::string_view block) {
  RHUMB_ASSERT(block.size() == kTarBlockBytes);
  const std::string_view magic = bytes_of(block, kMagic);
  if (magic == kGnu)
    return base::invalid(
        "the archive is in GNU's format; tar's --format=pax writes POSIX's, which is taken");
  if (magic != kPosix) return base::invalid("the archive is no tar archive in POSIX's format");
  RHUMB_ASSIGN(const uint64_t checksum, octal_of(block, kChecksum, "checksum"));
  if (checksum != checksum_of(block))
    return base::invalid("a header of the archive is damaged: its checksum does not fit");
  TarHeader header;
  RHUMB_ASSIGN(header.kind, kind_of(block[kTypeAt]));
  RHUMB_ASSIGN(header.size, octal_of(block, kSize, "size"));
  const std::string prefix = text_of(block, kPrefix);
  header.name = text_of(block, kName);
  if (!prefix.empty()) header.name = prefix + "/" + header.name;
  return header;
}

Result<TarExtension> read_tar_extension(std::string_view body) {
  const Status bad = base::invalid("an extended header of the archive is malformed");
  TarExtension out;
  while (!body.empty()) {
    size_t length = 0;
    const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), length);
    const auto digits = static_cast<size_t>(end - body.data());
    if (error != std::errc() || length > body.size() || length <= digits + 1 ||
        body[digits] != ' ' || body[length - 1] != '\n')
      return bad;
    const std::string_view record = body.substr(digits + 1, length - digits - 2);
    body.remove_prefix(length);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos || equals == 0) return bad;
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") {
      out.name = std::string(value);
    } else if (key == "size") {
      RHUMB_ASSIGN(out.size, decimal_of(value));
    } else if (key == "linkpath") {
      return base::invalid("the archive has a link; only regular files and directories are taken");
    } else if (key.starts_with("GNU.sparse")) {
      return base::invalid(
          "the archive has a sparse file; only regular files and directories are taken");
    }
  }
  return out;
}

}  // namespace rhumb::archive
