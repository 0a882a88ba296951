#include "load/synthetic_vp8.h"

#include <algorithm>
#include <cstring>

namespace bridgehall::load {
namespace {
constexpr double kKeyframeFactor = 6;
constexpr double kRepaymentFrames = 30;  // a keyframe's surplus is saved again within a second
// What was sent beyond that is forgiven, as by an encoder that is asked for keyframes again and again: a server that
// asks for one for each viewer would have small frames to forward for minutes.
constexpr double kLongestDebtFrames = 30;
constexpr std::size_t kLeastFrame = 64;  // descriptor 6, keyframe header 10, stamp 8
}  // namespace

SyntheticVp8::SyntheticVp8(int kbps, std::uint64_t seed)
    : random_(seed),
      mean_bytes_(kbps * 125.0 / kFramesPerSecond),
      picture_id_(static_cast<std::uint16_t>(random_.below(0x8000))),
      tl0_picture_index_(static_cast<std::uint8_t>(random_.below(256))) {}

SyntheticVp8::Frame SyntheticVp8::next_frame(bool keyframe) {
  const double jitter = 0.8 + 0.4 * static_cast<double>(random_.below(1000)) / 1000;
  double target = mean_bytes_ * jitter * (keyframe ? kKeyframeFactor : 1);
  if (!keyframe) target = std::max(target - debt_bytes_ / kRepaymentFrames, mean_bytes_ / 4);
  Frame frame;
  frame.keyframe = keyframe;
  frame.bytes = std::max(static_cast<std::size_t>(target), kLeastFrame);
  frame.packets = (frame.bytes + kMaxPayload - 1) / kMaxPayload;
  frame.picture_id = picture_id_;
  frame.tl0_picture_index = tl0_picture_index_;
  picture_id_ = (picture_id_ + 1) & 0x7fff;
  ++tl0_picture_index_;
  debt_bytes_ =
      std::min(debt_bytes_ + static_cast<double>(frame.bytes) - mean_bytes_, kLongestDebtFrames * mean_bytes_);
  return frame;
}

std::size_t SyntheticVp8::write_payload(const Frame& frame, std::size_t index, MutableBytes out) {
  // The first packets are a byte shorter where the size does not divide evenly.
  const std::size_t size = (frame.bytes + index) / frame.packets;
  ByteWriter writer(out.first(size));
  writer.u8(static_cast<std::uint8_t>(0x80 | (index == 0 ? 0x10 : 0)));  // X, S
  writer.u8(0xe0);                                                       // I, L, T
  writer.u16(static_cast<std::uint16_t>(0x8000 | frame.picture_id));
  writer.u8(frame.tl0_picture_index);
  writer.u8(0);  // TID 0, no layer sync
  if (index == 0) {
    // RFC 6386 section 9.1: frame tag (key or not, version 0, shown); a keyframe adds start code and dimensions.
    writer.u8(frame.keyframe ? 0x10 : 0x11);
    writer.u8(0);
    writer.u8(0);
    if (frame.keyframe) {
      writer.u24(0x9d012a);
      writer.u16(0x8002);  // 640 wide, little endian
      writer.u16(0x6801);  // 360 high
    }
  }
  const auto rest = writer.remaining();
  std::memset(out.data() + writer.size(), 0x5a, rest);
  return size;
}

void write_stamp(MutableBytes payload, TimePoint sent) {
  ByteWriter(payload.last(kStampSize)).u64(static_cast<std::uint64_t>(sent.time_since_epoch().count()));
}

TimePoint read_stamp(BytesView payload) {
  if (payload.size() < kStampSize) return {};
  return TimePoint{Duration{static_cast<std::int64_t>(ByteReader(payload.last(kStampSize)).u64())}};
}

}  // namespace bridgehall::load
