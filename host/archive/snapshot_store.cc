#include "host/archive/snapshot_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "host/archive/tar_name.h"
#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/base/uuid.h"

namespace rhumb::archive {

using base::Code;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kTemporary = ".tmp";
constexpr std::string_view kHalfChecksumSuffix = ".checksum.tmp";  // of write_file_atomic()
constexpr uint64_t kMaxChecksumFileBytes = 4096;

std::string below(const std::string& directory, std::string_view name) {
  return name.empty() ? directory : directory + "/" + std::string(name);
}

bool is_kind(const std::string& path, mode_t kind) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

Status not_there(std::string_view name) {
  return base::not_found("Snapshot `" + shown_name(name) + "` doesn't exist!");
}

Status unlink_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return base::io_error("cannot remove", path, errno);
  return base::ok();
}

// The file beside the snapshot may come from elsewhere, with the name after the checksum.
std::optional<std::string> checksum_beside(const std::string& path) {
  const auto text = base::read_file(path + std::string(kChecksumSuffix), kMaxChecksumFileBytes);
  if (!text.ok()) return std::nullopt;
  const std::string first = text->substr(0, text->find_first_of(" \n"));
  return is_sha256(first) ? std::optional(first) : std::nullopt;
}

Result<SnapshotFile> describe(const std::string& path, std::string_view name) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0)
    return errno == ENOENT ? not_there(name) : base::io_error("cannot stat", path, errno);
  if (!S_ISREG(st.st_mode)) return not_there(name);
  return SnapshotFile{std::string(name), static_cast<uint64_t>(st.st_mtime),
                      static_cast<uint64_t>(st.st_size), checksum_beside(path)};
}

// Removes checksums without their snapshots, and those that were half written.
Status clean_directory(const std::string& directory) {
  RHUMB_ASSIGN(const auto names, base::list_dir(directory));
  for (const std::string& name : names) {
    const std::string path = below(directory, name);
    if (name.ends_with(kHalfChecksumSuffix)) RHUMB_TRY(unlink_file(path));
    if (!name.ends_with(kChecksumSuffix)) continue;
    if (base::exists(path.substr(0, path.size() - kChecksumSuffix.size()))) continue;
    RHUMB_TRY(unlink_file(path));
  }
  return base::ok();
}

}  // namespace

Result<std::unique_ptr<SnapshotStore>> SnapshotStore::open(std::string directory, uint64_t node) {
  std::unique_ptr<SnapshotStore> store(new SnapshotStore(std::move(directory), node));
  if (base::exists(store->directory_)) RHUMB_TRY(store->clean());
  return store;
}

Status SnapshotStore::clean() const {
  RHUMB_TRY(base::remove_all(below(directory_, kTemporary)));
  RHUMB_TRY(clean_directory(directory_));
  RHUMB_ASSIGN(const auto collections, base::list_dir(directory_));
  for (const std::string& collection : collections) {
    const std::string path = below(directory_, collection), shards = path + "/shards";
    if (!is_kind(path, S_IFDIR)) continue;
    RHUMB_TRY(clean_directory(path));
    if (!is_kind(shards, S_IFDIR)) continue;
    RHUMB_ASSIGN(const auto numbers, base::list_dir(shards));
    for (const std::string& number : numbers) {
      if (is_kind(below(shards, number), S_IFDIR))
        RHUMB_TRY(clean_directory(below(shards, number)));
    }
  }
  return base::ok();
}

Result<std::vector<SnapshotFile>> SnapshotStore::list(const SnapshotScope& scope) const {
  std::vector<SnapshotFile> out;
  const std::string directory = below(directory_, snapshot_directory(scope));
  if (!base::exists(directory)) return out;
  RHUMB_ASSIGN(const auto names, base::list_dir(directory));
  for (const std::string& name : names) {
    if (!check_snapshot_name(name).ok()) continue;
    auto found = describe(below(directory, name), name);
    if (!found.ok()) continue;  // no file, or removed meanwhile
    if (out.size() == base::limits::kMaxSnapshots)
      return Status(Code::kTooLarge, "there are more than " + std::to_string(out.size()) +
                                         " snapshots in " + directory);
    out.push_back(std::move(*found));
  }
  return out;
}

