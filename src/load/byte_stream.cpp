#include "load/byte_stream.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/check.h"

namespace bridgehall::load {
namespace {
constexpr long kConnectTimeoutSeconds = 10;
}

struct ByteStream::State {
  CURL* curl = curl_easy_init();
  ~State() { curl_easy_cleanup(curl); }
};

ByteStream::ByteStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
ByteStream::~ByteStream() = default;
ByteStream::ByteStream(ByteStream&&) noexcept = default;
ByteStream& ByteStream::operator=(ByteStream&&) noexcept = default;

Result<ByteStream> ByteStream::connect(const std::string& url) {
  auto state = std::make_unique<State>();
  auto* curl = state->curl;
  BRIDGEHALL_CHECK(curl != nullptr);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectTimeoutSeconds);
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  if (const auto code = curl_easy_perform(curl); code != CURLE_OK)
    return fail(fmt::format("{} cannot be reached: {}.", url, curl_easy_strerror(code)));
  return ByteStream(std::move(state));
}

int ByteStream::fd() const {
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(state_->curl, CURLINFO_ACTIVESOCKET, &socket);
  return socket;
}

std::optional<std::size_t> ByteStream::write(std::string_view bytes) {
  std::size_t written = 0;
  const auto code = curl_easy_send(state_->curl, bytes.data(), bytes.size(), &written);
  if (code == CURLE_AGAIN) return 0;
  if (code != CURLE_OK) return std::nullopt;
  return written;
}

std::optional<std::size_t> ByteStream::read(MutableBytes out) {
  std::size_t size = 0;
  const auto code = curl_easy_recv(state_->curl, out.data(), out.size(), &size);
  if (code == CURLE_AGAIN) return 0;
  if (code != CURLE_OK || size == 0) return std::nullopt;
  return size;
}

}  // namespace bridgehall::load
