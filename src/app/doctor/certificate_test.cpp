#include "app/doctor/certificate.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <unistd.h>

#include "crypto/dtls_certificate.h"

namespace bridgehall::app::doctor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CertificateFiles : public testing::Test {
 protected:
  CertificateFiles()
      : folder_(std::filesystem::temp_directory_path() / ("bridgehall-doctor-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~CertificateFiles() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const crypto::Certificate& certificate) const {
    auto* file = std::fopen(path(name + ".pem").c_str(), "w");
    PEM_write_X509(file, certificate.x509.get());
    std::fclose(file);
    file = std::fopen(path(name + ".key").c_str(), "w");
    PEM_write_PrivateKey(file, certificate.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
  }

  std::filesystem::path folder_;
};

TEST_F(CertificateFiles, ReadsWhoseKeyItIsWhoSignedItAndWhomItIsFor) {
  write("one", crypto::make_certificate());
  write("two", crypto::make_certificate());
  const auto own = read_certificate(path("one.pem"), path("one.key"), {"bridge.example.org"});
  EXPECT_EQ(own.mistake, "");
  EXPECT_TRUE(own.key_belongs);
  EXPECT_TRUE(own.self_signed);
  EXPECT_THAT(own.uncovered, ElementsAre("bridge.example.org"));
  EXPECT_LT(own.valid_from, own.valid_until);
  EXPECT_FALSE(read_certificate(path("one.pem"), path("two.key"), {}).key_belongs);
}

TEST_F(CertificateFiles, SaysWhichFileIsNoCertificateOrKey) {
  write("one", crypto::make_certificate());
  std::ofstream(path("text")) << "no PEM";
  EXPECT_THAT(read_certificate(path("gone"), path("one.key"), {}).mistake,
              HasSubstr("gone cannot be read: No such file"));
  EXPECT_THAT(read_certificate(path("text"), path("one.key"), {}).mistake, HasSubstr("text is no certificate"));
  EXPECT_THAT(read_certificate(path("one.pem"), path("text"), {}).mistake, HasSubstr("text is no private key"));
  EXPECT_THAT(read_certificate(path("one.pem"), path("gone"), {}).mistake, HasSubstr("gone cannot be read"));
}

TEST_F(CertificateFiles, LooksForTheServersOwnWhereNoneIsNamed) {
  Configuration c;
  c.data_folder = folder_.string();
  c.http_address = "127.0.0.1";
  EXPECT_FALSE(gather_certificate(c));
  c.http_address = "0.0.0.0";
  ASSERT_TRUE(gather_certificate(c));
  EXPECT_TRUE(gather_certificate(c)->to_come);
  write("https", crypto::make_certificate());
  std::filesystem::rename(path("https.pem"), path("https_certificate.pem"));
  std::filesystem::rename(path("https.key"), path("https_key.pem"));
  EXPECT_TRUE(gather_certificate(c)->self_signed);
  EXPECT_EQ(check_certificate(gather_certificate(c), gather_certificate(c)->valid_from)[0].code, "certificate.own");
}

}  // namespace
}  // namespace bridgehall::app::doctor
