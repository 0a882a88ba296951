// A conference's file that is read, written and read again is the same, and what is refused is refused in a sentence.
// The same of a backup's manifest, whose names never lead out of its folder.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "storage/conference_file.h"
#include "storage/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bridgehall::storage;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto record = decode_conference(text)) {
    const auto written = encode_conference(*record);
    const auto again = decode_conference(written);
    BRIDGEHALL_CHECK(again && encode_conference(*again) == written);
  } else {
    BRIDGEHALL_CHECK(record.error().message.ends_with('.'));
  }
  if (const auto manifest = decode_manifest(text)) {
    for (const auto& file : manifest->files)
      BRIDGEHALL_CHECK(!file.name.empty() && file.name.front() != '/' && file.name.find("..") != 0);
    const auto again = decode_manifest(encode_manifest(*manifest));
    BRIDGEHALL_CHECK(again && *again == *manifest);
  } else {
    BRIDGEHALL_CHECK(!manifest.error().message.empty());
  }
  return 0;
}
