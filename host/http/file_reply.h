// Answers a request with a file or with the part of it that the request asks for.
#pragma once

#include <memory>
#include <string>

#include "host/base/executor.h"
#include "host/base/file.h"
#include "host/http/request.h"

namespace rhumb::http {

struct FileReply {
  base::File file;
  std::string name;          // that a browser saves it under
  std::string content_type;  // not one that is worth compressing
  std::string tag;           // of the content, for If-Range; without quotes
};

// Streams the file with its length, piece by piece: the pool reads, and one piece is in memory. If
// the request has a Range, the answer is 206 or 416; with an If-Range that names another tag, the
// whole file.
void send_file(Reply reply, const Request& request, FileReply what, base::Executor& pool);

}  // namespace rhumb::http
