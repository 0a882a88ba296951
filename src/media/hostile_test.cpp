// Attackers without a key, and with a key but in another's place: what they send changes nothing for anybody else. The
// strongest proof at hand is that a shard under attack sends, says and plans, octet for octet, what one in peace does.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "media/shard_testing.h"
#include "session/transport_testing.h"

namespace bridgehall::media {
namespace {

using testing::kAudio;
using testing::kVideo;
using testing::ShardRoom;
using testing::TestClient;
using Bytes = std::vector<std::uint8_t>;

void open_stage(ShardRoom& room) {
  room.shard.handle_command(AddPublication{kVideo, wire::Codec::vp8}, room.now);
  room.shard.handle_command(AddPublication{kAudio, wire::Codec::opus}, room.now);
  room.shard.handle_command(SetGate{kVideo, true}, room.now);
  room.shard.handle_command(SetGate{kAudio, true}, room.now);
}

NetworkPath stranger(std::uint64_t number) {
  return {testing::kServerIp,
          {IpAddress::v4(203, 0, 113, static_cast<std::uint8_t>(number)),
           static_cast<std::uint16_t>(1'024 + number % 60'000)}};
}

// A check as the client would send it; with `password` another's than the server's it is a forgery.
Bytes check_of(const TestClient& client, std::string password) {
  return session::testing::make_request({.username = client.server.ufrag + ":" + client.own.ufrag,
                                         .password = std::move(password),
                                         .use_candidate = true});
}

// Everything that leaves a shard and when, and everything it says.
struct Record {
  struct Sent {
    TimePoint at;
    NetworkPath path;
    Bytes bytes;
    bool operator==(const Sent&) const = default;
  };
  std::vector<Sent> sent;
  std::vector<TimePoint> deadlines;
  std::size_t events = 0;
  ShardCounters counters;
};

// What an attacker has to work with who sees all that goes over the wire, and may forge any source address.
struct Wire {
  ShardRoom& room;
  const std::vector<TestClient*>& clients;
  const std::vector<Bytes>& seen_rtp;  // of clients[0], newest last
  const std::vector<Bytes>& seen_rtcp;
  SeededRandom& random;

  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random.below(bound)); }
  Bytes noise(std::size_t least, std::size_t most) {
    Bytes bytes(least + below(most - least + 1));
    random.fill(bytes);
    return bytes;
  }
  void send(const NetworkPath& path, const Bytes& bytes) { room.deliver(path, bytes); }
};

constexpr Duration kStep = 10ms;
constexpr int kSteps = 300;

