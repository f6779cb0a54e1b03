#include "host/http/file_reply.h"

#include <algorithm>
#include <utility>

#include "host/base/limits.h"
#include "host/http/byte_range.h"

namespace rhumb::http {
namespace {

// Lives in the pull function and in the read that is going on.
struct Source {
  base::File file;
  uint64_t at = 0, left = 0;
  base::Executor& pool;

  void read(Next next) {
    std::string piece(std::min(left, base::limits::kMaxStreamChunkBytes), '\0');
    const base::Status status = file.read_at(at, piece.data(), piece.size());
    if (!status.ok()) return next.fail(status);
    at += piece.size();
    left -= piece.size();
    next.chunk(std::move(piece));
  }
};

void pull(const std::shared_ptr<Source>& source, Next next) {
  if (source->left == 0) return next.end();
  // A task that is refused is dropped with its Next, which fails the stream.
  (void)source->pool.post(
      [source, next = std::move(next)]() mutable { source->read(std::move(next)); });
}

std::string plain(const std::string& name) {
  std::string out = name;
  for (char& c : out) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '_';
  }
  return out;
}

}  // namespace

void send_file(Reply reply, const Request& request, FileReply what, base::Executor& pool) {
  const auto size = what.file.size();
  if (!size.ok())
    return reply(error_response(500, "Service internal error: " + size.status().message()));
  const std::string tag = '"' + plain(what.tag) + '"';
  const std::string_view only_if = request.header("if-range");
  const bool fits = only_if.empty() || only_if == tag;
  const ByteRange range = byte_range(fits ? request.header("range") : "", *size);
  Response head;
  if (range.status == 416) {
    head =
        error_response(416, "Bad request: the range '" + std::string(request.header("range")) +
                                "' is beyond the " + std::to_string(*size) + " bytes of the file");
    head.headers.emplace_back("Content-Range", "bytes */" + std::to_string(*size));
    return reply(std::move(head));
  }
  head.status = range.status;
  head.content_type = what.content_type;
  head.stream_length = range.length;
  head.headers = {{"Accept-Ranges", "bytes"},
                  {"ETag", tag},
                  {"Content-Disposition", "attachment; filename=\"" + plain(what.name) + '"'}};
  if (range.status == 206)
    head.headers.emplace_back("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                                   std::to_string(range.first + range.length - 1) +
                                                   "/" + std::to_string(*size));
  auto source =
      std::make_shared<Source>(Source{std::move(what.file), range.first, range.length, pool});
  reply.stream(std::move(head), [source](Next next) { pull(source, std::move(next)); });
}

}  // namespace rhumb::http
