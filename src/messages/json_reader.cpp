#include "messages/json_reader.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bridgehall::messages {
namespace {

constexpr std::size_t kMaxQuoted = 32;  // code points of a client's own words in what we say of them

bool begins_code_point(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }
std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_code_point));
}

std::string shortened(std::string_view text) {
  std::string kept;
  std::size_t points = 0;
  for (const char byte : text) {
    if (begins_code_point(byte) && ++points > kMaxQuoted) return kept + "…";
    kept.push_back(static_cast<unsigned char>(byte) < 0x20 ? ' ' : byte);
  }
  return kept;
}

// Seen before parsing, so that no tree is built of a text that is nothing but brackets.
bool nests_deeper(std::string_view text, int limit) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted) {
      if (text[i] == '\\')
        ++i;  // the escaped character ends nothing
      else if (text[i] == '"')
        quoted = false;
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == '{' || text[i] == '[') {
      if (++depth > limit) return true;
    } else if (text[i] == '}' || text[i] == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

std::optional<Json> Reader::parse(std::string_view text) {
  if (nests_deeper(text, kMaxDepth)) {
    refuse("is nested too deeply");
    return std::nullopt;
  }
  auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    refuse("is not JSON");
    return std::nullopt;
  }
  if (json.is_object()) {
    const auto id = json.find("id");
    if (id != json.end() && id->is_number_unsigned() &&
        id->get<std::uint64_t>() <= std::numeric_limits<std::int32_t>::max())
      fault_.id = id->get<std::uint32_t>();
  }
  return json;
}

bool Reader::object(const Json& json, std::span<const std::string_view> members) {
  if (!json.is_object()) return refuse("must be an object");
  for (const auto& [name, value] : json.items()) {
    if (std::find(members.begin(), members.end(), name) != members.end()) continue;
    const auto unknown = shortened(name);
    const Step step(*this, std::string_view(unknown));
    return refuse("is not known here");
  }
  return true;
}

bool Reader::list(const Json& json, Entries limit) {
  if (!json.is_array()) return refuse("must be a list");
  if (json.size() > limit.most) return refuse(fmt::format("has at most {} entries", limit.most));
  return true;
}

std::optional<std::size_t> Reader::choose(const Json& json, std::span<const std::string_view> names) {
  if (const auto* text = json.get_ptr<const std::string*>()) {
    const auto found = std::find(names.begin(), names.end(), *text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  }
  refuse(fmt::format("must be one of {}", fmt::join(names, ", ")));
  return std::nullopt;
}

std::optional<std::string_view> Reader::type_of(const Json& json) {
  if (!json.is_object()) {
    refuse("must be an object");
    return std::nullopt;
  }
  const Step step(*this, std::string_view("type"));
  const auto type = json.find("type");
  if (type == json.end()) {
    refuse("is missing");
    return std::nullopt;
  }
  const auto* text = type->get_ptr<const std::string*>();
  if (!text) {
    refuse("must be a text");
    return std::nullopt;
  }
  return *text;
}

bool Reader::text(const Json& json, std::string& value, Characters limits) {
  const auto* found = json.get_ptr<const std::string*>();
  if (!found) return refuse("must be a text");
  const auto length = count_code_points(*found);
  if (length < limits.least) return refuse("must not be empty");
  if (length > limits.most) return refuse(fmt::format("has at most {} characters", limits.most));
  value = *found;
  return true;
}

bool Reader::whole(const Json& json, std::uint64_t& value, Range limits) {
  if (!json.is_number_integer()) return refuse("must be a whole number");
  // Negative numbers are the only ones that are not kept as unsigned.
  value = json.is_number_unsigned() ? json.get<std::uint64_t>() : 0;
  if (!json.is_number_unsigned() || value < limits.least || value > limits.most)
    return refuse(fmt::format("must be from {} to {}", limits.least, limits.most));
  return true;
}

bool Reader::truth(const Json& json, bool& value) {
  if (!json.is_boolean()) return refuse("must be true or false");
  value = json.get<bool>();
  return true;
}

std::string Reader::field() const {
  std::string text;
  for (const auto& place : path_) {
    if (const auto* index = std::get_if<std::size_t>(&place)) {
      text += fmt::format("[{}]", *index);
    } else {
      if (!text.empty()) text += '.';
      text += std::get<std::string_view>(place);
    }
  }
  return text;
}

bool Reader::refuse(std::string_view predicate) {
  fault_.field = field();
  fault_.message = fault_.field.empty() ? fmt::format("The message {}.", predicate)
                                        : fmt::format("The member {} {}.", fault_.field, predicate);
  return false;
}

bool Reader::refuse_type(std::string_view type) {
  const Step step(*this, std::string_view("type"));
  fault_.unknown_type = path_.size() == 1;
  fault_.field = field();
  fault_.message = fmt::format("There is no type \"{}\" here.", shortened(type));
  return false;
}

}  // namespace bridgehall::messages
