// Where the signing key lies: 32 bytes in a file that only we can read, made once.
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base64url.h"
#include "crypto/token.h"

namespace bridgehall::crypto {
namespace {

using Secret = std::array<std::uint8_t, 32>;

class File {
 public:
  File(const std::string& path, int flags, mode_t mode = 0)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (is_open()) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

std::unexpected<Error> refuse(const std::string& path, std::string_view what, int error) {
  return fail(fmt::format("The signing key {} {}: {}.", path, what, std::generic_category().message(error)));
}

Result<Secret> read_secret(const std::string& path, const File& file) {
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return refuse(path, "cannot be examined", errno);
  if (!S_ISREG(status.st_mode)) return fail(fmt::format("The signing key {} is not a regular file.", path));
  if ((status.st_mode & 077) != 0) {
    return fail(fmt::format("The signing key {} is open to other users (mode {:04o}); take it back with: chmod 600 {}",
                            path, status.st_mode & 07777, path));
  }
  Secret secret;
  if (status.st_size != static_cast<off_t>(secret.size())) {
    return fail(
        fmt::format("The signing key {} has {} bytes instead of {}; restore it, or remove it to have a new one "
                    "made (tokens given out before will then be refused).",
                    path, status.st_size, secret.size()));
  }
  if (::read(file.descriptor(), secret.data(), secret.size()) != static_cast<ssize_t>(secret.size())) {
    return refuse(path, "cannot be read", errno);
  }
  return secret;
}

// 0 or errno.
int write_whole(const std::string& path, const Secret& secret) {
  const File file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file.is_open()) return errno;
  const auto written = ::write(file.descriptor(), secret.data(), secret.size());
  if (written < 0) return errno;
  if (written < static_cast<ssize_t>(secret.size())) return ENOSPC;
  return ::fsync(file.descriptor()) == 0 ? 0 : errno;
}

void sync_folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  const File directory(folder.empty() ? "." : folder.string(), O_RDONLY | O_DIRECTORY);
  if (directory.is_open()) ::fsync(directory.descriptor());
}

// Written under another name and then linked: the file is there whole or not at all, and of two processes that start at
// once one makes the key and both use it.
Result<void> create_secret(const std::string& path, RandomSource& random) {
  Secret secret;
  random.fill(secret);
  std::array<std::uint8_t, 6> suffix;
  random.fill(suffix);
  const auto draft = path + ".new-" + to_base64url(suffix);
  int error = write_whole(draft, secret);
  if (error == 0 && ::link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) error = errno;
  ::unlink(draft.c_str());
  if (error != 0) return refuse(path, "cannot be made", error);
  sync_folder_of(path);
  return {};
}

}  // namespace

Result<TokenKey> TokenKey::load_or_create(const std::string& path, RandomSource& random) {
  for (const bool may_create : {true, false}) {
    const File file(path, O_RDONLY | O_NOFOLLOW);
    if (file.is_open()) {
      const auto secret = read_secret(path, file);
      if (!secret) return std::unexpected(secret.error());
      return TokenKey(*secret);
    }
    if (errno != ENOENT || !may_create) return refuse(path, "cannot be opened", errno);
    if (const auto made = create_secret(path, random); !made) return std::unexpected(made.error());
  }
  return fail(fmt::format("The signing key {} was made but is gone.", path));
}

}  // namespace bridgehall::crypto
