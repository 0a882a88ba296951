#include "app/configuration.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace bridgehall::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ConfigurationTest : public testing::Test {
 protected:
  ConfigurationTest()
      : folder_(std::filesystem::temp_directory_path() / ("bridgehall-configuration-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~ConfigurationTest() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }
  // The sentence with which it is refused.
  static std::string refusal(const ConfigurationSources& sources) {
    const auto result = read_configuration(sources);
    EXPECT_FALSE(result);
    return result ? std::string() : result.error().message;
  }
  std::string file_refusal(const std::string& text) { return refusal({.file = write("bridgehall.toml", text)}); }

  std::filesystem::path folder_;
};

TEST_F(ConfigurationTest, every_setting_has_a_default_that_it_allows) {
  const auto c = read_configuration({});
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->http_address, "127.0.0.1");
  EXPECT_EQ(c->http_port, 8080);
  EXPECT_EQ(c->media_port, 8443);
  EXPECT_THAT(c->conferences, ElementsAre("main"));
  EXPECT_TRUE(c->media_addresses.empty());
}

TEST_F(ConfigurationTest, a_flag_wins_over_the_environment_that_over_the_file_and_that_over_the_default) {
  ConfigurationSources sources;
  sources.file =
      write("bridgehall.toml",
            "conferences = [\"from-file\", \"b\"]\n[http]\nport = 1001\n[media]\nport = 1002\nmax_peers = 7\n");
  sources.environment = {{"BRIDGEHALL_HTTP_PORT", "2001"}, {"BRIDGEHALL_MEDIA_PORT", "2002"}, {"PATH", "/bin"}};
  sources.flags = {{"http.port", "3001"}};
  const auto c = read_configuration(sources);
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->http_port, 3001);
  EXPECT_EQ(c->media_port, 2002);
  EXPECT_EQ(c->media_max_peers, 7);
  EXPECT_EQ(c->log_level, "info");
  EXPECT_THAT(c->conferences, ElementsAre("from-file", "b"));
}

TEST_F(ConfigurationTest, lists_are_separated_by_commas_outside_the_file) {
  const auto c = read_configuration({.environment = {{"BRIDGEHALL_MEDIA_ADDRESSES", "192.0.2.1, 2001:db8::1,"}}});
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_THAT(c->media_addresses, ElementsAre("192.0.2.1", "2001:db8::1"));
}

TEST_F(ConfigurationTest, unknown_keys_are_named_with_file_line_and_nearest_neighbour) {
  EXPECT_THAT(file_refusal("[http]\naddress = \"::1\"\nprot = 1\n"),
              HasSubstr("bridgehall.toml:3: http.prot is not a setting; did you mean http.port?"));
  EXPECT_THAT(file_refusal("[htpt]\nport = 1\n"), HasSubstr("bridgehall.toml:1: htpt is not a setting"));
  EXPECT_THAT(file_refusal("conference = [\"a\"]\n"), HasSubstr("did you mean conferences?"));
  EXPECT_THAT(file_refusal("xyzzy = 1\n"), HasSubstr("xyzzy is not a setting."));
  EXPECT_EQ(refusal({.environment = {{"BRIDGEHALL_MEDIA_PROT", "1"}}}),
            "The environment variable BRIDGEHALL_MEDIA_PROT is not a setting; did you mean BRIDGEHALL_MEDIA_PORT?");
}

TEST_F(ConfigurationTest, wrong_values_are_refused_where_they_stand) {
  EXPECT_THAT(file_refusal("[http]\nport = 70000\n"),
              HasSubstr("bridgehall.toml:2: http.port has to be a number from 0 to 65535."));
  EXPECT_THAT(file_refusal("[http]\nport = \"8080\"\n"), HasSubstr("http.port has to be a number"));
  EXPECT_THAT(file_refusal("conferences = \"a\"\n"), HasSubstr("conferences has to be a list of texts."));
  EXPECT_THAT(file_refusal("conferences = [1]\n"), HasSubstr("conferences has to be a list of texts."));
  EXPECT_THAT(file_refusal("[data]\nfolder = 1\n"), HasSubstr("data.folder has to be a text."));
  EXPECT_THAT(file_refusal("[data]\nfolder = 2026-01-01\n"), HasSubstr("data.folder has to be a text."));
  EXPECT_THAT(file_refusal("[log]\nformat = \"xml\"\n"), HasSubstr("log.format has to be one of: text json."));
  EXPECT_THAT(file_refusal("[log]\nformat = \"text|json\"\n"), HasSubstr("has to be one of"));
  EXPECT_THAT(file_refusal("[http]\nport = \n"), HasSubstr("bridgehall.toml:2: This is not TOML"));
  EXPECT_EQ(refusal({.environment = {{"BRIDGEHALL_HTTP_PORT", "80a"}}}),
            "BRIDGEHALL_HTTP_PORT has to be a number from 0 to 65535.");
  EXPECT_EQ(refusal({.flags = {{"http.port", ""}}}), "--http-port has to be a number from 0 to 65535.");
  EXPECT_THAT(refusal({.file = "/nowhere/bridgehall.toml"}), HasSubstr("cannot be read"));
}

