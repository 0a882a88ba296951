"""The messages' types for the server, and the functions that read and write them: src/messages/json_reader.h does the work."""

import re

from signalling_schema import Enumeration, Many, Named, Structure, Text, Truth, Union, Whole


def cpp_type(kind):
    if isinstance(kind, Many):
        return f"std::vector<{cpp_type(kind.items)}>"
    if isinstance(kind, Named):
        return kind.name
    if isinstance(kind, Whole):
        return "std::uint32_t" if kind.most < 2**32 else "std::uint64_t"
    return {Text: "std::string", Truth: "bool"}[type(kind)]


def cpp_bounds(kind):
    """What the reader has to hold a value against, outermost first."""
    if isinstance(kind, Many):
        return [f"Entries{{{kind.most}}}", *cpp_bounds(kind.items)]
    if isinstance(kind, (Text, Whole)):
        return [f"{'Characters' if isinstance(kind, Text) else 'Range'}{{{kind.least}, {kind.most}}}"]
    return []


def cpp_structure(definition):
    lines = [f"struct {definition.name} {{"]
    lines += [f'  static constexpr std::string_view kType = "{definition.tag}";'] if definition.tag else []
    for member in definition.members:
        kind = cpp_type(member.type) if member.required else f"std::optional<{cpp_type(member.type)}>"
        plain = member.required and not isinstance(member.type, (Text, Many))
        comment = f"  // {member.description}" if member.description else ""
        lines.append(f"  {kind} {member.name}{'{}' if plain else ''};{comment}")
    return lines + [f"  bool operator==(const {definition.name}&) const = default;", "};"]


def cpp_definition(definition):
    lines = [f"// {definition.description}."] if definition.description else []
    if isinstance(definition, Structure):
        return lines + cpp_structure(definition)
    if isinstance(definition, Union):
        return lines + [f"using {definition.name} = std::variant<{', '.join(definition.alternatives)}>;"]
    lines.append(f"enum class {definition.name} : std::uint8_t {{ {', '.join(definition.values)} }};")
    return lines + [f"std::string_view name({definition.name} value);"]


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


CPP_HEADER = """// The messages between a page and the server as plain values. Lengths of texts are counted in code points.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace bridgehall::messages {{

inline constexpr std::uint32_t kVersion = {version};

{definitions}

// Why a text is no message.
struct MessageError {{
  RefusalCode code{{}};              // malformed or unknown_type
  std::string field;               // "slots[3].quality"; empty: the message as a whole
  std::string message;             // a whole sentence
  std::optional<std::uint32_t> id;  // of the message, where it can be read
}};

// Everything in the schema is checked. Never throws over what the text holds.
{parsers}

// Compact; members that are absent are left out.
{writers}

}}  // namespace bridgehall::messages
"""


def header(version, definitions):
    unions = [each.name for each in definitions.values() if isinstance(each, Union)]
    return CPP_HEADER.format(
        version=version,
        definitions="\n\n".join("\n".join(cpp_definition(each)) for each in definitions.values()),
        parsers="\n".join(f"std::expected<{u}, MessageError> parse_{snake(u)}(std::string_view text);" for u in unions),
        writers="\n".join(f"std::string to_json(const {u}& message);" for u in unions),
    )


def cpp_conversions(definition):
    """The functions `read` and `write` of one definition."""
    name = definition.name
    reads = f"[[maybe_unused]] static bool read(Reader& reader, const Json& json, {name}& value) {{"
    writes = f"[[maybe_unused]] static void write(Writer& writer, const {name}& value) {{"
    if isinstance(definition, Enumeration):
        names = ", ".join(f'"{value}"' for value in definition.values)
        return [
            f"constexpr std::array<std::string_view, {len(definition.values)}> k{name}Names{{{names}}};",
            reads,
            f"  return reader.choice(json, k{name}Names, value);",
            "}",
            writes,
            "  write(writer, name(value));",
            "}",
        ]
    if isinstance(definition, Union):
        entries = ", ".join(f"alternative<{name}, {each}>()" for each in definition.alternatives)
        return [
            f"constexpr std::array<Alternative<{name}>, {len(definition.alternatives)}> k{name}Types{{{entries}}};",
            reads,
            f"  return read_tagged(reader, json, k{name}Types, value);",
            "}",
            writes,
            "  std::visit([&](const auto& alternative) { write(writer, alternative); }, value);",
            "}",
        ]
    names = [f'"{each}"' for each in (["type"] if definition.tag else []) + [each.name for each in definition.members]]
    steps = [f"reader.object(json, std::array<std::string_view, {len(names)}>{{{', '.join(names)}}})"]
    lines = [f'  object.member("type", {name}::kType);'] if definition.tag else []
    unused = "" if definition.members else "  (void)value;\n"
    for member in definition.members:
        bounds = "".join(f", {bound}" for bound in cpp_bounds(member.type))
        steps.append(f'reader.member(json, "{member.name}", value.{member.name}{bounds})')
        lines.append(f'  object.member("{member.name}", value.{member.name});')
    return [
        reads,
        unused + "  return " + " &&\n         ".join(steps) + ";",
        "}",
        writes,
        unused + "  ObjectWriter object(writer);",
        *lines,
        "}",
    ]


CPP_SOURCE = """#include "messages/messages.h"

#include <array>

#include "messages/json_reader.h"
#include "messages/json_writer.h"

namespace bridgehall::messages {{

// Static, in no unnamed namespace: the templates of json_reader.h find them by their arguments.
{conversions}

template <class Message>
static std::expected<Message, MessageError> parse(std::string_view text) {{
  Reader reader;
  Message message;
  const auto json = reader.parse(text);
  if (json && read(reader, *json, message)) return message;
  auto fault = reader.take_fault();
  const auto code = fault.unknown_type ? RefusalCode::unknown_type : RefusalCode::malformed;
  return std::unexpected(MessageError{{code, std::move(fault.field), std::move(fault.message), fault.id}});
}}

template <class Message>
static std::string text_of(const Message& message) {{
  Writer writer;
  write(writer, message);
  return std::move(writer).take();
}}

{names}

{functions}

}}  // namespace bridgehall::messages
"""


def source(definitions):
    each = list(definitions.values())
    unions = [definition.name for definition in each if isinstance(definition, Union)]
    return CPP_SOURCE.format(
        conversions="\n\n".join("\n".join(cpp_conversions(definition)) for definition in each),
        names="\n".join(
            f"std::string_view name({e.name} value) {{ return k{e.name}Names[static_cast<std::size_t>(value)]; }}"
            for e in each
            if isinstance(e, Enumeration)
        ),
        functions="\n".join(
            f"std::expected<{u}, MessageError> parse_{snake(u)}(std::string_view text) {{ return parse<{u}>(text); }}\n"
            f"std::string to_json(const {u}& message) {{ return text_of(message); }}"
            for u in unions
        ),
    )
