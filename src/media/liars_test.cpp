// Participants with a key who lie in RTCP. What a lie costs falls on the liar: everybody else is sent, octet for octet
// and at the same moments, what they are sent beside an honest one. Where all share something (the publisher's
// keyframes, the clock of a voice place) the bound is shown instead.
#include <gtest/gtest.h>

#include "media/conference_testing.h"

namespace bridgehall::media {
namespace {

using testing::Conference;
using testing::TestClient;
using testing::TestSource;
using Bytes = std::vector<std::uint8_t>;

constexpr PublicationId kPicture{11}, kVoice{21};
constexpr Ssrc kPictureSsrc{0x100}, kVoiceSsrc{0x200};
constexpr Duration kFrame = 40ms;

Ssrc picture_slot(std::uint32_t peer) { return Ssrc{0x5000 + 8 * peer}; }
Ssrc repeats_of(Ssrc slot) { return Ssrc{slot.value() + 1}; }
Ssrc voice_slot(std::uint32_t peer) { return Ssrc{0x5004 + 8 * peer}; }

constexpr std::uint32_t kHonest = 2, kLiar = 3;

// One who is seen and heard, one who watches honestly, one who watches and lies.
class Meeting {
 public:
  explicit Meeting(bool numbered = true) : numbered_(numbered) {
    conference.publish(kPicture, wire::Codec::vp8);
    conference.publish(kVoice, wire::Codec::opus);
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{1};
    description->incoming = {{kPicture, testing::video_track()}, {kVoice, testing::extended(testing::audio_track())}};
    description->incoming[0].track.remote_ssrc = kPictureSsrc;
    description->incoming[1].track.remote_ssrc = kVoiceSsrc;
    publisher = &conference.join(std::move(description));
    picture = std::make_unique<TestSource>(
        TestSource{conference, *publisher, kPictureSsrc, testing::kVideoType, 1, 999'999'999u});
    voice = std::make_unique<TestSource>(
        TestSource{conference, *publisher, kVoiceSsrc, testing::kAudioType, 1, 123'456'789u});
    honest = &add_viewer(kHonest);
    liar = &add_viewer(kLiar);
    const auto take = std::exchange(conference.room.on_train, {});
    conference.room.on_train = [this, take](const Train& train) {
      if (train.path.remote == honest->path.remote)
        to_others.push_back({conference.room.now, train.path, {train.bytes.begin(), train.bytes.end()}});
      else if (train.path.remote == liar->path.remote)
        octets_to_liar += train.bytes.size();
      take(train);
    };
  }
  TestClient& add_viewer(std::uint32_t peer) {
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{peer};
    auto track = testing::video_track();
    if (numbered_) track.extensions[wire::ExtensionKind::transport_sequence] = testing::kTransportId;
    description->outgoing = {
        {.track = track,
         .ssrc = picture_slot(peer),
         .rtx_ssrc = repeats_of(picture_slot(peer)),
         .publication = kPicture},
        {.track = testing::audio_track(), .ssrc = voice_slot(peer), .use = SlotUse::voice, .voice_place = 0}};
    return conference.join(std::move(description));
  }
  // `lie` is told the time since the beginning; a quarter of a second is honest, so that there is something to lie
  // about.
  template <class Lie>
  void run(Duration duration, Lie&& lie) {
    const auto begin = conference.room.now;
    for (int frame = 0; conference.room.now < begin + duration; ++frame) {
      const auto asked = conference.requests(*publisher, kPictureSsrc);
      const bool wanted = std::exchange(answered_, asked) != asked;
      const bool keyframe = frame == 0 || (answers_keyframes ? wanted : frame % 50 == 0);
      keyframes += keyframe;
      for (int i = 0; i < 3; ++i) {
        auto payload = testing::vp8_payload(900, i == 0, keyframe);
        picture->send(std::move(payload), picture->timestamp(90'000), i == 2);
      }
      voice->send_audio(-20);
      if (frame % 25 == 7) send_reports();
      for (int i = 0; i < 4; ++i) {
        if (conference.room.now - begin >= 250ms) lie(conference.room.now - begin);
        conference.room.pass(kFrame / 4);
      }
    }
  }
  template <class Write>
  void say(TestClient& client, Write&& write) {
    conference.send_control(client, std::forward<Write>(write));
  }
  std::size_t seen_by(std::uint32_t peer) {
    return conference.received(peer == kHonest ? *honest : *liar, picture_slot(peer)).size();
  }

  struct Sent {
    TimePoint at;
    NetworkPath path;
    Bytes bytes;
    bool operator==(const Sent&) const = default;
  };
  Conference conference;
  TestClient *publisher = nullptr, *honest = nullptr, *liar = nullptr;
  std::unique_ptr<TestSource> picture, voice;
  std::vector<Sent> to_others;
  std::size_t octets_to_liar = 0;
  std::size_t keyframes = 0;
  // False: keyframes come every two seconds whoever asks, so that what others are sent depends on no wish.
  bool answers_keyframes = true;

 private:
  void send_reports() {
    const auto ntp = NtpTime{} + conference.room.now.time_since_epoch();
    say(*publisher, [&](ByteWriter& out) {
      wire::write_sender_report(out, {.ssrc = kPictureSsrc, .ntp = ntp, .rtp_timestamp = picture->timestamp(90'000)},
                                {});
    });
    say(*publisher, [&](ByteWriter& out) {
      wire::write_sender_report(out, {.ssrc = kVoiceSsrc, .ntp = ntp, .rtp_timestamp = voice->timestamp(48'000)}, {});
    });
  }

  bool numbered_;
  std::size_t answered_ = 0;
};

constexpr Duration kRun = 10s;

Meeting& honest_meeting(bool numbered) {
  static const auto make = [](bool kind) {
    auto meeting = std::make_unique<Meeting>(kind);
    meeting->answers_keyframes = false;
    meeting->run(kRun, [](Duration) {});
    return meeting;
  };
  static const auto with = make(true), without = make(false);
  return numbered ? *with : *without;
}

// A meeting with this lie, held against the honest one.
template <class Lie>
std::unique_ptr<Meeting> lie_alone(Lie&& lie, bool numbered = true) {
  auto meeting = std::make_unique<Meeting>(numbered);
  meeting->answers_keyframes = false;
  meeting->run(kRun, [&](Duration since) { lie(*meeting, since); });
  const auto& others = honest_meeting(numbered).to_others;
  EXPECT_EQ(meeting->to_others.size(), others.size());
  EXPECT_TRUE(meeting->to_others == others);
  EXPECT_TRUE(meeting->honest->transport->connected());
  // When its line seems to be back, which takes five seconds at least, its picture begins with a keyframe: wanted until
  // the next one comes, two seconds later at most.
  auto& calm = honest_meeting(numbered);
  EXPECT_LE(meeting->conference.requests(*meeting->publisher, kPictureSsrc),
            calm.conference.requests(*calm.publisher, kPictureSsrc) + 2 * 4);
  return meeting;
}

// Transport-wide feedback as no honest receiver writes it: one run of a symbol, then deltas.
void write_arrivals(ByteWriter& out, std::uint16_t base, std::uint16_t count, std::uint8_t symbol,
                    std::span<const std::int16_t> deltas, std::uint16_t run) {
  const std::size_t delta_octets = deltas.size() * (symbol == 2 ? 2 : 1);
  const std::size_t padded = (2 + delta_octets + 3) / 4 * 4;
  out.u8(0x80 | wire::kFormatTransportCc);
  out.u8(static_cast<std::uint8_t>(wire::RtcpType::transport_feedback));
  out.u16(static_cast<std::uint16_t>((16 + padded) / 4));
  out.u32(5);
  out.u32(kPictureSsrc.value());
  out.u16(base);
  out.u16(count);
  out.u32(0x00000100);
  out.u16(static_cast<std::uint16_t>(symbol << 13 | run));
  for (const auto delta : deltas) {
    if (symbol == 2)
      out.u16(static_cast<std::uint16_t>(delta));
    else
      out.u8(static_cast<std::uint8_t>(delta));
  }
  for (auto i = 2 + delta_octets; i < padded; ++i) out.u8(0);
}

TEST(Liar, WhoAsksForEverythingAlwaysCostsHalfAsMuchAgain) {
  const auto meeting = lie_alone([](Meeting& m, Duration) {
    const auto* last = m.conference.last(*m.liar, picture_slot(kLiar));
    if (last == nullptr) return;
    std::vector<std::uint16_t> all;
    for (std::uint16_t back = 500; back > 0; --back)
      all.push_back(static_cast<std::uint16_t>(last->sequence - back + 1));
    m.say(*m.liar, [&](ByteWriter& out) { wire::write_nack(out, Ssrc{5}, picture_slot(kLiar), all); });
  });
  const auto& repeated = meeting->conference.received(*meeting->liar, repeats_of(picture_slot(kLiar)));
  EXPECT_GT(repeated.size(), 300u);  // it was heard
  EXPECT_LE(repeated.size(), meeting->seen_by(kLiar) / 2 + Peer::kRepeatCredit);
  EXPECT_LE(meeting->octets_to_liar,
            honest_meeting(true).octets_to_liar * 3 / 2 + Peer::kRepeatCredit * std::size_t{1'100});
}

TEST(Liar, WhoAsksForWhatWasNeverSentGetsNothing) {
  const auto meeting = lie_alone([](Meeting& m, Duration) {
    const auto* last = m.conference.last(*m.liar, picture_slot(kLiar));
    std::vector<std::uint16_t> ahead;
    for (std::uint16_t i = 1; i < 600; ++i)
      ahead.push_back(static_cast<std::uint16_t>((last == nullptr ? 0 : last->sequence) + 17 * i));
    for (const auto ssrc : {picture_slot(kLiar), picture_slot(kHonest), kPictureSsrc, Ssrc{}})
      m.say(*m.liar, [&](ByteWriter& out) { wire::write_nack(out, Ssrc{5}, ssrc, ahead); });
  });
  EXPECT_TRUE(meeting->conference.received(*meeting->liar, repeats_of(picture_slot(kLiar))).empty());
  EXPECT_EQ(meeting->octets_to_liar, honest_meeting(true).octets_to_liar);
}

TEST(Liar, ArrivalsOfWhatWasNeverSentMoveNothing) {
  const auto meeting = lie_alone([](Meeting& m, Duration since) {
    const std::array<std::int16_t, 200> none{};
    const auto far = static_cast<std::uint16_t>(40'000 + since / 1ms);
    m.say(*m.liar, [&](ByteWriter& out) { write_arrivals(out, far, 200, 1, none, 200); });
    m.say(*m.liar,
          [&](ByteWriter& out) { write_arrivals(out, far, 65'535, 0, {}, 8'191); });          // a run that is too short
    m.say(*m.liar, [&](ByteWriter& out) { write_arrivals(out, far, 8'191, 2, {}, 8'191); });  // without its deltas
  });
  EXPECT_EQ(meeting->octets_to_liar, honest_meeting(true).octets_to_liar);
  EXPECT_GT(meeting->conference.drops(Drop::rtcp_malformed), 0u);
}

TEST(Liar, ArrivalsOutsideOfTimeCostOnlyWhoClaimsThem) {
  lie_alone([](Meeting& m, Duration since) {
    const auto* last = m.conference.last(*m.liar, picture_slot(kLiar));
    if (last == nullptr || !last->transport_sequence) return;
    std::array<std::int16_t, 20> deltas{};
    const auto base = static_cast<std::uint16_t>(*last->transport_sequence - 19);
    if (since % 3s < 1s)
      deltas.fill(0);
    else if (since % 3s < 2s)
      deltas.fill(-8'000);
    else
      deltas.fill(std::numeric_limits<std::int16_t>::max());
    m.say(*m.liar, [&](ByteWriter& out) { write_arrivals(out, base, 20, 2, deltas, 20); });
  });
}

TEST(Liar, WhoClaimsThatNothingArrivesLosesItsOwnPicture) {
  const auto meeting = lie_alone([](Meeting& m, Duration) {
    const auto* last = m.conference.last(*m.liar, picture_slot(kLiar));
    if (last == nullptr || !last->transport_sequence) return;
    m.say(*m.liar, [&](ByteWriter& out) {
      write_arrivals(out, static_cast<std::uint16_t>(*last->transport_sequence - 19), 20, 0, {}, 20);
    });
  });
  EXPECT_LE(meeting->seen_by(kLiar), meeting->seen_by(kHonest));
}

TEST(Liar, ReportsOfTotalLossAndNonsenseRoundTripsCostOnlyWhoSendsThem) {
  const auto meeting = lie_alone(
      [](Meeting& m, Duration since) {
        const auto* last = m.conference.last(*m.liar, picture_slot(kLiar));
        std::vector<wire::ReportBlock> blocks;
        for (const auto ssrc : {picture_slot(kLiar), picture_slot(kHonest), voice_slot(kLiar), kPictureSsrc})
          blocks.push_back({.ssrc = ssrc,
                            .fraction_lost = 255,
                            .cumulative_lost = -1,
                            .highest_sequence = last == nullptr ? 0u : last->sequence,
                            .jitter = 0xffffffff,
                            .last_sender_report = static_cast<std::uint32_t>(since.count()),
                            .delay_since_last = 0xfffffff0});
        m.say(*m.liar, [&](ByteWriter& out) { wire::write_receiver_report(out, Ssrc{5}, blocks); });
      },
      false);
  EXPECT_LE(meeting->seen_by(kLiar), meeting->seen_by(kHonest));
}

TEST(Liar, GoodbyesOfOthersEstimatesAndUnknownMessagesMoveNothing) {
  const auto meeting = lie_alone([](Meeting& m, Duration since) {
    for (const auto ssrc : {kPictureSsrc, kVoiceSsrc, picture_slot(kHonest), picture_slot(kLiar)})
      m.say(*m.liar, [&](ByteWriter& out) { wire::write_bye(out, ssrc); });
    m.say(*m.liar, [&](ByteWriter& out) {  // REMB of nothing, and of more than there is
      out.u32(0x8fce0005);
      out.u32(5);
      out.u32(0);
      out.u32(0x52454d42);
      out.u32(since % 2s < 1s ? 0x01000000u : 0x01ffffffu);
      out.u32(kPictureSsrc.value());
    });
    m.say(*m.liar, [&](ByteWriter& out) {  // APP, and an extended report that is shorter than it says
      out.u32(0x80cc0002);
      out.u32(5);
      out.u32(0x41414141);
      out.u32(0x80cf00ff);
    });
  });
  EXPECT_EQ(meeting->octets_to_liar, honest_meeting(true).octets_to_liar);
}

TEST(Liar, SenderReportsInAnothersNameMoveNoClock) {
  const auto meeting = lie_alone([](Meeting& m, Duration since) {
    for (const auto ssrc : {kPictureSsrc, kVoiceSsrc, picture_slot(kHonest)})
      m.say(*m.liar, [&](ByteWriter& out) {
        wire::write_sender_report(out,
                                  {.ssrc = ssrc,
                                   .ntp = NtpTime{static_cast<std::uint64_t>(since.count()) << 20},
                                   .rtp_timestamp = static_cast<std::uint32_t>(since.count())},
                                  {});
      });
  });
  EXPECT_EQ(meeting->octets_to_liar, honest_meeting(true).octets_to_liar);
}

// -- keyframes: what all share --

TEST(KeyframeStorm, OfAllReceiversReachesThePublisherOnceInHalfASecond) {
  Meeting meeting;
  std::vector<std::pair<TestClient*, std::uint32_t>> storm;
  for (std::uint32_t peer = 10; peer < 30; ++peer) storm.emplace_back(&meeting.add_viewer(peer), peer);
  meeting.run(10s, [&](Duration) {
    for (const auto& [client, peer] : storm)
      meeting.say(*client, [&](ByteWriter& out) {
        wire::write_pli(out, Ssrc{5}, picture_slot(peer));
        for (std::uint8_t i = 0; i < 10; ++i) wire::write_fir(out, Ssrc{5}, picture_slot(peer), i);
      });
  });
  EXPECT_LE(meeting.conference.requests(*meeting.publisher, kPictureSsrc), 10s / KeyframeRequests::kWindow + 1);
  EXPECT_GT(meeting.conference.requests(*meeting.publisher, kPictureSsrc), 10u);
}

TEST(KeyframeStorm, OfOneReceiverIsHeardEveryTwoSecondsInTheLongRun) {
  Meeting meeting;
  meeting.run(60s, [&](Duration) {
    meeting.say(*meeting.liar, [&](ByteWriter& out) { wire::write_pli(out, Ssrc{5}, picture_slot(kLiar)); });
  });
  const auto requests = meeting.conference.requests(*meeting.publisher, kPictureSsrc);
  EXPECT_LE(requests, 10u + 30u + 2u);
  EXPECT_GE(requests, 30u);
}

TEST(KeyframeStorm, DoesNotTakeAnHonestReceiversWishAway) {
  Meeting meeting;
  meeting.run(60s, [&](Duration since) {
    meeting.say(*meeting.liar, [&](ByteWriter& out) { wire::write_pli(out, Ssrc{5}, picture_slot(kLiar)); });
    if (since != 59s) return;
    const auto before = meeting.keyframes;
    meeting.say(*meeting.honest, [&](ByteWriter& out) { wire::write_pli(out, Ssrc{5}, picture_slot(kHonest)); });
    for (int i = 0; i < 60; ++i) meeting.conference.room.pass(10ms);
    EXPECT_GT(meeting.conference.requests(*meeting.publisher, kPictureSsrc), before - 1);
  });
}

// -- clocks: a voice place is shared by whoever speaks --

TEST(LyingClock, DoesNotMoveTheLipsOfOthersOnTheSharedLine) {
  Conference conference;
  std::vector<TestSource> pictures, voices;
  for (std::uint32_t site = 1; site <= 3; ++site) {
    const PublicationId picture{10 + site}, voice{20 + site};
    conference.publish(picture, wire::Codec::vp8);
    conference.publish(voice, wire::Codec::opus);
    auto description = std::make_unique<CreatePeer>();
    description->peer = PeerId{site};
    description->incoming = {{picture, testing::video_track()}, {voice, testing::extended(testing::audio_track())}};
    description->incoming[0].track.remote_ssrc = Ssrc{0x100 + site};
    description->incoming[1].track.remote_ssrc = Ssrc{0x200 + site};
    auto& client = conference.join(std::move(description));
    pictures.push_back({conference, client, Ssrc{0x100 + site}, testing::kVideoType, 1, site * 999'999'999u});
    voices.push_back({conference, client, Ssrc{0x200 + site}, testing::kAudioType, 1, site * 123'456'789u});
  }
  auto description = std::make_unique<CreatePeer>();
  description->peer = PeerId{9};
  description->outgoing = {
      {.track = testing::video_track(), .ssrc = Ssrc{0x5000}, .publication = PublicationId{11}},
      {.track = testing::audio_track(), .ssrc = Ssrc{0x6000}, .use = SlotUse::voice, .voice_place = 0}};
  auto& viewer = conference.join(std::move(description));
  SeededRandom random(3);
  std::map<std::uint32_t, wire::SenderInfo> reports;
  std::size_t read = 0;
  for (std::uint32_t stage = 0; stage < 9; ++stage) {
    const auto site = stage % 3 + 1;  // the third is the liar, whose clock jumps from report to report
    conference.command(SetVoiceRank{PublicationId{20 + site}, VoiceRank::stage});
    conference.command(FillSlot{
        .peer = PeerId{9}, .slot = 0, .publication = PublicationId{10 + site}, .payload_type = testing::kVideoType});
    for (int i = 0; i < 150; ++i) {
      for (std::size_t s = 0; s < 3; ++s) {
        if (i % 2 == 0) pictures[s].send_frame(i % 10 == 0);
        voices[s].send_audio(-20);
        if (i % 25 != 7 && s != 2) continue;
        for (auto* source : {&pictures[s], &voices[s]}) {
          NtpTime ntp{(std::uint64_t{5'000'000} * s << 32) + ntp_units(conference.room.now.time_since_epoch())};
          auto timestamp = source->timestamp(source == &pictures[s] ? 90'000 : 48'000);
          if (s == 2) {
            ntp.value += random.u64();
            timestamp += random.u32();
          }
          conference.send_control(source->client, [&](ByteWriter& out) {
            wire::write_sender_report(out, {.ssrc = source->ssrc, .ntp = ntp, .rtp_timestamp = timestamp}, {});
          });
        }
      }
      for (int step = 0; step < 4; ++step) conference.room.pass(5ms);
      const auto& control = conference.control(viewer);
      for (; read < control.size(); ++read) {
        wire::RtcpWalk walk(control[read]);
        for (wire::RtcpPacket packet; walk.next(packet);) {
          wire::SenderInfo info;
          if (packet.type == wire::RtcpType::sender_report && wire::parse_sender_info(packet, info))
            reports[info.ssrc.value()] = info;
        }
      }
    }
    if (site == 3) continue;
    const auto skew = [&](Ssrc ssrc, std::uint32_t rate) {
      const auto& last = *conference.last(viewer, ssrc);
      const auto& report = reports.at(ssrc.value());
      const auto capture =
          report.ntp + Duration{std::int64_t{static_cast<std::int32_t>(last.timestamp - report.rtp_timestamp)} *
                                1'000'000'000 / rate};
      return ntp_difference(capture, NtpTime{} + last.at.time_since_epoch());
    };
    EXPECT_LT(std::chrono::abs(skew(Ssrc{0x5000}, 90'000) - skew(Ssrc{0x6000}, 48'000)), 20ms) << "stage " << stage;
  }
  // Nor does the line's time run backwards when the liar has spoken.
  for (const auto ssrc : {Ssrc{0x5000}, Ssrc{0x6000}}) {
    const auto& packets = conference.received(viewer, ssrc);
    for (std::size_t i = 1; i < packets.size(); ++i)
      ASSERT_GT(static_cast<std::int32_t>(packets[i].timestamp - packets[i - 1].timestamp), 0) << i;
  }
}

}  // namespace
}  // namespace bridgehall::media