Result<std::string> SnapshotStore::path_of(const SnapshotScope& scope,
                                           const std::string& name) const {
  RHUMB_TRY(check_snapshot_name(name));
  return below(below(directory_, snapshot_directory(scope)), name);
}

Result<SnapshotFile> SnapshotStore::find(const SnapshotScope& scope,
                                         const std::string& name) const {
  RHUMB_ASSIGN(const std::string path, path_of(scope, name));
  return describe(path, name);
}

Result<base::File> SnapshotStore::open_file(const SnapshotScope& scope,
                                            const std::string& name) const {
  RHUMB_ASSIGN(const std::string path, path_of(scope, name));
  // A link or a pipe of that name is not a snapshot of ours.
  if (!is_kind(path, S_IFREG)) return not_there(name);
  auto file = base::File::open_ro(path);
  if (!file.ok() && file.status().code() == Code::kNotFound) return not_there(name);
  return file;
}

Status SnapshotStore::remove(const SnapshotScope& scope, const std::string& name) {
  RHUMB_ASSIGN(const std::string path, path_of(scope, name));
  if (!is_kind(path, S_IFREG)) return not_there(name);
  RHUMB_TRY(unlink_file(path));
  RHUMB_TRY(unlink_file(path + std::string(kChecksumSuffix)));
  return base::sync_dir(below(directory_, snapshot_directory(scope)));
}

Result<std::string> SnapshotStore::temporary_path() {
  const std::string directory = below(directory_, kTemporary);
  RHUMB_TRY(base::make_dirs(directory));
  return below(directory, base::uuid_text(base::random_uuid()));
}

// Snapshots of the same second get names of their own.
std::string SnapshotStore::reserve(const SnapshotScope& scope, const std::string& directory) {
  const uint64_t now = base::wall_ns();
  const base::MutexLock lock(mutex_);
  for (uint32_t attempt = 1;; ++attempt) {
    std::string name = snapshot_name(scope, node_, now, attempt);
    const std::string path = below(directory, name);
    if (!base::exists(path) && reserved_.insert(path).second) return name;
  }
}

void SnapshotStore::release(const std::string& path) {
  const base::MutexLock lock(mutex_);
  reserved_.erase(path);
}

Result<NewSnapshot> SnapshotStore::begin(const SnapshotScope& scope) {
  RHUMB_ASSIGN(std::string temporary, temporary_path());
  const std::string directory = below(directory_, snapshot_directory(scope));
  RHUMB_TRY(base::make_dirs(directory));
  RHUMB_ASSIGN(base::File file, base::File::create_new(temporary));
  NewSnapshot out;
  out.file_ = std::move(file);
  out.temporary_ = std::move(temporary);
  out.directory_ = directory;
  out.name_ = reserve(scope, directory);
  out.store_ = this;
  return out;
}

NewSnapshot::NewSnapshot(NewSnapshot&& other) noexcept
    : store_(std::exchange(other.store_, nullptr)),
      file_(std::move(other.file_)),
      temporary_(std::move(other.temporary_)),
      directory_(std::move(other.directory_)),
      name_(std::move(other.name_)) {}

NewSnapshot::~NewSnapshot() {
  if (store_ == nullptr) return;
  store_->release(below(directory_, name_));
  if (const Status removed = unlink_file(temporary_); !removed.ok())
    base::log_error("archive", "the file of an unfinished snapshot stays until the next start",
                    {{"file", temporary_}, {"error", removed.message()}});
}

Result<SnapshotFile> NewSnapshot::commit(const Packed& packed) {
  const std::string path = below(directory_, name_);
  RHUMB_ASSIGN(const uint64_t bytes, file_.size());
  RHUMB_ASSERT(bytes == packed.bytes);
  // A checksum without its snapshot is removed by the next start. A snapshot without its checksum
  // could not be told from one that was put there by hand.
  RHUMB_TRY(base::write_file_atomic(path + std::string(kChecksumSuffix), packed.checksum));
  RHUMB_TRY(base::rename_durable(temporary_, path));
  return describe(path, name_);
}

}  // namespace rhumb::archive
