// One run of the load generator: who joins when, what is measured, how all leave.
#pragma once

#include <memory>

#include "base/result.h"
#include "crypto/dtls.h"
#include "crypto/system_random.h"
#include "load/client_loop.h"
#include "load/http_client.h"
#include "load/report.h"
#include "load/run_usage.h"

namespace bridgehall::load {

class Generator {
 public:
  explicit Generator(const LoadOptions& options);

  // Publishers first, then viewers at the rate asked for, then warm-up and measurement.
  Result<void> run();
  const LoadResult& result() const { return *result_; }

  // The parts of a run, for whoever measures several times. Everyone has joined and warmed up after join(); measure()
  // begins a result of its own each time.
  Result<void> join();
  void measure();
  void wait(Duration duration) { loop_.turn_until(ClientLoop::now() + duration); }
  void leave();
  int joined() const { return joined_; }  // viewers
  int lost() const;                       // of those, so far
  // Where the server takes media, and a name that one of its peers is called by in checks.
  const SocketAddress& media_address() const { return media_address_; }
  const std::string& a_ufrag() const { return a_ufrag_; }

 private:
  struct OwnEnd {
    session::ClientEnd description;
    io::UdpSocket socket;
  };
  struct Joined {
    session::Agreed agreed;
    std::string location;
  };
  Result<OwnEnd> own_end(std::string cname);
  std::string name_of(std::size_t publication) const;
  Result<Joined> join_as(std::string_view kind, const std::string& names, const std::string& offer);
  Result<void> join_publisher(std::size_t index);
  Result<void> wait_for_publishers();
  Result<void> join_viewers();
  Result<void> join_viewer(std::size_t index);
  void collect_viewers(const std::vector<ViewerCounters>& before, const std::vector<std::uint64_t>& published);
  std::uint64_t published_by(std::size_t publication) const;
  // Since `before`, to whoever views that one; or to whoever views all.
  std::uint64_t published_for(const ViewerClient& viewer, const std::vector<std::uint64_t>& before) const;

  const LoadOptions& options_;
  HttpClient http_;
  crypto::SystemRandom random_;
  crypto::OpenSslDtlsFactory dtls_;
  NtpOrigin ntp_;
  ClientLoop loop_;
  UsageMeter usage_;
  SocketAddress media_address_;
  std::string a_ufrag_;
  int joined_ = 0;
  RunUsage before_;                                                      // what is known before the measurement
  LatencyHistogram join_;                                                // POST to DTLS done
  std::unique_ptr<LoadResult> result_ = std::make_unique<LoadResult>();  // its histograms are too big for a stack
};

}  // namespace bridgehall::load
