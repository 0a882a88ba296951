#include "web/static_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fmt/format.h>

#include "crypto/hmac.h"
#include "web/problem.h"

namespace bridgehall::web {
namespace {

struct ContentType {
  std::string_view extension, type;
};
constexpr ContentType kContentTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".wasm", "application/wasm"},
    {".txt", "text/plain; charset=utf-8"},
    {".wav", "audio/wav"},
    {".mp3", "audio/mpeg"},
};

std::string_view content_type_of(std::string_view path) {
  for (const auto& [extension, type] : kContentTypes)
    if (path.ends_with(extension)) return type;
  return "application/octet-stream";
}

// Vite names what it builds assets/name-XXXXXXXX.ext, with a hash of the content: it never changes under that name.
bool has_hashed_name(std::string_view path) {
  if (!path.starts_with("assets/")) return false;
  const auto dot = path.rfind('.');
  if (dot == std::string_view::npos || dot < 9 || path[dot - 9] != '-') return false;
  return std::all_of(path.begin() + static_cast<std::ptrdiff_t>(dot) - 8,
                     path.begin() + static_cast<std::ptrdiff_t>(dot),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; });
}

std::string etag_of(std::string_view content) {
  const auto digest = crypto::hmac_sha256(as_bytes_view("etag"), as_bytes_view(content));
  return fmt::format("\"{:02x}\"", fmt::join(digest.begin(), digest.begin() + 12, ""));
}

// If-None-Match (RFC 9110 section 13.1.2): weak comparison with any tag of the list.
bool none_match_names(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    auto tag = trimmed(list.substr(0, comma));
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == etag) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

struct ContentEncoding {
  std::string_view name, extension;
};
constexpr ContentEncoding kEncodings[] = {{"br", ".br"}, {"gzip", ".gz"}};  // the smallest first

// "br;q=0": not at all (RFC 9110 section 12.4.2).
bool has_weight(std::string_view parameters) {
  const auto q = parameters.find("q=");
  return q == std::string_view::npos || parameters.find_first_of("123456789", q) != std::string_view::npos;
}

// Accept-Encoding (RFC 9110 section 12.5.3); Accept too, where only what it names counts: "*/*" stands for no type.
bool accepts(std::string_view list, std::string_view wanted) {
  bool any = false;
  while (!list.empty()) {
    const auto entry = list.substr(0, list.find(','));
    list.remove_prefix(std::min(entry.size() + 1, list.size()));
    const auto semicolon = std::min(entry.find(';'), entry.size());
    const auto name = trimmed(entry.substr(0, semicolon));
    if (equal_ignoring_case(name, wanted)) return has_weight(entry.substr(semicolon));
    any |= name == "*" && has_weight(entry.substr(semicolon));
  }
  return any;
}

// Somebody before a browser who mistyped an address, and no program that speaks to an interface.
bool wants_page(const std::vector<std::string>& path, const Request& request) {
  constexpr std::string_view kInterfaces[] = {"api", "whip", "whep"};
  return std::find(std::begin(kInterfaces), std::end(kInterfaces), path.front()) == std::end(kInterfaces) &&
         accepts(request.headers.find("Accept").value_or(""), "text/html");
}

Response client_missing() {
  Response response;
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.headers.add("Cache-Control", "no-store");
  add_page_security(response.headers);
  response.body =
      "<!doctype html>\n<html lang=\"en\">\n<title>Bridgehall</title>\n<h1>Bridgehall is running</h1>\n"
      "<p>The web client is not installed here: the folder named by the setting <code>http.client_folder</code> has no "
      "<code>index.html</code>. WHIP and WHEP clients can connect all the same.</p>\n</html>\n";
  return response;
}

}  // namespace

void add_page_security(Headers& headers) {
  headers.add("Content-Security-Policy",
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
              "media-src 'self' blob: mediastream:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; "
              "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  headers.add("Permissions-Policy",
              "camera=(self), microphone=(self), display-capture=(self), screen-wake-lock=(self), fullscreen=(self), "
              "autoplay=(self), geolocation=()");
  headers.add("X-Content-Type-Options", "nosniff");
  headers.add("Referrer-Policy", "no-referrer");
  headers.add("Cross-Origin-Opener-Policy", "same-origin");
  headers.add("Cross-Origin-Resource-Policy", "same-origin");
}

