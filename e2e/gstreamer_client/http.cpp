#include "http.h"

#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "end_signal.h"
#include "failure.h"

namespace bridgehall::gstreamer_client {
namespace {

struct Response {
  long status = 0;
  std::string body;
  std::string location;  // absolute
  std::optional<std::chrono::seconds> retry_after;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

std::string header(CURL* curl, const char* name) {
  curl_header* found = nullptr;
  return curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value : "";
}

std::string resolve(const std::string& address, const std::string& reference) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
  char* whole = nullptr;
  if (curl_url_set(url.get(), CURLUPART_URL, address.c_str(), 0) != CURLUE_OK ||
      curl_url_set(url.get(), CURLUPART_URL, reference.c_str(), 0) != CURLUE_OK ||
      curl_url_get(url.get(), CURLUPART_URL, &whole, 0) != CURLUE_OK)
    throw Failure(fmt::format("The Location '{}' is no address.", reference));
  const std::unique_ptr<char, decltype(&curl_free)> owned(whole, curl_free);
  return whole;
}

// `body` null: DELETE, else POST.
Response request(const std::string& address, const std::string& token, const std::string* body) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
  curl_slist* lines = curl_slist_append(nullptr, ("Authorization: Bearer " + token).c_str());
  if (body) lines = curl_slist_append(lines, "Content-Type: application/sdp");
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> owned_lines(lines, curl_slist_free_all);
  Response response;
  curl_easy_setopt(curl.get(), CURLOPT_URL, address.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, lines);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &response.body);
  if (body) {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body->size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body->c_str());
  } else {
    curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, "DELETE");
  }
  if (const auto code = curl_easy_perform(curl.get()); code != CURLE_OK)
    throw Failure(fmt::format("{}: {}.", address, curl_easy_strerror(code)));
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &response.status);
  if (const auto location = header(curl.get(), "Location"); !location.empty())
    response.location = resolve(address, location);
  curl_off_t seconds = 0;
  if (curl_easy_getinfo(curl.get(), CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
    response.retry_after = std::chrono::seconds(seconds);
  return response;
}

}  // namespace

std::optional<Session> post_offer(const std::string& endpoint, const std::string& token, const std::string& offer,
                                  std::chrono::seconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto response = request(endpoint, token, &offer);
    if (response.status == 201) {
      if (response.location.empty()) throw Failure("The answer has no Location.");
      return Session{std::move(response.location), std::move(response.body)};
    }
    const bool later = (response.status == 409 || response.status == 503) && response.retry_after;
    if (!later || std::chrono::steady_clock::now() + *response.retry_after > until)
      throw Failure(fmt::format("{} answered {}: {}", endpoint, response.status, response.body));
    fmt::print("{{\"event\":\"waiting\",\"status\":{},\"seconds\":{}}}\n", response.status,
               response.retry_after->count());
    pause_for(*response.retry_after);
    if (end_asked()) return std::nullopt;
  }
}

void end_session(const Session& session, const std::string& token) {
  const auto response = request(session.address, token, nullptr);
  if (response.status != 200 && response.status != 204)
    throw Failure(fmt::format("DELETE of {} answered {}: {}", session.address, response.status, response.body));
}

}  // namespace bridgehall::gstreamer_client
