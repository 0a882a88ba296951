#include "wire/payload.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/testing.h"

namespace bridgehall::wire {
namespace {

using testing::for_each_damage;
using testing::from_hex;
using Bytes = std::vector<std::uint8_t>;

std::optional<PayloadInfo> parse(Codec codec, const char* hex, const char* dependency_descriptor = "") {
  return parse_payload(codec, from_hex(hex), from_hex(dependency_descriptor));
}

// What a case expects of frame_start and keyframe; malformed: no info at all.
enum class Start { malformed, inside, frame, keyframe };

Start start_of(const std::optional<PayloadInfo>& info) {
  if (!info) return Start::malformed;
  if (info->keyframe) return Start::keyframe;
  return info->frame_start ? Start::frame : Start::inside;
}

struct StartCase {
  const char* why;
  const char* payload;
  Start start;
  const char* dependency_descriptor = "";
};

void expect_starts(Codec codec, std::initializer_list<StartCase> cases) {
  for (const auto& c : cases) EXPECT_EQ(start_of(parse(codec, c.payload, c.dependency_descriptor)), c.start) << c.why;
}

TEST(Payload, EmptyIsMalformedForEveryCodec) {
  for (const auto codec : {Codec::opus, Codec::vp8, Codec::vp9, Codec::h264, Codec::av1})
    EXPECT_FALSE(parse_payload(codec, {}));
}

TEST(Payload, EveryOpusPacketStartsAFrame) {
  const auto info = parse(Codec::opus, "fc");
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->frame_start);
  EXPECT_TRUE(info->keyframe);
  EXPECT_EQ(info->descriptor_size, 0);
}

TEST(PayloadVp8, FindsWhereFramesStart) {
  expect_starts(Codec::vp8, {
                                {"smallest descriptor, key frame", "10 00", Start::keyframe},
                                {"smallest descriptor, inter frame", "10 01", Start::frame},
                                {"continuation", "00 00", Start::inside},
                                {"a later partition starts", "11 00", Start::inside},
                                {"key frame behind a full descriptor", "90 f0 8001 07 40 00", Start::keyframe},
                                {"no frame behind the descriptor", "10", Start::malformed},
                                {"X without its byte", "90", Start::malformed},
                                {"I without a picture id", "90 80", Start::malformed},
                                {"a picture id of two bytes cut in half", "90 80 81", Start::malformed},
                                {"L without TL0PICIDX", "90 40", Start::malformed},
                                {"T without its byte", "90 20", Start::malformed},
                                {"a full descriptor and no frame", "90 f0 8001 07 40", Start::malformed},
                            });
}

TEST(PayloadVp8, ReadsTheDescriptor) {
  const auto info =
      parse(Codec::vp8, "b0 f0 9234 56 a5 01");  // N, S; picture id 0x1234, TL0PICIDX 0x56, TID 2, Y, KEYIDX 5
  ASSERT_TRUE(info);
  EXPECT_EQ(info->descriptor_size, kMaxDescriptorSize);
  EXPECT_EQ(info->picture_id_offset, 2);
  EXPECT_EQ(info->picture_id_bits, 15);
  EXPECT_EQ(info->picture_id, 0x1234);
  EXPECT_EQ(info->tl0_picture_index_offset, 4);
  EXPECT_EQ(info->tl0_picture_index, 0x56);
  EXPECT_EQ(info->temporal_layer, 2);
  EXPECT_TRUE(info->layer_sync);
  EXPECT_TRUE(info->discardable);
}

TEST(PayloadVp8, ReadsAShortPictureId) {
  const auto info = parse(Codec::vp8, "90 80 7f 01");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->picture_id_bits, 7);
  EXPECT_EQ(info->picture_id, 0x7f);
  EXPECT_EQ(info->descriptor_size, 3);
  EXPECT_EQ(info->tl0_picture_index_offset, 0);
}

TEST(PayloadVp8, KeyIndexAloneSaysNothingOfLayers) {
  const auto info = parse(Codec::vp8, "90 10 ff 01");  // K without T
  ASSERT_TRUE(info);
  EXPECT_EQ(info->temporal_layer, 0);
  EXPECT_FALSE(info->layer_sync);
  EXPECT_EQ(info->descriptor_size, 3);
}

