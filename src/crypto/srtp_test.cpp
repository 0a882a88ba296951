#include "crypto/srtp.h"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.h"
#include "crypto/aes_gcm.h"
#include "crypto/srtp_replay.h"

namespace bridgehall::crypto {
namespace {

using Packet = std::vector<std::uint8_t>;
constexpr std::size_t kHeader = 12;

SrtpKey key_of(std::uint64_t seed) {
  SeededRandom random(seed);
  SrtpKey key;
  random.fill(key.master_key);
  random.fill(key.master_salt);
  return key;
}

Packet random_bytes(std::uint64_t seed, std::size_t size) {
  Packet bytes(size);
  SeededRandom(seed).fill(bytes);
  return bytes;
}

Packet header_of(std::uint32_t ssrc, std::uint16_t sequence, bool padded = false) {
  Packet header(kHeader);
  header[0] = padded ? 0xa0 : 0x80;
  header[1] = 96;
  store_u16(&header[2], sequence);
  store_u32(&header[8], ssrc);
  return header;
}

wire::RtpHeader read_header(BytesView packet, std::size_t size = kHeader) {
  wire::RtpHeader header;
  header.sequence_number = load_u16(packet.data() + 2);
  header.ssrc = Ssrc{load_u32(packet.data() + 8)};
  header.header_size = static_cast<std::uint16_t>(size);
  return header;
}

// A sender with the count of rollovers in its own hand, and a receiver of one stream.
class Srtp : public testing::TestWithParam<SrtpSuite> {
 protected:
  Packet seal(std::uint64_t index, std::uint32_t ssrc = 7) {
    const auto header = header_of(ssrc, static_cast<std::uint16_t>(index));
    const auto payload = random_bytes(index, 100);
    Packet out(1500);
    out.resize(sealer_.seal_rtp(
        {.header = header, .payload = payload, .rollover_counter = static_cast<std::uint32_t>(index >> 16)}, out));
    return out;
  }
  std::expected<OpenedRtp, SrtpError> open(Packet packet) {
    return opener_.open_rtp(packet, read_header(packet), stream_);
  }
  Packet seal_rtcp(std::uint32_t ssrc = 7) {
    Packet packet(28 + rtcp_overhead(GetParam()));
    packet[0] = 0x80;
    packet[1] = 200;
    store_u32(&packet[4], ssrc);
    EXPECT_EQ(sealer_.seal_rtcp(packet, 28), packet.size());
    return packet;
  }

