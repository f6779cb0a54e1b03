// A SQLite VFS over the system's that keeps a checksum in every page of a database file. SQLite has
// none of its own: without one a flipped bit in the tree above the rows sends a look-up astray, and
// a row that is there is not found.
//
// The last 8 bytes of a page, which SQLite leaves alone (its "reserved bytes"), hold a CRC-32C of
// the page's place and the rest of it. They are written when the page goes into the database file
// and compared when it is read from there; frames of the WAL have SQLite's own checksums. A
// database that was made without reserved bytes is read as it is.
#pragma once

#include <string>

struct sqlite3;

namespace rhumb::sqlite {

inline constexpr int kPageCheckBytes = 8;

// The VFS's name for sqlite3_open_v2; registered with the first call. Any thread.
const char* page_checking_vfs();
// For a connection to a database that may yet be made, before anything is written: its pages get
// room for checksums.
void reserve_page_checks(sqlite3* db);
// What the last damaged page of the calling thread was, file and offset; empty after it was asked.
std::string take_damaged_page();

}  // namespace rhumb::sqlite
