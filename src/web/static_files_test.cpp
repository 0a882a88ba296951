#include "web/static_files.h"

#include <filesystem>
#include <fstream>

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
