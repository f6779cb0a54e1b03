// The objects that requests hold, and the members that each of them has: one table. check_shape()
// refuses, or names in the reply, whatever else a request says; a schema can be written from it.
// The table has the members that the protocol knows, also those that are not served yet: the
// parsers answer them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace rhumb::http::rest {

struct Shape;

// What a member holds, as far as check_shape() goes into it. Values of other types are left to the
// parser, which complains about them.
enum class Holds : uint8_t {
  kAny,        // a plain value, or JSON of the user's own: payloads, ids, vectors
  kObject,     // an object of the shape
  kOneOrMore,  // such an object or a list of them
  kMap,        // an object whose values are such objects; the names in it are the user's
  // the `vectors` of a collection: such an object, which has a number `size`, or a map of them
  kOneOrNamed,
};

// An object may have several forms, for instance {"points": ..} and {"filter": ..}. A form is a
// bit, and two members go together when they share one.
using Forms = uint32_t;
inline constexpr Forms kEveryForm = ~Forms{0};

struct Member {
  std::string_view name;
  Holds holds = Holds::kAny;
  const Shape* shape = nullptr;
  Forms forms = kEveryForm;
  bool same_as_before = false;  // another name of the member in the row above
};

// what happens to members that are not in the table
enum class Unknown : uint8_t { kRefused, kIgnored };

struct Shape {
  Unknown unknown = Unknown::kIgnored;
  std::span<const Member> members;
  const Member* find(std::string_view name) const;  // null: unknown
};
inline constexpr size_t kMaxShapeMembers = 64;

// Whole bodies.
extern const Shape kUpsertBody, kDeletePointsBody, kUpdateVectorsBody, kDeleteVectorsBody,
    kSetPayloadBody, kDeletePayloadBody, kBatchBody;
extern const Shape kGetBody, kScrollBody, kCountBody, kQueryBody, kQueryBatchBody, kSearchBody,
    kSearchBatchBody;
extern const Shape kCreateCollectionBody, kUpdateCollectionBody, kAliasesBody, kCreateIndexBody;
// Parts that are read by themselves.
extern const Shape kPoint, kFilter, kVectorForm;

}  // namespace rhumb::http::rest
