// What sealing costs against the bare cipher, in ns per packet of 1,200 bytes of payload.
#include <vector>

#include <benchmark/benchmark.h>
#include <intel-ipsec-mb.h>

#include "base/random.h"
#include "crypto/srtp.h"
#include "wire/rtp.h"

namespace bridgehall::crypto {
namespace {

constexpr std::size_t kPayload = 1200;

std::vector<std::uint8_t> random_bytes(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  SeededRandom(1).fill(bytes);
  return bytes;
}

// The floor: one call into ipsec-mb, no RTP at all.
void bare_gcm(benchmark::State& state) {
  IMB_MGR* manager = alloc_mb_mgr(0);
  init_mb_mgr_auto(manager, nullptr);
  alignas(64) gcm_key_data key;
  const auto bytes = random_bytes(kPayload);
  IMB_AES128_GCM_PRE(manager, bytes.data(), &key);
  std::vector<std::uint8_t> out(kPayload + 16);
  gcm_context_data context;
  for (auto _ : state) {
    IMB_AES128_GCM_ENC(manager, &key, &context, out.data(), bytes.data(), kPayload, bytes.data(), bytes.data(), 12,
                       out.data() + kPayload, 16);
    benchmark::ClobberMemory();
  }
  free_mb_mgr(manager);
}
BENCHMARK(bare_gcm);

void seal(benchmark::State& state, SrtpSuite suite, GcmEngine engine, std::size_t prefix, std::uint8_t padding) {
  Sealer sealer(suite, SrtpKey{}, engine);
  const auto bytes = random_bytes(kPayload);
  std::vector<std::uint8_t> header(12), out(1500);
  header[0] = 0x80;
  std::uint32_t index = 0;
  for (auto _ : state) {
    store_u16(&header[2], static_cast<std::uint16_t>(++index));
    const auto size = sealer.seal_rtp({.header = header,
                                       .prefix = BytesView(bytes).first(prefix),
                                       .payload = BytesView(bytes).subspan(prefix, kPayload - prefix - padding),
                                       .padding = padding,
                                       .rollover_counter = index >> 16},
                                      out);
    benchmark::DoNotOptimize(size);
    benchmark::ClobberMemory();
  }
}
constexpr auto kGcm = SrtpSuite::aead_aes_128_gcm;
constexpr auto kCm = SrtpSuite::aes128_cm_sha1_80;
BENCHMARK_CAPTURE(seal, gcm, kGcm, GcmEngine::fastest, 0, 0);
BENCHMARK_CAPTURE(seal, gcm_with_prefix, kGcm, GcmEngine::fastest, 6, 0);
BENCHMARK_CAPTURE(seal, gcm_with_padding, kGcm, GcmEngine::fastest, 0, 20);
BENCHMARK_CAPTURE(seal, gcm_with_prefix_and_padding, kGcm, GcmEngine::fastest, 6, 20);
BENCHMARK_CAPTURE(seal, gcm_openssl, kGcm, GcmEngine::openssl, 0, 0);
BENCHMARK_CAPTURE(seal, gcm_openssl_with_prefix, kGcm, GcmEngine::openssl, 6, 0);
BENCHMARK_CAPTURE(seal, cm_sha1, kCm, GcmEngine::fastest, 0, 0);

// Opening wants fresh packets, so a thousand are sealed beforehand; the copy into place is part of the figure.
void open(benchmark::State& state, SrtpSuite suite, GcmEngine engine) {
  Sealer sealer(suite, SrtpKey{});
  Opener opener(suite, SrtpKey{}, engine);
  const auto payload = random_bytes(kPayload);
  std::vector<std::vector<std::uint8_t>> packets;
  wire::RtpHeader parsed;
  parsed.header_size = 12;
  for (std::uint16_t sequence = 0; sequence < 1000; ++sequence) {
    std::vector<std::uint8_t> header(12), out(1500);
    header[0] = 0x80;
    store_u16(&header[2], sequence);
    out.resize(sealer.seal_rtp({.header = header, .payload = payload}, out));
    packets.push_back(std::move(out));
  }
  SrtpReceiveState stream;
  std::vector<std::uint8_t> packet(1500);
  for (auto _ : state) {
    const auto& sealed = packets[parsed.sequence_number];
    std::copy(sealed.begin(), sealed.end(), packet.begin());
    const auto opened = opener.open_rtp(MutableBytes(packet).first(sealed.size()), parsed, stream);
    if (!opened) {
      state.SkipWithError("a sealed packet did not open");
      break;
    }
    if (++parsed.sequence_number == packets.size()) {
      parsed.sequence_number = 0;
      stream = {};
    }
  }
}
BENCHMARK_CAPTURE(open, gcm, kGcm, GcmEngine::fastest);
BENCHMARK_CAPTURE(open, gcm_openssl, kGcm, GcmEngine::openssl);
BENCHMARK_CAPTURE(open, cm_sha1, kCm, GcmEngine::fastest);

}  // namespace
}  // namespace bridgehall::crypto
