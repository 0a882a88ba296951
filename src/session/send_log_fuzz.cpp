// A send log hears feedback that lies: whatever it says, each packet that was sent is counted once as received, at most
// once as lost before that, and never one that was not sent; and the summary of the line stays within what is possible.
#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/check.h"
#include "session/send_log.h"

namespace bridgehall::session {
namespace {

using Feedback = wire::TransportFeedback;

class Run {
 public:
  explicit Run(BytesView input) : input_(input) {}

  void run() {
    while (!input_.at_end()) {
      const auto step = input_.u8();
      if (step == 0xff) log_.forget_way();
      switch (step & 3) {
        case 0:
          now_ += input_.u16() * 100us;
          break;
        case 1:
          send(input_.u8() * 8u);
          break;
        case 2:
          hear(input_.bytes(std::min<std::size_t>(input_.u8(), input_.remaining())));
          break;
        case 3:
          hear_report_block();
          break;
      }
      check_line();
    }
  }

 private:
  void send(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      BRIDGEHALL_CHECK(log_.on_sent(now_, kBytes) == static_cast<std::uint16_t>(sent_++));
  }

  void hear(BytesView fields) {
    std::array<std::uint8_t, 8 + 255> body{};  // two SSRCs, then whatever came
    std::copy(fields.begin(), fields.end(), body.begin() + 8);
    Feedback header;
    const auto count = wire::parse_transport_feedback(
        {wire::RtcpType::transport_feedback, wire::kFormatTransportCc, BytesView{body}.first(8 + fields.size())},
        header, entries_);
    if (count < 0) return;
    const auto report = log_.on_feedback(std::span{entries_}.first(static_cast<std::size_t>(count)), now_);
    received_ += report.received;
    lost_ += report.lost;
    corrected_ += report.corrected;
    BRIDGEHALL_CHECK(report.received + report.lost <= static_cast<std::size_t>(count));
    BRIDGEHALL_CHECK(report.corrected <= report.received);
    BRIDGEHALL_CHECK(report.acknowledged_bytes == report.received * kBytes);
    BRIDGEHALL_CHECK(report.delay.has_value() == (report.received > 0));
    BRIDGEHALL_CHECK(!report.round_trip || (*report.round_trip >= 0ns && *report.round_trip <= now_ - kStart));
    BRIDGEHALL_CHECK(corrected_ <= lost_);
    BRIDGEHALL_CHECK(received_ + lost_ - corrected_ <= sent_);
    monitor_.add(report, now_);
  }

  void hear_report_block() {
    const wire::ReportBlock block{.fraction_lost = input_.u8(),
                                  .highest_sequence = input_.u32(),
                                  .last_sender_report = input_.u32(),
                                  .delay_since_last = input_.u32()};
    const auto report = stream_.on_report_block(block, NtpTime{std::uint64_t{3'900'000'000u} << 32} + (now_ - kStart));
    BRIDGEHALL_CHECK(report.received + report.lost <= ReportedStream::kMaxExpected);
    BRIDGEHALL_CHECK(!report.round_trip ||
                     (*report.round_trip >= 0ns && *report.round_trip <= ReportedStream::kMaxRoundTrip));
    monitor_.add(report, now_);
  }

  void check_line() const {
    const auto unanswered = log_.unanswered(now_);
    BRIDGEHALL_CHECK(unanswered >= 0ns && unanswered <= now_ - kStart);
    const auto line = monitor_.summary(now_, unanswered);
    BRIDGEHALL_CHECK(line.lost <= line.packets);
    BRIDGEHALL_CHECK(line.queueing_delay >= 0ns);
    BRIDGEHALL_CHECK(line.round_trip >= line.least_round_trip && line.least_round_trip >= 0ns);
  }

  static constexpr TimePoint kStart{1'000s};
  static constexpr std::uint32_t kBytes = 1'200;

  ByteReader input_;
  SendLog log_;
  ReportedStream stream_;
  LineMonitor monitor_;
  std::array<Feedback::Entry, Feedback::kMaxEntries> entries_;
  TimePoint now_ = kStart;
  std::uint64_t sent_ = 0, received_ = 0, lost_ = 0, corrected_ = 0;
};

}  // namespace
}  // namespace bridgehall::session

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bridgehall::session::Run{bridgehall::BytesView{data, size}}.run();
  return 0;
}
