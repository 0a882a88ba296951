#include "web/static_files.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace bridgehall::web {
namespace {

namespace fs = std::filesystem;

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest() : folder_(fs::temp_directory_path() / ("bridgehall-files-" + std::to_string(getpid()))) {
    fs::create_directories(folder_ / "assets");
  }
  ~StaticFilesTest() override { fs::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  static unsigned status(const StaticFiles& files, const std::string& target) {
    return files.serve(*split_path(target), Request{.method = "GET", .target = target}).status;
  }

  fs::path folder_;
};

TEST_F(StaticFilesTest, serves_regular_files_only_and_none_that_are_hidden_or_linked) {
  write("index.html", "<p>");
  write("assets/a.css", "p {}");
  write(".secret", "x");
  write("outside.txt", "x");
  fs::create_symlink("/etc/passwd", folder_ / "passwd");
  fs::create_directory_symlink("/etc", folder_ / "etc");
  fs::create_directories(folder_ / ".git");
  write(".git/config", "x");
  const auto files = StaticFiles::load(folder_.string());
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(status(*files, "/"), 200u);
  EXPECT_EQ(status(*files, "/assets/a.css"), 200u);
  for (const auto* target : {"/.secret", "/passwd", "/etc/passwd", "/.git/config", "/assets", "/assets/",
                             "/assets/../index.html", "//index.html"})
    EXPECT_EQ(status(*files, target), 404u) << target;
}

TEST_F(StaticFilesTest, without_a_client_the_page_says_so_in_words) {
  const auto files = StaticFiles::load(folder_.string());
  ASSERT_TRUE(files);
  const auto page = files->serve({""}, Request{.method = "GET", .target = "/"});
  EXPECT_EQ(page.status, 200u);
  EXPECT_THAT(page.body, testing::HasSubstr("not installed"));
  EXPECT_FALSE(StaticFiles::load("/nowhere"));
}

TEST_F(StaticFilesTest, only_names_with_a_hash_are_cached_for_good) {
  StaticFiles files;
  for (const auto* name : {"assets/index-BQ3d_x-1.js", "assets/index.js", "index-BQ3d_x-1.js", "assets/x-short.js"})
    files.add(name, "x");
  const auto cached = [&](const std::string& name) {
    const auto response = files.serve(*split_path("/" + name), Request{.method = "GET"});
    return std::string(response.headers.find("Cache-Control").value_or("")).find("immutable") != std::string::npos;
  };
  EXPECT_TRUE(cached("assets/index-BQ3d_x-1.js"));
  EXPECT_FALSE(cached("assets/index.js"));
  EXPECT_FALSE(cached("index-BQ3d_x-1.js"));
  EXPECT_FALSE(cached("assets/x-short.js"));
}

TEST_F(StaticFilesTest, a_file_is_sent_compressed_to_whoever_takes_that) {
  StaticFiles files;
  for (const auto* name : {"a.js", "a.js.br", "a.js.gz", "b.css", "b.css.gz", "c.png"}) files.add(name, name);
  const auto sent = [&](const std::string& name, std::string accepted, std::string known = {}) {
    Request request{.method = "GET"};
    request.headers.add("Accept-Encoding", std::move(accepted));
    if (!known.empty()) request.headers.add("If-None-Match", std::move(known));
    return files.serve({name}, request);
  };
  const auto what = [&](const std::string& name, const std::string& accepted) {
    const auto response = sent(name, accepted);
    EXPECT_EQ(response.headers.find("Vary").has_value(), name != "c.png");
    return fmt::format("{} {}", response.content(), response.headers.find("Content-Encoding").value_or("as it is"));
  };
  EXPECT_EQ(what("a.js", "gzip, deflate, br, zstd"), "a.js.br br");
  EXPECT_EQ(what("a.js", "gzip, deflate"), "a.js.gz gzip");
  EXPECT_EQ(what("a.js", "GZIP;q=0.5"), "a.js.gz gzip");
  EXPECT_EQ(what("a.js", "br;q=0, *"), "a.js.gz gzip");
  EXPECT_EQ(what("a.js", "br;q=0.0,gzip ; q=0"), "a.js as it is");
  EXPECT_EQ(what("a.js", "identity, brotli"), "a.js as it is");
  EXPECT_EQ(what("a.js", ""), "a.js as it is");
  EXPECT_EQ(what("b.css", "br, gzip"), "b.css.gz gzip");
  EXPECT_EQ(what("c.png", "br, gzip"), "c.png as it is");

  const auto compressed = sent("a.js", "br");
  EXPECT_EQ(compressed.headers.find("Content-Type"), "text/javascript; charset=utf-8");
  const std::string etag(compressed.headers.find("ETag").value());
  EXPECT_NE(etag, sent("a.js", "").headers.find("ETag")) << "other octets (RFC 9110 section 8.8.3.3)";
  EXPECT_EQ(sent("a.js", "br", etag).status, 304u);
  EXPECT_EQ(sent("a.js", "gzip", etag).status, 200u);
}

TEST_F(StaticFilesTest, a_browser_at_a_mistyped_address_gets_the_page_and_a_program_the_problem) {
  constexpr auto kBrowser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
  StaticFiles files;
  files.add("index.html", "the page");
  files.add("index.html.br", "the page, pressed");
  const auto ask = [&](const std::string& target, std::string accepted) {
    Request request{.method = "GET", .target = target};
    request.headers.add("Accept", std::move(accepted));
    request.headers.add("Accept-Encoding", "br");
    request.headers.add("If-None-Match", "*");
    return files.serve(*split_path(target), request);
  };
  for (const auto* target : {"/nonsense", "/a/b/", "/index.htm", "/..%2fsigning.key"}) {
    SCOPED_TRACE(target);
    const auto page = ask(target, kBrowser);
    EXPECT_EQ(page.status, 404u);
    EXPECT_EQ(page.content(), "the page, pressed");
    EXPECT_EQ(page.headers.find("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(page.headers.find("Content-Encoding"), "br");
    EXPECT_EQ(page.headers.find("Cache-Control"), "no-store");
    EXPECT_TRUE(page.headers.find("Content-Security-Policy"));
    EXPECT_FALSE(page.headers.find("ETag"));
  }
  const auto is_problem = [](const Response& response) {
    return response.status == 404 && response.headers.find("Content-Type") == "application/problem+json";
  };
  for (const auto* accepted : {"", "*/*", "application/json", "text/html;q=0, */*"})
    EXPECT_TRUE(is_problem(ask("/nonsense", accepted))) << accepted;
  for (const auto* target : {"/api", "/api/nonsense", "/whip/demo", "/whep"})
    EXPECT_TRUE(is_problem(ask(target, kBrowser))) << target;
  EXPECT_TRUE(is_problem(StaticFiles().serve({"nonsense"}, Request{.method = "GET"})));
}

TEST_F(StaticFilesTest, what_an_installed_page_needs_has_its_type_and_is_looked_for_anew) {
  StaticFiles files;
  for (const auto* name : {"sw.js", "manifest.webmanifest", "icon-192.png"}) files.add(name, "x");
  const auto header = [&](const std::string& name, std::string_view field) {
    return std::string(files.serve({name}, Request{.method = "GET"}).headers.find(field).value_or(""));
  };
  EXPECT_EQ(header("sw.js", "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(header("manifest.webmanifest", "Content-Type"), "application/manifest+json");
  for (const auto* name : {"sw.js", "manifest.webmanifest", "icon-192.png"})
    EXPECT_EQ(header(name, "Cache-Control"), "no-cache") << name;
  const auto policy = header("sw.js", "Content-Security-Policy");
  EXPECT_THAT(policy, testing::HasSubstr("worker-src 'self'"));
  EXPECT_THAT(policy, testing::HasSubstr("manifest-src 'self'"));
  EXPECT_THAT(policy, testing::Not(testing::HasSubstr("unsafe")));
  EXPECT_THAT(header("sw.js", "Permissions-Policy"), testing::HasSubstr("screen-wake-lock=(self)"));
}

TEST(SplitPath, decodes_segments_and_refuses_what_is_no_path) {
  using Segments = std::vector<std::string>;
  EXPECT_EQ(split_path("/"), (Segments{""}));
  EXPECT_EQ(split_path("/whip/demo/site%2D1?x=/y"), (Segments{"whip", "demo", "site-1"}));
  EXPECT_EQ(split_path("/a%2fb/c#d"), (Segments{"a/b", "c"}));
  for (const auto* bad : {"", "*", "a", "http://localhost/", "/%", "/%4", "/%zz", "/%00", "/%0d%0aX: y"})
    EXPECT_FALSE(split_path(bad)) << bad;
}

}  // namespace
}  // namespace bridgehall::web
