// The media core without the kernel, beside the cipher alone: how much does forwarding cost on top of sealing? Prints
// both and their ratio; the ratio is the figure, since absolute times of a shared machine mean little.
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <intel-ipsec-mb.h>

#include "bench/one_to_many.h"

namespace bridgehall::bench {
namespace {

constexpr std::uint32_t kReceivers = 200;

// Seals the bytes that the core seals, with as many keys, and does nothing else.
void bare_seal(benchmark::State& state) {
  struct ManagerDeleter {
    void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
  };
  const std::unique_ptr<IMB_MGR, ManagerDeleter> manager(alloc_mb_mgr(0));
  init_mb_mgr_auto(manager.get(), nullptr);
  struct alignas(64) Key {
    gcm_key_data data;
  };
  std::vector<Key> keys(kReceivers);
  std::array<std::uint8_t, 16> secret{};
  for (std::uint32_t i = 0; i < kReceivers; ++i) {
    secret[0] = static_cast<std::uint8_t>(i);
    IMB_AES128_GCM_PRE(manager.get(), secret.data(), &keys[i].data);
  }
  std::vector<std::uint8_t> payload(OneToMany::kPacketSize - 12), out(kReceivers * OneToMany::kBurst * 1216);
  std::array<std::uint8_t, 12> iv{}, header{};
  gcm_context_data context;
  for (auto _ : state) {
    auto* to = out.data();
    for (auto& key : keys) {
      for (std::size_t i = 0; i < OneToMany::kBurst; ++i, to += 1216) {
        ++iv[11];
        IMB_AES128_GCM_ENC(manager.get(), &key.data, &context, to, payload.data(), payload.size(), iv.data(),
                           header.data(), header.size(), to + payload.size(), 16);
      }
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kReceivers * OneToMany::kBurst);
}

void forward(benchmark::State& state) {
  OneToMany conference(kReceivers);
  std::size_t datagrams = 0;
  for (auto _ : state) datagrams += conference.forward_frame();
  if (datagrams != static_cast<std::size_t>(state.iterations()) * kReceivers * OneToMany::kBurst)
    state.SkipWithError("not every packet was forwarded to every receiver");
  state.SetItemsProcessed(static_cast<std::int64_t>(datagrams));
}

BENCHMARK(bare_seal)->Unit(benchmark::kMicrosecond);
BENCHMARK(forward)->Unit(benchmark::kMicrosecond);

// Remembers the median of each benchmark, to print the ratio.
class Medians final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const auto& run : runs)
      if (run.aggregate_name == "median") times_[run.run_name.function_name] = run.GetAdjustedCPUTime();
  }
  double of(const std::string& name) const { return times_.at(name); }

 private:
  std::map<std::string, double> times_;
};

}  // namespace
}  // namespace bridgehall::bench

int main(int argc, char** argv) {
  using namespace bridgehall::bench;
  std::vector<char*> arguments(argv, argv + argc);
  std::string repetitions = "--benchmark_repetitions=9", interleaved = "--benchmark_enable_random_interleaving=true",
              aggregates = "--benchmark_report_aggregates_only=true";
  for (auto* option : {&repetitions, &interleaved, &aggregates})
    arguments.insert(arguments.begin() + 1, option->data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  Medians medians;
  benchmark::RunSpecifiedBenchmarks(&medians);
  const double per_item = 1000.0 / (kReceivers * OneToMany::kBurst);
  std::printf(
      "\nbare seal      %7.1f ns a packet\nforwarded      %7.1f ns a packet\nforwarded/bare %7.2f  (goal: at most "
      "2.5)\n",
      medians.of("bare_seal") * per_item, medians.of("forward") * per_item,
      medians.of("forward") / medians.of("bare_seal"));
}
