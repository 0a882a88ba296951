#include "crypto/aes_gcm.h"

#include "base/check.h"
#include "crypto/hmac.h"

namespace bridgehall::crypto {
namespace {

// One for the process and never freed: it holds the table of functions chosen for this CPU. The direct functions keep
// their state in the caller's memory, so all threads may share it.
const IMB_MGR* shared_manager() {
  static const IMB_MGR* const manager = []() -> const IMB_MGR* {
    IMB_MGR* made = alloc_mb_mgr(0);
    if (made == nullptr) return nullptr;
    init_mb_mgr_auto(made, nullptr);
    constexpr std::uint64_t kNeeded =
        IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_AVX | IMB_FEATURE_SELF_TEST_PASS;
    if (imb_get_errno(made) == 0 && (made->features & kNeeded) == kNeeded) return made;
    free_mb_mgr(made);
    return nullptr;
  }();
  return manager;
}

}  // namespace

bool has_vectorised_gcm() { return shared_manager() != nullptr; }

AesGcm::AesGcm(const std::array<std::uint8_t, 16>& key, GcmEngine engine, Direction direction) {
  if (engine == GcmEngine::fastest) manager_ = shared_manager();
  if (manager_ != nullptr) {
    IMB_AES128_GCM_PRE(manager_, key.data(), &key_);
    return;
  }
  context_.reset(EVP_CIPHER_CTX_new());
  BRIDGEHALL_CHECK(context_ != nullptr);
  const bool ready = EVP_CipherInit_ex(context_.get(), EVP_aes_128_gcm(), nullptr, key.data(), nullptr,
                                       direction == Direction::seal) == 1;
  BRIDGEHALL_CHECK(ready);
}

void AesGcm::seal_openssl(const Nonce& nonce, BytesView associated, const Pieces& pieces, std::uint8_t* out) {
  auto* context = context_.get();
  int written = 0;
  bool done =
      EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
      EVP_EncryptUpdate(context, nullptr, &written, associated.data(), static_cast<int>(associated.size())) == 1;
  for (const BytesView piece : {pieces.first, pieces.middle, pieces.last}) {
    if (piece.empty()) continue;
    done = done && EVP_EncryptUpdate(context, out, &written, piece.data(), static_cast<int>(piece.size())) == 1;
    out += piece.size();
  }
  done = done && EVP_EncryptFinal_ex(context, out, &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagSize, out) == 1;
  BRIDGEHALL_CHECK(done);
}

bool AesGcm::open(const Nonce& nonce, BytesView associated, MutableBytes text, const std::uint8_t* tag) {
  if (manager_ == nullptr) return open_openssl(nonce, associated, text, tag);
  gcm_context_data context;
  std::array<std::uint8_t, kTagSize> right;
  IMB_AES128_GCM_DEC(manager_, &key_, &context, text.data(), text.data(), text.size(), nonce.data(), associated.data(),
                     associated.size(), right.data(), kTagSize);
  return equal_in_constant_time(right, {tag, kTagSize});
}

bool AesGcm::open_openssl(const Nonce& nonce, BytesView associated, MutableBytes text, const std::uint8_t* tag) {
  auto* context = context_.get();
  int written = 0;
  std::array<std::uint8_t, kTagSize> given;
  std::copy(tag, tag + kTagSize, given.begin());
  bool done =
      EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
      EVP_DecryptUpdate(context, nullptr, &written, associated.data(), static_cast<int>(associated.size())) == 1;
  if (!text.empty()) {
    done = done && EVP_DecryptUpdate(context, text.data(), &written, text.data(), static_cast<int>(text.size())) == 1;
  }
  done = done && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagSize, given.data()) == 1;
  BRIDGEHALL_CHECK(done);
  std::uint8_t nothing[16];
  return EVP_DecryptFinal_ex(context, nothing, &written) == 1;
}

}  // namespace bridgehall::crypto
