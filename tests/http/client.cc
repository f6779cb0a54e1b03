#include "tests/http/client.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "host/http/gzip.h"

namespace rhumb::http {

Answer Client::read(bool head_only) {
  Answer answer;
  size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return answer;
  }
  const std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  answer.status = std::stoi(head.substr(9, 3));
  for (size_t at = head.find("\r\n") + 2; at < head.size();) {
    const size_t stop = head.find("\r\n", at);
    const size_t colon = head.find(": ", at);
    std::string name = head.substr(at, colon - at);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string& value = answer.fields[name];
    value += (value.empty() ? "" : ", ") + head.substr(colon + 2, stop - colon - 2);
    at = stop + 2;
  }
  answer.whole = true;
  if (head_only || answer.status < 200 || answer.status == 204) return answer;
  if (answer.fields.contains("transfer-encoding") &&
      answer.fields["transfer-encoding"] == "chunked") {
    answer.whole = read_chunked(answer);
  } else if (answer.fields.contains("content-length")) {
    const size_t length = std::stoul(answer.fields["content-length"]);
    while (buffer_.size() < length && (answer.whole = fill())) {}
    answer.body = buffer_.substr(0, length);
    buffer_.erase(0, answer.body.size());
    // The memory tests measure the server's buffers.
    if (buffer_.empty()) std::string().swap(buffer_);
  } else {
    while (fill()) {}
    answer.body = std::exchange(buffer_, {});
  }
  return answer;
}

bool Client::read_chunked(Answer& answer) {
  while (true) {
    size_t eol = 0;
    while ((eol = buffer_.find("\r\n")) == std::string::npos) {
      if (!fill()) return false;
    }
    const size_t length = std::stoul(buffer_.substr(0, eol), nullptr, 16);
    while (buffer_.size() < eol + 2 + length + 2) {
      if (!fill()) return false;
    }
    answer.body += buffer_.substr(eol + 2, length);
    buffer_.erase(0, eol + 2 + length + 2);
    if (length == 0) return true;
  }
}

Answer Client::get(std::string_view path, std::string_view more_fields) {
  std::string request = "GET ";
  request.append(path).append(" HTTP/1.1\r\nHost: test\r\n").append(more_fields).append("\r\n");
  return send(request) ? read() : Answer{};
}

Answer Client::post(std::string_view path, std::string_view body, std::string_view more_fields) {
  std::string request = "POST ";
  request.append(path)
      .append(" HTTP/1.1\r\nHost: test\r\nContent-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n");
  request.append(more_fields).append("\r\n").append(body);
  return send(request) ? read() : Answer{};
}

std::string gunzip(std::string_view packed) {
  Gunzip unpacker;
  std::string out;
  while (!unpacker.finished()) {
    const auto taken = unpacker.step(packed, out, 1 << 20);
    if (!taken.ok() || (*taken == 0 && !unpacker.pending() && packed.empty()))
      throw std::runtime_error("bad gzip");
    packed.remove_prefix(*taken);
  }
  return out;
}

}  // namespace rhumb::http