TEST(PayloadVp9, FindsWhereFramesStart) {
  expect_starts(Codec::vp9,
                {
                    {"no layers, key", "08 82", Start::keyframe},
                    {"no layers, predicted", "48 82", Start::frame},
                    {"no layers, inside", "00 82", Start::inside},
                    {"spatial layer 0, key", "28 00 07 82", Start::keyframe},
                    {"spatial layer 1 above a key frame", "28 03 07 82", Start::frame},
                    {"spatial layer 1, intra and independent", "28 02 07 82", Start::keyframe},
                    {"flexible, three references", "d8 05 03 05 06 82", Start::frame},
                    {"flexible, a fourth reference", "d8 05 03 05 07 08 82", Start::malformed},
                    {"flexible, reference missing", "d8 05 03", Start::malformed},
                    {"structure: two layers with sizes", "0a 30 0140 00b4 0280 0168 82", Start::keyframe},
                    {"structure: sizes cut", "0a 30 0140 00b4 0280 01", Start::malformed},
                    {"structure: two pictures, one reference each", "0a 08 02 04 01 04 02 82", Start::keyframe},
                    {"structure: 255 pictures, none there", "0a 08 ff 82", Start::malformed},
                    {"structure: a picture's references cut", "0a 08 01 0c 01 02", Start::malformed},
                    {"structure without its byte", "0a", Start::malformed},
                    {"no frame behind the descriptor", "08", Start::malformed},
                    {"picture id cut in half", "88 81", Start::malformed},
                    {"layers without TL0PICIDX", "28 00", Start::malformed},
                });
}

TEST(PayloadVp9, ReadsTheDescriptor) {
  const auto info = parse(Codec::vp9, "ac 9234 53 77 82");  // I, L, B, E; TID 2, U, SID 1, D
  ASSERT_TRUE(info);
  EXPECT_EQ(info->picture_id, 0x1234);
  EXPECT_EQ(info->picture_id_bits, 15);
  EXPECT_EQ(info->picture_id_offset, 1);
  EXPECT_EQ(info->temporal_layer, 2);
  EXPECT_TRUE(info->layer_sync);
  EXPECT_EQ(info->spatial_layer, 1);
  EXPECT_EQ(info->tl0_picture_index_offset, 4);
  EXPECT_EQ(info->tl0_picture_index, 0x77);
  EXPECT_EQ(info->descriptor_size, 5);
}

TEST(PayloadVp9, FlexibleModeHasNoTl0PictureIndex) {
  const auto info = parse(Codec::vp9, "f8 05 20 02 82");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->tl0_picture_index_offset, 0);
  EXPECT_EQ(info->temporal_layer, 1);
  EXPECT_EQ(info->descriptor_size, 3);  // the reference list stays with the rest
}

TEST(PayloadVp9, ALongStructureStaysOutOfTheDescriptor) {
  auto payload = from_hex("2a 00 07 f8");  // eight layers with sizes and a picture group
  payload.insert(payload.end(), 32, 0);
  payload.push_back(255);
  for (int i = 0; i < 255; ++i) payload.insert(payload.end(), {0x0c, 1, 2, 3});
  EXPECT_FALSE(parse_payload(Codec::vp9, payload));
  payload.push_back(0x82);
  const auto info = parse_payload(Codec::vp9, payload);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->descriptor_size, 3);
  EXPECT_EQ(start_of(info), Start::keyframe);
}

