// Writes the generated message types as compact JSON, members in the schema's order. One Writer per text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bridgehall::messages {

class Writer {
 public:
  void append(std::string_view text) { text_ += text; }
  // Quoted and escaped. Octets that are no UTF-8 become U+FFFD: what we say can always be read.
  void append_string(std::string_view text);
  void append_number(std::uint64_t number);
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

inline void write(Writer& writer, std::string_view value) { writer.append_string(value); }
inline void write(Writer& writer, bool value) { writer.append(value ? "true" : "false"); }
inline void write(Writer& writer, std::uint32_t value) { writer.append_number(value); }
inline void write(Writer& writer, std::uint64_t value) { writer.append_number(value); }
template <class Value>
void write(Writer& writer, const std::vector<Value>& values) {
  std::string_view separator = "[";
  for (const auto& value : values) {
    writer.append(separator);
    write(writer, value);
    separator = ",";
  }
  writer.append(values.empty() ? "[]" : "]");
}

// An object, from its opening brace to its closing one.
class ObjectWriter {
 public:
  explicit ObjectWriter(Writer& writer) : writer_(writer) { writer_.append("{"); }
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;
  ~ObjectWriter() { writer_.append("}"); }

  template <class Value>
  void member(std::string_view name, const Value& value) {
    writer_.append(first_ ? "\"" : ",\"");
    writer_.append(name);
    writer_.append("\":");
    write(writer_, value);
    first_ = false;
  }
  template <class Value>
  void member(std::string_view name, const std::optional<Value>& value) {
    if (value) member(name, *value);
  }

 private:
  Writer& writer_;
  bool first_ = true;
};

}  // namespace bridgehall::messages
