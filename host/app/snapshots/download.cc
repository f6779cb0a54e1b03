#include "host/app/snapshots/download.h"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>

#include <istream>
#include <memory>

#include "host/app/snapshots/allowed_urls.h"
#include "host/base/limits.h"
#include "host/base/version.h"

namespace rhumb::app {

using base::Status;

namespace {

// A server that is silent for longer is given up. A stop of this server waits no longer than that.
constexpr long kStepSeconds = 15;
constexpr int kVerifyDepth = 9;  // of a chain of certificates; OpenSSL's own default is 100

std::unique_ptr<Poco::Net::HTTPClientSession> session_to(const UrlParts& url) {
  std::unique_ptr<Poco::Net::HTTPClientSession> session;
  if (url.scheme == "https") {
    Poco::Net::Context::Ptr context(new Poco::Net::Context(
        Poco::Net::Context::CLIENT_USE, "", Poco::Net::Context::VERIFY_STRICT, kVerifyDepth, true));
    context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
    context->enableExtendedCertificateVerification(true);
    session = std::make_unique<Poco::Net::HTTPSClientSession>(url.host, url.port, context);
  } else {
    session = std::make_unique<Poco::Net::HTTPClientSession>(url.host, url.port);
  }
  session->setTimeout(Poco::Timespan(kStepSeconds, 0));
  session->setKeepAlive(false);
  return session;
}

Status transfer(const UrlParts& url, const std::string& api_key,
                const std::function<Status(std::string_view)>& take,
                const std::function<bool()>& stopping) {
  const auto session = session_to(url);
  Poco::Net::HTTPRequest request("GET", url.query, Poco::Net::HTTPMessage::HTTP_1_1);
  request.set("User-Agent", std::string("rhumb/") + base::kRhumbVersion);
  if (!api_key.empty()) request.set("api-key", api_key);
  session->sendRequest(request);
  Poco::Net::HTTPResponse response;
  std::istream& in = session->receiveResponse(response);
  if (response.getStatus() != Poco::Net::HTTPResponse::HTTP_OK)
    return base::invalid("location: the server answered " + std::to_string(response.getStatus()) +
                         " " + response.getReason());
  std::string piece(base::limits::kArchivePieceBytes, '\0');
  uint64_t bytes = 0;
  while (in.good()) {
    if (stopping()) return {base::Code::kUnavailable, "stopping"};
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto got = static_cast<size_t>(in.gcount());
    bytes += got;
    if (got > 0) RHUMB_TRY(take({piece.data(), got}));
  }
  const bool whole = !in.bad() && (!response.hasContentLength() ||
                                   bytes == static_cast<uint64_t>(response.getContentLength64()));
  if (whole) return base::ok();
  return {base::Code::kUnavailable,
          "location: the transfer was cut off after " + std::to_string(bytes) + " bytes"};
}

}  // namespace

Status download(const std::string& url, const std::string& api_key,
                const std::function<Status(std::string_view)>& take,
                const std::function<bool()>& stopping) {
  const auto parts = parse_url(url);
  if (!parts.ok()) return parts.status();
  try {
    return transfer(*parts, api_key, take, stopping);
  } catch (const Poco::Exception& e) {
    return {base::Code::kUnavailable, "location: cannot fetch " + url + ": " + e.displayText()};
  } catch (const std::exception& e) {
    return {base::Code::kUnavailable, "location: cannot fetch " + url + ": " + e.what()};
  }
}

}  // namespace rhumb::app
