#include "crypto/srtp_keys.h"

#include <memory>

#include <openssl/evp.h>

#include "base/check.h"

namespace bridgehall::crypto {
namespace {

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

// Labels of RFC 3711 section 4.3.1 and 4.3.2.
enum class Label : std::uint8_t {
  rtp_cipher,
  rtp_authentication,
  rtp_salt,
  rtcp_cipher,
  rtcp_authentication,
  rtcp_salt
};

// The pseudo-random function AES-CM (RFC 3711 section 4.3.3): keystream from (label || index 0) XOR master salt,
// shifted left by 16 bits for the block counter.
void derive(EVP_CIPHER_CTX* context, const std::array<std::uint8_t, 14>& salt, Label label, MutableBytes out) {
  std::array<std::uint8_t, 16> counter{};
  std::copy(salt.begin(), salt.end(), counter.begin());
  counter[7] ^= static_cast<std::uint8_t>(label);
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  int written = 0;
  const bool done = EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, counter.data()) == 1 &&
                    EVP_EncryptUpdate(context, out.data(), &written, out.data(), static_cast<int>(out.size())) == 1;
  BRIDGEHALL_CHECK(done);
}

}  // namespace

SessionKeys derive_session_keys(SrtpSuite suite, const SrtpKey& master) {
  CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  BRIDGEHALL_CHECK(context != nullptr);
  const bool ready =
      EVP_EncryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, master.master_key.data(), nullptr) == 1;
  BRIDGEHALL_CHECK(ready);

  const bool gcm = suite == SrtpSuite::aead_aes_128_gcm;
  auto salt = master.master_salt;
  if (gcm) salt[12] = salt[13] = 0;  // a 96-bit salt is padded on the right (RFC 7714 section 11)

  SessionKeys keys;
  const std::size_t salt_size = gcm ? 12 : 14;
  derive(context.get(), salt, Label::rtp_cipher, keys.rtp.cipher_key);
  derive(context.get(), salt, Label::rtp_salt, MutableBytes(keys.rtp.salt).first(salt_size));
  derive(context.get(), salt, Label::rtcp_cipher, keys.rtcp.cipher_key);
  derive(context.get(), salt, Label::rtcp_salt, MutableBytes(keys.rtcp.salt).first(salt_size));
  if (!gcm) {
    derive(context.get(), salt, Label::rtp_authentication, keys.rtp.authentication_key);
    derive(context.get(), salt, Label::rtcp_authentication, keys.rtcp.authentication_key);
  }
  return keys;
}

}  // namespace bridgehall::crypto
