#include "app/storage_thread.h"

#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <pthread.h>

#include "io/clock.h"

namespace bridgehall::app {

void StorageThread::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "storage");
}

void StorageThread::stop() {
  stopping_.store(true, std::memory_order_release);
  bell_.ring();
  if (thread_.joinable()) thread_.join();
  if (completing_.joinable()) completing_.join();
}

// Asked a second time, as the thread may have made room before it could be told that it is wanted.
bool StorageThread::has_room() {
  if (orders_.has_room()) return true;
  room_for_orders_is_wanted_.exchange(true, std::memory_order_acq_rel);
  return orders_.has_room();
}

void StorageThread::push(StorageOrder&& order) {
  orders_.push(std::move(order));
  bell_.ring();
}

std::optional<StorageReport> StorageThread::pop() {
  auto report = reports_.pop();
  if (report && room_is_wanted_.exchange(false, std::memory_order_acq_rel)) bell_.ring();
  return report;
}

// At the end control pops no more: then reports are lost, but what was pushed is recorded.
void StorageThread::run() {
  const auto stops = [this] { return stopping_.load(std::memory_order_acquire); };
  for (;;) {
    while (turn())
      if (room_for_orders_is_wanted_.exchange(false, std::memory_order_acq_rel)) reports_ready_.signal();
    if (stops() && !may_turn()) return;
    room_is_wanted_.exchange(!reports_.has_room(), std::memory_order_acq_rel);
    if (bell_.lie_down([&] { return may_turn() || stops(); })) poller_.wait(kNever, {});
    bell_.get_up();
    bell_.clear();
  }
}

std::optional<StorageOrder> StorageThread::next() {
  if (!held_) return orders_.pop();
  auto order = std::move(held_);
  held_.reset();
  return order;
}

bool StorageThread::turn() {
  if (!may_turn()) return false;
  // In turns, as a record that is written all the time would never be copied.
  if (!has_order() || (backup_is_due() && std::exchange(backup_is_next_, false))) {
    go_on_with_backup();
    return true;
  }
  backup_is_next_ = true;
  auto order = next();
  if (auto* batch = std::get_if<conference::Batch>(&*order))
    commit(std::move(*batch));
  else if (const auto* snapshot = std::get_if<WriteSnapshot>(&*order))
    carry_out(*snapshot);
  else if (auto* backup = std::get_if<BackUp>(&*order))
    copying_ = std::move(*backup);
  else
    failed_ = false;
  return true;
}

void StorageThread::commit(conference::Batch&& first) {
  batches_.clear();
  batches_.push_back(std::move(first));
  while (batches_.size() < kMostBatches) {
    auto order = orders_.pop();
    if (!order) break;
    auto* batch = std::get_if<conference::Batch>(&*order);
    if (!batch) {
      held_ = std::move(order);
      break;
    }
    batches_.push_back(std::move(*batch));
  }
  if (failed_) return;
  const auto began = io::read_clock();
  if (const auto done = journal_->append(batches_); !done) return fail(done.error());
  report(Committed{batches_.back().number, batches_.size(), io::read_clock() - began});
  // A failure of this is told by the next transaction, if it lasts.
  static_cast<void>(journal_->tend());
}

// Folds are only for speed, so one that could not be written is no failure of the record; the next transaction tells.
void StorageThread::carry_out(const WriteSnapshot& order) {
  if (failed_) return;
  const auto done = journal_->write_snapshot(order.state, order.origin);
  if (!done && order.origin == storage::Origin::given) fail(done.error());
}

void StorageThread::go_on_with_backup() {
  if (completed_.exchange(false, std::memory_order_acq_rel)) {
    completing_.join();
    return report(BackedUp{std::move(*completed_with_)});
  }
  const auto copied = copying_->copy_some();
  if (copied && !*copied) return;
  auto complete = std::move(copying_->complete);
  copying_.reset();
  if (copied) return complete_backup(std::move(complete));
  complete = nullptr;  // nothing is left of it when that is told
  report(BackedUp{std::unexpected(copied.error())});
}

void StorageThread::complete_backup(std::function<storage::Outcome<std::string>()> complete) {
  try {
    completing_ = std::thread([this, complete = std::move(complete)]() mutable {
      completed_with_ = complete();
      complete = nullptr;
      completed_.store(true, std::memory_order_release);
      bell_.ring();
    });
  } catch (const std::system_error& none) {
    return report(BackedUp{
        storage::fail(storage::FailureKind::disk_error, fmt::format("The backup got no thread: {}.", none.what()))});
  }
  pthread_setname_np(completing_.native_handle(), "backup");
}

// What the failed commit may have left is cut off before anybody is told that it is not there, where the disk lets us.
void StorageThread::fail(const storage::Failure& failure) {
  failed_ = true;
  static_cast<void>(journal_->tend());
  report(RecordingFailed{failure});
}

void StorageThread::report(StorageReport&& report) {
  reports_.push(std::move(report));
  reports_ready_.signal();
}

}  // namespace bridgehall::app