  Sealer sealer_{GetParam(), key_of(1)};
  Opener opener_{GetParam(), key_of(1)};
  SrtpReceiveState stream_;
};

INSTANTIATE_TEST_SUITE_P(Suites, Srtp, testing::Values(SrtpSuite::aead_aes_128_gcm, SrtpSuite::aes128_cm_sha1_80),
                         [](const auto& suite) { return suite.param == SrtpSuite::aead_aes_128_gcm ? "gcm" : "cm"; });

TEST_P(Srtp, OpensWhatWasSealedOnceOnly) {
  const auto packet = seal(1000);
  const auto opened = open(packet);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->index, 1000u);
  EXPECT_EQ(opened->size, kHeader + 100);
  EXPECT_EQ(open(packet), std::unexpected(SrtpError::replayed));
}

TEST_P(Srtp, FollowsTheSequenceNumberAroundManyTimes) {
  for (std::uint64_t index = 60'000; index < 400'000; index += 9'973) {
    const auto opened = open(seal(index));
    ASSERT_TRUE(opened.has_value()) << index;
    EXPECT_EQ(opened->index, index);
  }
}

TEST_P(Srtp, ReorderingAcrossTheRolloverIsUnderstoodBothWays) {
  for (const std::uint64_t index : {0xfff0u, 0x10005u, 0xfff5u, 0x10000u, 0xffffu, 0x10006u}) {
    const auto opened = open(seal(index));
    ASSERT_TRUE(opened.has_value()) << index;
    EXPECT_EQ(opened->index, index);
  }
  EXPECT_EQ(stream_.highest_index, 0x10006u);
}

TEST_P(Srtp, AFarNumberInTheFirstTurnLiesAhead) {
  ASSERT_TRUE(open(seal(5)).has_value());
  const auto opened = open(seal(65'000));
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->index, 65'000u);
}

TEST_P(Srtp, WindowReaches1024Back) {
  ASSERT_TRUE(open(seal(5000)).has_value());
  EXPECT_TRUE(open(seal(5000 - 1023)).has_value());
  EXPECT_EQ(open(seal(5000 - 1023)), std::unexpected(SrtpError::replayed));
  EXPECT_EQ(open(seal(5000 - 1024)), std::unexpected(SrtpError::too_old));
}

TEST_P(Srtp, NothingIsLearnedFromAForgedPacket) {
  ASSERT_TRUE(open(seal(100)).has_value());
  const auto before = stream_;
  for (const std::uint64_t index : {101u, 30'000u, 60'000u}) {
    auto packet = seal(index);
    for (const std::size_t at : {std::size_t{1}, kHeader + 3, packet.size() - 1}) {
      auto forged = packet;
      forged[at] ^= 1;
      EXPECT_EQ(open(forged), std::unexpected(SrtpError::authentication_failed));
    }
  }
  EXPECT_EQ(stream_.highest_index, before.highest_index);
  EXPECT_EQ(stream_.seen, before.seen);
  SrtpReceiveState fresh;
  auto forged = seal(3);
  forged.back() ^= 1;
  EXPECT_FALSE(opener_.open_rtp(forged, read_header(forged), fresh).has_value());
  EXPECT_FALSE(fresh.started);
}

TEST_P(Srtp, ShortPacketsAreRefused) {
  for (std::size_t size = kHeader; size < kHeader + rtp_overhead(GetParam()); ++size) {
    EXPECT_EQ(open(Packet(size)), std::unexpected(SrtpError::too_short)) << size;
  }
  for (std::size_t size = 0; size < 8 + rtcp_overhead(GetParam()); ++size) {
    Packet packet(size);
    EXPECT_EQ(opener_.open_rtcp(packet), std::unexpected(SrtpError::too_short)) << size;
  }
}

TEST_P(Srtp, BufferThatIsTooSmallIsNotWritten) {
  const auto header = header_of(1, 1);
  const Packet payload(100);
  Packet out(kHeader + 100 + rtp_overhead(GetParam()) - 1);
  EXPECT_EQ(sealer_.seal_rtp({.header = header, .payload = payload}, out), 0u);
  EXPECT_EQ(out, Packet(out.size()));
  Packet rtcp(28 + rtcp_overhead(GetParam()) - 1);
  EXPECT_EQ(sealer_.seal_rtcp(rtcp, 28), 0u);
  EXPECT_EQ(sealer_.seal_rtcp(rtcp, rtcp.size() + 1), 0u);
}

TEST_P(Srtp, HeaderMayAlreadyStandInTheBuffer) {
  const auto header = header_of(9, 77);
  const Packet payload = random_bytes(3, 50);
  Packet copied(200), in_place(200);
  std::copy(header.begin(), header.end(), in_place.begin());
  const auto size = sealer_.seal_rtp({.header = header, .payload = payload}, copied);
  EXPECT_EQ(sealer_.seal_rtp({.header = BytesView(in_place).first(kHeader), .payload = payload}, in_place), size);
  EXPECT_EQ(copied, in_place);
}

TEST_P(Srtp, PartsAreJoinedAndPaddingCountsItself) {
  const auto header = header_of(1, 1, true);
  const Packet prefix = {1, 2, 3}, payload = {4, 5};
  Packet out(100);
  const auto size = sealer_.seal_rtp({.header = header, .prefix = prefix, .payload = payload, .padding = 4}, out);
  out.resize(size);
  const auto opened = opener_.open_rtp(out, read_header(out), stream_);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(Packet(out.begin() + kHeader, out.begin() + static_cast<std::ptrdiff_t>(opened->size)),
            (Packet{1, 2, 3, 4, 5, 0, 0, 0, 4}));
}

TEST_P(Srtp, RtcpIsOpenedOnceAndInAnyOrder) {
  std::vector<Packet> packets;
  for (int i = 0; i < 70; ++i) packets.push_back(seal_rtcp());
  for (const std::size_t i : {0u, 2u, 1u, 40u, 20u, 69u}) {
    auto first = packets[i], again = packets[i];
    const auto size = opener_.open_rtcp(first);
    ASSERT_TRUE(size.has_value()) << i;
    EXPECT_EQ(*size, 28u);
    EXPECT_EQ(opener_.open_rtcp(again), std::unexpected(SrtpError::replayed)) << i;
  }
  EXPECT_EQ(opener_.open_rtcp(packets[3]), std::unexpected(SrtpError::too_old)) << "66 behind a window of 64";
}

TEST_P(Srtp, RtcpOfEachSenderHasItsOwnWindow) {
  for (int i = 0; i < 200; ++i) seal_rtcp(1);
  auto late = seal_rtcp(1);
  ASSERT_TRUE(opener_.open_rtcp(late).has_value());
  Sealer other(GetParam(), key_of(1));
  Packet early(28 + rtcp_overhead(GetParam()));
  store_u32(&early[4], 2);
  ASSERT_GT(other.seal_rtcp(early, 28), 0u);
  EXPECT_TRUE(opener_.open_rtcp(early).has_value()) << "index 0 of another sender";
}

TEST_P(Srtp, RtcpSendersBeyondTheBoundAreRefusedAndTheKnownOnesGoOn) {
  for (std::uint32_t ssrc = 0; ssrc < RtcpReplay::kSenders; ++ssrc) {
    auto packet = seal_rtcp(ssrc);
    ASSERT_TRUE(opener_.open_rtcp(packet).has_value());
  }
  auto beyond = seal_rtcp(1000), known = seal_rtcp(3);
  EXPECT_FALSE(opener_.open_rtcp(beyond).has_value());
  EXPECT_TRUE(opener_.open_rtcp(known).has_value());
}

TEST_P(Srtp, ForgedRtcpTakesNoPlaceInTheTable) {
  for (std::uint32_t ssrc = 0; ssrc < 1000; ++ssrc) {
    auto packet = seal_rtcp(ssrc);
    packet[10] ^= 1;
    EXPECT_EQ(opener_.open_rtcp(packet), std::unexpected(SrtpError::authentication_failed));
  }
  auto packet = seal_rtcp(5);
  EXPECT_TRUE(opener_.open_rtcp(packet).has_value());
}

TEST_P(Srtp, AnotherKeyOpensNothing) {
  Opener stranger(GetParam(), key_of(2));
  auto rtp = seal(1);
  auto rtcp = seal_rtcp();
  EXPECT_EQ(stranger.open_rtp(rtp, read_header(rtp), stream_), std::unexpected(SrtpError::authentication_failed));
  EXPECT_EQ(stranger.open_rtcp(rtcp), std::unexpected(SrtpError::authentication_failed));
}

TEST(SrtpReplay, AcceptsEachIndexOnceWhateverTheOrder) {
  EXPECT_TRUE(rc::check([](std::uint16_t start, const std::vector<std::uint8_t>& steps) {
    SrtpReceiveState stream;
    std::vector<std::uint64_t> accepted;
    std::uint64_t index = 100'000u + start;
    for (const auto step : steps) {
      // Mostly small steps to both sides, now and then a leap over the window.
      index = step < 200 ? index + step % 40 - 20 : index + std::uint64_t{step} * 16;
      const bool seen = std::find(accepted.begin(), accepted.end(), index) != accepted.end();
      const auto verdict = check_replay(stream, index);
      const bool old = stream.started && index + SrtpReceiveState::kWindow <= stream.highest_index;
      RC_ASSERT(verdict.has_value() == (!seen && !old));
      if (verdict) {
        accept_index(stream, index);
        accepted.push_back(index);
      }
    }
  }));
}

TEST(SrtpReplay, GuessIsTheNearestIndex) {
  EXPECT_TRUE(rc::check([](std::uint32_t highest_low, std::int16_t distance) {
    RC_PRE(distance != INT16_MIN);
    SrtpReceiveState stream{.started = true, .highest_index = (std::uint64_t{1} << 20) + highest_low};
    const auto index = stream.highest_index + static_cast<std::uint64_t>(std::int64_t{distance});
    RC_ASSERT(guess_index(stream, static_cast<std::uint16_t>(index)) == index);
  }));
}

TEST(SrtpReplay, StreamEndsWithItsLastIndexInsteadOfStartingOver) {
  SrtpReceiveState stream{.started = true, .highest_index = (std::uint64_t{1} << 48) - 2};
  EXPECT_FALSE(check_replay(stream, guess_index(stream, 3)).has_value());
}

TEST(AesGcmEngines, SealTheSameForEveryWayOfCuttingThePacket) {
  if (!has_vectorised_gcm()) GTEST_SKIP() << "this CPU has one engine only";
  EXPECT_TRUE(rc::check([](std::uint64_t seed) {
    SeededRandom random(seed);
    const auto key = key_of(random.u64());
    Sealer fast(SrtpSuite::aead_aes_128_gcm, key), plain(SrtpSuite::aead_aes_128_gcm, key, GcmEngine::openssl);
    Opener fast_opener(SrtpSuite::aead_aes_128_gcm, key),
        plain_opener(SrtpSuite::aead_aes_128_gcm, key, GcmEngine::openssl);
    const auto header_size = kHeader + random.below(20) * 4;
    const auto header = random_bytes(random.u64(), header_size);
    const auto text = random_bytes(random.u64(), random.below(1501));
    const auto cut = random.chance(0.5) ? 0 : random.below(std::min<std::uint64_t>(text.size(), 40) + 1);
    const RtpParts parts{.header = header,
                         .prefix = BytesView(text).first(cut),
                         .payload = BytesView(text).subspan(cut),
                         .padding = static_cast<std::uint8_t>(random.chance(0.5) ? 0 : random.below(256)),
                         .rollover_counter = 0};
    Packet one(2048), other(2048);
    const auto size = fast.seal_rtp(parts, one);
    RC_ASSERT(size == header_size + text.size() + parts.padding + 16);
    RC_ASSERT(plain.seal_rtp(parts, other) == size);
    RC_ASSERT(one == other);
    one.resize(size);
    other.resize(size);
    SrtpReceiveState one_stream, other_stream;
    const auto opened = plain_opener.open_rtp(one, read_header(one, header_size), one_stream);
    RC_ASSERT(opened.has_value());
    const auto reopened = fast_opener.open_rtp(other, read_header(other, header_size), other_stream);
    RC_ASSERT(reopened.has_value() && reopened->size == opened->size);
    RC_ASSERT(std::equal(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(opened->size), other.begin()));
    RC_ASSERT(std::equal(text.begin(), text.end(), one.begin() + static_cast<std::ptrdiff_t>(header_size)));
  }));
}

TEST(AesGcmEngines, SealTheSameForEverySize) {
  if (!has_vectorised_gcm()) GTEST_SKIP() << "this CPU has one engine only";
  Sealer fast(SrtpSuite::aead_aes_128_gcm, key_of(4)),
      plain(SrtpSuite::aead_aes_128_gcm, key_of(4), GcmEngine::openssl);
  const auto text = random_bytes(5, 1500);
  Packet one(2048), other(2048);
  for (std::size_t size = 0; size <= 1500; ++size) {
    const auto header = header_of(1, static_cast<std::uint16_t>(size));
    for (const std::size_t cut : {std::size_t{0}, std::min<std::size_t>(size, 6)}) {
      for (const std::uint8_t padding : {0, 33}) {
        const RtpParts parts{.header = header,
                             .prefix = BytesView(text).first(cut),
                             .payload = BytesView(text).subspan(cut, size - cut),
                             .padding = padding};
        ASSERT_EQ(fast.seal_rtp(parts, one), plain.seal_rtp(parts, other));
        ASSERT_EQ(one, other) << size << ' ' << cut << ' ' << int{padding};
      }
    }
  }
}

}  // namespace
}  // namespace bridgehall::crypto
