#include "storage/private_file.h"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/sha256.h"

namespace bridgehall::storage {
namespace {

std::unexpected<Failure> refuse(const std::string& path, std::string_view what, int error) {
  const auto kind = error == ENOSPC || error == EDQUOT                    ? FailureKind::disk_full
                    : error == EROFS || error == EACCES || error == EPERM ? FailureKind::read_only
                    : error == ENOENT                                     ? FailureKind::missing
                                                                          : FailureKind::disk_error;
  return fail(kind, fmt::format("{} cannot be {}: {}.", path, what, std::generic_category().message(error)));
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }

  bool write_all(std::string_view content) const {
    while (!content.empty()) {
      const auto written = ::write(fd_, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }
  // Bytes read; 0 at the end, -1 on failure.
  ssize_t read_some(std::vector<char>& part) const {
    for (;;) {
      const auto got = ::read(fd_, part.data(), part.size());
      if (got >= 0 || errno != EINTR) return got;
    }
  }

 private:
  int fd_;
};

constexpr std::size_t kPart = 256 * 1024;

std::string folder_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

// Calls fill(descriptor) with the draft, then puts it in its place.
template <class Fill>
Outcome<void> replace_file(const std::string& path, Fill&& fill) {
  const auto draft = path + ".new";
  ::unlink(draft.c_str());  // left by a crash, perhaps with other rights
  {
    const Descriptor file(draft, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.valid()) return refuse(path, "written", errno);
    Outcome<void> filled = fill(file);
    if (filled && ::fsync(file.get()) != 0) filled = refuse(path, "written", errno);
    if (!filled) {
      ::unlink(draft.c_str());
      return filled;
    }
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(draft.c_str());
    return refuse(path, "written", error);
  }
  return sync_folder(folder_of(path));
}

}  // namespace

Outcome<void> sync_file(const std::string& path) {
  const Descriptor descriptor(path, O_RDONLY);
  if (!descriptor.valid() || ::fsync(descriptor.get()) != 0) return refuse(path, "written", errno);
  return {};
}

Outcome<void> sync_folder(const std::string& folder) {
  const Descriptor descriptor(folder, O_RDONLY | O_DIRECTORY);
  if (!descriptor.valid() || ::fsync(descriptor.get()) != 0) return refuse(folder, "written", errno);
  return {};
}

Outcome<void> create_private_file(const std::string& path) {
  const Descriptor file(path, O_RDWR | O_CREAT | O_EXCL);
  if (!file.valid()) {
    if (errno == EEXIST) return {};
    return refuse(path, "made", errno);
  }
  return sync_folder(folder_of(path));
}

Outcome<void> write_private_file(const std::string& path, std::string_view content) {
  return replace_file(path, [&](const Descriptor& file) -> Outcome<void> {
    if (!file.write_all(content)) return refuse(path, "written", errno);
    return {};
  });
}

Outcome<void> copy_private_file(const std::string& from, const std::string& to) {
  const Descriptor source(from, O_RDONLY);
  if (!source.valid()) return refuse(from, "read", errno);
  return replace_file(to, [&](const Descriptor& file) -> Outcome<void> {
    std::vector<char> part(kPart);
    for (;;) {
      const auto got = source.read_some(part);
      if (got < 0) return refuse(from, "read", errno);
      if (got == 0) return {};
      if (!file.write_all({part.data(), static_cast<std::size_t>(got)})) return refuse(to, "written", errno);
    }
  });
}

Outcome<std::string> read_whole_file(const std::string& path, std::size_t most) {
  const Descriptor file(path, O_RDONLY);
  if (!file.valid()) return refuse(path, "read", errno);
  std::string content;
  std::vector<char> part(kPart);
  for (;;) {
    const auto got = file.read_some(part);
    if (got < 0) return refuse(path, "read", errno);
    if (got == 0) return content;
    content.append(part.data(), static_cast<std::size_t>(got));
    if (content.size() > most)
      return fail(FailureKind::refused, fmt::format("{} is longer than {} bytes, which is too much.", path, most));
  }
}

Outcome<FileDigest> digest_file(const std::string& path) {
  const Descriptor file(path, O_RDONLY);
  if (!file.valid()) return refuse(path, "read", errno);
  crypto::Sha256 hash;
  FileDigest digest;
  std::vector<char> part(kPart);
  for (;;) {
    const auto got = file.read_some(part);
    if (got < 0) return refuse(path, "read", errno);
    if (got == 0) break;
    hash.update(as_bytes_view({part.data(), static_cast<std::size_t>(got)}));
    digest.bytes += static_cast<std::uint64_t>(got);
  }
  digest.sha256 = std::move(hash).finish();
  return digest;
}

}  // namespace bridgehall::storage
