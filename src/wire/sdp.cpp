#include "wire/sdp.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "wire/sdp_attributes.h"

namespace bridgehall::wire {
namespace {

// Type letters of RFC 8866 section 5. A description with any other letter is to be refused whole.
constexpr std::string_view kTypeLetters = "vosiuepcbtrzkam";

class Parser {
 public:
  Parser(std::string_view text, bool fragment) : rest_(text), fragment_(fragment) {}

  std::expected<SdpSession, SdpError> run() {
    if (rest_.size() > kSdpMaxSize) return refuse(fmt::format("The description is longer than {} bytes.", kSdpMaxSize));
    while (error_.empty() && !rest_.empty()) {
      ++line_;
      take(next_line());
    }
    if (error_.empty()) check_whole();
    if (!error_.empty()) return refuse(std::move(error_));
    return std::move(session_);
  }

 private:
  std::unexpected<SdpError> refuse(std::string message) { return std::unexpected(SdpError{line_, std::move(message)}); }

  std::string_view next_line() {
    const auto end = rest_.find('\n');
    auto line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  void take(std::string_view line) {
    if (line_ > kSdpMaxLines) return set_error(fmt::format("There are more than {} lines.", kSdpMaxLines));
    if (line.size() > kSdpMaxLineSize)
      return set_error(fmt::format("The line is longer than {} bytes.", kSdpMaxLineSize));
    if (line.empty()) {  // some clients end with an empty line; inside it is an error
      if (rest_.find_first_not_of("\r\n") != std::string_view::npos) set_error("The line is empty.");
      return;
    }
    if (line.size() < 2 || line[1] != '=' || kTypeLetters.find(line[0]) == std::string_view::npos)
      return set_error("The line does not begin with a type letter of RFC 8866 and '='.");
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::any_of(line.begin(), line.end(), control)) return set_error("The line has a control character.");
    if (line_ == 1 && !fragment_ && line != "v=0") return set_error("The first line is not v=0.");
    take_typed(line[0], line.substr(2));
  }

  void take_typed(char type, std::string_view value) {
    const bool in_media = !session_.media.empty();
    switch (type) {
      case 'v':
        if (line_ != 1 || fragment_) set_error("The v= line is not the first.");
        return;
      case 'o':
        return take_origin(value);
      case 's':
        if (in_media || has_name_) return set_error("The s= line is not alone in the session section.");
        has_name_ = true;
        session_.name = value;
        return;
      case 't':
        if (in_media) return set_error("A t= line stands in a media section.");
        has_time_ = true;
        return;
      case 'c':
        if (in_media) session_.media.back().connection = value;
        return;
      case 'm':
        return take_media(value);
      case 'a':
        return take_attribute(value);
      default:
        return;  // i, u, e, p, b, r, z, k say nothing for WebRTC
    }
  }

  void take_origin(std::string_view value) {
    if (!session_.media.empty() || !session_.origin.empty())
      return set_error("The o= line is not alone in the session section.");
    FieldReader fields(value);
    std::size_t count = 0;
    while (!fields.next().empty()) ++count;
    if (count != 6) return set_error("The o= line does not have six fields.");
    session_.origin = value;
  }

  void take_media(std::string_view value) {
    if (session_.media.size() == kSdpMaxMedia)
      return set_error(fmt::format("There are more than {} media sections.", kSdpMaxMedia));
    FieldReader fields(value);
    SdpMedia media;
    media.line = line_;
    media.kind = fields.next();
    const auto port = fields.next();
    const auto number = parse_decimal<std::uint16_t>(port.substr(0, port.find('/')));
    media.protocol = fields.next();
    for (auto format = fields.next(); !format.empty(); format = fields.next()) {
      if (media.formats.size() == kSdpMaxFormats)
        return set_error(fmt::format("The m= line has more than {} formats.", kSdpMaxFormats));
      media.formats.emplace_back(format);
    }
    if (!is_token(media.kind)) return set_error("The m= line has no media kind.");
    if (!number) return set_error("The m= line's port is not a number below 65536.");
    if (media.formats.empty()) return set_error("The m= line has no format.");
    media.port = *number;
    session_.media.push_back(std::move(media));
  }

  void take_attribute(std::string_view text) {
    const auto colon = text.find(':');
    const auto name = text.substr(0, colon);
    if (!is_token(name)) return set_error("The attribute's name is not a token.");
    auto& attributes = session_.media.empty() ? session_.attributes : session_.media.back().attributes;
    const auto value = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
    attributes.push_back({std::string(name), std::string(value), line_});
  }

  void check_whole() {
    if (line_ == 0) return set_error("The description is empty.");
    if (fragment_) return;
    if (session_.origin.empty()) return set_error("There is no o= line.");
    if (!has_name_) return set_error("There is no s= line.");
    if (!has_time_) return set_error("There is no t= line.");
  }

  void set_error(std::string message) { error_ = std::move(message); }

  std::string_view rest_;
  bool fragment_;
  std::size_t line_ = 0;
  bool has_name_ = false;
  bool has_time_ = false;
  std::string error_;
  SdpSession session_;
};

void append_attributes(std::string& out, const SdpAttributes& attributes) {
  for (const auto& attribute : attributes) {
    out.append("a=").append(attribute.name);
    if (!attribute.value.empty()) out.append(":").append(attribute.value);
    out.append("\r\n");
  }
}

}  // namespace

std::expected<SdpSession, SdpError> parse_sdp(std::string_view text) { return Parser(text, false).run(); }
std::expected<SdpSession, SdpError> parse_sdp_fragment(std::string_view text) { return Parser(text, true).run(); }

std::string write_sdp(const SdpSession& session) {
  return fmt::format("v=0\r\no={}\r\ns={}\r\nt=0 0\r\n", session.origin, session.name) + write_sdp_fragment(session);
}

std::string write_sdp_fragment(const SdpSession& session) {
  std::string out;
  append_attributes(out, session.attributes);
  for (const auto& media : session.media) {
    out += fmt::format("m={} {} {} {}\r\n", media.kind, media.port, media.protocol, fmt::join(media.formats, " "));
    if (!media.connection.empty()) out += fmt::format("c={}\r\n", media.connection);
    append_attributes(out, media.attributes);
  }
  return out;
}

const std::string* find_attribute(const SdpAttributes& attributes, std::string_view name) {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.name == name; });
  return found == attributes.end() ? nullptr : &found->value;
}

}  // namespace bridgehall::wire
