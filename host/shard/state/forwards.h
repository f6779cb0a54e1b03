// Where the rows went of segments that an edit removed (docs/adr/0018). A row of the key-value
// store names the old segment until it is rewritten, and everybody who reads it follows the
// forward.
//
// The slots are in a file of the new segment's directory, which is durable before the edit. The
// file may go once no row of the store names the old segment and the store was flushed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"

namespace rhumb::shard {

struct PointRow;

struct Forward {
  static constexpr uint32_t kNowhere = ~0u;  // the slot was dead
  uint32_t to = 0;                           // the new segment
  std::vector<uint32_t> slots;               // by old slot
};
using ForwardPtr = std::shared_ptr<const Forward>;
using Forwards = std::map<uint32_t, ForwardPtr>;  // by the old segment

// Makes the row name the new segment, if there is a forward for its segment and slot.
void follow(const Forwards& forwards, PointRow& row);

base::Status write_slots(const std::string& path, const std::vector<uint32_t>& slots);
// kCorrupt names the file if it is not as it was written.
base::Result<std::vector<uint32_t>> read_slots(const std::string& path);

// The row of the key-value store: {u16 version, u32 length, fields}. A reader skips fields that it
// does not know.
std::string encode_forward(uint32_t to);
base::Result<uint32_t> decode_forward(std::string_view bytes);

}  // namespace rhumb::shard
