// Frames between nodes and their contents are refused or read. A message that was read encodes to
// bytes that read as the same message.
#include "host/peer/frame.h"
#include "host/peer/messages.h"
#include "tests/fuzz/fuzz.h"

namespace {

namespace peer = rhumb::peer;

template <typename T>
void both_ways(std::string_view body) {
  rhumb::base::ByteReader in(body);
  const auto message = T::decode(in);
  if (!message.ok()) return;
  std::string once, twice;
  rhumb::base::ByteWriter out(once);
  message->encode(out);
  rhumb::base::ByteReader back(once);
  const auto again = T::decode(back);
  FUZZ_CHECK(again.ok());
  rhumb::base::ByteWriter out_again(twice);
  again->encode(out_again);
  FUZZ_CHECK(once == twice);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  (void)peer::read_frame(bytes);
  switch (data[0] % 16) {
    case 0:
      both_ways<peer::WriteRequest>(bytes);
      break;
    case 1:
      both_ways<peer::WriteReply>(bytes);
      break;
    case 2:
      both_ways<peer::SearchMessage>(bytes);
      break;
    case 3:
      both_ways<peer::SearchReply>(bytes);
      break;
    case 4:
      both_ways<peer::GetMessage>(bytes);
      break;
    case 5:
      both_ways<peer::RecordsReply>(bytes);
      break;
    case 6:
      both_ways<peer::ScrollMessage>(bytes);
      break;
    case 7:
      both_ways<peer::CountMessage>(bytes);
      break;
    case 8:
      both_ways<peer::ShardStateReply>(bytes);
      both_ways<peer::OptimizationsReply>(bytes);
      break;
    case 9:
      both_ways<peer::AwaitConfigMessage>(bytes);
      break;
    case 10:
      both_ways<peer::VerifyReply>(bytes);
      break;
    case 11:
      both_ways<peer::MetadataCommand>(bytes);
      break;
    case 12:
      both_ways<peer::MapReply>(bytes);
      break;
    case 13:
      both_ways<peer::WatchMap>(bytes);
      break;
    case 14:
      both_ways<peer::CountReply>(bytes);
      break;
    case 15:
      both_ways<peer::MetadataReply>(bytes);
      break;
  }
  return 0;
}
