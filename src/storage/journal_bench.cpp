// What the record costs: an event in memory and on the system's disk, opening a long one, and backing it up. The folder
// is TMPDIR's.
#include <algorithm>
#include <chrono>
#include <filesystem>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/check.h"
#include "base/random.h"
#include "conference/apply.h"
#include "storage/backup.h"
#include "storage/event_json.h"
#include "storage/sqlite_journal.h"

namespace bridgehall::storage {
namespace {

using namespace conference;

// Of a conference of 50 that talks: three in four are microphones, the rest chat.
Event any_event(SeededRandom& random, std::uint64_t number) {
  const auto seat = fmt::format("site-{}", random.below(50));
  if (random.chance(0.75)) return MicrophoneChanged{seat, {.open = random.chance(0.5)}};
  return ChatSaid{{number, seat, std::string(60, 'x'), Audience::everyone, WallTime{std::chrono::seconds{number}}}};
}

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / fmt::format("bridgehall-bench-{}", getpid())) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_.string(); }
  std::string record() const { return (path_ / kRecordFile).string(); }

 private:
  std::filesystem::path path_;
};

std::unique_ptr<SqliteJournal> opened(const std::string& path) {
  auto journal = SqliteJournal::open({.path = path});
  BRIDGEHALL_CHECK(journal.has_value());
  return std::move(*journal);
}

// `transactions` of `events` each, with a snapshot whenever one is due.
void fill(SqliteJournal& journal, std::size_t transactions, std::size_t events) {
  SeededRandom random(1);
  State state{.id = "long"};
  for (int i = 0; i < 50; ++i)
    state.seats.push_back({.id = fmt::format("site-{}", i), .name = "A site", .role = Role::site});
  BRIDGEHALL_CHECK(journal.write_snapshot(state, Origin::given).has_value());
  std::uint64_t snapshot = 0;
  for (std::size_t i = 0; i < transactions; ++i) {
    Batch batch{.number = i + 1, .conference = "long"};
    for (std::size_t k = 0; k < events; ++k) {
      auto event = any_event(random, state.sequence);
      conference::apply(state, event);
      batch.events.push_back({state.sequence, WallTime{}, "chair", std::move(event)});
    }
    BRIDGEHALL_CHECK(journal.append({&batch, 1}).has_value());
    if (state.sequence - snapshot >= kEventsPerSnapshot) {
      BRIDGEHALL_CHECK(journal.write_snapshot(state, Origin::events).has_value());
      snapshot = state.sequence;
    }
    BRIDGEHALL_CHECK(journal.tend().has_value());
  }
}

void encode(benchmark::State& run) {
  SeededRandom random(1);
  const auto event = any_event(random, 1);
  for (auto _ : run) benchmark::DoNotOptimize(encode_event(event));
}
BENCHMARK(encode);

void decode(benchmark::State& run) {
  SeededRandom random(1);
  const auto text = encode_event(any_event(random, 1));
  for (auto _ : run) benchmark::DoNotOptimize(decode_event(text));
}
BENCHMARK(decode);

// One transaction of so many batches of one event, with its sync.
void commit(benchmark::State& run) {
  const Folder folder;
  const auto journal = opened(folder.record());
  SeededRandom random(1);
  std::uint64_t sequence = 0;
  for (auto _ : run) {
    std::vector<Batch> batches(static_cast<std::size_t>(run.range(0)));
    for (auto& batch : batches) {
      batch.conference = "a";
      batch.events.push_back({++sequence, WallTime{}, "chair", any_event(random, sequence)});
    }
    BRIDGEHALL_CHECK(journal->append(batches).has_value());
    BRIDGEHALL_CHECK(journal->tend().has_value());
  }
  run.SetItemsProcessed(static_cast<std::int64_t>(sequence));
}
BENCHMARK(commit)->Arg(1)->Arg(256)->UseRealTime();

// A record of so many events: opened, and its conference loaded.
void open_long_record(benchmark::State& run) {
  const Folder folder;
  fill(*opened(folder.record()), static_cast<std::size_t>(run.range(0)) / 900, 900);
  for (auto _ : run) {
    const auto journal = opened(folder.record());
    benchmark::DoNotOptimize(journal->load("long"));
  }
  run.counters["bytes"] = static_cast<double>(std::filesystem::file_size(folder.record()));
}
BENCHMARK(open_long_record)->Arg(1'000'000)->Unit(benchmark::kMillisecond)->UseRealTime();

// A record of so many events is backed up while another event is written after each step, as a busy conference would.
void back_up_while_written(benchmark::State& run) {
  const Folder folder;
  const auto journal = opened(folder.record());
  fill(*journal, static_cast<std::size_t>(run.range(0)) / 900, 900);
  SeededRandom random(1);
  std::uint64_t sequence = 0;
  const auto write_one = [&] {
    Batch batch{.conference = "a"};
    batch.events.push_back({++sequence, WallTime{}, "chair", any_event(random, sequence)});
    BRIDGEHALL_CHECK(journal->append({&batch, 1}).has_value());
    BRIDGEHALL_CHECK(journal->tend().has_value());
  };
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::duration<double, std::milli>;
  std::vector<double> waits;
  Milliseconds completing{};
  for (auto _ : run) {
    Backup backup(*journal,
                  {.data_folder = folder.path(), .files = {}, .target = folder.path() + "/backup", .now = {}});
    for (bool copied = false; !copied;) {
      const auto began = Clock::now();
      copied = backup.copy_some().value();
      write_one();
      waits.push_back(Milliseconds(Clock::now() - began).count());
    }
    const auto began = Clock::now();
    BRIDGEHALL_CHECK(backup.complete().has_value());
    completing = Clock::now() - began;
    std::filesystem::remove_all(folder.path() + "/backup");
  }
  std::sort(waits.begin(), waits.end());
  run.counters["step_and_commit_median_ms"] = waits[waits.size() / 2];
  run.counters["step_and_commit_p99_ms"] = waits[waits.size() * 99 / 100];
  run.counters["completing_ms"] = completing.count();
  run.SetItemsProcessed(static_cast<std::int64_t>(waits.size()));
}
BENCHMARK(back_up_while_written)->Arg(1'000'000)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace bridgehall::storage
