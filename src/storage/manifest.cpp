#include "storage/manifest.h"

#include "storage/json_members.h"

namespace bridgehall::storage {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kMaxFiles = 100'000;

// Parts like "conferences/demo.json": each a name that begins with no dot.
bool stays_inside(std::string_view name) {
  for (;;) {
    const auto slash = name.find('/');
    const auto part = name.substr(0, slash);
    if (part.size() > 255 || part.empty() || part.front() == '.' || part.find('\0') != part.npos) return false;
    if (slash == name.npos) return true;
    name.remove_prefix(slash + 1);
  }
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

}  // namespace

template <class Archive>
void members(Archive& archive, Of<Archive, BackupFile>& file) {
  archive("name", file.name);
  archive("bytes", file.bytes);
  archive("sha256", file.sha256);
}

template <class Archive>
void members(Archive& archive, Of<Archive, Manifest>& manifest) {
  archive("made_at", manifest.made_at);
  archive("schema", manifest.schema);
  archive("files", manifest.files);
}

std::string encode_manifest(const Manifest& manifest) {
  Json json{{"format", "bridgehall-backup"}, {"version", kVersion}};
  MemberWriter writer(json);
  members(writer, manifest);
  return json.dump(2) + "\n";
}

Result<Manifest> decode_manifest(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail("is no JSON");
  if (!json.is_object() || json.value("format", Json()) != "bridgehall-backup")
    return fail("is not the manifest of a backup of Bridgehall");
  if (json.value("version", Json()) != kVersion) return fail("is of a version that this program does not know");
  Manifest manifest;
  MemberReader reader(json);
  reader.skip();  // format
  reader.skip();  // version
  members(reader, manifest);
  if (auto fault = reader.finish(); !fault.empty()) return fail(std::move(fault));
  if (manifest.files.size() > kMaxFiles) return fail(fmt::format("names more than {} files", kMaxFiles));
  for (const auto& file : manifest.files) {
    if (!stays_inside(file.name)) return fail(fmt::format("names a file outside of its folder, \"{}\"", file.name));
    if (!is_digest(file.sha256)) return fail(fmt::format("has no SHA-256 of {}", file.name));
  }
  return manifest;
}

}  // namespace bridgehall::storage
