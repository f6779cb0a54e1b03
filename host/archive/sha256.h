// SHA-256 of bytes that come in pieces.
#pragma once

#include <string>
#include <string_view>

namespace rhumb::archive {

// Used by one thread at a time.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();
  void update(std::string_view bytes);
  // 64 lower-case digits. Nothing can be added afterwards.
  std::string finish();

 private:
  void* state_;  // OpenSSL's EVP_MD_CTX, whose header is heavy
};

// Whether a text is 64 hexadecimal digits.
bool is_sha256(std::string_view text);

}  // namespace rhumb::archive
