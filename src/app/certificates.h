// Where the certificate of HTTPS comes from: the files of the settings, read again when they change, or else one of our
// own in the data folder, made when it is missing, ends soon or no longer covers what this machine is called. Control
// thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/configuration.h"
#include "base/address.h"
#include "crypto/token.h"
#include "web/tls_context.h"

namespace bridgehall::app {

class Certificates {
 public:
  // Our own is made for a year and replaced a month before it ends; browsers take none for longer than 398 days.
  static constexpr std::chrono::days kLifetime{365};
  static constexpr std::chrono::days kRenewBefore{30};

  explicit Certificates(const Configuration& c);

  // HTTPS is spoken: there are files, or the address is not this machine's alone.
  bool wanted() const { return configured() || beyond_loopback_; }
  bool configured() const { return !certificate_file_.empty(); }

  // What is to be spoken with from now on; nullptr: nothing has changed since the last one. An error in a sentence when
  // there is something new that cannot be used: the last one stays good. `addresses`: those of this machine.
  Result<std::shared_ptr<const web::TlsContext>> refresh(const std::vector<IpAddress>& addresses, crypto::UnixTime now);

 private:
  Result<std::shared_ptr<const web::TlsContext>> read_files();
  Result<std::shared_ptr<const web::TlsContext>> own(std::vector<IpAddress> addresses, crypto::UnixTime now);

  std::string certificate_file_, key_file_;
  std::string folder_;
  std::vector<std::string> names_;
  bool beyond_loopback_;
  std::string seen_;     // what the files looked like when they were last read
  bool loaded_ = false;  // our own
};

}  // namespace bridgehall::app
