#include "app/command_line.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/duration_text.h"
#include "app/logging.h"
#include "app/token_command.h"
#include "crypto/system_random.h"

namespace bridgehall::app {
namespace {

using testing::HasSubstr;

struct Outcome {
  int status = 0;
  std::string output, errors;
};

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest()
      : folder_(std::filesystem::temp_directory_path() / ("bridgehall-command-" + std::to_string(getpid()))) {}
  ~CommandLineTest() override { std::filesystem::remove_all(folder_); }

  static Outcome run(std::vector<std::string> words) {
    words.insert(words.begin(), "bridgehall");
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.status = run_command_line(static_cast<int>(arguments.size()), arguments.data());
    outcome.output = testing::internal::GetCapturedStdout();
    outcome.errors = testing::internal::GetCapturedStderr();
    return outcome;
  }
  static void expect_one_sentence(const std::string& text) {
    EXPECT_THAT(text, testing::StartsWith("bridgehall: "));
    EXPECT_THAT(text, testing::EndsWith(".\n"));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  }

  std::filesystem::path folder_;
};

TEST_F(CommandLineTest, an_administrators_token_is_for_no_conference) {
  const auto made = run({"token", "--data", folder_.string(), "--role", "administrator", "--ttl", "2h"});
  ASSERT_EQ(made.status, 0) << made.errors;
  crypto::SystemRandom random;
  const auto key = open_signing_key(folder_.string(), random);
  ASSERT_TRUE(key);
  const auto claims = key->verify(made.output.substr(0, made.output.size() - 1),
                                  std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->role, "administrator");
  EXPECT_EQ(claims->conference, "*");
  const auto both =
      run({"token", "--data", folder_.string(), "--role", "administrator", "--ttl", "2h", "--conference", "demo"});
  EXPECT_EQ(both.status, 2);
  EXPECT_THAT(both.errors, HasSubstr("leave --conference out"));
  const auto neither = run({"token", "--data", folder_.string(), "--role", "site", "--ttl", "2h"});
  EXPECT_EQ(neither.status, 2);
  EXPECT_THAT(neither.errors, HasSubstr("--conference is missing"));
}

TEST_F(CommandLineTest, the_doctor_prints_a_line_for_each_finding_or_json) {
  const auto folder = folder_.string();
  std::filesystem::create_directories(folder_ / "conferences");
  const std::vector<std::string> words{"doctor", "--data-folder", folder, "--http-port", "0"};
  const auto healthy = run(words);
  EXPECT_THAT(healthy.output, HasSubstr("ok         The data folder " + folder + " is writable"));
  EXPECT_EQ(healthy.errors, "");
  std::ofstream(folder_ / "conferences/main.json") << "{";
  auto asked = words;
  asked.push_back("--json");
  const auto ill = run(asked);
  EXPECT_EQ(ill.status, 1);
  const auto json = nlohmann::json::parse(ill.output);
  const auto bad = std::find_if(json["findings"].begin(), json["findings"].end(),
                                [](const auto& each) { return each["code"] == "roster.bad"; });
  ASSERT_NE(bad, json["findings"].end());
  EXPECT_EQ((*bad)["level"], "problem");
  EXPECT_EQ((*bad)["values"]["conference"], "main");
}

TEST_F(CommandLineTest, a_token_is_all_that_is_printed_and_its_key_verifies_it) {
  const auto made = run({"token", "--data", folder_.string(), "--conference", "demo", "--role", "site", "--ttl", "2h",
                         "--subject", "site-1"});
  ASSERT_EQ(made.status, 0) << made.errors;
  EXPECT_EQ(made.errors, "");
  auto token = made.output;
  ASSERT_TRUE(token.ends_with('\n'));
  token.pop_back();
  crypto::SystemRandom random;
  const auto key = open_signing_key(folder_.string(), random);
  ASSERT_TRUE(key);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto claims = key->verify(token, now);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->conference, "demo");
  EXPECT_EQ(claims->role, "site");
  EXPECT_EQ(claims->subject, "site-1");
  EXPECT_EQ(claims->expires_at - claims->issued_at, std::chrono::hours{2});
}

