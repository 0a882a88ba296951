#include "crypto/token.h"

#include <filesystem>
#include <fstream>
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>
#include <sys/stat.h>

#include "crypto/base64url.h"
#include "crypto/hmac.h"

namespace bridgehall::crypto {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::array<std::uint8_t, 32> kSecret = {1, 2, 3, 4, 5, 6, 7, 8};
constexpr UnixTime kNow{std::chrono::seconds{1'800'000'000}};

TokenClaims claims() {
  return {.conference = "demo",
          .role = "moderator",
          .subject = "seat-7",
          .name = "Nguyễn Thị Hồng",
          .issued_at = kNow,
          .expires_at = kNow + 1h};
}

json part_of(const std::string& token, int part) {
  std::size_t begin = 0;
  for (int i = 0; i < part; ++i) begin = token.find('.', begin) + 1;
  const auto bytes = *from_base64url(token.substr(begin, token.find('.', begin) - begin));
  return json::parse(bytes.begin(), bytes.end());
}

std::string signed_token(const std::string& header, const std::string& body,
                         const std::array<std::uint8_t, 32>& secret = kSecret) {
  const auto text = to_base64url(as_bytes_view(header)) + '.' + to_base64url(as_bytes_view(body));
  return text + '.' + to_base64url(hmac_sha256(secret, as_bytes_view(text)));
}

TEST(Token, SaysWhatWasSigned) {
  const TokenKey key(kSecret);
  const auto read = key.verify(key.sign(claims()), kNow);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->conference, "demo");
  EXPECT_EQ(read->role, "moderator");
  EXPECT_EQ(read->subject, "seat-7");
  EXPECT_EQ(read->name, "Nguyễn Thị Hồng");
  EXPECT_EQ(read->issued_at, kNow);
  EXPECT_EQ(read->expires_at, kNow + 1h);
}

TEST(Token, EachHasItsOwnIdAndGuestsTheirOwnSubject) {
  const TokenKey key(kSecret);
  auto guest = claims();
  guest.subject.clear();
  const auto one = part_of(key.sign(guest), 1), other = part_of(key.sign(guest), 1);
  EXPECT_NE(one["jti"], other["jti"]);
  EXPECT_NE(one["sub"], other["sub"]);
  EXPECT_FALSE(one["sub"].get<std::string>().empty());
}

TEST(Token, NameThatIsNotUtf8IsStillSigned) {
  const TokenKey key(kSecret);
  auto odd = claims();
  odd.name = "caf\xe9";
  EXPECT_TRUE(key.verify(key.sign(odd), kNow).has_value());
}

TEST(Token, HoldsFromAMinuteBeforeItsStartToItsEnd) {
  const TokenKey key(kSecret);
  const auto token = key.sign(claims());
  EXPECT_EQ(key.verify(token, kNow - 61s), std::unexpected(TokenError::not_yet_valid));
  EXPECT_TRUE(key.verify(token, kNow - 60s).has_value());
  EXPECT_TRUE(key.verify(token, kNow + 1h - 1s).has_value());
  EXPECT_EQ(key.verify(token, kNow + 1h), std::unexpected(TokenError::expired));
}

TEST(Token, OfAnotherKeyIsRefused) {
  const TokenKey key(kSecret), other({9});
  EXPECT_EQ(key.verify(other.sign(claims()), kNow), std::unexpected(TokenError::wrong_key));
}

TEST(Token, EveryFlippedBitIsNoticed) {
  const TokenKey key(kSecret);
  const auto token = key.sign(claims());
  for (std::size_t at = 0; at < token.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = token;
      changed[at] = static_cast<char>(changed[at] ^ 1 << bit);
      EXPECT_FALSE(key.verify(changed, kNow).has_value()) << at << ' ' << bit;
    }
  }
}

struct Forgery {
  const char* what;
  std::function<void(json& header, json& body)> change;
  TokenError error;
};

TEST(Token, WellSignedButWrongIsRefused) {
  const std::vector<Forgery> table = {
      {"algorithm none", [](json& h, json&) { h["alg"] = "none"; }, TokenError::wrong_algorithm},
      {"algorithm in small letters", [](json& h, json&) { h["alg"] = "hs256"; }, TokenError::wrong_algorithm},
      {"another HMAC", [](json& h, json&) { h["alg"] = "HS512"; }, TokenError::wrong_algorithm},
      {"public key algorithm", [](json& h, json&) { h["alg"] = "RS256"; }, TokenError::wrong_algorithm},
      {"algorithm is no text", [](json& h, json&) { h["alg"] = 256; }, TokenError::wrong_algorithm},
      {"no algorithm", [](json& h, json&) { h.erase("alg"); }, TokenError::wrong_algorithm},
      {"no key id", [](json& h, json&) { h.erase("kid"); }, TokenError::wrong_key},
      {"another key id", [](json& h, json&) { h["kid"] = "other"; }, TokenError::wrong_key},
      {"critical extension", [](json& h, json&) { h["crit"] = json::array({"b64"}); }, TokenError::malformed},
      {"another type", [](json& h, json&) { h["typ"] = "JWE"; }, TokenError::malformed},
      {"another issuer", [](json&, json& b) { b["iss"] = "someone"; }, TokenError::malformed},
      {"no issuer", [](json&, json& b) { b.erase("iss"); }, TokenError::malformed},
      {"no conference", [](json&, json& b) { b.erase("conf"); }, TokenError::malformed},
      {"empty conference", [](json&, json& b) { b["conf"] = ""; }, TokenError::malformed},
      {"no role", [](json&, json& b) { b.erase("role"); }, TokenError::malformed},
      {"role is a list", [](json&, json& b) { b["role"] = json::array({"moderator"}); }, TokenError::malformed},
      {"no subject", [](json&, json& b) { b.erase("sub"); }, TokenError::malformed},
      {"no name", [](json&, json& b) { b.erase("name"); }, TokenError::malformed},
      {"no id", [](json&, json& b) { b.erase("jti"); }, TokenError::malformed},
      {"no expiry", [](json&, json& b) { b.erase("exp"); }, TokenError::malformed},
      {"expiry null", [](json&, json& b) { b["exp"] = nullptr; }, TokenError::malformed},
      {"expiry as text", [](json&, json& b) { b["exp"] = "1900000000"; }, TokenError::malformed},
      {"expiry with a fraction", [](json&, json& b) { b["exp"] = 1.9e9; }, TokenError::malformed},
      {"expiry beyond all time", [](json&, json& b) { b["exp"] = UINT64_MAX; }, TokenError::malformed},
      {"expiry before time", [](json&, json& b) { b["exp"] = -1; }, TokenError::malformed},
      {"no start", [](json&, json& b) { b.erase("nbf"); }, TokenError::malformed},
      {"start in the future", [](json&, json& b) { b["nbf"] = 1'800'000'100; }, TokenError::not_yet_valid},
      {"no date", [](json&, json& b) { b.erase("iat"); }, TokenError::malformed},
      {"date in the future", [](json&, json& b) { b["iat"] = 1'800'000'100; }, TokenError::not_yet_valid},
      {"long over", [](json&, json& b) { b["exp"] = 0; }, TokenError::expired},
  };
  const TokenKey key(kSecret);
  const auto good = key.sign(claims());
  for (const auto& forgery : table) {
    auto header = part_of(good, 0), body = part_of(good, 1);
    ASSERT_TRUE(key.verify(signed_token(header.dump(), body.dump()), kNow).has_value());
    forgery.change(header, body);
    EXPECT_EQ(key.verify(signed_token(header.dump(), body.dump()), kNow), std::unexpected(forgery.error))
        << forgery.what;
  }
}

TEST(Token, ThatIsNoTokenIsMalformed) {
  const TokenKey key(kSecret);
  const auto good = key.sign(claims());
  const auto header = part_of(good, 0).dump();
  const std::vector<std::string> table = {"",
                                          ".",
                                          "..",
                                          "...",
                                          "a.b.c",
                                          "abc",
                                          good + ".",
                                          good + "=",
                                          " " + good,
                                          good + "\n",
                                          "." + good,
                                          good.substr(0, good.rfind('.')),
                                          std::string(5000, 'a'),
                                          signed_token("[]", "{}"),
                                          signed_token("{", "{}"),
                                          signed_token(header, "[]"),
                                          signed_token(header, "null"),
                                          signed_token(header, ""),
                                          signed_token(header, std::string(2000, '[')),
                                          signed_token(header, std::string(4000, ' ') + "{}")};
  for (const auto& token : table) EXPECT_EQ(key.verify(token, kNow), std::unexpected(TokenError::malformed)) << token;
}

TEST(Token, WithoutOrWithAShortSignatureIsRefused) {
  const TokenKey key(kSecret);
  const auto good = key.sign(claims());
  const auto text = good.substr(0, good.rfind('.') + 1);
  EXPECT_EQ(key.verify(text, kNow), std::unexpected(TokenError::bad_signature));
  EXPECT_EQ(key.verify(text + "AAAA", kNow), std::unexpected(TokenError::bad_signature));
  EXPECT_EQ(key.verify(text + to_base64url(std::array<std::uint8_t, 32>{}), kNow),
            std::unexpected(TokenError::bad_signature));
}

TEST(Base64Url, GivesBackWhatWasEncoded) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& bytes) {
    const auto text = to_base64url(bytes);
    RC_ASSERT(from_base64url(text) == bytes);
  }));
}

TEST(Base64Url, HasOneSpellingOnly) {
  EXPECT_EQ(from_base64url("AA"), std::vector<std::uint8_t>{0});
  for (const char* text : {"A", "AB", "AAB", "AA==", "AA ", "A+AA", "A/AA", "AAAAA"}) {
    EXPECT_FALSE(from_base64url(text).has_value()) << text;
  }
}

class TokenKeyFile : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) / fmt::format("bridgehall-{}-{}", test->name(), ::getpid());
    std::filesystem::create_directories(folder_);
    path_ = folder_ / "token.key";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(std::size_t size, mode_t mode) const {
    std::ofstream(path_) << std::string(size, 'k');
    ::chmod(path_.c_str(), mode);
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
  SeededRandom random_{1};
};

