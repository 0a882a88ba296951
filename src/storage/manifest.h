// What a backup's folder holds, as its manifest.json says. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bridgehall::storage {

struct BackupFile {
  std::string name;  // from the folder, with slashes
  std::uint64_t bytes = 0;
  std::string sha256;
  bool operator==(const BackupFile&) const = default;
};

struct Manifest {
  std::string made_at;       // RFC 3339, UTC
  std::uint64_t schema = 0;  // number of the record's last migration
  std::vector<BackupFile> files;
  bool operator==(const Manifest&) const = default;
};

inline constexpr std::string_view kManifestFile = "manifest.json";

std::string encode_manifest(const Manifest& manifest);
// Refuses names that lead out of the folder. The error is the rest of a sentence: "is no JSON".
Result<Manifest> decode_manifest(std::string_view text);

}  // namespace bridgehall::storage
