#include "web/authentication.h"

#include <fmt/format.h>

#include "web/problem.h"

namespace bridgehall::web {
namespace {

// RFC 6750 section 3: no error code when the request carries no credentials at all.
Response unauthorized(std::string_view kind, std::string_view error, std::string detail) {
  auto response = make_problem({401, kind, detail, "Authorization"});
  response.headers.add(
      "WWW-Authenticate",
      error.empty()
          ? "Bearer realm=\"bridgehall\""
          : fmt::format("Bearer realm=\"bridgehall\", error=\"{}\", error_description=\"{}\"", error, detail));
  return response;
}

std::string_view sentence(crypto::TokenError error) {
  switch (error) {
    case crypto::TokenError::malformed:
      return "The token is not a JSON Web Token as this server makes them.";
    case crypto::TokenError::wrong_algorithm:
      return "The token names another signing algorithm than HS256.";
    case crypto::TokenError::wrong_key:
      return "The token was signed with another key than this server's.";
    case crypto::TokenError::bad_signature:
      return "The token's signature is wrong: it was changed or signed by someone else.";
    case crypto::TokenError::not_yet_valid:
      return "The token is not valid yet; check the clocks.";
    case crypto::TokenError::expired:
      return "The token has expired; ask for a new one.";
  }
  return "The token is not valid.";
}

// The token that a request carries.
std::expected<std::string_view, Response> bearer_of(const Request& request) {
  const auto header = request.headers.find("Authorization");
  if (!header) {
    return std::unexpected(
        unauthorized("token-missing", {}, "This needs a token: send it as Authorization: Bearer <token>."));
  }
  const auto space = header->find(' ');
  if (space == std::string_view::npos || !equal_ignoring_case(header->substr(0, space), "Bearer"))
    return std::unexpected(
        unauthorized("token-missing", {}, "Only Bearer tokens are taken in the Authorization header."));
  return trimmed(header->substr(space));
}

Response refuse_token(bool expired, std::string message) {
  return unauthorized(expired ? "token-expired" : "token-invalid", "invalid_token", std::move(message));
}

}  // namespace

std::expected<Identity, TokenRefusal> identify(std::string_view token, const crypto::TokenKey& key,
                                               const conference::Host& host, crypto::UnixTime now) {
  const auto claims = key.verify(token, now);
  if (!claims) {
    return std::unexpected(
        TokenRefusal{claims.error() == crypto::TokenError::expired, std::string(sentence(claims.error()))});
  }
  if (claims->serial != 0) {
    const auto* seat = host.find_seat(claims->conference, claims->subject);
    if (!seat || seat->serial != claims->serial)
      return std::unexpected(TokenRefusal{false, "The invitation was renewed or taken back; ask for the new link."});
    return Identity{{seat->role, claims->subject}, claims->conference};
  }
  const auto role = conference::parse_role(claims->role);
  if (!role || !conference::is_valid_name(claims->subject))
    return std::unexpected(TokenRefusal{false, "The token's role or subject is none that this server knows."});
  // One that is too long for a page to be told is left out.
  auto name = claims->name.size() <= conference::kMaxNameForPeople ? claims->name : std::string();
  return Identity{{*role, claims->subject, std::move(name)}, claims->conference};
}

std::expected<Identity, Response> authenticate(const Request& request, const crypto::TokenKey& key,
                                               const conference::Host& host, crypto::UnixTime now) {
  const auto token = bearer_of(request);
  if (!token) return std::unexpected(token.error());
  auto identity = identify(*token, key, host, now);
  if (identity) return std::move(*identity);
  return std::unexpected(refuse_token(identity.error().expired, identity.error().message));
}

std::optional<Response> refuse_all_but_administrators(const Request& request, const crypto::TokenKey& key,
                                                      crypto::UnixTime now) {
  const auto token = bearer_of(request);
  if (!token) return token.error();
  const auto claims = key.verify(*token, now);
  if (!claims)
    return refuse_token(claims.error() == crypto::TokenError::expired, std::string(sentence(claims.error())));
  if (claims->role == kAdministrator) return std::nullopt;
  return make_problem({403, "administrators-only",
                       "Only an administrator's token shows this: bridgehall token --role administrator.",
                       "Authorization"});
}

}  // namespace bridgehall::web