TEST_F(TokenKeyFile, IsMadeOnceAndPrivate) {
  const auto made = TokenKey::load_or_create(path_, random_);
  ASSERT_TRUE(made.has_value());
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(status.st_size, 32);
  const auto again = TokenKey::load_or_create(path_, random_);
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->verify(made->sign(claims()), kNow).has_value());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "no draft is left";
}

TEST_F(TokenKeyFile, ThatOthersCanReadIsRefusedInWords) {
  for (const mode_t mode : {0640, 0604, 0660, 0644}) {
    write(32, mode);
    const auto loaded = TokenKey::load_or_create(path_, random_);
    ASSERT_FALSE(loaded.has_value()) << mode;
    EXPECT_NE(loaded.error().message.find("chmod 600"), std::string::npos) << loaded.error().message;
  }
}

TEST_F(TokenKeyFile, OfWrongSizeIsRefusedInWords) {
  for (const std::size_t size : {0, 31, 33}) {
    write(size, 0600);
    const auto loaded = TokenKey::load_or_create(path_, random_);
    ASSERT_FALSE(loaded.has_value());
    EXPECT_NE(loaded.error().message.find("instead of 32"), std::string::npos) << loaded.error().message;
  }
}

TEST_F(TokenKeyFile, InAFolderThatIsNotThereIsRefusedInWords) {
  const auto loaded = TokenKey::load_or_create(folder_ / "no" / "token.key", random_);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_NE(loaded.error().message.find("No such file"), std::string::npos) << loaded.error().message;
}

TEST_F(TokenKeyFile, BehindALinkIsRefused) {
  std::filesystem::create_symlink(folder_ / "elsewhere", path_);
  EXPECT_FALSE(TokenKey::load_or_create(path_, random_).has_value());
}

}  // namespace
}  // namespace bridgehall::crypto
