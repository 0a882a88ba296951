// What the control thread sees of the media shards: the control ends of their rings, as if it were one.
// app::MediaShards is one; tests have their own.
#pragma once

#include <optional>

#include "media/api.h"
#include "media/shard_number.h"

namespace bridgehall::web {

// Control thread only.
class MediaCore {
 public:
  virtual ~MediaCore() = default;
  // False when the ring is full; the command is then untouched. Commands are carried out in order.
  virtual bool push(media::Command&& command) = 0;
  virtual std::optional<media::Event> pop() = 0;
  // An eventfd that is readable when pop() may give something. Whoever waits for it reads it empty and then pops until
  // nothing comes.
  virtual int event_fd() const = 0;
  // Where the next peer is best made: its ufrag is to name this shard.
  virtual media::ShardNumber lightest_shard() const { return {}; }
};

}  // namespace bridgehall::web
