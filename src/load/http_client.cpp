#include "load/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/check.h"

namespace bridgehall::load {
namespace {
constexpr long kTimeoutSeconds = 15, kLongTimeoutSeconds = 600;

std::size_t take_body(char* data, std::size_t, std::size_t size, void* target) {
  auto& body = *static_cast<std::string*>(target);
  if (body.size() + size > HttpClient::kMaxBody) return 0;
  body.append(data, size);
  return size;
}

struct HeaderList {
  curl_slist* list = nullptr;
  ~HeaderList() { curl_slist_free_all(list); }
  void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};
}  // namespace

struct HttpClient::State {
  CURL* curl = curl_easy_init();
  std::string authorization;
  ~State() { curl_easy_cleanup(curl); }

  Result<HttpAnswer> run(const std::string& url, const HeaderList& headers, long timeout = kTimeoutSeconds) {
    HttpAnswer answer;
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");  // the server under test is reached directly
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
    if (const auto code = curl_easy_perform(curl); code != CURLE_OK)
      return fail(fmt::format("{} cannot be reached: {}.", url, curl_easy_strerror(code)));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_header* location = nullptr;
    if (curl_easy_header(curl, "Location", 0, CURLH_HEADER, -1, &location) == CURLHE_OK)
      answer.location = location->value;
    return answer;
  }
};

HttpClient::HttpClient(std::string base, std::string token)
    : base_(std::move(base)), state_(std::make_unique<State>()) {
  BRIDGEHALL_CHECK(state_->curl != nullptr);
  while (base_.ends_with('/')) base_.pop_back();
  state_->authorization = "Authorization: Bearer " + token;
}

HttpClient::~HttpClient() = default;

std::string HttpClient::url_of(const std::string& location) const {
  return location.starts_with('/') ? base_ + location : location;
}

Result<HttpAnswer> HttpClient::post_offer(const std::string& path, const std::string& offer) {
  HeaderList headers;
  headers.add(state_->authorization);
  headers.add("Content-Type: application/sdp");
  headers.add("Expect:");
  curl_easy_reset(state_->curl);
  curl_easy_setopt(state_->curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(offer.size()));
  curl_easy_setopt(state_->curl, CURLOPT_POSTFIELDS, offer.c_str());
  return state_->run(base_ + path, headers);
}

Result<HttpAnswer> HttpClient::post(const std::string& path) {
  HeaderList headers;
  headers.add(state_->authorization);
  curl_easy_reset(state_->curl);
  curl_easy_setopt(state_->curl, CURLOPT_POSTFIELDSIZE, 0L);
  curl_easy_setopt(state_->curl, CURLOPT_POSTFIELDS, "");
  return state_->run(base_ + path, headers, kLongTimeoutSeconds);
}

Result<HttpAnswer> HttpClient::remove(const std::string& location) {
  HeaderList headers;
  headers.add(state_->authorization);
  curl_easy_reset(state_->curl);
  curl_easy_setopt(state_->curl, CURLOPT_CUSTOMREQUEST, "DELETE");
  return state_->run(url_of(location), headers);
}

}  // namespace bridgehall::load
