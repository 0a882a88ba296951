#include "load/generator.h"

#include <algorithm>

#include <fmt/format.h>

#include "io/clock.h"
#include "load/output.h"

namespace bridgehall::load {
namespace {

constexpr Duration kConnectPatience = 10s;  // for those who are still shaking hands after the last join
constexpr Duration kPublisherHeadStart = 300ms;
// What a server keeps of each publication, and whatever it needs but once to send at all, grows in the first seconds of
// the first viewer: that is not what viewers take.
constexpr Duration kFirstViewerAlone = 4s;
constexpr Duration kDrain = 500ms;  // for what was asked for again when the measurement ended

constexpr auto kConnected = [](const auto& client) { return client->core.link().connected(); };

}  // namespace

Generator::Generator(const LoadOptions& options)
    : options_(options),
      http_(options.server, options.token),
      ntp_(io::read_ntp_origin()),
      loop_(options.gro),
      usage_(options.server_pid) {}

Result<void> Generator::run() {
  if (auto joined = join(); !joined) return joined;
  measure();
  leave();
  return {};
}

Result<void> Generator::join() {
  for (std::size_t i = 0; i < static_cast<std::size_t>(options_.publishers); ++i)
    if (auto joined = join_publisher(i); !joined) return joined;
  if (auto ready = wait_for_publishers(); !ready) return ready;
  loop_.turn_until(ClientLoop::now() + kPublisherHeadStart);
  if (auto joined = join_viewers(); !joined) return joined;
  loop_.turn_until(ClientLoop::now() + options_.warm_up);
  return {};
}

Result<Generator::OwnEnd> Generator::own_end(std::string cname) {
  auto socket = loop_.open_socket();
  if (!socket) return std::unexpected(socket.error());
  session::ClientEnd description{.credentials = session::make_ice_credentials(random_),
                                 .fingerprint = dtls_.local_fingerprint(),
                                 .session_id = fmt::to_string(random_.u32()),
                                 .cname = std::move(cname)};
  if (options_.candidate) description.candidates.push_back({{*options_.candidate, socket->port()}});
  return OwnEnd{std::move(description), std::move(*socket)};
}

std::string Generator::name_of(std::size_t publication) const {
  return fmt::format("{}-{}", options_.publication_prefix, publication);
}

Result<Generator::Joined> Generator::join_as(std::string_view kind, const std::string& names,
                                             const std::string& offer) {
  const auto path = fmt::format("/{}/{}/{}", kind, options_.conference, names);
  auto answer = http_.post_offer(path, offer);
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 201)
    return fail(fmt::format("POST {} was answered with {}: {}", path, answer->status, answer->body));
  auto agreed = session::read_answer(answer->body);
  if (!agreed)
    return fail(fmt::format("The answer to POST {} cannot be used: {} ({})", path, agreed.error().message,
                            agreed.error().field));
  media_address_ = agreed->candidates.front();
  a_ufrag_ = agreed->remote_credentials.ufrag;
  return Joined{std::move(*agreed), std::move(answer->location)};
}

Result<void> Generator::join_publisher(std::size_t index) {
  auto own = own_end(fmt::format("load-publisher-{}", index));
  if (!own) return std::unexpected(own.error());
  const auto& local = own->description;
  const auto any_ssrc = [&] { return Ssrc{random_.u32() | 1}; };
  std::vector<session::OfferedSource> sources;
  if (options_.audio) sources.push_back({wire::Codec::opus, any_ssrc(), {}});
  if (options_.video) sources.push_back({wire::Codec::vp8, any_ssrc(), any_ssrc()});
  const auto posted = ClientLoop::now();
  auto joined = join_as("whip", name_of(index), session::make_publisher_offer(local, sources));
  if (!joined) return std::unexpected(joined.error());
  const PublisherSettings settings{options_.kbps, options_.pacing, options_.seed + index};
  return loop_.add(std::make_unique<PublisherClient>(std::move(own->socket), std::move(joined->location), posted, index,
                                                     settings, local, sources, joined->agreed, dtls_, random_, ntp_,
                                                     ClientLoop::now()));
}

Result<void> Generator::wait_for_publishers() {
  const auto patience = ClientLoop::now() + kConnectPatience;
  const auto publishers = loop_.publishers();
  while (!std::all_of(publishers.begin(), publishers.end(), kConnected)) {
    if (ClientLoop::now() > patience)
      return fail("A publisher got no media connection: its ICE checks or DTLS stayed without an answer.");
    loop_.turn(ClientLoop::now() + ClientLoop::kSweep);
  }
  return {};
}