TEST_F(CommandLineTest, a_token_without_subject_gets_a_random_one) {
  SeededRandom random{1};
  const TokenOptions options{.data_folder = folder_.string(), .conference = "demo", .role = "viewer", .ttl = "60"};
  const auto first = make_token(options, random, {});
  const auto second = make_token(options, random, {});
  ASSERT_TRUE(first);
  EXPECT_NE(*first, *second);
}

TEST_F(CommandLineTest, mistakes_are_one_sentence_and_status_2) {
  const auto data = folder_.string();
  for (const auto& words : std::vector<std::vector<std::string>>{
           {},
           {"serv"},
           {"--nonsense"},
           {"token"},
           {"token", "--data", data, "--conference", "demo", "--role", "king", "--ttl", "1h"},
           {"token", "--data", data, "--conference", "d/e", "--role", "viewer", "--ttl", "1h"},
           {"token", "--data", data, "--conference", "demo", "--role", "viewer", "--ttl", "soon"},
           {"token", "--data", data, "--conference", "demo", "--role", "viewer", "--ttl", "0"},
           {"token", "--data", data, "--conference", "demo", "--role", "viewer", "--ttl", "1h", "--subject", "a b"},
           {"token", "--data", "/proc/none", "--conference", "demo", "--role", "viewer", "--ttl", "1h"},
           {"serve", "--http-port", "many"},
           {"serve", "--config", "/nowhere.toml"},
           {"demo", "--port", "500", "--data", data},
           {"demo", "--port", "0", "--data", data},
           {"load", "--duration", "never"},
           {"load"},
           {"load", "conference"},
           {"load", "conference", "--data", data, "--duration", "0"},
           {"load", "conference", "--data", data, "--stage-change", "never"},
           {"load", "conference", "--data", data, "--watchers", "2", "--weak", "3"},
       }) {
    const auto outcome = run(words);
    SCOPED_TRACE(testing::PrintToString(words));
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    expect_one_sentence(outcome.errors);
  }
}

TEST_F(CommandLineTest, what_cannot_start_is_one_sentence_and_status_1) {
  const auto outcome = run({"serve", "--data-folder", "/proc/none"});
  EXPECT_EQ(outcome.status, 1);
  expect_one_sentence(outcome.errors);
}

TEST_F(CommandLineTest, help_and_version_go_to_standard_output) {
  const auto help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(help.errors, "");
  for (const auto* command : {"serve", "demo", "token", "load", "settings"})
    EXPECT_THAT(help.output, HasSubstr(command));
  EXPECT_THAT(run({"load", "conference", "--help"}).output, HasSubstr("--speaker-change"));
  EXPECT_THAT(run({"serve", "--help"}).output, HasSubstr("--media-port"));
  EXPECT_THAT(run({"--version"}).output, testing::MatchesRegex("bridgehall [0-9.]+\n"));
}

TEST(DurationText, seconds_or_a_unit) {
  EXPECT_EQ(parse_duration("90"), std::chrono::seconds{90});
  EXPECT_EQ(parse_duration("45s"), std::chrono::seconds{45});
  EXPECT_EQ(parse_duration("30m"), std::chrono::minutes{30});
  EXPECT_EQ(parse_duration("12h"), std::chrono::hours{12});
  EXPECT_EQ(parse_duration("7d"), std::chrono::hours{7 * 24});
  for (const auto* bad : {"", "0", "-1", "h", "1w", "1 h", "1hh", "99999999999999999999", "3661d", "0x10", "1.5h"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Logging, text_in_json_is_escaped) { EXPECT_EQ(json_escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\u000ad"); }

}  // namespace
}  // namespace bridgehall::app
