#include "crypto/dtls_certificate.h"

#include <openssl/bn.h>
#include <openssl/ec.h>

#include "base/check.h"

namespace bridgehall::crypto {
namespace {

constexpr long kDay = 24 * 60 * 60;
using NumberPointer = std::unique_ptr<BIGNUM, OpenSslFree<BN_free>>;

bool set_random_serial(X509* certificate) {
  const NumberPointer number(BN_new());
  return number != nullptr && BN_rand(number.get(), 64, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

}  // namespace

Certificate make_certificate() {
  Certificate made{KeyPointer(EVP_EC_gen("P-256")), CertificatePointer(X509_new())};
  BRIDGEHALL_CHECK(made.key != nullptr && made.x509 != nullptr);
  X509* x509 = made.x509.get();
  X509_NAME* name = X509_get_subject_name(x509);
  const auto* common_name = reinterpret_cast<const unsigned char*>("bridgehall");
  const bool signed_by_itself = X509_set_version(x509, X509_VERSION_3) == 1 && set_random_serial(x509) &&
                                X509_gmtime_adj(X509_getm_notBefore(x509), -kDay) != nullptr &&
                                X509_gmtime_adj(X509_getm_notAfter(x509), 29 * kDay) != nullptr &&
                                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
                                X509_set_issuer_name(x509, name) == 1 && X509_set_pubkey(x509, made.key.get()) == 1 &&
                                X509_sign(x509, made.key.get(), EVP_sha256()) > 0;
  BRIDGEHALL_CHECK(signed_by_itself);
  return made;
}

}  // namespace bridgehall::crypto
