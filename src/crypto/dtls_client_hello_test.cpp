// ClientHellos of real browsers, captured as datagrams (testdata/README.md), against the server role.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/dtls.h"
#include "crypto/dtls_record.h"

namespace bridgehall::crypto {
namespace {

using Datagram = std::vector<std::uint8_t>;

std::vector<Datagram> captured(const std::string& browser) {
  std::vector<Datagram> datagrams;
  const std::filesystem::path folder = "src/crypto/testdata";  // tests run in the top folder
  for (int i = 1;; ++i) {
    std::ifstream file(folder / (browser + "_client_hello_" + std::to_string(i) + ".bin"), std::ios::binary);
    if (!file) return datagrams;
    datagrams.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
}

std::vector<Datagram> answers(DtlsSession& server) {
  std::vector<Datagram> sent;
  Datagram datagram;
  while (server.poll_transmit(datagram)) sent.push_back(datagram);
  return sent;
}

// The use_srtp extension (RFC 5764 section 4.1.1) of a ServerHello that chose SRTP_AEAD_AES_128_GCM.
bool chooses_gcm(const Datagram& server_hello) {
  const std::array<std::uint8_t, 9> extension = {0, 14, 0, 5, 0, 2, 0, 7, 0};
  return std::ranges::search(server_hello, extension).begin() != server_hello.end();
}

class ClientHello : public testing::TestWithParam<std::string> {
 protected:
  OpenSslDtlsFactory factory_;
  std::unique_ptr<DtlsSession> server_ =
      factory_.make_session(DtlsRole::server, {.algorithm = "sha-256", .digest = {}});
  std::vector<Datagram> hello_ = captured(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Browsers, ClientHello, testing::Values("chromium", "firefox"),
                         [](const auto& browser) { return browser.param; });

TEST_P(ClientHello, InTwoDatagramsIsAnsweredWithGcm) {
  ASSERT_EQ(hello_.size(), 2u);
  server_->handle_datagram(hello_[0], TimePoint{1s});
  EXPECT_TRUE(answers(*server_).empty());
  server_->handle_datagram(hello_[1], TimePoint{1s});
  const auto sent = answers(*server_);
  ASSERT_FALSE(sent.empty());
  BytesView rest(sent[0]);
  const auto record = take_record(rest);
  ASSERT_TRUE(record && record->message());
  EXPECT_EQ(record->message()->type, DtlsMessage::server_hello);
  EXPECT_TRUE(chooses_gcm(sent[0]));
  for (const auto& datagram : sent) EXPECT_LE(datagram.size(), 1200u);
}

TEST_P(ClientHello, IsPutTogetherInWhateverOrderAndHoweverOftenItsPartsCome) {
  ASSERT_EQ(hello_.size(), 2u);
  for (const std::size_t part : {1u, 1u, 0u}) server_->handle_datagram(hello_[part], TimePoint{1s});
  const auto sent = answers(*server_);
  ASSERT_FALSE(sent.empty());
  EXPECT_TRUE(chooses_gcm(sent[0]));
}

TEST_P(ClientHello, HalfOfItIsNeverAnswered) {
  server_->handle_datagram(hello_.at(0), TimePoint{1s});
  server_->handle_timeout(TimePoint{5s});
  EXPECT_TRUE(answers(*server_).empty());
  EXPECT_EQ(server_->state(), DtlsState::handshaking);
  server_->handle_timeout(TimePoint{40s});
  EXPECT_EQ(server_->state(), DtlsState::failed);
}

}  // namespace
}  // namespace bridgehall::crypto
