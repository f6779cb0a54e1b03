// One table of the objects in requests and of the members of each object. check_shape() refuses any
// other member, or names it in the reply. A schema can be written from the table. It includes the
// members of the protocol that are not served yet; the parsers answer those.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace rhumb::http::rest {

struct Shape;

// The kind of value that a member holds, as far as check_shape() looks into it. The parser
// complains about values of other types.
enum class Holds : uint8_t {
  kAny,        // a plain value, or the user's own JSON: payloads, ids, vectors
  kObject,     // an object of the shape
  kOneOrMore,  // such an object or a list of them
  kMap,        // an object whose values are such objects; the names in it are the user's
  // The `vectors` of a collection: one such object, which has a number `size`, or a map of them.
  kOneOrNamed,
};

// An object may have several forms, for instance {"points": ..} and {"filter": ..}. A form is one
// bit, and two members go together when they share a bit.
using Forms = uint32_t;
inline constexpr Forms kEveryForm = ~Forms{0};

struct Member {
  std::string_view name;
  Holds holds = Holds::kAny;
  const Shape* shape = nullptr;
  Forms forms = kEveryForm;
  bool same_as_before = false;  // another name of the member in the row above
};

// Says what happens to members that are not in the table.
enum class Unknown : uint8_t { kRefused, kIgnored };

struct Shape {
  Unknown unknown = Unknown::kIgnored;
  std::span<const Member> members;
  const Member* find(std::string_view name) const;  // null when the name is unknown
};
inline constexpr size_t kMaxShapeMembers = 64;

// Whole bodies.
extern const Shape kUpsertBody, kDeletePointsBody, kUpdateVectorsBody, kDeleteVectorsBody,
    kSetPayloadBody, kDeletePayloadBody, kBatchBody;
extern const Shape kGetBody, kScrollBody, kCountBody, kQueryBody, kQueryBatchBody, kSearchBody,
    kSearchBatchBody;
extern const Shape kCreateCollectionBody, kUpdateCollectionBody, kAliasesBody, kCreateIndexBody,
    kRecoverBody, kBranchBody;
// Parts that are read by themselves.
extern const Shape kPoint, kFilter, kVectorForm;

}  // namespace rhumb::http::rest
