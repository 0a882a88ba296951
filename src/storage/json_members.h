// Structures as JSON objects, each described once for both ways: members(archive, structure) names the members, and a
// MemberWriter or a MemberReader is the archive. Plain objects.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "storage/names.h"

namespace bridgehall::storage {

using Json = nlohmann::ordered_json;  // members stay in the order in which they are named

// A structure as an archive takes it: the writer leaves it as it is.
template <class Archive, class Structure>
using Of = std::conditional_t<Archive::kWrites, const Structure, Structure>;

template <class Type>
inline constexpr bool kIsList = false;
template <class Entry>
inline constexpr bool kIsList<std::vector<Entry>> = true;
template <class Entry>
inline constexpr bool kIsList<std::deque<Entry>> = true;

class MemberWriter {
 public:
  static constexpr bool kWrites = true;
  explicit MemberWriter(Json& json) : json_(json) {}

  template <class Value>
  void operator()(const char* name, const Value& value) {
    json_[name] = made(value);
  }
  template <class Value>
  void operator()(const char* name, const std::optional<Value>& value) {
    if (value) json_[name] = made(*value);
  }

 private:
  template <class Value>
  static Json made(const Value& value) {
    if constexpr (std::is_enum_v<Value>) {
      return name_of(value);
    } else if constexpr (std::is_same_v<Value, conference::WallTime>) {
      return value.time_since_epoch().count();
    } else if constexpr (kIsList<Value>) {
      auto list = Json::array();
      for (const auto& entry : value) list.push_back(made(entry));
      return list;
    } else if constexpr (std::is_class_v<Value> && !std::is_same_v<Value, std::string>) {
      auto object = Json::object();
      MemberWriter writer(object);
      members(writer, value);
      return object;
    } else {
      return value;
    }
  }

  Json& json_;
};

// Stops at the first fault and says where and what. Members that nobody asked for are a fault too: the object was
// written by something else than what reads it.
class MemberReader {
 public:
  static constexpr bool kWrites = false;
  explicit MemberReader(const Json& json) : json_(json) {
    if (!json.is_object()) fault_ = "is no object";
  }

  template <class Value>
  void operator()(const char* name, Value& value) {
    if (!fault_.empty()) return;
    ++asked_;
    const auto found = json_.find(name);
    if (found == json_.end())
      fault_ = fmt::format("has no {}", name);
    else
      read(name, *found, value);
  }
  template <class Value>
  void operator()(const char* name, std::optional<Value>& value) {
    if (!fault_.empty() || json_.find(name) == json_.end()) return;
    (*this)(name, value.emplace());
  }
  // Passes over a member that was read before.
  void skip() { ++asked_; }

  // Empty when all was well, else the rest of a sentence whose subject is the object: "has no seat".
  std::string finish() {
    if (fault_.empty() && asked_ != json_.size()) fault_ = "has members that are not known here";
    return std::move(fault_);
  }

 private:
  template <class Value>
  void read(const char* name, const Json& json, Value& value) {
    if constexpr (std::is_enum_v<Value>) {
      const auto* text = json.get_ptr<const std::string*>();
      const auto parsed = text ? parse_name<Value>(*text) : std::nullopt;
      if (parsed)
        value = *parsed;
      else
        fault_ = fmt::format("has a {} that is not known here", name);
    } else if constexpr (std::is_same_v<Value, std::string>) {
      if (const auto* text = json.get_ptr<const std::string*>())
        value = *text;
      else
        fault_ = fmt::format("has a {} that is no text", name);
    } else if constexpr (std::is_same_v<Value, bool>) {
      if (const auto* truth = json.get_ptr<const bool*>())
        value = *truth;
      else
        fault_ = fmt::format("has a {} that is neither true nor false", name);
    } else if constexpr (std::is_same_v<Value, std::uint64_t>) {
      if (json.is_number_unsigned())
        value = json.get<std::uint64_t>();
      else
        fault_ = fmt::format("has a {} that is no whole number", name);
    } else if constexpr (std::is_same_v<Value, conference::WallTime>) {
      if (json.is_number_integer())
        value = conference::WallTime{std::chrono::milliseconds{json.get<std::int64_t>()}};
      else
        fault_ = fmt::format("has a {} that is no time in milliseconds", name);
    } else if constexpr (kIsList<Value>) {
      if (!json.is_array()) {
        fault_ = fmt::format("has a {} that is no list", name);
        return;
      }
      for (const auto& entry : json) {
        read(name, entry, value.emplace_back());
        if (!fault_.empty()) return;
      }
    } else {
      MemberReader reader(json);
      members(reader, value);
      if (auto fault = reader.finish(); !fault.empty()) fault_ = fmt::format("has a {} that {}", name, fault);
    }
  }

  const Json& json_;
  std::size_t asked_ = 0;
  std::string fault_;
};

// As compact text. Octets that are no UTF-8 become U+FFFD: what we write can always be read.
inline std::string to_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace bridgehall::storage