// A publisher and a viewer meet, then pictures and sound flow; `attack` has the wire at every step.
template <class Attack>
Record play(Attack&& attack) {
  ShardRoom room;
  Record record;
  open_stage(room);
  room.on_train = [&](const Train& train) {
    record.sent.push_back({room.now, train.path, {train.bytes.begin(), train.bytes.end()}});
  };
  std::vector<TestClient*> clients{&room.add_client(testing::publisher_command(PeerId{1})),
                                   &room.add_client(testing::viewer_command(PeerId{2}))};
  std::vector<Bytes> seen_rtp, seen_rtcp;
  SeededRandom random(77);
  Wire wire{room, clients, seen_rtp, seen_rtcp, random};

  const auto send = [&](TestClient& from, std::vector<Bytes>& seen, Bytes bytes) {
    room.deliver(from.path, bytes);
    seen.push_back(std::move(bytes));
  };
  for (int step = 0; step < kSteps; ++step) {
    auto& publisher = *clients[0];
    if (publisher.transport->connected() && step % 4 == 0) {
      for (std::uint16_t i = 0; i < 3; ++i) {
        const auto header =
            testing::rtp_header(testing::kVideoType, testing::kVideoSsrc, static_cast<std::uint16_t>(step + i),
                                static_cast<std::uint32_t>(step) * 900, i == 2);
        Bytes sealed(1'500);
        sealed.resize(publisher.transport->sealer().seal_rtp(
            {.header = header, .payload = testing::vp8_payload(700, i == 0, step % 20 == 0)}, sealed));
        send(publisher, seen_rtp, std::move(sealed));
      }
    }
    if (publisher.transport->connected() && step % 50 == 1) {
      Bytes report(200);
      ByteWriter writer(MutableBytes{report}.first(100));
      wire::write_sender_report(
          writer, {.ssrc = testing::kVideoSsrc, .ntp = NtpTime{} + room.now.time_since_epoch(), .rtp_timestamp = 1},
          {});
      report.resize(publisher.transport->sealer().seal_rtcp(report, writer.size()));
      send(publisher, seen_rtcp, std::move(report));
    }
    attack(wire, step);
    room.pass(kStep);
    record.deadlines.push_back(room.shard.next_deadline());
  }
  EXPECT_TRUE(clients[0]->transport->connected());
  EXPECT_TRUE(clients[1]->transport->connected());
  EXPECT_GT(room.media.size(), 60u);
  // Each peer is told of once how far its checks came (PeerHeard): a forged one in time is told of too, and does no
  // more.
  record.events = static_cast<std::size_t>(std::count_if(room.events.begin(), room.events.end(), [](const auto& event) {
    return !std::holds_alternative<PeerHeard>(event);
  }));
  record.counters = room.shard.counters();
  return record;
}

const Record& peace() {
  static const Record record = play([](Wire&, int) {});
  return record;
}

// Only drops, and the count of what came in, may differ.
void expect_peace(const Record& record) {
  EXPECT_EQ(record.sent.size(), peace().sent.size());
  EXPECT_TRUE(record.sent == peace().sent);
  EXPECT_EQ(record.deadlines, peace().deadlines);
  EXPECT_EQ(record.events, peace().events);
  const auto& a = record.counters;
  const auto& b = peace().counters;
  const auto of = [](const ShardCounters& c) {
    return std::tuple(c.datagrams_sent, c.bytes_sent, c.rtp_received, c.rtp_forwarded, c.rtp_retransmitted,
                      c.trains_sent, c.plis_received, c.plis_sent, c.nacked_received, c.nacked_sent,
                      c.retransmissions_received, c.keyframes_received, c.peers, c.peers_connected);
  };
  EXPECT_EQ(of(a), of(b));
}
std::uint64_t drops(const Record& record, Drop reason) {
  return record.counters.drops[static_cast<std::size_t>(reason)];
}

TEST(Hostile, NoiseFromStrangersChangesNothing) {
  const auto record = play([](Wire& wire, int step) {
    for (std::uint64_t i = 0; i < 8; ++i) {
      auto bytes = wire.noise(0, 1'400);
      // Each of the kinds by turns (RFC 7983).
      static constexpr std::array<std::uint8_t, 5> kFirst{0, 20, 64, 128, 191};
      if (!bytes.empty()) bytes[0] = static_cast<std::uint8_t>(kFirst[wire.below(5)] + wire.below(3));
      wire.send(stranger(static_cast<std::uint64_t>(step) * 8 + i), bytes);
    }
  });
  expect_peace(record);
  EXPECT_GT(drops(record, Drop::dtls_before_check), 0u);
  EXPECT_GT(drops(record, Drop::unknown_address), 0u);
  EXPECT_GT(drops(record, Drop::unclassified), 0u);
}

TEST(Hostile, NoiseFromPeersAddressesChangesNothingInAnyPhase) {
  const auto record = play([](Wire& wire, int step) {
    for (auto* client : wire.clients) {
      auto media = wire.noise(12, 1'200);
      media[0] = static_cast<std::uint8_t>(0x80 | (media[0] & 0x3f));
      wire.send(client->path, media);
      auto known =
          testing::rtp_header(testing::kVideoType, testing::kVideoSsrc, static_cast<std::uint16_t>(step * 7), 90);
      const auto tail = wire.noise(20, 400);
      known.insert(known.end(), tail.begin(), tail.end());
      wire.send(client->path, known);
      auto control = wire.noise(8, 400);
      control[0] = 0x81;
      control[1] = static_cast<std::uint8_t>(200 + wire.below(8));
      wire.send(client->path, control);
      auto stun = wire.noise(20, 200);
      stun[0] = 0;
      wire.send(client->path, stun);
    }
  });
  expect_peace(record);
  EXPECT_GT(drops(record, Drop::srtp_authentication), 0u);
  EXPECT_GT(drops(record, Drop::srtcp_authentication), 0u);
}

TEST(Hostile, AlertsAndBrokenHellosFromPeersAddressesChangeNothingInAnyPhase) {
  const auto record = play([](Wire& wire, int step) {
    auto* client = wire.clients[static_cast<std::size_t>(step) % 2];
    // A fatal alert, a close_notify and a hello, all in clear and so nobody's word.
    static const std::array<Bytes, 3> kRecords{
        Bytes{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40},
        Bytes{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0},
        Bytes{22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 1, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff}};
    wire.send(client->path, kRecords[static_cast<std::size_t>(step) % 3]);
  });
  expect_peace(record);
  EXPECT_GT(drops(record, Drop::dtls_malformed), 0u);
}

TEST(Hostile, ChecksWithoutTheKeyTeachNoAddress) {
  const auto record = play([](Wire& wire, int step) {
    for (auto* client : wire.clients) {
      const auto forged = check_of(*client, "guessedGuessedGuessedGuess");
      wire.send(stranger(static_cast<std::uint64_t>(step)), forged);  // RTP bleed
      for (auto* place : wire.clients) wire.send(place->path, forged);
      auto damaged = check_of(*client, client->server.password);
      damaged[20 + wire.below(damaged.size() - 28)] ^= static_cast<std::uint8_t>(1 + wire.below(255));
      wire.send(stranger(static_cast<std::uint64_t>(step)), damaged);
    }
    wire.send(stranger(static_cast<std::uint64_t>(step)), session::testing::make_request({}));  // for nobody here
    for (const auto answer : {wire::StunClass::success, wire::StunClass::error, wire::StunClass::indication})
      wire.send(wire.clients[1]->path, session::testing::make_request({.message_class = answer}));
  });
  expect_peace(record);
  EXPECT_GT(drops(record, Drop::stun_integrity), 0u);
  EXPECT_GT(drops(record, Drop::unknown_ufrag), 0u);
  EXPECT_GT(drops(record, Drop::stun_unexpected), 0u);
}

TEST(Hostile, WhatWasSealedIsTakenOnceAndUnchangedOnly) {
  const auto record = play([](Wire& wire, int step) {
    for (const auto* seen : {&wire.seen_rtp, &wire.seen_rtcp}) {
      if (seen->empty()) continue;
      const auto& newest = seen->back();
      const auto& some = (*seen)[wire.below(seen->size())];
      wire.send(wire.clients[0]->path, some);    // again
      wire.send(wire.clients[1]->path, newest);  // as another's
      wire.send(stranger(static_cast<std::uint64_t>(step)), newest);
      auto changed = newest;
      changed[wire.below(changed.size())] ^= static_cast<std::uint8_t>(1 + wire.below(255));
      changed[0] = newest[0];
      wire.send(wire.clients[0]->path, changed);
      auto ahead = newest;
      ahead[2] ^= 0x10;
      wire.send(wire.clients[0]->path, ahead);
      auto shortened = newest;
      shortened.resize(1 + wire.below(newest.size()));
      wire.send(wire.clients[0]->path, shortened);
      auto lengthened = newest;
      lengthened[0] |= 0x30;  // padding and an extension that are not there
      wire.send(wire.clients[0]->path, lengthened);
    }
  });
  expect_peace(record);
  EXPECT_GT(drops(record, Drop::srtp_replayed) + drops(record, Drop::rtp_duplicate), 0u);
  EXPECT_GT(drops(record, Drop::srtp_authentication), 0u);
  EXPECT_GT(drops(record, Drop::srtcp_replayed), 0u);
}

TEST(Hostile, StrangersGetNoOctetBack) {
  ShardRoom room;
  open_stage(room);
  auto& client = room.add_client(testing::viewer_command(PeerId{1}));  // its name is known, its key is not
  SeededRandom random(5);
  std::uint64_t in = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    Bytes bytes(random.below(600));
    random.fill(bytes);
    if (i % 3 == 0) bytes = check_of(client, "guessedGuessedGuessedGuess");
    if (i % 3 == 1 && !bytes.empty()) bytes[0] = 22;
    room.deliver(stranger(i), bytes);
    in += bytes.size();
    if (i % 64 != 0) continue;
    room.shard.advance(room.now);
    ASSERT_TRUE(room.shard.poll_transmit(room.now).empty());
  }
  EXPECT_EQ(room.shard.counters().bytes_received, in);
  EXPECT_EQ(room.shard.counters().bytes_sent, 0u);
}

TEST(Hostile, AnswersToChecksWithTheKeyAreNoLongerThanTheyAre) {
  ShardRoom room;
  auto& client = room.add_client(testing::viewer_command(PeerId{1}));
  const auto check = check_of(client, client.server.password);
  const auto before = room.shard.counters().bytes_sent;
  room.deliver(client.path, check);
  while (!room.shard.poll_transmit(room.now).empty()) {
  }
  const auto answered = room.shard.counters().bytes_sent - before;
  EXPECT_GT(answered, 0u);
  EXPECT_LE(answered, check.size());
}

// -- with a key, in another's place --

class Impostor : public ::testing::Test {
 protected:
  Impostor() {
    open_stage(room_);
    publisher_ = &join(testing::publisher_command(PeerId{1}));
    viewer_ = &join(testing::viewer_command(PeerId{2}));
    impostor_ = &join(testing::viewer_command(PeerId{3}));
  }
  TestClient& join(std::unique_ptr<CreatePeer> command) {
    auto& client = room_.add_client(std::move(command));
    room_.connect(client);
    EXPECT_TRUE(client.transport->connected());
    return client;
  }
  // True when it was sent on.
  bool send_frame() {
    const auto before = room_.shard.counters().rtp_received;
    timestamp_ += 3'600;
    room_.send_rtp(*publisher_,
                   testing::rtp_header(testing::kVideoType, testing::kVideoSsrc, sequence_++, timestamp_, true),
                   testing::vp8_payload(500, true, true));
    room_.turn();
    return room_.shard.counters().rtp_received > before;
  }
  // The impostor's own check, with its own key, from the publisher's address.
  void forge() { room_.deliver(publisher_->path, check_of(*impostor_, impostor_->server.password)); }
  std::uint64_t drops(Drop reason) const { return room_.shard.counters().drops[static_cast<std::size_t>(reason)]; }
  // Time goes by; who falls silent sends nothing at all.
  void pass_without(TestClient& silent, Duration duration) {
    for (const auto end = room_.now + duration; room_.now < end;) {
      room_.now += 100ms;
      session::OutgoingDatagram datagram;
      if (silent.transport->next_deadline() <= room_.now) silent.transport->handle_timeout(room_.now);
      while (silent.transport->poll_transmit(datagram)) {
      }
      room_.turn();
    }
  }

  ShardRoom room_;
  TestClient* publisher_;
  TestClient* viewer_;
  TestClient* impostor_;
  std::uint16_t sequence_ = 100;
  std::uint32_t timestamp_ = 0;
};

TEST_F(Impostor, TakesNoAddressAtWhichAnotherIsHeard) {
  for (int second = 0; second < 60; ++second) {
    forge();
    room_.pass(1s);
    ASSERT_TRUE(send_frame()) << second;
  }
  EXPECT_EQ(drops(Drop::address_taken), 60u);
}

TEST_F(Impostor, GetsAnAddressThatHasBeenSilentForTenSecondsAndKeepsItAsLong) {
  pass_without(*publisher_, 5s);
  forge();
  EXPECT_EQ(drops(Drop::address_taken), 1u);
  EXPECT_TRUE(send_frame());
  pass_without(*publisher_, 11s);
  forge();
  EXPECT_EQ(drops(Drop::address_taken), 1u);
  EXPECT_FALSE(send_frame());  // its media cannot be heard under another's name either
  // The one it belonged to comes back when the newcomer has been silent for as long; it was told nothing meanwhile.
  room_.deliver(publisher_->path, check_of(*publisher_, publisher_->server.password));
  EXPECT_EQ(drops(Drop::address_taken), 2u);
  pass_without(*publisher_, 10s);
  room_.deliver(publisher_->path, check_of(*publisher_, publisher_->server.password));
  EXPECT_TRUE(send_frame());
}

TEST_F(Impostor, AnAddressIsFreeAtOnceWhenItsPeerHasClosed) {
  room_.shard.handle_command(ClosePeer{PeerId{1}}, room_.now);
  room_.turn();
  forge();
  EXPECT_EQ(drops(Drop::address_taken), 0u);
}

TEST_F(Impostor, WhoFillsTheLineOfHandshakesWaitsForItselfOnly) {
  Bytes record(100, 0);
  record[0] = 22;
  auto& newcomer = room_.add_client(testing::viewer_command(PeerId{4}));
  int turns = 0;
  for (; turns < 40 && !newcomer.transport->connected(); ++turns) {
    for (int i = 0; i < 500; ++i) room_.deliver(impostor_->path, record);
    room_.pass(5ms);
  }
  EXPECT_TRUE(newcomer.transport->connected());
  EXPECT_LE(turns, 20);
  EXPECT_GT(drops(Drop::handshakes_waiting), 400u);
  EXPECT_TRUE(send_frame());
}

// Two shards, the victim on one and the impostor on the other: the rule holds between them.
class ImpostorElsewhere : public ::testing::Test {
 protected:
  ImpostorElsewhere() {
    open_stage(own_);
    victim_ = &own_.add_client(testing::publisher_command(PeerId{1}));
    impostor_ = &other_.add_client(testing::viewer_command(PeerId{3}));
    for (int i = 0; i < 8; ++i) turn();
    EXPECT_TRUE(victim_->transport->connected());
    EXPECT_TRUE(impostor_->transport->connected());
  }
  void turn() {
    for (auto* room : {&own_, &other_}) {
      room->shard.look_at_mail();
      room->shard.handle_mail(room->now);
      room->turn();
    }
  }
  void pass(Duration duration) {
    own_.now = other_.now = own_.now + duration;
    turn();
  }
  void forge() { other_.deliver(victim_->path, check_of(*impostor_, impostor_->server.password)); }
  bool is_heard() {
    const auto before = own_.shard.counters().rtp_received;
    own_.send_rtp(*victim_, testing::rtp_header(testing::kVideoType, testing::kVideoSsrc, sequence_++, 90, true),
                  testing::vp8_payload(500, true, true));
    return own_.shard.counters().rtp_received > before;
  }
  std::uint64_t taken() const { return other_.shard.counters().drops[static_cast<std::size_t>(Drop::address_taken)]; }

  ShardMesh mesh_{2};
  ShardRoom own_{{.packet_slots = 1'024, .number = ShardNumber{0}, .mesh = &mesh_}};
  ShardRoom other_{{.packet_slots = 1'024, .number = ShardNumber{1}, .mesh = &mesh_}};
  TestClient* victim_;
  TestClient* impostor_;
  std::uint16_t sequence_ = 100;
};

TEST_F(ImpostorElsewhere, TakesNoAddressAtWhichAnotherIsHeard) {
  for (std::uint64_t second = 1; second <= 30; ++second) {
    forge();
    pass(1s);
    ASSERT_EQ(taken(), second);
    ASSERT_TRUE(is_heard());
  }
}

TEST_F(ImpostorElsewhere, GetsAnAddressOnlyAfterTenSecondsOfSilence) {
  own_.now = other_.now = own_.now + 11s;  // the victim sends nothing meanwhile
  forge();
  EXPECT_EQ(taken(), 1u);  // the other shard has to be asked first
  own_.shard.look_at_mail();
  own_.shard.handle_mail(own_.now);
  other_.shard.look_at_mail();
  other_.shard.handle_mail(other_.now);
  forge();
  EXPECT_EQ(taken(), 1u);
}

// -- who begins and never ends --

TEST(HalfOpen, PeersThatNeverFinishAreGoneAfterThirtySecondsAndAreNoMoreThanAllowed) {
  ShardRoom room({.max_peers = 8, .packet_slots = 1'024});
  for (std::uint32_t i = 1; i <= 8; ++i) room.add_client(testing::viewer_command(PeerId{i}));
  // Four of them pass ICE, and go on with their checks, but never say hello.
  const auto keep_checking = [&] {
    for (std::size_t i = 0; i < 4; ++i) {
      const auto& client = *room.clients[i];
      room.deliver(client.path, check_of(client, client.server.password));
    }
  };
  room.shard.handle_command(testing::viewer_command(PeerId{9}), room.now);
  for (int second = 0; second < 29; ++second) {
    keep_checking();
    room.now += 1s;
    room.shard.advance(room.now);
    while (!room.shard.poll_transmit(room.now).empty()) {
    }
  }
  EXPECT_EQ(room.shard.counters().peers, 8u);
  room.now += 2s;
  room.shard.advance(room.now);
  EXPECT_EQ(room.shard.counters().peers, 0u);
  std::size_t refused = 0, timed_out = 0;
  for (Event event; room.shard.poll_event(event);) {
    refused += std::holds_alternative<PeerRefused>(event);
    if (const auto* closed = std::get_if<PeerClosed>(&event))
      timed_out += closed->reason == session::CloseReason::connect_timeout;
  }
  EXPECT_EQ(refused, 1u);
  EXPECT_EQ(timed_out, 8u);
}

}  // namespace
}  // namespace bridgehall::media
