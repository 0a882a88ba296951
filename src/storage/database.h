// SQLite's C interface in the few words that this layer needs: a connection, statements that are kept, and failures in
// sentences. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include <sqlite3.h>

#include "storage/failure.h"

namespace bridgehall::storage {

class Database;

// Prepared once, run often. Ends before its Database does.
class Statement {
 public:
  Statement() = default;

  // Runs to the end; rows are ignored. Values are bound from ?1 on: whole numbers and texts.
  template <class... Values>
  Outcome<void> run(const Values&... values) {
    return each([](Statement&) {}, values...);
  }
  // Calls row(*this) for each row. A row() that returns an Outcome<void> ends the walk with its failure.
  template <class Row, class... Values>
  Outcome<void> each(Row&& row, const Values&... values) {
    const Use use(*this);
    int index = 0;
    (bind(++index, values), ...);
    for (;;) {
      const int code = sqlite3_step(statement_.get());
      if (code == SQLITE_DONE) return {};
      if (code != SQLITE_ROW) return std::unexpected(failure());
      if constexpr (std::is_void_v<decltype(row(*this))>) {
        row(*this);
      } else if (auto done = row(*this); !done) {
        return done;
      }
    }
  }

  // Of the present row. A text is valid until the row is left.
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string_view text(int column) const;

 private:
  friend class Database;
  // Ends a run however it is left, so that no read transaction stays open.
  class Use {
   public:
    explicit Use(Statement& statement) : statement_(statement.statement_.get()) {}
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() {
      sqlite3_reset(statement_);
      sqlite3_clear_bindings(statement_);
    }

   private:
    sqlite3_stmt* statement_;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  void bind(int index, std::string_view text);
  template <class Number>
  std::enable_if_t<std::is_integral_v<Number>> bind(int index, Number number) {
    sqlite3_bind_int64(statement_.get(), index, static_cast<std::int64_t>(number));
  }
  Failure failure() const;

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  const Database* database_ = nullptr;
};

class Database {
 public:
  // `vfs`: the name of a registered one; empty: the system's files.
  static Outcome<std::unique_ptr<Database>> open(const std::string& path, const std::string& vfs, int flags);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Any number of statements, without values; rows are ignored.
  Outcome<void> run(const std::string& sql);
  Outcome<Statement> prepare(std::string_view sql);
  // The one value that `sql` gives; 0 or "" where it gives no row.
  Outcome<std::int64_t> number(std::string_view sql);
  Outcome<std::string> text(std::string_view sql);

  // What the last call failed of.
  Failure failure() const;
  const std::string& path() const { return path_; }
  sqlite3* handle() const { return handle_.get(); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
  };
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
};

// A transaction that is rolled back unless commit() was called and went well.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (database_.in_transaction()) static_cast<void>(database_.run("ROLLBACK"));
  }
  Outcome<void> begin() { return database_.run("BEGIN IMMEDIATE"); }
  Outcome<void> commit() { return database_.run("COMMIT"); }

 private:
  Database& database_;
};

// SQLite's extended code (and the system's errno, 0 if there is none) about the file `path`, in words.
Failure describe(int code, int system_error, std::string_view path, std::string_view detail);

}  // namespace bridgehall::storage