TEST_F(ConfigurationTest, ports_and_addresses_that_browsers_cannot_use_are_refused_in_words) {
  for (const auto* port : {"80", "443"})
    EXPECT_THAT(refusal({.flags = {{"media.port", port}, {"media.addresses", "10.0.0.7"}}}),
                HasSubstr("browsers ignore"));
  EXPECT_TRUE(read_configuration({.flags = {{"media.port", "443"}, {"media.addresses", "203.0.113.7"}}}));
  EXPECT_THAT(refusal({.flags = {{"media.port", "1023"}}}), HasSubstr("below 1024"));
  EXPECT_THAT(refusal({.flags = {{"media.external_addresses", "example.org"}}}), HasSubstr("clients outside reach"));
  EXPECT_THAT(
      refusal({.flags = {{"media.external_addresses", "203.0.113.7/10.0.0.7"}, {"media.addresses", "10.0.0.8"}}}),
      HasSubstr("does not name"));
  EXPECT_THAT(refusal({.flags = {{"http.address", "bridge.example.org"}}}), HasSubstr("no IP address"));
  for (const auto* address : {"::1", "0.0.0.0", "192.0.2.1"})
    EXPECT_TRUE(read_configuration({.flags = {{"http.address", address}}})) << address;
  EXPECT_THAT(refusal({.flags = {{"http.certificate_file", "/etc/x.pem"}}}), HasSubstr("go together"));
  for (const auto* address : {"0.0.0.0", "fe80::1", "example.org"})
    EXPECT_THAT(refusal({.flags = {{"media.addresses", address}}}), HasSubstr("not an IP address"));
  EXPECT_THAT(refusal({.flags = {{"conferences", ""}}}), HasSubstr("name at least one"));
  EXPECT_THAT(refusal({.flags = {{"conferences", "a/b"}}}), HasSubstr("conferences has a/b"));
  EXPECT_THAT(refusal({.flags = {{"ice_servers", "http://x"}}}), HasSubstr("stun:"));
}

TEST_F(ConfigurationTest, secrets_may_come_from_files_and_are_not_repeated_in_refusals) {
  const auto path = write("ice", "stun:stun.example.org:3478\nturn:turn.example.org user pass\n");
  const auto c = read_configuration({.environment = {{"BRIDGEHALL_ICE_SERVERS_FILE", path}}});
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_THAT(c->ice_servers, ElementsAre("stun:stun.example.org:3478", "turn:turn.example.org user pass"));
  EXPECT_THAT(refusal({.environment = {{"BRIDGEHALL_ICE_SERVERS_FILE", path}, {"BRIDGEHALL_ICE_SERVERS", "stun:x"}}}),
              HasSubstr("both set"));
  EXPECT_THAT(refusal({.environment = {{"BRIDGEHALL_ICE_SERVERS_FILE", "/nowhere"}}}), HasSubstr("cannot be read"));
  EXPECT_THAT(refusal({.environment = {{"BRIDGEHALL_ICE_SERVERS", "tnur:x user secret"}}}),
              testing::Not(HasSubstr("secret")));
  EXPECT_THAT(refusal({.environment = {{"BRIDGEHALL_HTTP_PORT_FILE", path}}}), HasSubstr("is not a setting"));
}

TEST_F(ConfigurationTest, turn_servers_and_their_secret_go_together) {
  const auto secret = std::pair<const std::string, std::string>{"turn.secret", "s3cret"};
  EXPECT_TRUE(read_configuration({.flags = {{"turn.servers", "turn:turn.example.org:443?transport=tcp"}, secret}}));
  EXPECT_THAT(refusal({.flags = {{"turn.servers", "turn:turn.example.org"}}}), HasSubstr("turn.secret"));
  EXPECT_THAT(refusal({.flags = {secret}}), HasSubstr("names no server"));
  for (const auto* uri : {"stun:stun.example.org", "turn.example.org", "turn:x user password"})
    EXPECT_THAT(refusal({.flags = {{"turn.servers", uri}, secret}}), HasSubstr("write turn:")) << uri;
  EXPECT_THAT(refusal({.flags = {{"turn.servers", "turn:x"}, secret, {"turn.lifetime_seconds", "1"}}}),
              HasSubstr("from 300"));
}

TEST_F(ConfigurationTest, names_in_file_environment_and_flags_are_all_different) {
  std::set<std::string> names;
  for (const auto& setting : settings_table()) {
    EXPECT_TRUE(names.insert(environment_name(setting)).second);
    EXPECT_TRUE(names.insert(flag_name(setting)).second);
    EXPECT_FALSE(setting.description.empty());
  }
  EXPECT_EQ(environment_name(settings_table()[1]), "BRIDGEHALL_HTTP_PORT");
  EXPECT_EQ(flag_name(settings_table()[5]), "--http-client-folder");
}

TEST_F(ConfigurationTest, the_document_is_what_the_program_prints) {
  std::ifstream file("docs/settings.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, describe_settings()) << "bridgehall settings > docs/settings.md";
}

TEST_F(ConfigurationTest, only_near_words_are_proposed) {
  const std::vector<std::string> known{"http.port", "http.address", "media.port"};
  EXPECT_EQ(nearest("http.prt", known), "http.port");
  EXPECT_EQ(nearest("http.adress", known), "http.address");
  EXPECT_EQ(nearest("completely.else", known), "");
  EXPECT_EQ(nearest("", known), "");
}

}  // namespace
}  // namespace bridgehall::app
