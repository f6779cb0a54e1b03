#include "page_check.h"

#include <sqlite3.h>

#include <array>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "options.h"
#include "rhumb/cpp/crc32c.h"

namespace rhumb::sqlite {
namespace {

constexpr size_t kCheckedBytes = kPageBytes - kPageCheckBytes;
constexpr int kReservedBytesAt = 20;  // offset of the reserved bytes' count in the header of page 1
constexpr char kName[] = "rhumb-pages";

thread_local std::string damaged_page;

// Our part of an open file. The system's own file object follows it in the same memory.
struct CheckedFile {
  sqlite3_file base;
  const char* path;  // SQLite keeps this text as long as the file is open
  bool checks;       // whether the database reserves room for checksums
};

CheckedFile& self(sqlite3_file* file) { return *reinterpret_cast<CheckedFile*>(file); }
sqlite3_file* system_file(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(&self(file) + 1);
}
const sqlite3_io_methods& system_io(sqlite3_file* file) { return *system_file(file)->pMethods; }
sqlite3_vfs* system_vfs(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

using Check = std::array<char, kPageCheckBytes>;

Check check_of(const char* page, sqlite3_int64 offset) {
  const uint32_t crc = crc32c({page, kCheckedBytes},
                              crc32c({reinterpret_cast<const char*>(&offset), sizeof(offset)}));
  Check out{};
  std::memcpy(out.data(), &crc, sizeof(crc));
  return out;
}

bool is_page(int bytes, sqlite3_int64 offset) {
  return bytes == static_cast<int>(kPageBytes) && offset % bytes == 0;
}

// Reads from the header whether the database has room for checksums. SQLite reads or writes the
// header before any other page.
void look_at_header(CheckedFile& file, const char* bytes, int size, sqlite3_int64 offset) {
  if (offset == 0 && size > kReservedBytesAt)
    file.checks = bytes[kReservedBytesAt] == kPageCheckBytes;
}

bool is_whole(const char* page, sqlite3_int64 offset) {
  return std::memcmp(page + kCheckedBytes, check_of(page, offset).data(), kPageCheckBytes) == 0;
}

// Whether this is a first page that would be valid if its header said that there are checksums.
bool lost_its_reserve(const char* bytes, int size, sqlite3_int64 offset) {
  if (offset != 0 || !is_page(size, offset) || bytes[kReservedBytesAt] == kPageCheckBytes)
    return false;
  std::array<char, kPageBytes> page;
  std::memcpy(page.data(), bytes, page.size());
  page[kReservedBytesAt] = kPageCheckBytes;
  return is_whole(page.data(), offset);
}

int read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
  const int rc = system_io(file).xRead(system_file(file), out, size, offset);
  if (rc != SQLITE_OK) return rc;
  const auto* bytes = static_cast<const char*>(out);
  // Once checking is on, damage to the header cannot turn it off.
  if (!self(file).checks) look_at_header(self(file), bytes, size, offset);
  const bool good = self(file).checks ? !is_page(size, offset) || is_whole(bytes, offset)
                                      : !lost_its_reserve(bytes, size, offset);
  if (good) return SQLITE_OK;
  damaged_page = std::string(self(file).path) + " at offset " + std::to_string(offset) +
                 ": checksum of the page differs";
  return SQLITE_IOERR_DATA;
}

int write(sqlite3_file* file, const void* in, int size, sqlite3_int64 offset) {
  const auto* bytes = static_cast<const char*>(in);
  look_at_header(self(file), bytes, size, offset);
  if (!self(file).checks || !is_page(size, offset))
    return system_io(file).xWrite(system_file(file), bytes, size, offset);
  std::array<char, kPageBytes> page;
  std::memcpy(page.data(), bytes, kCheckedBytes);
  const Check check = check_of(page.data(), offset);
  std::memcpy(page.data() + kCheckedBytes, check.data(), check.size());
  return system_io(file).xWrite(system_file(file), page.data(), size, offset);
}

// The other methods call the system's file directly.
int close(sqlite3_file* file) { return system_io(file).xClose(system_file(file)); }
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  return system_io(file).xTruncate(system_file(file), size);
}
int sync(sqlite3_file* file, int flags) { return system_io(file).xSync(system_file(file), flags); }
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return system_io(file).xFileSize(system_file(file), size);
}
int lock(sqlite3_file* file, int level) { return system_io(file).xLock(system_file(file), level); }
int unlock(sqlite3_file* file, int level) {
  return system_io(file).xUnlock(system_file(file), level);
}
int check_reserved_lock(sqlite3_file* file, int* held) {
  return system_io(file).xCheckReservedLock(system_file(file), held);
}
int file_control(sqlite3_file* file, int op, void* arg) {
  return system_io(file).xFileControl(system_file(file), op, arg);
}
int sector_size(sqlite3_file* file) { return system_io(file).xSectorSize(system_file(file)); }
int device_characteristics(sqlite3_file* file) {
  return system_io(file).xDeviceCharacteristics(system_file(file));
}
int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  return system_io(file).xShmMap(system_file(file), region, size, extend, out);
}
int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
  return system_io(file).xShmLock(system_file(file), offset, n, flags);
}
void shm_barrier(sqlite3_file* file) { system_io(file).xShmBarrier(system_file(file)); }
int shm_unmap(sqlite3_file* file, int remove) {
  return system_io(file).xShmUnmap(system_file(file), remove);
}