TEST(PayloadH264, FindsWhereFramesStart) {
  expect_starts(Codec::h264, {
                                 {"IDR, first slice", "65 88", Start::keyframe},
                                 {"IDR, later slice", "65 48", Start::inside},
                                 {"slice, first", "41 9a", Start::frame},
                                 {"slice, later", "41 1a", Start::inside},
                                 {"a header alone", "65", Start::inside},
                                 {"SPS", "67 42e01f", Start::keyframe},
                                 {"PPS", "68 ce3c80", Start::frame},
                                 {"SEI", "06 05", Start::frame},
                                 {"delimiter", "09 f0", Start::frame},
                                 {"filler", "0c ff", Start::inside},
                                 {"STAP-A with SPS and PPS", "78 0004 6742e01f 0004 68ce3c80", Start::keyframe},
                                 {"STAP-A with SEI and slice", "78 0002 0605 0002 419a", Start::frame},
                                 {"STAP-A with PPS and IDR", "78 0002 68ce 0002 6588", Start::keyframe},
                                 {"FU-A, IDR starts", "7c 85 88", Start::keyframe},
                                 {"FU-A, IDR's later slice starts", "7c 85 48", Start::inside},
                                 {"FU-A, IDR goes on", "7c 05 88", Start::inside},
                                 {"FU-A, IDR ends", "7c 45 88", Start::inside},
                                 {"FU-A, slice starts", "5c 81 9a", Start::frame},
                                 {"FU-A without its header", "7c", Start::malformed},
                                 {"FU-A without data", "7c 85", Start::malformed},
                                 {"FU-A of an FU-A", "7c 9c 88", Start::malformed},
                                 {"FU-A of type 0", "7c 80 88", Start::malformed},
                                 {"STAP-A without units", "78", Start::malformed},
                                 {"STAP-A with half a size", "78 00", Start::malformed},
                                 {"STAP-A with an empty unit", "78 0000", Start::malformed},
                                 {"STAP-A with a unit that overruns", "78 0005 6742e01f", Start::malformed},
                                 {"STAP-A with a second unit that overruns", "78 0002 6742 ffff 68", Start::malformed},
                                 {"STAP-A in a STAP-A", "78 0003 780001", Start::malformed},
                                 {"type 0", "60 88", Start::malformed},
                                 {"STAP-B", "79 0000 0002 6588", Start::malformed},
                                 {"FU-B", "7d 85 0000 88", Start::malformed},
                                 {"type 31", "7f 88", Start::malformed},
                             });
}

TEST(PayloadH264, SlicesWithoutReferenceAreDiscardable) {
  EXPECT_TRUE(parse(Codec::h264, "01 9a")->discardable);
  EXPECT_TRUE(parse(Codec::h264, "1c 81 9a")->discardable);
  EXPECT_TRUE(parse(Codec::h264, "1c 41 9a")->discardable);
  EXPECT_FALSE(parse(Codec::h264, "41 9a")->discardable);
  EXPECT_FALSE(parse(Codec::h264, "5c 01 9a")->discardable);
  EXPECT_FALSE(parse(Codec::h264, "09 f0")->discardable);
}

TEST(PayloadAv1, FindsWhereFramesStart) {
  expect_starts(Codec::av1, {
                                {"N, sequence header in front", "28 04 08000000 30", Start::keyframe},
                                {"frame", "10 32 00", Start::frame},
                                {"frame header", "10 1a 00", Start::frame},
                                {"tile group", "10 22 00", Start::inside},
                                {"continues an OBU", "90 32", Start::inside},
                                {"three elements", "30 01 32 02 2200 2200", Start::frame},
                                {"elements all with lengths", "00 02 3200 02 2200", Start::frame},
                                {"a long-winded length", "00 828000 3200", Start::frame},
                                {"N and Z together", "98 32", Start::malformed},
                                {"nothing behind the header", "10", Start::malformed},
                                {"a length without an end", "00 8080808080808080 32", Start::malformed},
                                {"a length that is cut", "00 80", Start::malformed},
                                {"a length that overruns", "00 03 3200", Start::malformed},
                                {"a length of 2^56 - 1", "00 ffffffffffffff7f 32", Start::malformed},
                                {"fewer elements than announced", "20 02 3200", Start::malformed},
                                {"an empty first element", "00 00", Start::malformed},
                                {"descriptor: frame start", "90 32", Start::frame, "80 0001"},
                                {"descriptor: no frame start", "10 32 00", Start::inside, "00 0001"},
                                {"descriptor: frame start with structure", "10 32 00", Start::keyframe, "80 0001 80"},
                                {"descriptor: structure, but no frame start", "10 32 00", Start::inside, "00 0001 80"},
                                {"descriptor: extended without structure", "10 32 00", Start::frame, "80 0001 40"},
                                {"descriptor cut", "10 32 00", Start::malformed, "80 00"},
                            });
}

TEST(PayloadAv1, ReadsTheLayersOfTheFirstObu) {
  const auto info = parse(Codec::av1, "10 36 48 00");  // temporal 2, spatial 1
  ASSERT_TRUE(info);
  EXPECT_EQ(info->temporal_layer, 2);
  EXPECT_EQ(info->spatial_layer, 1);
  EXPECT_EQ(parse(Codec::av1, "10 36")->temporal_layer, 0);
}

