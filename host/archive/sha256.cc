#include "host/archive/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <span>

#include "host/base/assert.h"
#include "host/base/hex.h"

namespace rhumb::archive {

Sha256::Sha256() : state_(EVP_MD_CTX_new()) {
  RHUMB_ASSERT(state_ != nullptr);
  // It fails only when OpenSSL was built without SHA-256 or has no memory left.
  RHUMB_ASSERT(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(state_), EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(state_)); }

void Sha256::update(std::string_view bytes) {
  RHUMB_ASSERT(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(state_), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  RHUMB_ASSERT(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(state_), digest.data(), &size) == 1);
  return base::hex(std::span<const uint8_t>(digest.data(), size));
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

}  // namespace rhumb::archive
