#include "crypto/dtls.h"

#include <gtest/gtest.h>

#include "crypto/dtls_link.h"
#include "crypto/dtls_record.h"
#include "crypto/dtls_session.h"

namespace bridgehall::crypto {
namespace {

using testing::DtlsLink;
using testing::LinkFaults;

// Making a key costs a millisecond, so all tests share two certificates.
OpenSslDtlsFactory& client_factory() {
  static OpenSslDtlsFactory factory;
  return factory;
}
OpenSslDtlsFactory& server_factory() {
  static OpenSslDtlsFactory factory;
  return factory;
}

struct Pair {
  explicit Pair(OpenSslDtlsFactory& clients = client_factory(), OpenSslDtlsFactory& servers = server_factory())
      : client(clients.make_session(DtlsRole::client, servers.local_fingerprint())),
        server(servers.make_session(DtlsRole::server, clients.local_fingerprint())) {}
  bool connected() const { return client->state() == DtlsState::connected && server->state() == DtlsState::connected; }
  bool same_keys() const {
    return client->keys() && server->keys() && client->keys()->suite == server->keys()->suite &&
           client->keys()->local.master_key == server->keys()->remote.master_key &&
           client->keys()->local.master_salt == server->keys()->remote.master_salt &&
           client->keys()->remote.master_key == server->keys()->local.master_key &&
           client->keys()->remote.master_salt == server->keys()->local.master_salt &&
           client->keys()->local.master_key != client->keys()->remote.master_key;
  }

