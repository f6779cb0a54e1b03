// Fetches an archive from another server over HTTP or HTTPS.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::app {

// Blocks. `take` gets the body in pieces, and its failure ends the transfer. `api_key` is sent as
// the header api-key if it is not empty. Redirects are not followed, because they could lead to a
// URL that is not allowed. The certificate of an HTTPS server has to be one that the system's
// authorities (or those of SSL_CERT_FILE) vouch for. kInvalid: the server answered with something
// else than 200. kUnavailable: it was not reached, or the transfer was cut off.
base::Status download(const std::string& url, const std::string& api_key,
                      const std::function<base::Status(std::string_view)>& take,
                      const std::function<bool()>& stopping);

}  // namespace rhumb::app
