// A SQLite VFS on top of the system's VFS that keeps a checksum in every page of a database file.
// SQLite has no checksums of its own. Without them a flipped bit in an inner page of a tree sends a
// look-up astray, and an existing row is not found.
//
// The last 8 bytes of a page, which SQLite leaves alone (its "reserved bytes"), hold a CRC-32C of
// the page's offset and the rest of the page. The checksum is written when the page goes into the
// database file and compared when the page is read from there. Frames of the WAL have SQLite's own
// checksums. A database that was made without reserved bytes is read without checks.
#pragma once

#include <string>

struct sqlite3;

namespace rhumb::sqlite {

inline constexpr int kPageCheckBytes = 8;

// The VFS's name for sqlite3_open_v2. The first call registers the VFS. Any thread may call it.
const char* page_checking_vfs();
// For a connection to a database that may not exist yet, called before anything is written: the
// pages of a new database get room for checksums.
void reserve_page_checks(sqlite3* db);
// Returns file and offset of the last damaged page that the calling thread has met, and forgets it.
// Empty if there was none.
std::string take_damaged_page();

}  // namespace rhumb::sqlite
