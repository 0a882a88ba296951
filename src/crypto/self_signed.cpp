#include "crypto/self_signed.h"

#include <algorithm>
#include <array>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "crypto/dtls_certificate.h"

namespace bridgehall::crypto {
namespace {

using BioPointer = std::unique_ptr<BIO, OpenSslFree<BIO_free>>;
using NumberPointer = std::unique_ptr<BIGNUM, OpenSslFree<BN_free>>;
using TimePointer = std::unique_ptr<ASN1_TIME, OpenSslFree<ASN1_STRING_free>>;
using NamesPointer = std::unique_ptr<GENERAL_NAMES, OpenSslFree<GENERAL_NAMES_free>>;

constexpr std::chrono::hours kClocksDiffer{24};

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

// IPv4 as four octets, all else as sixteen.
BytesView octets(const IpAddress& address) {
  return address.is_v4() ? BytesView{address.bytes}.subspan(12) : BytesView{address.bytes};
}

void add_name(GENERAL_NAMES* list, int type, BytesView value) {
  auto* name = GENERAL_NAME_new();
  auto* string = ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
  BRIDGEHALL_CHECK(name != nullptr && string != nullptr &&
                   ASN1_STRING_set(string, value.data(), static_cast<int>(value.size())) == 1);
  GENERAL_NAME_set0_value(name, type, string);
  BRIDGEHALL_CHECK(sk_GENERAL_NAME_push(list, name) > 0);
}

bool add_extension(X509* certificate, int kind, const char* value) {
  auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool set_serial(X509* certificate) {
  const NumberPointer number(BN_new());
  return number != nullptr && BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

std::time_t seconds(UnixTime time) { return static_cast<std::time_t>(time.time_since_epoch().count()); }

}  // namespace

PemPair make_self_signed(std::span<const std::string> names, std::span<const IpAddress> addresses, UnixTime now,
                         UnixTime until) {
  const KeyPointer key(EVP_EC_gen("P-256"));
  const CertificatePointer made(X509_new());
  const NamesPointer list(GENERAL_NAMES_new());
  BRIDGEHALL_CHECK(key != nullptr && made != nullptr && list != nullptr);
  for (const auto& name : names) add_name(list.get(), GEN_DNS, as_bytes_view(name));
  for (const auto& address : addresses) add_name(list.get(), GEN_IPADD, octets(address));

  auto* x509 = made.get();
  auto* subject = X509_get_subject_name(x509);
  const auto* common_name = reinterpret_cast<const unsigned char*>("Bridgehall");
  const bool signed_by_itself = X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) &&
                                ASN1_TIME_set(X509_getm_notBefore(x509), seconds(now - kClocksDiffer)) != nullptr &&
                                ASN1_TIME_set(X509_getm_notAfter(x509), seconds(until)) != nullptr &&
                                X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
                                X509_set_issuer_name(x509, subject) == 1 && X509_set_pubkey(x509, key.get()) == 1 &&
                                X509_add1_ext_i2d(x509, NID_subject_alt_name, list.get(), 0, X509V3_ADD_DEFAULT) == 1 &&
                                add_extension(x509, NID_basic_constraints, "critical,CA:FALSE") &&
                                add_extension(x509, NID_key_usage, "critical,digitalSignature") &&
                                add_extension(x509, NID_ext_key_usage, "serverAuth") &&
                                X509_sign(x509, key.get(), EVP_sha256()) > 0;
  BRIDGEHALL_CHECK(signed_by_itself);

  const BioPointer certificate_text(BIO_new(BIO_s_mem())), key_text(BIO_new(BIO_s_mem()));
  BRIDGEHALL_CHECK(PEM_write_bio_X509(certificate_text.get(), x509) == 1 &&
                   PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
                       1);
  return {text_of(certificate_text.get()), text_of(key_text.get())};
}

bool covers(std::string_view certificate, std::span<const std::string> names, std::span<const IpAddress> addresses,
            UnixTime until) {
  const BioPointer reader(BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size())));
  const CertificatePointer x509(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
  if (x509 == nullptr) return false;
  const TimePointer wanted(ASN1_TIME_set(nullptr, seconds(until)));
  if (ASN1_TIME_compare(X509_get0_notAfter(x509.get()), wanted.get()) < 0) return false;
  const auto has_name = [&](const std::string& name) {
    return X509_check_host(x509.get(), name.data(), name.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
  };
  const auto has_address = [&](const IpAddress& address) {
    const auto bytes = octets(address);
    return X509_check_ip(x509.get(), bytes.data(), bytes.size(), 0) == 1;
  };
  return std::all_of(names.begin(), names.end(), has_name) &&
         std::all_of(addresses.begin(), addresses.end(), has_address);
}

}  // namespace bridgehall::crypto
