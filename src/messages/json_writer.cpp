#include "messages/json_writer.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bridgehall::messages {

void Writer::append_string(std::string_view text) {
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7F && c != '"' && c != '\\'; });
  if (plain) {
    text_ += '"';
    text_ += text;
    text_ += '"';
  } else {
    text_ += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

void Writer::append_number(std::uint64_t number) {
  const fmt::format_int digits(number);
  text_.append(digits.data(), digits.size());
}

}  // namespace bridgehall::messages
