// Whatever happens in whatever conferences, with snapshots, restarts and failing disks in between: the record gives
// back what was acknowledged, and the state that apply() made of it.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "storage/crash_vfs.h"
#include "storage/sqlite_journal.h"
#include "storage/storage_testing.h"

namespace bridgehall::storage {
namespace {

constexpr char kPath[] = "record.sqlite3";

std::unique_ptr<SqliteJournal> opened(const CrashVfs& disk) {
  auto journal = SqliteJournal::open({.path = kPath, .vfs = disk.name()});
  RC_ASSERT(journal.has_value());
  return std::move(*journal);
}

TEST(JournalProperties, a_state_rebuilt_from_the_record_is_the_one_that_was_kept) {
  EXPECT_TRUE(rc::check([] {
    const Dice dice = [](std::uint64_t bound) { return *rc::gen::inRange<std::uint64_t>(0, bound); };
    CrashVfs disk(1);
    auto journal = opened(disk);
    std::vector<GrowingConference> conferences;
    conferences.emplace_back("empty");
    conferences.emplace_back(conference::full_house());
    RC_ASSERT(journal->write_snapshot(conferences[1].state(), Origin::given).has_value());
    std::vector<std::vector<std::string>> told(conferences.size());
    const auto steps = dice(25);
    for (std::uint64_t step = 0; step < steps; ++step) {
      const auto at = dice(conferences.size());
      auto& one = conferences[at];
      switch (dice(8)) {
        case 0:
          RC_ASSERT(journal->write_snapshot(one.state(), Origin::events).has_value());
          break;
        case 1:
          journal.reset();
          journal = opened(disk);
          break;
        case 2: {  // a disk that fails in between
          disk.set_fault(static_cast<DiskFault>(1 + dice(4)));
          auto lost = one;
          const auto refused = lost.grow(dice, 1 + dice(3));
          RC_ASSERT(!journal->append({&refused, 1}).has_value());
          disk.set_fault(DiskFault::none);
          break;
        }
        default: {
          std::vector<conference::Batch> batches(1 + dice(3));
          for (auto& batch : batches) {
            batch = one.grow(dice, 1 + dice(3));
            for (const auto& event : batch.events) told[at].push_back(to_words(event));
          }
          RC_ASSERT(journal->append(batches).has_value());
        }
      }
    }
    for (std::size_t at = 0; at < conferences.size(); ++at) {
      if (conferences[at].state().sequence == 0) continue;
      const auto& id = conferences[at].state().id;
      RC_ASSERT(to_words(*journal->read(id, 0, 1000)) == told[at]);
      RC_ASSERT(**journal->load(id) == conferences[at].state());
    }
  }));
}

}  // namespace
}  // namespace bridgehall::storage
