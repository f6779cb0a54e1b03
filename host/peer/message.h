// The messages between gateway, placement and worker. A message type names its op and its reply
// type and can encode and decode both. Inside one process the object itself is passed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "host/base/bytes.h"
#include "host/base/clock.h"
#include "host/base/status.h"

namespace rhumb::peer {

// These numbers are on the wire and are never reused.
enum class Op : uint16_t {
  kWrite = 1,
  kSearch = 2,
  kGet = 3,
  kScroll = 4,
  kCount = 5,
  kShardState = 6,
  kAwaitConfig = 7,
  kVerify = 8,
  kContract = 9,
  kOptimizations = 10,
  kHashes = 11,
  kMetadataCommand = 16,
  kWatchMap = 17,
};

// For people: the name of a message in a trace.
constexpr std::string_view op_name(Op op) {
  switch (op) {
    case Op::kWrite:
      return "write";
    case Op::kSearch:
      return "search";
    case Op::kGet:
      return "get";
    case Op::kScroll:
      return "scroll";
    case Op::kCount:
      return "count";
    case Op::kShardState:
      return "shard_state";
    case Op::kAwaitConfig:
      return "await_config";
    case Op::kVerify:
      return "verify";
    case Op::kContract:
      return "contract";
    case Op::kOptimizations:
      return "optimizations";
    case Op::kHashes:
      return "hashes";
    case Op::kMetadataCommand:
      return "metadata_command";
    case Op::kWatchMap:
      return "watch_map";
  }
  return "unknown";
}

// An owned message of any type.
class Boxed {
 public:
  virtual ~Boxed() = default;
  virtual void encode(base::ByteWriter& out) const = 0;
};
using Box = std::unique_ptr<Boxed>;

template <typename T>
class BoxOf final : public Boxed {
 public:
  explicit BoxOf(T v) : value(std::move(v)) {}
  void encode(base::ByteWriter& out) const override { value.encode(out); }
  T value;
};

template <typename T>
Box box(T value) {
  return std::make_unique<BoxOf<T>>(std::move(value));
}
template <typename T>
T unbox(Box b) {
  return std::move(static_cast<BoxOf<T>&>(*b).value);
}
// T::decode must read all of the input.
template <typename T>
base::Result<Box> decode_box(base::ByteReader& in) {
  base::Result<T> value = T::decode(in);
  if (!value.ok()) return value.status();
  if (!in.done()) return base::corrupt("peer message: bytes are left over");
  return box<T>(std::move(*value));
}

using BoxCallback = std::function<void(base::Result<Box>)>;
using Decoder = base::Result<Box> (*)(base::ByteReader&);

}  // namespace rhumb::peer
