#include "app/certificates.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "crypto/self_signed.h"

namespace bridgehall::app {
namespace {

using testing::HasSubstr;

constexpr crypto::UnixTime kNow{std::chrono::seconds(1'790'000'000)};
const std::vector<IpAddress> kAddresses{IpAddress::v4(127, 0, 0, 1), IpAddress::v4(192, 0, 2, 7)};

class CertificatesTest : public testing::Test {
 protected:
  CertificatesTest() {
    char name[] = "/tmp/bridgehall-certificates-XXXXXX";
    folder = ::mkdtemp(name);
    configuration.data_folder = folder.string();
    configuration.http_address = "0.0.0.0";
  }
  ~CertificatesTest() override { std::filesystem::remove_all(folder); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder / (name + ".new")) << text;
    std::filesystem::rename(folder / (name + ".new"), folder / name);
  }
  crypto::PemPair install(crypto::UnixTime until) {
    auto pair = crypto::make_self_signed({}, kAddresses, kNow, until);
    write("c.pem", pair.certificate);
    write("k.pem", pair.key);
    return pair;
  }
  void configure() {
    configuration.http_certificate_file = folder / "c.pem";
    configuration.http_certificate_key_file = folder / "k.pem";
  }

  std::filesystem::path folder;
  Configuration configuration;
};

TEST_F(CertificatesTest, are_not_wanted_on_loopback_unless_given) {
  configuration.http_address = "127.0.0.1";
  EXPECT_FALSE(Certificates(configuration).wanted());
  EXPECT_EQ(*Certificates(configuration).refresh(kAddresses, kNow), nullptr);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  configure();
  EXPECT_TRUE(Certificates(configuration).wanted());
}

TEST_F(CertificatesTest, our_own_is_made_once_and_kept_over_restarts) {
  Certificates first(configuration);
  ASSERT_NE(*first.refresh(kAddresses, kNow), nullptr);
  EXPECT_EQ(*first.refresh(kAddresses, kNow), nullptr);
  const auto file = folder / "https_certificate.pem";
  const auto made_at = std::filesystem::last_write_time(file);
  ASSERT_NE(*Certificates(configuration).refresh(kAddresses, kNow), nullptr);
  EXPECT_EQ(std::filesystem::last_write_time(file), made_at);
  struct stat status {};
  ASSERT_EQ(::stat((folder / "https_key.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(CertificatesTest, our_own_is_made_anew_before_it_ends_or_when_there_is_a_new_address) {
  Certificates certificates(configuration);
  const auto first = *certificates.refresh(kAddresses, kNow);
  EXPECT_EQ(*certificates.refresh(kAddresses, kNow + Certificates::kLifetime - Certificates::kRenewBefore), nullptr);
  const auto late = kNow + Certificates::kLifetime - Certificates::kRenewBefore + std::chrono::seconds(1);
  const auto second = *certificates.refresh(kAddresses, late);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->not_after(), late + Certificates::kLifetime);
  auto more = kAddresses;
  more.push_back(*IpAddress::parse("2001:db8::7"));
  EXPECT_NE(*certificates.refresh(more, late), nullptr);
  EXPECT_EQ(*certificates.refresh(kAddresses, late), nullptr) << "one address less is no reason";
}

TEST_F(CertificatesTest, files_are_read_again_when_they_change_and_only_then) {
  configure();
  install(kNow + std::chrono::hours(1000));
  Certificates certificates(configuration);
  ASSERT_NE(*certificates.refresh(kAddresses, kNow), nullptr);
  EXPECT_EQ(*certificates.refresh(kAddresses, kNow), nullptr);
  install(kNow + std::chrono::hours(2000));
  const auto next = *certificates.refresh(kAddresses, kNow);
  ASSERT_NE(next, nullptr);
  EXPECT_EQ(next->not_after(), kNow + std::chrono::hours(2000));
}

TEST_F(CertificatesTest, a_pair_that_does_not_match_is_refused_once_in_words) {
  configure();
  install(kNow + std::chrono::hours(1000));
  Certificates certificates(configuration);
  ASSERT_NE(*certificates.refresh(kAddresses, kNow), nullptr);
  write("c.pem", crypto::make_self_signed({}, kAddresses, kNow, kNow + std::chrono::hours(9)).certificate);
  const auto refused = certificates.refresh(kAddresses, kNow);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("does not belong"));
  EXPECT_EQ(*certificates.refresh(kAddresses, kNow), nullptr) << "said once";
  write("c.pem", "nonsense");
  EXPECT_FALSE(certificates.refresh(kAddresses, kNow));
  install(kNow + std::chrono::hours(1000));
  EXPECT_NE(*certificates.refresh(kAddresses, kNow), nullptr);
}

TEST_F(CertificatesTest, files_that_are_missing_are_named) {
  configure();
  const auto refused = Certificates(configuration).refresh(kAddresses, kNow);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("c.pem"));
}

}  // namespace
}  // namespace bridgehall::app
