#include "app/doctor/certificate.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/address.h"
#include "crypto/dtls_certificate.h"

namespace bridgehall::app::doctor {
namespace {

using std::chrono::sys_seconds;

constexpr std::chrono::days kSoon{21};  // authorities that renew by themselves do it 30 days before

using File = std::unique_ptr<std::FILE, decltype([](std::FILE* file) { std::fclose(file); })>;
using AlternativeNames = std::unique_ptr<GENERAL_NAMES, crypto::OpenSslFree<GENERAL_NAMES_free>>;

sys_seconds to_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return sys_seconds{std::chrono::seconds{timegm(&parts)}};
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  const AlternativeNames list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(list.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    const auto* value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const auto* data = ASN1_STRING_get0_data(value);
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(value));
    if (name->type == GEN_DNS) {
      names.emplace_back(reinterpret_cast<const char*>(data), size);
    } else if (size == 4) {
      names.push_back(IpAddress::v4(data[0], data[1], data[2], data[3]).to_string());
    } else if (size == 16) {
      IpAddress ip;
      std::memcpy(ip.bytes.data(), data, 16);
      names.push_back(ip.to_string());
    }
  }
  return names;
}

bool covers(X509* certificate, const std::string& host) {
  return X509_check_host(certificate, host.c_str(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
}

std::string date(sys_seconds time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(time.time_since_epoch().count())));
}

std::string list(const std::vector<std::string>& names) {
  return names.empty() ? "no name" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::optional<CertificateFacts> gather_certificate(const Configuration& c) {
  if (!c.http_certificate_file.empty())
    return read_certificate(c.http_certificate_file, c.http_certificate_key_file, c.http_names);
  const auto ip = IpAddress::parse(c.http_address);
  const auto own = c.data_folder + "/https_certificate.pem";
  if (!ip || ip->is_loopback()) return std::nullopt;
  if (!std::filesystem::exists(own)) return CertificateFacts{.file = own, .to_come = true};
  return read_certificate(own, c.data_folder + "/https_key.pem", c.http_names);
}

CertificateFacts read_certificate(const std::string& file, const std::string& key_file,
                                  const std::vector<std::string>& hosts) {
  CertificateFacts facts{.file = file, .key_file = key_file};
  const File opened(std::fopen(file.c_str(), "re"));
  if (!opened) {
    facts.mistake = fmt::format("{} cannot be read: {}.", file, std::strerror(errno));
    return facts;
  }
  const crypto::CertificatePointer certificate(PEM_read_X509(opened.get(), nullptr, nullptr, nullptr));
  if (!certificate) {
    facts.mistake = fmt::format("{} is no certificate in PEM form.", file);
    return facts;
  }
  const File key_opened(std::fopen(key_file.c_str(), "re"));
  if (!key_opened) {
    facts.mistake = fmt::format("{} cannot be read: {}.", key_file, std::strerror(errno));
    return facts;
  }
  // A key with a passphrase is not one that a server can start with: no prompt.
  const crypto::KeyPointer key(PEM_read_PrivateKey(
      key_opened.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
  if (!key) {
    facts.mistake = fmt::format("{} is no private key in PEM form without a passphrase.", key_file);
    return facts;
  }
  facts.key_belongs = X509_check_private_key(certificate.get(), key.get()) == 1;
  facts.self_signed = X509_self_signed(certificate.get(), 0) == 1;
  facts.valid_from = to_time(X509_get0_notBefore(certificate.get()));
  facts.valid_until = to_time(X509_get0_notAfter(certificate.get()));
  facts.names = names_of(certificate.get());
  for (const auto& host : hosts)
    if (!covers(certificate.get(), host)) facts.uncovered.push_back(host);
  return facts;
}

Findings check_certificate(const std::optional<CertificateFacts>& facts, sys_seconds now) {
  if (!facts) return {make_finding(Level::ok, "certificate.none")};
  if (facts->to_come) return {make_finding(Level::attention, "certificate.own")};
  if (!facts->mistake.empty())
    return {make_finding(Level::problem, "certificate.unreadable", {{"reason", facts->mistake}})};
  Findings findings;
  const std::pair<std::string, std::string> file{"file", facts->file};
  if (!facts->key_belongs)
    findings.push_back(make_finding(Level::problem, "certificate.mismatch", {file, {"key", facts->key_file}}));
  if (facts->self_signed) findings.push_back(make_finding(Level::attention, "certificate.own"));
  if (!facts->uncovered.empty())
    findings.push_back(make_finding(Level::problem, "certificate.names", {file, {"names", list(facts->uncovered)}}));
  const std::pair<std::string, std::string> until{"date", date(facts->valid_until)};
  if (now >= facts->valid_until)
    findings.push_back(make_finding(Level::problem, "certificate.expired", {file, until}));
  else if (now < facts->valid_from)
    findings.push_back(make_finding(Level::problem, "certificate.future", {file, {"date", date(facts->valid_from)}}));
  else if (facts->valid_until - now < kSoon)
    findings.push_back(make_finding(
        Level::attention, "certificate.expiring",
        {file,
         until,
         {"days", std::to_string(std::chrono::floor<std::chrono::days>(facts->valid_until - now).count())}}));
  if (findings.empty())
    findings.push_back(make_finding(Level::ok, "certificate.ok", {file, until, {"names", list(facts->names)}}));
  return findings;
}

}  // namespace bridgehall::app::doctor