// Version 2 leaves out the methods that hand out mapped pages, because those pages would not be
// checked.
const sqlite3_io_methods kMethods = {2,
                                     close,
                                     read,
                                     write,
                                     truncate,
                                     sync,
                                     file_size,
                                     lock,
                                     unlock,
                                     check_reserved_lock,
                                     file_control,
                                     sector_size,
                                     device_characteristics,
                                     shm_map,
                                     shm_lock,
                                     shm_barrier,
                                     shm_unmap,
                                     nullptr,
                                     nullptr};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  sqlite3_vfs* system = system_vfs(vfs);
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0)
    return system->xOpen(system, name, file, flags, out_flags);
  new (file) CheckedFile{{nullptr}, name, false};
  const int rc = system->xOpen(system, name, system_file(file), flags, out_flags);
  // SQLite closes a file that has methods, also after a failed open.
  if (system_file(file)->pMethods != nullptr) file->pMethods = &kMethods;
  return rc;
}

// Only the opening of files is our own; everything else is the system's VFS.
class Registration {
 public:
  Registration() {
    sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
    vfs_ = *system;
    vfs_.pNext = nullptr;
    vfs_.zName = kName;
    vfs_.szOsFile = static_cast<int>(sizeof(CheckedFile)) + system->szOsFile;
    vfs_.pAppData = system;
    vfs_.xOpen = open;
    vfs_.xDelete = [](sqlite3_vfs* v, const char* name, int sync_dir) {
      return system_vfs(v)->xDelete(system_vfs(v), name, sync_dir);
    };
    vfs_.xAccess = [](sqlite3_vfs* v, const char* name, int flags, int* found) {
      return system_vfs(v)->xAccess(system_vfs(v), name, flags, found);
    };
    vfs_.xFullPathname = [](sqlite3_vfs* v, const char* name, int size, char* out) {
      return system_vfs(v)->xFullPathname(system_vfs(v), name, size, out);
    };
    sqlite3_vfs_register(&vfs_, 0);
  }
  ~Registration() { sqlite3_vfs_unregister(&vfs_); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  sqlite3_vfs vfs_;
};

}  // namespace

const char* page_checking_vfs() {
  static const Registration registration;
  return kName;
}

void reserve_page_checks(sqlite3* db) {
  int bytes = kPageCheckBytes;
  // This has no effect on an existing database.
  sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
}

std::string take_damaged_page() { return std::exchange(damaged_page, {}); }

}  // namespace rhumb::sqlite