Result<void> Generator::join_viewers() {
  const auto interval = Duration{1'000'000'000 / std::max(options_.joins_per_second, 1)};
  auto next = ClientLoop::now();
  for (std::size_t i = 0; i < static_cast<std::size_t>(options_.viewers); ++i, next += interval) {
    // At least once: where answers to POST take longer than the interval, those who have theirs shake hands all the
    // same.
    do loop_.turn(next);
    while (ClientLoop::now() < next);
    if (auto joined = join_viewer(i); !joined) return joined;
    if (i > 0 || options_.server_pid == 0) continue;
    next += kFirstViewerAlone;
    loop_.turn_until(next);
    usage_.note_memory_before(before_);
  }
  const auto patience = ClientLoop::now() + kConnectPatience;
  const auto viewers = loop_.viewers();
  while (ClientLoop::now() < patience && !std::all_of(viewers.begin(), viewers.end(), kConnected))
    loop_.turn(ClientLoop::now() + ClientLoop::kSweep);
  for (const auto& viewer : viewers) {
    if (!viewer->core.link().connected()) continue;
    ++joined_;
    join_.add(*viewer->core.link().connected_at() - viewer->posted);
  }
  return {};
}

Result<void> Generator::join_viewer(std::size_t index) {
  auto own = own_end(fmt::format("load-viewer-{}", index));
  if (!own) return std::unexpected(own.error());
  const auto& local = own->description;
  const auto published = std::max<std::size_t>(loop_.publishers().size(), 1);
  const auto publication = options_.together ? 0 : index % published;
  std::vector<std::string> names;
  std::vector<wire::Codec> codecs;
  for (std::size_t i = 0; i < (options_.together ? published : 1); ++i) {
    names.push_back(name_of(publication + i));
    if (options_.audio) codecs.push_back(wire::Codec::opus);
    if (options_.video) codecs.push_back(wire::Codec::vp8);
  }
  const auto posted = ClientLoop::now();
  auto joined = join_as("whep", fmt::format("{}", fmt::join(names, ",")),
                        session::make_viewer_offer(local, codecs, options_.transport_cc));
  if (!joined) return std::unexpected(joined.error());
  return loop_.add(std::make_unique<ViewerClient>(
      std::move(own->socket), std::move(joined->location), posted, publication, local, joined->agreed,
      ViewerSettings{options_.decrypt_every, options_.lose, options_.feigned_round_trip}, dtls_, random_,
      ClientLoop::now()));
}

std::uint64_t Generator::published_by(std::size_t publication) const {
  const auto& counters = loop_.publishers()[publication]->core.counters();
  return counters.audio_packets + counters.video_packets;
}

std::uint64_t Generator::published_for(const ViewerClient& viewer, const std::vector<std::uint64_t>& before) const {
  std::uint64_t packets = 0;
  for (std::size_t i = 0; i < before.size(); ++i)  // none where another run publishes
    if (options_.together || viewer.publication == i) packets += published_by(i) - before[i];
  return packets;
}

void Generator::measure() {
  result_ = std::make_unique<LoadResult>();
  auto& r = *result_;
  r.usage = before_;
  r.viewers_joined = joined_;
  r.join = join_;
  std::vector<std::uint64_t> published;
  for (std::size_t i = 0; i < loop_.publishers().size(); ++i) published.push_back(published_by(i));
  std::vector<ViewerCounters> before;
  for (const auto& viewer : loop_.viewers()) before.push_back(viewer->core.counters());
  usage_.begin(loop_.receive_overflows());
  const auto begin = ClientLoop::now();
  loop_.measure_into(&r.latency);
  loop_.turn_until(begin + options_.duration);
  loop_.measure_into(nullptr);
  r.began = begin;
  usage_.end(in_seconds(ClientLoop::now() - begin), loop_.receive_overflows(), loop_.send_errors(), r.usage);
  collect_viewers(before, published);
}

void Generator::collect_viewers(const std::vector<ViewerCounters>& before,
                                const std::vector<std::uint64_t>& published) {
  auto& r = *result_;
  const auto viewers = loop_.viewers();
  for (std::size_t i = 0; i < viewers.size(); ++i) {
    r.viewers += viewers[i]->core.counters() - before[i];
    if (viewers[i]->core.link().connected_at()) r.published += published_for(*viewers[i], published);
  }
  // A gap that a retransmission fills just after the end is none.
  loop_.turn_until(ClientLoop::now() + kDrain);
  std::uint64_t missing = 0;
  for (std::size_t i = 0; i < viewers.size(); ++i) {
    const auto all = viewers[i]->core.counters() - before[i];
    missing += all.expected - std::min(all.expected, all.received);
    r.viewers_decoding += viewers[i]->core.decodable();
    if (const auto at = viewers[i]->core.decodable_since()) r.first_frame.add(*at - viewers[i]->posted);
    if (const auto suite = viewers[i]->core.link().suite()) r.suite = *suite;
  }
  r.viewers_lost = lost();
  r.viewers.received = r.viewers.expected - std::min(missing, r.viewers.expected);
}

int Generator::lost() const {
  const auto viewers = loop_.viewers();
  return static_cast<int>(std::count_if(viewers.begin(), viewers.end(),
                                        [](const auto& viewer) { return viewer->core.link().closed().has_value(); }));
}

void Generator::leave() {
  const auto part = [&](auto clients) {
    for (const auto& client : clients) {
      client->core.link().close();
      loop_.send(*client);
      // The server may have closed the session already on DTLS's close_notify; either way it is gone.
      if (!client->location.empty()) (void)http_.remove(client->location);
    }
  };
  part(loop_.viewers());
  part(loop_.publishers());
}

}  // namespace bridgehall::load
