#include "app/certificates.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/self_signed.h"
#include "io/file_descriptor.h"

namespace bridgehall::app {
namespace {

constexpr const char* kCertificate = "https_certificate.pem";
constexpr const char* kKey = "https_key.pem";
constexpr std::uintmax_t kMaxFile = 1 << 20;  // a chain has a few kilobytes

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (const auto size = std::filesystem::file_size(path, error); !error && size > kMaxFile)
    return fail(fmt::format("{} is too long for a certificate or a key.", path));
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) return fail(fmt::format("{} cannot be read: {}.", path, std::strerror(errno)));
  return text;
}

// Whole or not at all, and for nobody else's eyes.
Result<void> write_file(const std::string& path, std::string_view text) {
  const auto beside = path + ".new";
  const auto refuse = [&] { return fail(fmt::format("{} cannot be written: {}.", path, std::strerror(errno))); };
  {
    const io::FileDescriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.valid()) return refuse();
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.get()) != 0) {
      const auto refusal = refuse();
      ::unlink(beside.c_str());
      return refusal;
    }
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return refuse();
  return {};
}

// Another file, or the same with other contents, looks different.
std::string look_of(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return "missing";
  return fmt::format("{} {} {}.{}", s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
}

}  // namespace

Certificates::Certificates(const Configuration& c)
    : certificate_file_(c.http_certificate_file),
      key_file_(c.http_certificate_key_file),
      folder_(c.data_folder),
      names_{"localhost"},
      beyond_loopback_(!IpAddress::parse(c.http_address)->is_loopback()) {
  names_.insert(names_.end(), c.http_names.begin(), c.http_names.end());
}

Result<std::shared_ptr<const web::TlsContext>> Certificates::refresh(const std::vector<IpAddress>& addresses,
                                                                     crypto::UnixTime now) {
  if (!wanted()) return nullptr;
  return configured() ? read_files() : own(addresses, now);
}

Result<std::shared_ptr<const web::TlsContext>> Certificates::read_files() {
  auto looks = look_of(certificate_file_) + " " + look_of(key_file_);
  if (looks == seen_) return nullptr;
  seen_ = std::move(looks);
  const auto chain = read_file(certificate_file_);
  if (!chain) return std::unexpected(chain.error());
  const auto key = read_file(key_file_);
  if (!key) return std::unexpected(key.error());
  auto context = web::TlsContext::make(*chain, *key);
  if (!context)
    return fail(fmt::format("{} and {} cannot be used. {}", certificate_file_, key_file_, context.error().message));
  return context;
}

Result<std::shared_ptr<const web::TlsContext>> Certificates::own(std::vector<IpAddress> addresses,
                                                                 crypto::UnixTime now) {
  const auto certificate_path = (std::filesystem::path(folder_) / kCertificate).string();
  const auto key_path = (std::filesystem::path(folder_) / kKey).string();
  const auto certificate = read_file(certificate_path);
  const auto key = read_file(key_path);
  if (certificate && key && crypto::covers(*certificate, names_, addresses, now + kRenewBefore)) {
    if (loaded_) return nullptr;
    if (auto context = web::TlsContext::make(*certificate, *key)) {
      loaded_ = true;
      return context;
    }
  }
  const auto made = crypto::make_self_signed(names_, addresses, now, now + kLifetime);
  if (auto written = write_file(key_path, made.key); !written) return std::unexpected(written.error());
  if (auto written = write_file(certificate_path, made.certificate); !written) return std::unexpected(written.error());
  loaded_ = true;
  return web::TlsContext::make(made.certificate, made.key);
}

}  // namespace bridgehall::app
