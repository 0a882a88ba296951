#include "crypto/dtls_flight.h"

#include <algorithm>
#include <utility>

namespace bridgehall::crypto {

void DtlsFlight::replace(Datagrams datagrams, TimePoint now) {
  datagrams_ = std::move(datagrams);
  sent_at_ = now;
  wait_ = kFirstWait;
  resend_at_ = now + wait_;
}

void DtlsFlight::clear() {
  datagrams_ = {};
  stop_timer();
}

Datagrams* DtlsFlight::due(TimePoint now) {
  if (datagrams_.empty() || now < resend_at_) return nullptr;
  wait_ = std::min(wait_ * 2, kLongestWait);
  sent_at_ = now;
  resend_at_ = now + wait_;
  return &datagrams_;
}

Datagrams* DtlsFlight::answer_repeat(TimePoint now) {
  if (datagrams_.empty() || now - sent_at_ < kAnswerGap || answers_ == kMaxAnswers) return nullptr;
  ++answers_;
  sent_at_ = now;
  return &datagrams_;
}

}  // namespace bridgehall::crypto
