// AES-128-GCM with one fixed key, for the packet path: no allocation per packet. Made for one direction and owned by a
// Sealer or Opener, so used by one thread; the ipsec-mb manager behind it is read-only after start and shared by all.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include <intel-ipsec-mb.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "crypto/srtp.h"

namespace bridgehall::crypto {

// True when `GcmEngine::fastest` means ipsec-mb on this machine (AES, PCLMULQDQ and AVX, and its self-test passed).
bool has_vectorised_gcm();

class AesGcm {
 public:
  static constexpr std::size_t kTagSize = 16;
  using Nonce = std::array<std::uint8_t, 12>;
  enum class Direction : std::uint8_t { seal, open };
  // Plaintext in pieces that lie in different places, in order.
  using Pieces = std::array<BytesView, 3>;

  AesGcm(const std::array<std::uint8_t, 16>& key, GcmEngine engine, Direction direction);
  AesGcm(const AesGcm&) = delete;
  AesGcm& operator=(const AesGcm&) = delete;

  // Writes the ciphertext of all pieces and then the tag to `out`, which has the room.
  void seal(const Nonce& nonce, BytesView associated, const Pieces& pieces, std::uint8_t* out);
  // Decrypts in place; false when the tag is not that of `associated` and `text`, which is then garbage.
  bool open(const Nonce& nonce, BytesView associated, MutableBytes text, const std::uint8_t* tag);

 private:
  void seal_vectorised(const Nonce& nonce, BytesView associated, const Pieces& pieces, std::uint8_t* out);
  void seal_openssl(const Nonce& nonce, BytesView associated, const Pieces& pieces, std::uint8_t* out);
  bool open_openssl(const Nonce& nonce, BytesView associated, MutableBytes text, const std::uint8_t* tag);

  alignas(64) gcm_key_data key_{};  // the library reads it with aligned moves
  const IMB_MGR* manager_ = nullptr;  // null: OpenSSL
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_{nullptr, &EVP_CIPHER_CTX_free};
};

}  // namespace bridgehall::crypto
