// Property: what the parser takes is written so that it is read back as the same value, and the bounds hold.
#include "base/bytes.h"
#include "base/check.h"
#include "wire/sdp.h"
#include "wire/sdp_attributes.h"

using namespace bridgehall;
using namespace bridgehall::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  if (const auto sdp = parse_sdp(text)) {
    BRIDGEHALL_CHECK(sdp->media.size() <= kSdpMaxMedia);
    // Writing may lengthen a text by its CRs; only one already near the bound can pass it.
    const auto again = parse_sdp(write_sdp(*sdp));
    BRIDGEHALL_CHECK(again ? *again == *sdp : size > kSdpMaxSize / 2);
    for (const auto& media : sdp->media) {
      BRIDGEHALL_CHECK(!media.formats.empty() && media.formats.size() <= kSdpMaxFormats);
      for (const auto& attribute : media.attributes) {
        (void)parse_rtpmap(attribute.value);
        (void)parse_rtcp_feedback(attribute.value);
        (void)parse_extmap(attribute.value);
        (void)parse_ssrc(attribute.value);
        if (const auto rid = parse_rid(attribute.value)) BRIDGEHALL_CHECK(is_rid(rid->id));
        if (const auto simulcast = parse_simulcast(attribute.value))
          BRIDGEHALL_CHECK(simulcast->send.size() + simulcast->recv.size() > 0);
        if (const auto format = parse_fmtp(attribute.value)) (void)fmtp_parameter(format->parameters, "apt");
        if (const auto candidate = parse_udp_candidate(attribute.value))
          BRIDGEHALL_CHECK(parse_udp_candidate(write_host_candidate({*candidate}, 0)) == candidate);
      }
    }
  } else {
    BRIDGEHALL_CHECK(!sdp.error().message.empty() && sdp.error().line <= kSdpMaxLines + 1);
  }
  if (const auto fragment = parse_sdp_fragment(text)) {
    const auto written = write_sdp_fragment(*fragment);
    const auto again = parse_sdp_fragment(written);
    BRIDGEHALL_CHECK(again ? again->media == fragment->media : written.empty() || size > kSdpMaxSize / 2);
  }
  return 0;
}
