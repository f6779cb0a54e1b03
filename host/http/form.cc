#include "host/http/form.h"

#include <algorithm>

#include "host/base/ascii.h"
#include "host/base/limits.h"

namespace rhumb::http {

namespace limits = base::limits;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kFormType = "multipart/form-data";
constexpr size_t kMaxBoundary = 70;  // RFC 2046

Status malformed(const std::string& why) { return base::invalid("the form: " + why); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes `; name=value` or `; name="value"` from the front of `text`. Nothing when the text is not
// of that form.
std::optional<std::pair<std::string_view, std::string>> next_parameter(std::string_view& text) {
  text = trimmed(text);
  if (!text.starts_with(';')) return std::nullopt;
  text.remove_prefix(1);
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view name = trimmed(text.substr(0, equals));
  text = trimmed(text.substr(equals + 1));
  std::string value;
  if (!text.starts_with('"')) {
    const size_t end = std::min(text.find(';'), text.size());
    value = std::string(trimmed(text.substr(0, end)));
    text.remove_prefix(end);
    return std::pair(name, std::move(value));
  }
  size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  if (i >= text.size()) return std::nullopt;
  text.remove_prefix(i + 1);
  return std::pair(name, std::move(value));
}

Result<std::string> boundary_of(std::string_view content_type) {
  const size_t end = std::min(content_type.find(';'), content_type.size());
  if (!base::equal_ignoring_case(trimmed(content_type.substr(0, end)), kFormType))
    return base::invalid("the content type '" + std::string(content_type.substr(0, 100)) +
                         "' is not " + std::string(kFormType));
  content_type.remove_prefix(end);
  while (const auto parameter = next_parameter(content_type)) {
    if (!base::equal_ignoring_case(parameter->first, "boundary")) continue;
    const std::string& boundary = parameter->second;
    const bool plain =
        std::all_of(boundary.begin(), boundary.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    if (boundary.empty() || boundary.size() > kMaxBoundary || !plain || boundary.back() == ' ')
      return malformed("its boundary is not 1 to 70 printable characters");
    return boundary;
  }
  return malformed("its content type has no boundary");
}

// From the header of a part, without the empty line at its end.
Result<FormPart> part_of(std::string_view header) {
  FormPart part;
  bool named = false;
  while (!header.empty()) {
    const size_t end = std::min(header.find("\r\n"), header.size());
    const std::string_view line = header.substr(0, end);
    header.remove_prefix(std::min(header.size(), end + 2));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return malformed("a line of a part's header has no colon");
    if (!base::equal_ignoring_case(trimmed(line.substr(0, colon)), "content-disposition")) continue;
    std::string_view value = trimmed(line.substr(colon + 1));
    const size_t kind = std::min(value.find(';'), value.size());
    if (!base::equal_ignoring_case(trimmed(value.substr(0, kind)), "form-data") || named)
      return malformed("a part has no content disposition of form-data, or two");
    value.remove_prefix(kind);
    while (auto parameter = next_parameter(value)) {
      if (base::equal_ignoring_case(parameter->first, "name")) {
        part.name = std::move(parameter->second);
        named = true;
      } else if (base::equal_ignoring_case(parameter->first, "filename")) {
        part.filename = std::move(parameter->second);
      }
    }
  }
  if (!named) return malformed("a part has no name");
  return part;
}

}  // namespace

// The first boundary may stand at the very beginning, where no line ends before it.
FormReader::FormReader(std::string delimiter, FormSink& sink)
    : sink_(sink), delimiter_(std::move(delimiter)), buffer_("\r\n") {}

Result<std::unique_ptr<FormReader>> FormReader::begin(std::string_view content_type,
                                                      FormSink& sink) {
  RHUMB_ASSIGN(const std::string boundary, boundary_of(content_type));
  return std::unique_ptr<FormReader>(new FormReader("\r\n--" + boundary, sink));
}

Status FormReader::feed(std::string_view bytes) {
  buffer_ += bytes;
  while (true) {
    RHUMB_ASSIGN(const bool more, advance());
    if (!more) break;
  }
  buffer_.erase(0, at_);
  at_ = 0;
  return base::ok();
}

Status FormReader::finish() const {
  if (state_ == State::kEpilogue) return base::ok();
  return malformed("it is cut short");
}

// Returns whether there may be more to do without more bytes.
Result<bool> FormReader::advance() {
  switch (state_) {
    case State::kPreamble:
      return to_boundary(false);
    case State::kBoundaryEnd:
      return boundary_end();
    case State::kHeader:
      return header();
    case State::kBody:
      return to_boundary(true);
    case State::kEpilogue:
      break;
  }
  outside_bytes_ += buffer_.size() - at_;
  at_ = buffer_.size();
  if (outside_bytes_ > limits::kMaxFormEpilogueBytes)
    return malformed("more than " + std::to_string(limits::kMaxFormEpilogueBytes) +
                     " bytes are outside of its parts");
  return false;
}

Result<bool> FormReader::to_boundary(bool inside) {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  const size_t found = rest.find(delimiter_);
  // The end of the buffer may be the beginning of a boundary.
  const size_t sure = found != std::string_view::npos
                          ? found
                          : rest.size() - std::min(rest.size(), delimiter_.size() - 1);
  if (inside) {
    if (sure > 0) RHUMB_TRY(sink_.data(rest.substr(0, sure)));
  } else {
    outside_bytes_ += sure;
    if (outside_bytes_ > limits::kMaxFormEpilogueBytes) return malformed("no boundary begins it");
  }
  at_ += sure;
  if (found == std::string_view::npos) return false;
  if (inside) RHUMB_TRY(sink_.part_end());
  at_ += delimiter_.size();
  state_ = State::kBoundaryEnd;
  return true;
}

// After a boundary: two dashes at the end of the form, else the end of the line.
Result<bool> FormReader::boundary_end() {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  if (rest.starts_with("--")) {
    at_ += 2;
    state_ = State::kEpilogue;
    return true;
  }
  const size_t blanks = std::min(rest.find_first_not_of(" \t"), rest.size());
  const std::string_view line_end = rest.substr(blanks);
  if (line_end.starts_with("\r\n")) {
    at_ += blanks;  // The line's end stays: an empty header ends with a second one.
    state_ = State::kHeader;
    return true;
  }
  const bool may_come = rest.size() < limits::kMaxFormHeaderBytes &&
                        (line_end.empty() || line_end == "\r" || rest == "-");
  if (may_come) return false;
  return malformed("a boundary is followed by other text");
}

Result<bool> FormReader::header() {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  const size_t end = rest.find("\r\n\r\n");
  if (std::min(end, rest.size()) > limits::kMaxFormHeaderBytes)
    return malformed("the header of a part has more than " +
                     std::to_string(limits::kMaxFormHeaderBytes) + " bytes");
  if (end == std::string_view::npos) return false;
  if (++parts_ > limits::kMaxFormParts)
    return malformed("it has more than " + std::to_string(limits::kMaxFormParts) + " parts");
  RHUMB_ASSIGN(const FormPart part, part_of(end < 2 ? "" : rest.substr(2, end - 2)));
  RHUMB_TRY(sink_.part(part));
  at_ += end + 4;
  state_ = State::kBody;
  return true;
}

}  // namespace rhumb::http