Result<StaticFiles> StaticFiles::load(const std::string& folder) {
  namespace fs = std::filesystem;
  StaticFiles files;
  std::size_t bytes = 0;
  std::error_code error;
  fs::recursive_directory_iterator walk(folder, error);
  if (error) return fail(fmt::format("The client folder {} cannot be read: {}.", folder, error.message()));
  for (; walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (error) break;
    const auto& entry = *walk;
    if (entry.path().filename().string().starts_with('.')) {
      walk.disable_recursion_pending();
      continue;
    }
    if (entry.is_symlink(error) || !entry.is_regular_file(error)) continue;
    const auto path = entry.path().lexically_relative(folder).generic_string();
    std::ifstream stream(entry.path(), std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) return fail(fmt::format("The client's file {} cannot be read.", entry.path().string()));
    bytes += content.size();
    if (files.files_.size() >= kMaxFiles || bytes > kMaxBytes) {
      return fail(fmt::format("The client folder {} holds more than {} files or {} MiB: it is not a built client.",
                              folder, kMaxFiles, kMaxBytes >> 20));
    }
    files.add(path, std::move(content));
  }
  if (error) return fail(fmt::format("The client folder {} cannot be read: {}.", folder, error.message()));
  return files;
}

void StaticFiles::add(std::string path, std::string content) {
  File file;
  file.type = content_type_of(path);
  file.etag = etag_of(content);
  file.immutable = has_hashed_name(path);
  file.content = std::make_shared<const std::string>(std::move(content));
  files_[std::move(path)] = std::move(file);
}

const StaticFiles::File* StaticFiles::find(std::string_view name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : &found->second;
}

StaticFiles::Encoded StaticFiles::choose(const std::string& name, const File& file, const Request& request) const {
  const auto accepted = request.headers.find("Accept-Encoding").value_or("");
  for (const auto& [encoding, extension] : kEncodings)
    if (const auto* encoded = find(name + std::string(extension)); encoded && accepts(accepted, encoding))
      return {encoded, encoding};
  return {&file, {}};
}

bool StaticFiles::has_encodings(const std::string& name) const {
  return std::any_of(std::begin(kEncodings), std::end(kEncodings),
                     [&](const auto& encoding) { return find(name + std::string(encoding.extension)); });
}

Response StaticFiles::serve(const std::vector<std::string>& path, const Request& request) const {
  auto name = fmt::format("{}", fmt::join(path, "/"));
  if (name.empty()) name = "index.html";
  const auto* file = find(name);
  if (!file) {
    if (name == "index.html") return client_missing();
    return serve_missing(path, request);
  }
  const auto sent = choose(name, *file, request);
  auto response = head_of(name, *file, sent);
  response.headers.add("ETag", sent.file->etag);
  response.headers.add("Cache-Control", file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (none_match_names(request.headers.find("If-None-Match").value_or(""), sent.file->etag)) {
    response.status = 304;
  } else {
    response.file = sent.file->content;
  }
  return response;
}

// The client's page goes on from there: it says how one takes part.
Response StaticFiles::serve_missing(const std::vector<std::string>& path, const Request& request) const {
  const std::string name = "index.html";
  const auto* index = find(name);
  if (!index || !wants_page(path, request))
    return make_problem({404, "not-found", "There is nothing at this address.", {}});
  const auto sent = choose(name, *index, request);
  auto response = head_of(name, *index, sent);
  response.status = 404;
  response.headers.add("Cache-Control", "no-store");
  response.file = sent.file->content;
  return response;
}

// What every answer says of a file.
Response StaticFiles::head_of(const std::string& name, const File& file, const Encoded& sent) const {
  Response response;
  response.headers.add("Content-Type", std::string(file.type));
  if (has_encodings(name)) response.headers.add("Vary", "Accept-Encoding");
  if (!sent.encoding.empty()) response.headers.add("Content-Encoding", std::string(sent.encoding));
  add_page_security(response.headers);
  return response;
}

}  // namespace bridgehall::web
