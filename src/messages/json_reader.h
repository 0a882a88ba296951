// Reads JSON into the generated message types, holding each value against its bounds. One Reader per text; it stops at
// the first fault and says in words where and what. Bounds: kMaxDepth of nesting; the text's length is its caller's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace bridgehall::messages {

using Json = nlohmann::json;

// What the schema says of a value: minLength and maxLength in code points, minimum and maximum, maxItems.
struct Characters {
  std::size_t least;
  std::size_t most;
};
struct Range {
  std::uint64_t least;
  std::uint64_t most;
};
struct Entries {
  std::size_t most;
};

struct Fault {
  bool unknown_type = false;
  std::string field;
  std::string message;
  std::optional<std::uint32_t> id;
};

class Reader {
 public:
  static constexpr int kMaxDepth = 8;  // a snapshot, the deepest message, has five

  std::optional<Json> parse(std::string_view text);
  Fault take_fault() { return std::move(fault_); }

  // An object without members other than these. Of a member that is there twice, the last counts.
  bool object(const Json& json, std::span<const std::string_view> members);
  template <class Value, class... Bounds>
  bool member(const Json& object, std::string_view name, Value& value, Bounds... bounds) {
    const Step step(*this, name);
    const auto found = object.find(name);
    return found == object.end() ? refuse("is missing") : read(*this, *found, value, bounds...);
  }
  template <class Value, class... Bounds>
  bool member(const Json& object, std::string_view name, std::optional<Value>& value, Bounds... bounds) {
    return !object.contains(name) || member(object, name, value.emplace(), bounds...);
  }
  template <class Value, class... Bounds>
  bool entries(const Json& json, std::vector<Value>& values, Entries limit, Bounds... bounds) {
    if (!list(json, limit)) return false;
    values.resize(json.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Step step(*this, i);
      if (!read(*this, json[i], values[i], bounds...)) return false;
    }
    return true;
  }
  template <class Enumeration>
  bool choice(const Json& json, std::span<const std::string_view> names, Enumeration& value) {
    const auto index = choose(json, names);
    if (index) value = static_cast<Enumeration>(*index);
    return index.has_value();
  }
  std::optional<std::string_view> type_of(const Json& json);

  bool text(const Json& json, std::string& value, Characters limits);
  bool whole(const Json& json, std::uint64_t& value, Range limits);
  bool truth(const Json& json, bool& value);

  // "The member slots[3].quality <predicate>." Always false.
  bool refuse(std::string_view predicate);
  bool refuse_type(std::string_view type);

 private:
  using Place = std::variant<std::string_view, std::size_t>;

  class Step {
   public:
    Step(Reader& reader, Place place) : reader_(reader) { reader_.path_.push_back(place); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() { reader_.path_.pop_back(); }

   private:
    Reader& reader_;
  };

  bool list(const Json& json, Entries limit);
  std::optional<std::size_t> choose(const Json& json, std::span<const std::string_view> names);
  std::string field() const;

  std::vector<Place> path_;
  Fault fault_;
};

inline bool read(Reader& reader, const Json& json, bool& value) { return reader.truth(json, value); }
inline bool read(Reader& reader, const Json& json, std::string& value, Characters limits) {
  return reader.text(json, value, limits);
}
inline bool read(Reader& reader, const Json& json, std::uint64_t& value, Range limits) {
  return reader.whole(json, value, limits);
}
inline bool read(Reader& reader, const Json& json, std::uint32_t& value, Range limits) {
  std::uint64_t wide = 0;
  const bool good = reader.whole(json, wide, limits);
  value = static_cast<std::uint32_t>(wide);
  return good;
}
template <class Value, class... Bounds>
bool read(Reader& reader, const Json& json, std::vector<Value>& values, Entries limit, Bounds... bounds) {
  return reader.entries(json, values, limit, bounds...);
}

// One of the objects that a union may be, told by its member `type`.
template <class Union>
struct Alternative {
  std::string_view type;
  bool (*read_into)(Reader&, const Json&, Union&);
};

template <class Union, class Structure>
constexpr Alternative<Union> alternative() {
  return {Structure::kType, [](Reader& reader, const Json& json, Union& value) {
            return read(reader, json, value.template emplace<Structure>());
          }};
}

template <class Union, std::size_t kCount>
bool read_tagged(Reader& reader, const Json& json, const std::array<Alternative<Union>, kCount>& alternatives,
                 Union& value) {
  const auto type = reader.type_of(json);
  if (!type) return false;
  for (const auto& each : alternatives)
    if (each.type == *type) return each.read_into(reader, json, value);
  return reader.refuse_type(*type);
}

}  // namespace bridgehall::messages
