// One strict reader of minified JSON has two uses: it checks text from outside, and it writes the
// canonical form of stored text.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <vector>

#include "host/base/hex.h"
#include "host/base/json_text.h"
#include "host/base/limits.h"
#include "host/payload/json/document.h"
#include "host/payload/json/lexer.h"
#include "host/payload/json/mutate.h"

namespace rhumb::payload {
namespace {

// This limit is part of the pinned behaviour: a release with other limits must not read other
// payloads.
constexpr uint32_t kMaxDepthV1 = 128;
static_assert(kMaxDepthV1 == base::limits::kMaxJsonDepth);

class Canonical {
 public:
  // A strict reader also requires UTF-8, whole surrogates and unique keys. Content hashes use a
  // reader that is not strict, in which any text that can be read has a form.
  Canonical(std::string_view text, std::string& out, bool strict)
      : text_(text), out_(out), strict_(strict) {}

  base::Status run() {
    if (text_.empty() || text_[0] != '{') return fault("a payload must be a JSON object");
    RHUMB_TRY(value(1));
    return at_ == text_.size() ? base::ok() : fault("there is text after the end");
  }

 private:
  struct Member {
    std::string key;
    // The position of `"key":value` in out_.
    size_t begin, end;
  };

  base::Status fault(std::string_view what) const {
    return base::invalid("JSON: " + std::string(what) + " at byte " + std::to_string(at_));
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  base::Status value(uint32_t depth) {
    if (depth > kMaxDepthV1) return fault("deeper than " + std::to_string(kMaxDepthV1) + " levels");
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"': {
        std::string plain;
        RHUMB_TRY(string(plain));
        append_string(plain);
        return base::ok();
      }
      case 't':
        return literal("true");
      case 'f':
        return literal("false");
      case 'n':
        return literal("null");
      default:
        return number();
    }
  }

  base::Status literal(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return fault("expected a value");
    at_ += word.size();
    out_ += word;
    return base::ok();
  }

  base::Status array(uint32_t depth) {
    ++at_;
    out_ += '[';
    for (bool first = true; peek() != ']'; first = false) {
      if (!first) {
        if (peek() != ',') return fault("expected ',' or ']'");
        ++at_;
        out_ += ',';
      }
      RHUMB_TRY(value(depth + 1));
    }
    ++at_;
    out_ += ']';
    return base::ok();
  }

  base::Status object(uint32_t depth) {
    ++at_;
    out_ += '{';
    const size_t begin = out_.size();
    std::vector<Member> members;
    while (peek() != '}') {
      if (!members.empty()) {
        if (peek() != ',') return fault("expected ',' or '}'");
        ++at_;
        out_ += ',';
      }
      if (peek() != '"') return fault("expected a key");
      Member member{{}, out_.size(), 0};
      RHUMB_TRY(string(member.key));
      append_string(member.key);
      if (peek() != ':') return fault("expected ':'");
      ++at_;
      out_ += ':';
      RHUMB_TRY(value(depth + 1));
      member.end = out_.size();
      members.push_back(std::move(member));
    }
    ++at_;
    const auto in_order = [](const Member& a, const Member& b) { return a.key < b.key; };
    if (std::adjacent_find(members.begin(), members.end(), [&](const Member& a, const Member& b) {
          return !in_order(a, b);
        }) != members.end()) {
      std::stable_sort(members.begin(), members.end(), in_order);
      RHUMB_TRY(arrange(members, begin));
    }
    out_ += '}';
    return base::ok();
  }

  // After `begin`, the members are in their original order. Puts them in the order of `members`.
  // The last of equal keys counts.
  base::Status arrange(const std::vector<Member>& members, size_t begin) {
    const std::string given = out_.substr(begin);
    out_.resize(begin);
    for (size_t i = 0; i < members.size(); ++i) {
      if (i + 1 < members.size() && members[i].key == members[i + 1].key) {
        if (strict_) return fault("a key occurs twice in the object before");
        continue;
      }
      if (out_.size() > begin) out_ += ',';
      out_.append(given, members[i].begin - begin, members[i].end - members[i].begin);
    }
    return base::ok();
  }

  base::Status string(std::string& plain) {
    const size_t end = skip_string(text_, at_);
    if (end == kDamaged) return fault("a string has no end");
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 2);
    for (const char c : inside) {
      if (static_cast<unsigned char>(c) < 0x20) return fault("a string has a control character");
    }
    if (!append_unescaped(plain, inside)) return fault("an escape is invalid");
    if (strict_) {
      for (size_t i = 0; i < plain.size();) {
        const size_t length = base::utf8_length_at(plain, i);
        if (length == 0) return fault("a string is not UTF-8");
        i += length;
      }
    }
    at_ = end;
    return base::ok();
  }

  void append_string(std::string_view plain) {
    out_ += '"';
    for (const char c : plain) {
      const auto u = static_cast<unsigned char>(c);
      if (u < 0x20) {
        out_ += "\\u00";
        base::append_hex(out_, u);
        continue;
      }
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c;
    }
    out_ += '"';
  }

  size_t digits() {
    const size_t begin = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ - begin;
  }

  base::Status number() {
    const size_t begin = at_;
    bool is_float = false;
    if (peek() == '-') ++at_;
    const size_t integer = at_;
    const size_t integer_digits = digits();
    if (integer_digits == 0) return fault("expected a value");
    if (integer_digits > 1 && text_[integer] == '0') return fault("a number has a leading zero");
    if (peek() == '.') {
      is_float = true;
      ++at_;
      if (digits() == 0) return fault("a number has no digits");
    }
    if (peek() == 'e' || peek() == 'E') {
      is_float = true;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (digits() == 0) return fault("a number has no digits");
    }
    const std::string_view given = text_.substr(begin, at_ - begin);
    return is_float ? float_number(given) : integer_number(given);
  }

  base::Status integer_number(std::string_view given) {
    if (given == "-0") given = "0";
    const char* end = given.data() + given.size();
    int64_t negative = 0;
    uint64_t positive = 0;
    const auto error = given[0] == '-' ? std::from_chars(given.data(), end, negative).ec
                                       : std::from_chars(given.data(), end, positive).ec;
    if (error != std::errc()) return fault("an integer does not fit in 64 bits");
    out_ += given;
    return base::ok();
  }

  base::Status float_number(std::string_view given) {
    const std::optional<double> number = Value(given).as_double();
    if (!number) return fault("a number is outside the range of a double");
    char buffer[32];
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), *number);
    const std::string_view shortest(buffer, static_cast<size_t>(end - buffer));
    out_ += shortest;
    if (shortest.find_first_of(".e") == std::string_view::npos) out_ += ".0";
    return base::ok();
  }

  std::string_view text_;
  std::string& out_;
  const bool strict_;
  size_t at_ = 0;
};

}  // namespace

base::Status check_document(std::string_view text) {
  if (text.empty()) return base::ok();
  if (text.size() > base::limits::kMaxPayloadBytes) {
    return base::invalid("the payload has " + std::to_string(text.size()) +
                         " bytes; the limit is " + std::to_string(base::limits::kMaxPayloadBytes));
  }
  std::string form;
  return Canonical(text, form, true).run();
}

base::Result<std::string> canonical_payload_v1(std::string_view payload) {
  if (payload.empty()) return std::string("{}");
  std::string out;
  out.reserve(payload.size() + 16);
  RHUMB_TRY(Canonical(payload, out, false).run());
  return out;
}

}  // namespace rhumb::payload
