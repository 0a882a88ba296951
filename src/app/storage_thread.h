// The thread that keeps the record: batches go in, what is on the disk comes out. It meets control in two bounded rings
// and never waits for it; control never waits for the disk.
//
// Whatever waits when a transaction begins goes into it (at most kMostBatches), so a slow disk makes transactions
// larger and not rarer; nobody waits for company. After a failure nothing is recorded any more, whatever is pushed,
// until control has said resume(): it rebuilds its conferences from what is recorded first.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/spsc_ring.h"
#include "conference/record.h"
#include "io/doorbell.h"
#include "io/poller.h"
#include "storage/journal.h"

namespace bridgehall::app {

// -- in, in this order --

struct WriteSnapshot {
  conference::State state;
  storage::Origin origin{};
};
// Copies the record while it is written. No other is pushed before this one's BackedUp.
struct BackUp {
  // Called on this thread, in turns with transactions, until it gives true.
  std::function<storage::Outcome<bool>()> copy_some;
  // Called then, on a thread of its own. Gives the folder of the copy.
  std::function<storage::Outcome<std::string>()> complete;
};
// Control knows of the failure and pushes nothing any more that builds on what was lost.
struct Resume {};
using StorageOrder = std::variant<conference::Batch, WriteSnapshot, BackUp, Resume>;

// -- out, in the order of what was pushed --

// Every batch up to this number is on the disk.
struct Committed {
  std::uint64_t number = 0;
  std::size_t batches = 0;  // of the transaction
  Duration took{};
};
// Every batch that was pushed and not told committed before is not recorded, nor will be; neither is what is pushed
// until Resume. Told once for each failure.
struct RecordingFailed {
  storage::Failure failure;
};
struct BackedUp {
  storage::Outcome<std::string> folder;
};
using StorageReport = std::variant<Committed, RecordingFailed, BackedUp>;

class StorageThread {
 public:
  static constexpr std::size_t kMostBatches = 256;

  explicit StorageThread(std::unique_ptr<storage::Journal> journal) : journal_(std::move(journal)) {
    poller_.add(bell_.fd(), 0);
  }
  ~StorageThread() { stop(); }

  void start();
  // Ends the thread after what was pushed is recorded or has failed; a backup whose record is not copied yet is given
  // up. Reports stay to be popped, as many as there is room for.
  void stop();

  // Control's thread. push() only where has_room(): else the disk is more than kRing orders behind, and whoever asked
  // is told to come again.
  bool has_room();
  void push(StorageOrder&& order);
  std::optional<StorageReport> pop();
  // Readable when there may be something to pop, or room again where has_room() said that there is none; clear_event()
  // before popping.
  int event_fd() const { return reports_ready_.fd(); }
  void clear_event() { reports_ready_.clear(); }

 private:
  // 200 who join within a second make some 1,000 batches: room for four such seconds in which the disk stands still.
  static constexpr std::size_t kRing = 4096;

  void run();
  // One transaction, one order of another kind or one step of a backup; it makes one report at most. False: there is
  // nothing to do, or no room to tell of it.
  bool turn();
  bool may_turn() const {
    return (has_order() || backup_is_due()) && (reports_.has_room() || stopping_.load(std::memory_order_acquire));
  }
  bool has_order() const { return held_ || orders_.waiting() > 0; }
  bool backup_is_due() const {
    return (copying_ || completed_.load(std::memory_order_acquire)) && !stopping_.load(std::memory_order_acquire);
  }
  std::optional<StorageOrder> next();
  void commit(conference::Batch&& first);
  void carry_out(const WriteSnapshot& order);
  void go_on_with_backup();
  void complete_backup(std::function<storage::Outcome<std::string>()> complete);
  void fail(const storage::Failure& failure);
  void report(StorageReport&& report);

  std::unique_ptr<storage::Journal> journal_;
  std::vector<conference::Batch> batches_;  // of one transaction
  std::optional<StorageOrder> held_;        // ended the batches of a transaction, comes after it
  bool failed_ = false;
  std::optional<BackUp> copying_;
  bool backup_is_next_ = false;  // else what was pushed is
  std::thread completing_;
  std::optional<storage::Outcome<std::string>> completed_with_;  // the other thread's until completed_
  std::atomic<bool> completed_{false};
  SpscRing<StorageOrder> orders_{kRing};
  SpscRing<StorageReport> reports_{kRing};
  io::Wakeup reports_ready_;
  std::atomic<bool> room_is_wanted_{false};             // the thread sleeps until a report is popped
  std::atomic<bool> room_for_orders_is_wanted_{false};  // control waits until an order is taken
  io::Doorbell bell_;
  io::Poller poller_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace bridgehall::app
