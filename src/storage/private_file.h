// Files that only we may read, for what people said: made, written and copied so that they are on the disk when the
// call returns. The sentences of failures name the file.
#pragma once

#include <string>
#include <string_view>

#include "storage/failure.h"

namespace bridgehall::storage {

// Makes an empty file (mode 0600) where there is none, and its entry in the folder durable.
Outcome<void> create_private_file(const std::string& path);
// Whole or not at all: under another name first, then in the place of `path`.
Outcome<void> write_private_file(const std::string& path, std::string_view content);
// The same with what another file holds.
Outcome<void> copy_private_file(const std::string& from, const std::string& to);
Outcome<void> sync_file(const std::string& path);
Outcome<void> sync_folder(const std::string& folder);

// At most `most` bytes, else it is refused.
Outcome<std::string> read_whole_file(const std::string& path, std::size_t most);

struct FileDigest {
  std::uint64_t bytes = 0;
  std::string sha256;
};
Outcome<FileDigest> digest_file(const std::string& path);

}  // namespace bridgehall::storage
