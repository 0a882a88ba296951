// Header extensions on their way through a shard: from the ids and the form of the sender (RFC 8285) to those of each
// receiver, a dependency descriptor of any size included.
#include <gtest/gtest.h>

#include "media/shard_testing.h"
#include "wire/scalability_testing.h"

namespace bridgehall::media {
namespace {

using wire::ExtensionForm;
using wire::ExtensionKind;
using wire::testing::InterLayer;
using wire::testing::ScalableStream;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t kSenderId = 5, kOrientationId = 3;

Bytes written(const wire::DependencyDescriptor& frame, const wire::TemplateStructure& structure) {
  Bytes out(255);
  out.resize(wire::write_dependency_descriptor(frame, structure, out));
  return out;
}

// What left as the only packet: its extension form, and the value of an id, empty when it is not there.
struct Arrived {
  wire::RtpHeader header;
  Bytes bytes;

  Bytes value(std::uint8_t wanted) const {
    Bytes found;
    wire::for_each_extension(bytes, header, [&](std::uint8_t id, BytesView value) {
      if (id == wanted) found.assign(value.begin(), value.end());
    });
    return found;
  }
};

// One viewer to whom dependency descriptors go as `receiver_id`; one keyframe's packet, sent in `form`.
Arrived send_one(std::uint8_t receiver_id, const Bytes& descriptor, ExtensionForm form) {
  testing::ShardRoom room;
  room.shard.handle_command(AddPublication{testing::kVideo, wire::Codec::vp8}, room.now);
  room.shard.handle_command(AddPublication{testing::kAudio, wire::Codec::opus}, room.now);
  room.shard.handle_command(SetGate{testing::kVideo, true}, room.now);
  auto publishing = testing::publisher_command(PeerId{1});
  publishing->incoming[0].track.extensions[ExtensionKind::dependency_descriptor] = kSenderId;
  publishing->incoming[0].track.extensions[ExtensionKind::video_orientation] = kOrientationId;
  auto& publisher = room.add_client(std::move(publishing));
  room.connect(publisher);
  auto viewing = testing::viewer_command(PeerId{2});
  for (auto& outgoing : viewing->outgoing) {
    if (outgoing.track.kind != wire::MediaKind::video) continue;
    outgoing.track.extensions[ExtensionKind::dependency_descriptor] = receiver_id;
    outgoing.track.extensions[ExtensionKind::video_orientation] = kOrientationId;
  }
  room.connect(room.add_client(std::move(viewing)));

  Bytes header(400);
  wire::RtpHeaderWriter writer(header,
                               {.marker = true,
                                .payload_type = testing::kVideoType,
                                .sequence_number = 100,
                                .timestamp = 9'000,
                                .ssrc = testing::kVideoSsrc},
                               form);
  const std::uint8_t orientation = 2;
  EXPECT_TRUE(writer.add(kOrientationId, {&orientation, 1}));
  EXPECT_TRUE(writer.add(kSenderId, descriptor));
  header.resize(writer.finish());
  room.send_rtp(publisher, header, testing::vp8_payload(500, true, true));
  room.turn();
  if (room.media.size() != 1) return {};
  Arrived arrived{.bytes = room.media[0].bytes};
  arrived.header = wire::parse_rtp_header(arrived.bytes).value();
  return arrived;
}

TEST(ShardExtensions, ALongDependencyDescriptorKeepsItsBytes) {
  ScalableStream stream({3, 3, InterLayer::keyframes});
  auto frame = stream.next_unit(true)[0].descriptor;
  frame.start_of_frame = frame.end_of_frame = true;
  const auto descriptor = written(frame, stream.structure);
  ASSERT_GT(descriptor.size(), 16u);
  const auto arrived = send_one(9, descriptor, ExtensionForm::two_byte);
  EXPECT_EQ(arrived.header.extension_form, ExtensionForm::two_byte);
  EXPECT_EQ(arrived.value(9), descriptor);
  EXPECT_EQ(arrived.value(kOrientationId), (Bytes{2}));
}

TEST(ShardExtensions, TheLongestOneFitsToo) {
  Bytes descriptor(255, 0);
  descriptor[0] = 0xc0;
  EXPECT_EQ(send_one(9, descriptor, ExtensionForm::two_byte).value(9), descriptor);
}

TEST(ShardExtensions, AShortOneGoesInTheOneByteFormHoweverItCame) {
  const Bytes descriptor{0xc0, 0, 7};
  for (const auto form : {ExtensionForm::one_byte, ExtensionForm::two_byte}) {
    const auto arrived = send_one(9, descriptor, form);
    EXPECT_EQ(arrived.header.extension_form, ExtensionForm::one_byte);
    EXPECT_EQ(arrived.value(9), descriptor);
  }
}

TEST(ShardExtensions, AnIdAboveFourteenNeedsTheTwoByteForm) {
  const Bytes descriptor{0xc0, 0, 7};
  const auto arrived = send_one(15, descriptor, ExtensionForm::one_byte);
  EXPECT_EQ(arrived.header.extension_form, ExtensionForm::two_byte);
  EXPECT_EQ(arrived.value(15), descriptor);
}

TEST(ShardExtensions, WhoDidNotAgreeToItGetsNone) {
  const auto arrived = send_one(0, {0xc0, 0, 7}, ExtensionForm::one_byte);
  EXPECT_EQ(arrived.header.extension_form, ExtensionForm::one_byte);
  EXPECT_TRUE(arrived.value(kSenderId).empty());
  EXPECT_EQ(arrived.value(kOrientationId), (Bytes{2}));
}

}  // namespace
}  // namespace bridgehall::media
