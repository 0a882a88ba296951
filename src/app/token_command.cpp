#include "app/token_command.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>

#include "app/duration_text.h"
#include "conference/policy.h"
#include "web/authentication.h"

namespace bridgehall::app {
namespace {

std::string role_names() {
  std::string names;
  for (const auto role : conference::kRoles)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", conference::role_name(role));
  return names;
}

}  // namespace

Result<crypto::TokenKey> open_signing_key(const std::string& data_folder, RandomSource& random) {
  std::error_code error;
  const auto parent = std::filesystem::path(data_folder).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (mkdir(data_folder.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(fmt::format("The data folder {} cannot be made: {}.", data_folder, std::strerror(errno)));
  return crypto::TokenKey::load_or_create(data_folder + "/signing.key", random);
}

Result<std::string> make_token(const TokenOptions& options, RandomSource& random, crypto::UnixTime now) {
  const bool administrator = options.role == web::kAdministrator;
  if (administrator && !options.conference.empty())
    return fail("An administrator's token is for the server, not for a conference: leave --conference out.");
  if (!administrator && options.conference.empty()) return fail("--conference is missing: say which one it is for.");
  if (!administrator && !conference::is_valid_name(options.conference))
    return fail(fmt::format("--conference is {}: an id has 1 to 64 letters, digits, dots, hyphens or underscores.",
                            options.conference));
  if (!administrator && !conference::parse_role(options.role))
    return fail(fmt::format("--role is {}, which is none of {}, {}.", options.role, role_names(), web::kAdministrator));
  if (!options.subject.empty() && !conference::is_valid_name(options.subject))
    return fail(
        fmt::format("--subject is {}: it has 1 to 64 letters, digits, dots, hyphens or underscores.", options.subject));
  if (options.name.size() > 200) return fail("--name is longer than 200 bytes.");
  const auto ttl = parse_duration(options.ttl);
  if (!ttl)
    return fail(fmt::format(
        "--ttl is {}: write seconds, or a number with s, m, h or d, such as 12h; at most ten years.", options.ttl));
  const auto key = open_signing_key(options.data_folder, random);
  if (!key) return std::unexpected(key.error());
  const auto subject =
      options.subject.empty() ? fmt::format("{}-{:016x}", options.role, random.u64()) : options.subject;
  return key->sign({.conference = administrator ? std::string(web::kNoConference) : options.conference,
                    .role = options.role,
                    .subject = subject,
                    .name = options.name,
                    .issued_at = now,
                    .expires_at = now + *ttl});
}

}  // namespace bridgehall::app
