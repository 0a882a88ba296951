// What a run did, as one number: the same seed must make the same number again. Events are hashed, not bytes (the bytes
// of a real handshake differ each time); with `verbose` they are also printed. And the list of what went wrong.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/time.h"

namespace bridgehall::sim {

enum class TraceKind : std::uint8_t {
  command,       // who: publication or peer
  peer_event,    // a: what
  media_sent,    // by the server; a: sequence, b: timestamp
  repeat_sent,   // by RTX
  control_sent,  // RTCP, STUN, DTLS; a: size
  delivered,     // to a viewer; a: sequence, b: timestamp
  frame_decoded,
  keyframe_made,
  text_asked,  // by a page; a: size (tokens differ each time)
  text_said,   // to a page; a: size, b: hash
};

inline double seconds(TimePoint t) { return static_cast<double>(t.time_since_epoch().count()) * 1e-9; }

class Trace {
 public:
  static constexpr Duration kStart = 1s;  // when runs begin

  explicit Trace(bool verbose = false) : verbose_(verbose) {}

  void note(TimePoint now, TraceKind kind, std::uint32_t who, std::uint64_t a = 0, std::uint64_t b = 0) {
    for (const auto word : {static_cast<std::uint64_t>(now.time_since_epoch().count()),
                            std::uint64_t{static_cast<std::uint8_t>(kind)} << 32 | who, a, b}) {
      hash_ = (hash_ ^ word) * 0x9e3779b97f4a7c15u;
      hash_ ^= hash_ >> 29;
    }
    if (verbose_) print(now, kind, who, a, b);
  }
  std::uint64_t hash() const { return hash_; }
  bool verbose() const { return verbose_; }

 private:
  static void print(TimePoint now, TraceKind kind, std::uint32_t who, std::uint64_t a, std::uint64_t b);

  bool verbose_;
  std::uint64_t hash_ = 0xcbf29ce484222325u;
};

// Broken invariants of one run, in words; the first ones tell the story.
class Violations {
 public:
  static constexpr std::size_t kKept = 20;

  template <class... Arguments>
  void add(TimePoint now, fmt::format_string<Arguments...> words, Arguments&&... arguments) {
    ++count_;
    if (kept_.size() < kKept)
      kept_.push_back(fmt::format("{:.6f} s: ", seconds(now)) +
                      fmt::format(words, std::forward<Arguments>(arguments)...));
  }
  std::size_t count() const { return count_; }
  const std::vector<std::string>& kept() const { return kept_; }

 private:
  std::size_t count_ = 0;
  std::vector<std::string> kept_;
};

}  // namespace bridgehall::sim
