#include "host/http/request.h"

#include <charconv>

#include "host/base/ascii.h"
#include "host/base/clock.h"
#include "host/base/json_text.h"
#include "host/base/log.h"

namespace rhumb::http {
std::shared_ptr<Request> Request::make(
    std::string_view method, std::string_view target,
    const std::vector<std::pair<std::string, std::string>>& fields, std::string body) {
  auto request = std::make_shared<Request>();
  // One string holds all texts. It is complete before the first view of it is taken.
  for (const std::string_view part : {method, target}) request->head.append(part);
  for (const auto& [name, value] : fields) request->head.append(name).append(value);
  size_t at = 0;
  const auto take = [&](size_t n) {
    return std::string_view(request->head).substr(std::exchange(at, at + n), n);
  };
  request->method = take(method.size());
  request->target = take(target.size());
  for (const auto& [name, value] : fields) {
    const std::string_view name_view = take(name.size());
    request->fields.push_back({name_view, take(value.size())});
  }
  const size_t mark = request->target.find('?');
  request->path = request->target.substr(0, mark);
  if (mark != std::string_view::npos) request->query = request->target.substr(mark + 1);
  request->body = std::move(body);
  request->body.reserve(request->body.size() + kBodyPadding);
  request->request_id = request->header("x-request-id");
  request->remote = "127.0.0.1:0";
  request->received_ns = base::monotonic_ns();
  return request;
}

std::string_view Request::header(std::string_view name) const {
  for (const Field& field : fields) {
    if (base::equal_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

bool Request::has_header(std::string_view name) const {
  for (const Field& field : fields) {
    if (base::equal_ignoring_case(field.name, name)) return true;
  }
  return false;
}

Response error_response(int status, std::string_view message, double seconds) {
  Response response;
  response.status = status;
  response.body = "{\"status\":{\"error\":";
  base::append_json_string(response.body, message);
  response.body += "},\"time\":";
  char text[32];
  response.body.append(text, std::to_chars(text, text + sizeof(text), seconds).ptr);
  response.body += '}';
  return response;
}

Next::~Next() {
  if (sink_) sink_->fail({base::Code::kInternal, "the stream was dropped by its producer"});
}

Reply& Reply::operator=(Reply&& other) noexcept {
  if (this != &other) {
    Reply dropped(std::move(*this));
    sink_ = std::move(other.sink_);
  }
  return *this;
}

Reply::~Reply() {
  if (sink_) sink_->dropped();
}

void ReplySink::dropped() {
  send(error_response(500, "Service internal error: the request was dropped"));
}

std::unique_ptr<BodySink> Handler::stream(const std::shared_ptr<Request>&, Reply&) {
  return nullptr;
}

}  // namespace rhumb::http
