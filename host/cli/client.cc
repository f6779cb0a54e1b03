#include "host/cli/client.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "host/base/uuid.h"

namespace rhumb::cli {
namespace {

constexpr int kTimeoutSeconds = 120;
constexpr size_t kTransferPieceBytes = 64 * 1024;

base::Status failure(const Answer& answer) {
  std::string text = answer.body;
  const auto parsed = nlohmann::json::parse(answer.body, nullptr, false);
  if (parsed.is_object() && parsed.contains("status") && parsed["status"].is_object())
    text = parsed["status"].value("error", text);
  if (text.empty()) text = "no text";
  base::Code code = base::Code::kInvalid;
  if (answer.http_status == 401) code = base::Code::kUnauthenticated;
  if (answer.http_status == 403) code = base::Code::kForbidden;
  if (answer.http_status == 404) code = base::Code::kNotFound;
  if (answer.http_status >= 500) code = base::Code::kInternal;
  return {code, "the server answered " + std::to_string(answer.http_status) + ": " + text};
}

}  // namespace

struct Client::Impl {
  std::string url, prefix, api_key;
  Poco::Net::HTTPClientSession session;

  Poco::Net::HTTPRequest request(const std::string& method, const std::string& path) const {
    Poco::Net::HTTPRequest r(method, prefix + path, Poco::Net::HTTPMessage::HTTP_1_1);
    r.setKeepAlive(true);
    if (!api_key.empty()) r.set("api-key", api_key);
    return r;
  }
  base::Status unreachable(const Poco::Exception& e) const {
    return {base::Code::kUnavailable, "cannot reach " + url + ": " + e.displayText()};
  }
};

Client::~Client() = default;
const std::string& Client::url() const { return impl_->url; }

base::Result<std::unique_ptr<Client>> Client::connect(const std::string& url,
                                                      const std::string& api_key) {
  std::unique_ptr<Client> client(new Client);
  client->impl_ = std::make_unique<Impl>();
  try {
    const Poco::URI uri(url);
    if (uri.getScheme() != "http" || uri.getHost().empty())
      return base::invalid("--url: '" + url + "' is not of the form http://host:port");
    client->impl_->session.setHost(uri.getHost());
    client->impl_->session.setPort(uri.getPort());
    client->impl_->prefix = uri.getPath() == "/" ? "" : uri.getPath();
  } catch (const Poco::Exception& e) {
    return base::invalid("--url: '" + url + "': " + e.displayText());
  }
  client->impl_->url = url;
  client->impl_->api_key = api_key;
  client->impl_->session.setKeepAlive(true);
  client->impl_->session.setTimeout(Poco::Timespan(kTimeoutSeconds, 0));
  return client;
}

base::Result<Answer> Client::send(const std::string& method, const std::string& path,
                                  const std::string& body, const std::string& content_type) {
  const auto start = std::chrono::steady_clock::now();
  try {
    Poco::Net::HTTPRequest request = impl_->request(method, path);
    if (!body.empty()) request.setContentType(content_type);
    if (!body.empty() || method != "GET")
      request.setContentLength64(static_cast<Poco::Int64>(body.size()));
    impl_->session.sendRequest(request) << body << std::flush;
    Poco::Net::HTTPResponse response;
    std::istream& in = impl_->session.receiveResponse(response);
    Answer answer;
    Poco::StreamCopier::copyToString(in, answer.body);
    answer.http_status = response.getStatus();
    answer.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return answer;
  } catch (const Poco::Exception& e) {
    impl_->session.reset();
    return impl_->unreachable(e);
  }
}

base::Result<Answer> Client::call(const std::string& method, const std::string& path,
                                  const std::string& body, const std::string& content_type) {
  RHUMB_ASSIGN(Answer answer, send(method, path, body, content_type));
  if (answer.http_status >= 400) return failure(answer);
  return answer;
}

base::Status Client::download(const std::string& path,
                              const std::function<bool(const char*, size_t)>& sink) {
  try {
    Poco::Net::HTTPRequest request = impl_->request("GET", path);
    impl_->session.sendRequest(request) << std::flush;
    Poco::Net::HTTPResponse response;
    std::istream& in = impl_->session.receiveResponse(response);
    if (response.getStatus() >= 400) {
      Answer answer;
      Poco::StreamCopier::copyToString(in, answer.body);
      answer.http_status = response.getStatus();
      return failure(answer);
    }
    std::string chunk(kTransferPieceBytes, '\0');
    while (in.good()) {
      in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
      if (in.gcount() > 0 && !sink(chunk.data(), static_cast<size_t>(in.gcount()))) {
        impl_->session.reset();
        return base::ok();
      }
    }
    if (in.bad())
      return {base::Code::kUnavailable, "the connection to " + impl_->url + " was lost"};
    return base::ok();
  } catch (const Poco::Exception& e) {
    impl_->session.reset();
    return impl_->unreachable(e);
  }
}

base::Result<Answer> Client::upload(const std::string& path, const std::string& file,
                                    const std::function<void(uint64_t)>& sent) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return base::invalid(file + ": " + std::strerror(errno));
  const auto bytes = static_cast<uint64_t>(in.tellg());
  in.seekg(0);
  const std::string edge = "rhumb-" + base::uuid_text(base::random_uuid());
  const std::string head = "--" + edge +
                           "\r\nContent-Disposition: form-data; name=\"snapshot\"; "
                           "filename=\"snapshot\"\r\n"
                           "Content-Type: application/octet-stream\r\n\r\n";
  const std::string end = "\r\n--" + edge + "--\r\n";
  try {
    Poco::Net::HTTPRequest request = impl_->request("POST", path);
    request.setContentType("multipart/form-data; boundary=" + edge);
    request.setContentLength64(static_cast<Poco::Int64>(head.size() + bytes + end.size()));
    std::ostream& out = impl_->session.sendRequest(request);
    out << head;
    std::string piece(kTransferPieceBytes, '\0');
    uint64_t done = 0;
    while (done < bytes && out.good()) {
      in.read(piece.data(), static_cast<std::streamsize>(std::min(bytes - done, piece.size())));
      if (in.gcount() <= 0) return base::invalid(file + ": it became shorter while it was read");
      out.write(piece.data(), in.gcount());
      done += static_cast<uint64_t>(in.gcount());
      sent(done);
    }
    // A server that refuses the archive answers before it has read all of it.
    out << end << std::flush;
    Poco::Net::HTTPResponse response;
    Answer answer;
    Poco::StreamCopier::copyToString(impl_->session.receiveResponse(response), answer.body);
    answer.http_status = response.getStatus();
    if (answer.http_status >= 400) return failure(answer);
    return answer;
  } catch (const Poco::Exception& e) {
    impl_->session.reset();
    return impl_->unreachable(e);
  }
}

void Client::answer_within(std::chrono::seconds timeout) {
  impl_->session.setTimeout(Poco::Timespan(timeout.count(), 0));
}

std::string path_part(const std::string& name) {
  std::string out;
  Poco::URI::encode(name, "/?#%:@!$&'()*+,;=[]\"<>\\^`{|}", out);
  return out;
}

}  // namespace rhumb::cli
