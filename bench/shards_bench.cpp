// Do two shards carry twice what one does? One publisher and 200 viewers without the kernel, on one thread and on two,
// beside the bare cipher on one thread and on two: what the machine itself allows. Rounds are interleaved; medians are
// printed, and their ratios are the figures.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <intel-ipsec-mb.h>

#include "bench/one_to_many.h"

namespace bridgehall::bench {
namespace {

constexpr std::uint32_t kViewers = 200;
constexpr int kRounds = 9;
constexpr std::size_t kFrames = 1'500;  // a round: 1.8 million packets
// The first shard stays so far ahead at most: 6 packets a frame, and the ring between them holds 1,024.
constexpr std::size_t kAhead = 100;

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Packets a second.
double forward_on_one(OneToMany& conference) {
  std::size_t datagrams = 0;
  const auto seconds = seconds_of([&] {
    for (std::size_t i = 0; i < kFrames; ++i) datagrams += conference.forward_frame();
  });
  return static_cast<double>(datagrams) / seconds;
}

double forward_on_two(OneToMany& conference) {
  constexpr std::size_t kAtSecond = kFrames * OneToMany::kBurst * kViewers / 2;
  std::atomic<std::size_t> done{0};  // datagrams of the second shard
  std::size_t first = 0;
  const auto seconds = seconds_of([&] {
    std::thread second([&] {
      while (done.load(std::memory_order_relaxed) < kAtSecond) {
        const auto sent = conference.forward_mirrored(1);
        done.store(done.load(std::memory_order_relaxed) + sent, std::memory_order_release);
      }
    });
    for (std::size_t i = 0; i < kFrames; ++i) {
      const auto behind = [&] {
        return done.load(std::memory_order_acquire) / (OneToMany::kBurst * kViewers / 2) + kAhead < i;
      };
      while (behind()) std::this_thread::yield();
      first += conference.forward_frame();
    }
    second.join();
  });
  return static_cast<double>(first + done.load()) / seconds;
}

// The same bytes and keys, sealed and nothing else.
void seal(std::uint32_t keys_count, std::size_t frames) {
  struct ManagerDeleter {
    void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
  };
  const std::unique_ptr<IMB_MGR, ManagerDeleter> manager(alloc_mb_mgr(0));
  init_mb_mgr_auto(manager.get(), nullptr);
  struct alignas(64) Key {
    gcm_key_data data;
  };
  std::vector<Key> keys(keys_count);
  std::array<std::uint8_t, 16> secret{};
  for (std::uint32_t i = 0; i < keys_count; ++i) {
    secret[0] = static_cast<std::uint8_t>(i);
    IMB_AES128_GCM_PRE(manager.get(), secret.data(), &keys[i].data);
  }
  std::vector<std::uint8_t> payload(OneToMany::kPacketSize - 12), out(1216);
  std::array<std::uint8_t, 12> iv{}, header{};
  gcm_context_data context;
  for (std::size_t frame = 0; frame < frames; ++frame)
    for (auto& key : keys)
      for (std::size_t i = 0; i < OneToMany::kBurst; ++i)
        IMB_AES128_GCM_ENC(manager.get(), &key.data, &context, out.data(), payload.data(), payload.size(), iv.data(),
                           header.data(), header.size(), out.data() + payload.size(), 16);
}
double seal_on_one() {
  return kFrames * OneToMany::kBurst * kViewers / seconds_of([] { seal(kViewers, kFrames); });
}
double seal_on_two() {
  return kFrames * OneToMany::kBurst * kViewers / seconds_of([] {
           std::thread second([] { seal(kViewers / 2, kFrames); });
           seal(kViewers / 2, kFrames);
           second.join();
         });
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

int run() {
  OneToMany one(kViewers), two(kViewers, 2);
  std::array<std::vector<double>, 4> rates;
  for (int round = 0; round < kRounds; ++round) {
    rates[0].push_back(forward_on_one(one));
    rates[1].push_back(forward_on_two(two));
    rates[2].push_back(seal_on_one());
    rates[3].push_back(seal_on_two());
  }
  const auto drops = two.shard(0).counters().drops[static_cast<std::size_t>(media::Drop::mirror_full)];
  const auto forward = median(rates[1]) / median(rates[0]), bare = median(rates[3]) / median(rates[2]);
  std::printf("                     one thread   two threads   two/one\n");
  std::printf("forwarded, M/s       %10.2f   %11.2f   %7.2f  (goal: at least 1.5)\n", median(rates[0]) / 1e6,
              median(rates[1]) / 1e6, forward);
  std::printf("bare seal, M/s       %10.2f   %11.2f   %7.2f\n", median(rates[2]) / 1e6, median(rates[3]) / 1e6, bare);
  std::printf("of what the machine allows               %19.2f\n", forward / bare);
  if (drops != 0) std::printf("%llu packets found no room in the ring\n", static_cast<unsigned long long>(drops));
  return drops == 0 ? 0 : 1;
}

}  // namespace
}  // namespace bridgehall::bench

int main() { return bridgehall::bench::run(); }