  std::unique_ptr<DtlsSession> client;
  std::unique_ptr<DtlsSession> server;
};

std::vector<std::uint8_t> record(std::uint8_t content, std::uint16_t epoch, std::uint64_t number, BytesView body) {
  std::vector<std::uint8_t> bytes(DtlsRecord::kHeaderSize + body.size());
  ByteWriter writer(bytes);
  writer.u8(content);
  writer.u16(0xfefd);
  writer.u16(epoch);
  writer.u48(number);
  writer.u16(static_cast<std::uint16_t>(body.size()));
  writer.bytes(body);
  return bytes;
}

std::vector<std::uint8_t> handshake_message(std::uint8_t type, std::uint16_t message_number, BytesView body) {
  std::vector<std::uint8_t> bytes(DtlsMessageHeader::kSize + body.size());
  ByteWriter writer(bytes);
  writer.u8(type);
  writer.u24(static_cast<std::uint32_t>(body.size()));
  writer.u16(message_number);
  writer.u24(0);
  writer.u24(static_cast<std::uint32_t>(body.size()));
  writer.bytes(body);
  return bytes;
}

TEST(Dtls, HandshakeGivesBothSidesTheSameGcmKeys) {
  Pair pair;
  DtlsLink link(*pair.client, *pair.server, 1, {});
  link.start();
  link.run_until_settled(1s);
  ASSERT_TRUE(pair.connected());
  EXPECT_TRUE(pair.same_keys());
  EXPECT_EQ(pair.server->keys()->suite, SrtpSuite::aead_aes_128_gcm);
  EXPECT_EQ(link.now(), TimePoint{1s} + 4 * DtlsLink::kDelay) << "two round trips and no timer";
  EXPECT_EQ(pair.server->next_deadline(), kNever);
  EXPECT_EQ(pair.client->next_deadline(), kNever);
}

TEST(Dtls, ServerChoosesGcmAlsoWhenTheClientListsItLast) {
  OpenSslDtlsFactory clients({SrtpSuite::aes128_cm_sha1_80, SrtpSuite::aead_aes_128_gcm});
  Pair pair(clients);
  DtlsLink link(*pair.client, *pair.server, 1, {});
  link.start();
  link.run_until_settled(1s);
  ASSERT_TRUE(pair.same_keys());
  EXPECT_EQ(pair.server->keys()->suite, SrtpSuite::aead_aes_128_gcm);
}

TEST(Dtls, ClientWithoutGcmGetsAesCm) {
  OpenSslDtlsFactory clients({SrtpSuite::aes128_cm_sha1_80});
  Pair pair(clients);
  DtlsLink link(*pair.client, *pair.server, 1, {});
  link.start();
  link.run_until_settled(1s);
  ASSERT_TRUE(pair.same_keys());
  EXPECT_EQ(pair.server->keys()->suite, SrtpSuite::aes128_cm_sha1_80);
}

TEST(Dtls, NoSharedProfileFails) {
  OpenSslDtlsFactory clients({SrtpSuite::aes128_cm_sha1_80});
  OpenSslDtlsFactory servers({SrtpSuite::aead_aes_128_gcm});
  Pair pair(clients, servers);
  DtlsLink link(*pair.client, *pair.server, 1, {});
  link.start();
  link.run_until_settled(2s);
  EXPECT_EQ(pair.server->state(), DtlsState::failed);
  EXPECT_FALSE(pair.server->keys().has_value());
}

TEST(Dtls, CertificateOfSomeoneElseFails) {
  OpenSslDtlsFactory stranger;
  const auto server = server_factory().make_session(DtlsRole::server, client_factory().local_fingerprint());
  const auto client = stranger.make_session(DtlsRole::client, server_factory().local_fingerprint());
  DtlsLink link(*client, *server, 1, {});
  link.start();
  link.run_until_settled(2s);
  link.run_for(1s);
  EXPECT_EQ(server->state(), DtlsState::failed);
  EXPECT_FALSE(server->keys().has_value());
  EXPECT_EQ(client->state(), DtlsState::closed) << "the client is told";
}

TEST(Dtls, FingerprintOfAnUnknownHashFails) {
  const auto server = server_factory().make_session(DtlsRole::server, {.algorithm = "md5", .digest = {}});
  const auto client = client_factory().make_session(DtlsRole::client, server_factory().local_fingerprint());
  DtlsLink link(*client, *server, 1, {});
  link.start();
  link.run_until_settled(2s);
  EXPECT_EQ(server->state(), DtlsState::failed);
}

TEST(Dtls, LossReorderingAndRepeatsNeverKeepTheHandshakeFromCompleting) {
  Duration longest{};
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Pair pair;
    DtlsLink link(*pair.client, *pair.server, seed, {.loss = 0.3, .repeat = 0.1, .jitter = 30ms});
    link.start();
    link.run_until_settled(40s);
    ASSERT_TRUE(pair.connected()) << "seed " << seed;
    ASSERT_TRUE(pair.same_keys()) << "seed " << seed;
    longest = std::max(longest, link.now() - TimePoint{1s});
  }
  RecordProperty("longest_ms", static_cast<int>(longest / 1ms));
}

TEST(Dtls, ServerRepeatsItsLastFlightForAClientThatMissedIt) {
  Pair pair;
  DtlsLink link(*pair.client, *pair.server, 1, {});
  int lost = 0;
  link.filter = [&](DtlsRole sender, BytesView) {
    if (sender == DtlsRole::server && pair.server->state() == DtlsState::connected && lost < 3) {
      ++lost;
      return false;
    }
    return true;
  };
  link.start();
  link.run_until_settled(10s);
  EXPECT_EQ(lost, 3);
  EXPECT_TRUE(pair.connected());
  EXPECT_TRUE(pair.same_keys());
}

TEST(Dtls, SilentPeerFailsTheClientInHalfAMinute) {
  Pair pair;
  DtlsLink link(*pair.client, *pair.server, 1, {.loss = 1});
  link.start();
  link.run_for(29s);
  EXPECT_EQ(pair.client->state(), DtlsState::handshaking);
  link.run_for(2s);
  EXPECT_EQ(pair.client->state(), DtlsState::failed);
  EXPECT_EQ(pair.client->next_deadline(), kNever);
}

TEST(Dtls, RepeatedFlightHasNewRecordNumbers) {
  Pair pair;
  pair.client->start(TimePoint{1s});
  std::vector<std::uint8_t> first, second;
  ASSERT_TRUE(pair.client->poll_transmit(first));
  pair.client->handle_timeout(pair.client->next_deadline());
  ASSERT_TRUE(pair.client->poll_transmit(second));
  ASSERT_EQ(first.size(), second.size());
  EXPECT_LT(first[10], second[10]);
  first[10] = second[10];
  EXPECT_EQ(first, second);
}

TEST(Dtls, CloseIsToldToThePeer) {
  Pair pair;
  DtlsLink link(*pair.client, *pair.server, 1, {});
  link.start();
  link.run_until_settled(1s);
  ASSERT_TRUE(pair.connected());
  pair.client->close();
  EXPECT_EQ(pair.client->state(), DtlsState::closed);
  link.collect();
  link.run_for(1s);
  EXPECT_EQ(pair.server->state(), DtlsState::closed);
}

// What an attacker on the path can make up without any key, at each stage.
std::vector<std::vector<std::uint8_t>> forgeries() {
  const std::vector<std::uint8_t> zeros(300);
  const std::uint8_t fatal[] = {2, 40}, close_notify[] = {1, 0}, one[] = {1};
  std::vector<std::vector<std::uint8_t>> all;
  for (const std::uint16_t epoch : {0, 1, 2}) {
    for (const std::uint64_t number : {0, 1, 7, 1000}) {
      all.push_back(record(21, epoch, number, fatal));
      all.push_back(record(21, epoch, number, close_notify));
      all.push_back(record(20, epoch, number, one));
      all.push_back(record(23, epoch, number, zeros));
      all.push_back(record(22, epoch, number, zeros));
    }
  }
  for (int type = 0; type < 26; ++type) {
    for (const std::uint16_t message_number : {0, 1, 2, 5, 6}) {
      all.push_back(record(22, 0, 500, handshake_message(static_cast<std::uint8_t>(type), message_number, zeros)));
    }
  }
  all.push_back({});
  all.push_back({22});
  all.push_back({22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1});
  all.push_back(std::vector<std::uint8_t>(1500, 22));
  return all;
}

TEST(Dtls, ForgedDatagramsBeforeTheHelloDoNotKeepItFromBeingAnswered) {
  for (const auto& forged : forgeries()) {
    Pair pair;
    pair.server->handle_datagram(forged, TimePoint{1s});
    DtlsLink link(*pair.client, *pair.server, 1, {});
    link.start();
    link.run_until_settled(10s);
    EXPECT_TRUE(pair.connected()) << "after a forged datagram of " << forged.size() << " bytes";
  }
}

TEST(Dtls, ForgedDatagramsDoNotEndAConnectedSession) {
  Pair pair;
  DtlsLink link(*pair.client, *pair.server, 1, {});
  link.start();
  link.run_until_settled(1s);
  ASSERT_TRUE(pair.connected());
  for (const auto& forged : forgeries()) {
    pair.server->handle_datagram(forged, link.now());
    pair.client->handle_datagram(forged, link.now());
  }
  EXPECT_TRUE(pair.connected());
  EXPECT_GT(pair.server->dropped(), 0u);
  pair.client->close();
  link.collect();
  link.run_for(1s);
  EXPECT_EQ(pair.server->state(), DtlsState::closed) << "an authentic close still counts";
}

TEST(Dtls, ForgedDatagramsThatAreNoHandshakeMessagesDoNotEndAHandshakeUnderWay) {
  Pair pair;
  DtlsLink link(*pair.client, *pair.server, 1, {});
  link.filter = [&](DtlsRole sender, BytesView) {
    auto& receiver = sender == DtlsRole::client ? pair.server : pair.client;
    for (const auto& forged : forgeries()) {
      if (forged.empty() || forged[0] != 22 || forged.size() < DtlsRecord::kHeaderSize || load_u16(&forged[3]) != 0) {
        receiver->handle_datagram(forged, link.now());
      }
    }
    return true;
  };
  link.start();
  link.run_until_settled(10s);
  EXPECT_TRUE(pair.connected());
}

// Nothing authenticates a handshake's messages before its end, so a forged one may cost it; but it ends by its time
// only, not by anybody's word, and what the peers find out at its end is that they do not agree.
TEST(Dtls, AForgedHandshakeMessageUnderWayMayStallTheHandshakeButEndsNothing) {
  int stalled = 0, all = 0;
  for (const auto& forged : forgeries()) {
    if (forged.size() < DtlsRecord::kHeaderSize + DtlsMessageHeader::kSize || forged[0] != 22) continue;
    Pair pair;
    DtlsLink link(*pair.client, *pair.server, 1, {});
    bool sent = false;
    link.filter = [&](DtlsRole sender, BytesView) {
      if (sender == DtlsRole::server && !std::exchange(sent, true)) pair.server->handle_datagram(forged, link.now());
      return true;
    };
    link.start();
    link.run_until_settled(10s);
    EXPECT_NE(pair.server->state(), DtlsState::failed) << "message " << int(forged[13]);
    EXPECT_NE(pair.client->state(), DtlsState::failed) << "message " << int(forged[13]);
    EXPECT_TRUE(!pair.connected() || pair.same_keys());
    stalled += !pair.connected();
    ++all;
  }
  EXPECT_LT(stalled, all / 4);
}

TEST(Dtls, AnotherClientHelloDoesNotPushOutTheHandshakeUnderWay) {
  Pair pair;
  const auto intruder = OpenSslDtlsFactory().make_session(DtlsRole::client, server_factory().local_fingerprint());
  intruder->start(TimePoint{1s});
  std::vector<std::uint8_t> other_hello;
  ASSERT_TRUE(intruder->poll_transmit(other_hello));
  DtlsLink link(*pair.client, *pair.server, 1, {});
  link.filter = [&](DtlsRole sender, BytesView) {
    if (sender == DtlsRole::server) pair.server->handle_datagram(other_hello, link.now());
    return true;
  };
  link.start();
  link.run_until_settled(10s);
  EXPECT_TRUE(pair.connected());
}

TEST(Dtls, RepeatedHelloIsNotAnsweredWithoutBound) {
  Pair pair;
  pair.client->start(TimePoint{1s});
  std::vector<std::uint8_t> hello, out;
  ASSERT_TRUE(pair.client->poll_transmit(hello));
  int answers = 0;
  for (int i = 0; i < 10'000; ++i) {
    pair.server->handle_datagram(hello, TimePoint{1s} + i * 1ms);
    while (pair.server->poll_transmit(out)) ++answers;
  }
  EXPECT_GE(answers, 1);
  EXPECT_LE(answers, 1 + DtlsFlight::kMaxAnswers);
}

TEST(Fingerprint, SurvivesSdp) {
  const auto& fingerprint = server_factory().local_fingerprint();
  EXPECT_EQ(fingerprint.algorithm, "sha-256");
  EXPECT_EQ(Fingerprint::parse(fingerprint.to_sdp()), fingerprint);
}

TEST(Fingerprint, HashNameIsReadInAnyCaseAndDigestToo) {
  const auto read = Fingerprint::parse("SHA-256 " + [] {
    std::string hex = "aB";
    for (int i = 1; i < 32; ++i) hex += ":0" + std::string(1, "0123456789abcdef"[i % 16]);
    return hex;
  }());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->algorithm, "sha-256");
  EXPECT_EQ(read->digest[0], 0xab);
}

TEST(Fingerprint, MalformedIsRefused) {
  for (const char* text : {"", "sha-256", "sha-256 ", "sha-256 AB", "sha-256 AB:C", "sha-256 AB:CD:", " AB:CD",
                           "md5 GG", "md5 ABCD", "md5 AB-CD", "sha-512 AB:CD"}) {
    EXPECT_FALSE(Fingerprint::parse(text).has_value()) << text;
  }
  EXPECT_TRUE(Fingerprint::parse("md5 AB:CD").has_value()) << "an unknown hash is for the handshake to refuse";
}

}  // namespace
}  // namespace bridgehall::crypto