TEST(RewriteDescriptor, PutsTheNewNumbersInTheirPlaces) {
  const struct {
    const char* why;
    Codec codec;
    const char* payload;
    const char* rewritten;
  } cases[] = {
      {"VP8, wide", Codec::vp8, "90 f0 8001 07 40 00", "90 f0 abcd ee 40"},
      {"VP8, short id is cut to seven bits", Codec::vp8, "90 c0 01 07 00", "90 c0 4d ee"},
      {"VP8, only TL0PICIDX", Codec::vp8, "90 60 07 40 00", "90 60 ee 40"},
      {"VP8, nothing to rewrite", Codec::vp8, "10 00", "10"},
      {"VP9, wide", Codec::vp9, "ac 9234 53 77 82", "ac abcd 53 ee"},
      {"VP9, flexible", Codec::vp9, "f8 05 20 02 82", "f8 4d 20"},
      {"H.264", Codec::h264, "65 88", ""},
      {"Opus", Codec::opus, "fc", ""},
  };
  for (const auto& c : cases) {
    const auto payload = from_hex(c.payload);
    const auto info = parse_payload(c.codec, payload);
    ASSERT_TRUE(info) << c.why;
    Bytes out(kMaxDescriptorSize, 0x99);
    out.resize(rewrite_descriptor(payload, *info, 0xabcd, 0xee, out));
    EXPECT_EQ(out, from_hex(c.rewritten)) << c.why;
  }
}

TEST(PayloadProperty, RewrittenDescriptorsDifferOnlyInTheirNumbers) {
  EXPECT_TRUE(rc::check([](Bytes payload, std::uint16_t picture_id, std::uint8_t tl0_picture_index, bool vp9) {
    const auto codec = vp9 ? Codec::vp9 : Codec::vp8;
    const auto before = parse_payload(codec, payload);
    if (!before) return;
    RC_ASSERT(before->descriptor_size <= kMaxDescriptorSize);
    RC_ASSERT(rewrite_descriptor(payload, *before, picture_id, tl0_picture_index, payload) == before->descriptor_size);
    const auto after = parse_payload(codec, payload);
    RC_ASSERT(after.has_value());
    RC_ASSERT(after->descriptor_size == before->descriptor_size);
    RC_ASSERT(after->picture_id_bits == before->picture_id_bits);
    RC_ASSERT(after->picture_id ==
              (before->picture_id_bits == 0 ? 0 : picture_id & ((1 << before->picture_id_bits) - 1)));
    RC_ASSERT(after->tl0_picture_index == (before->tl0_picture_index_offset == 0 ? 0 : tl0_picture_index));
    RC_ASSERT(after->temporal_layer == before->temporal_layer);
    RC_ASSERT(after->keyframe == before->keyframe);
  }));
}

TEST(PayloadProperty, DamageStaysInsideThePayload) {
  const struct {
    Codec codec;
    const char* payload;
  } cases[] = {
      {Codec::vp8, "b0 f0 9234 56 a5 01 00"},
      {Codec::vp9, "fa 8001 20 03 05 02 38 0140 00b4 0280 0168 02 04 01 08 02 03 82"},
      {Codec::vp9, "2a 00 07 18 0140 00b4 01 04 01 82"},
      {Codec::h264, "78 0004 6742e01f 0004 68ce3c80 0002 6588"},
      {Codec::h264, "7c 85 88"},
      {Codec::av1, "38 04 08000000 02 3200 30"},
      {Codec::av1, "00 02 3600 828000 2200"},
  };
  for (const auto& c : cases)
    for_each_damage(from_hex(c.payload), [&](BytesView payload) {
      for (const auto& descriptor : {from_hex(""), from_hex("80"), from_hex("800001"), from_hex("80000180")})
        if (const auto info = parse_payload(c.codec, payload, descriptor)) {
          EXPECT_LE(info->descriptor_size, std::min(payload.size(), kMaxDescriptorSize));
          EXPECT_LE(info->picture_id_offset + info->picture_id_bits / 7, info->descriptor_size);
          EXPECT_LE(info->tl0_picture_index_offset, info->descriptor_size);
        }
    });
}

}  // namespace
}  // namespace bridgehall::wire
