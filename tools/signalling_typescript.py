"""The messages' types for the web client."""

from signalling_schema import Many, Named, Structure, Text, Truth, Union, Whole, reachable


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def typescript_type(kind):
    if isinstance(kind, Many):
        return f"{typescript_type(kind.items)}[]"
    if isinstance(kind, Named):
        return kind.name
    return {Text: "string", Whole: "number", Truth: "boolean"}[type(kind)]


def typescript_comment(text, indent=""):
    return [f"{indent}/** {text}. */"] if text else []


def typescript_definition(definition):
    lines = typescript_comment(definition.description)
    if isinstance(definition, Structure):
        lines.append(f"export interface {definition.name} {{")
        lines += [f"  type: {quoted(definition.tag)};"] if definition.tag else []
        for member in definition.members:
            lines += typescript_comment(member.description, "  ")
            lines.append(f"  {member.name}{'' if member.required else '?'}: {typescript_type(member.type)};")
        return lines + ["}"]
    choices = definition.alternatives if isinstance(definition, Union) else map(quoted, definition.values)
    return [*lines, f"export type {definition.name} = {' | '.join(choices)};"]


def module(version, definitions):
    lines = ["", "/** Said in hello. */", f"export const kVersion = {version};"]
    lines += ["", "/** The most characters (code points) of each text that a client sends, by type and member. */"]
    lines.append("export const kMaxLength = {")
    sent = reachable(definitions, "ClientMessage")
    for definition in definitions.values():
        members = definition.members if isinstance(definition, Structure) and definition.name in sent else ()
        texts = [f"{each.name}: {each.type.most}" for each in members if isinstance(each.type, Text)]
        lines += [f"  {definition.name}: {{ {', '.join(texts)} }},"] if texts else []
    lines.append("} as const;")
    for definition in definitions.values():
        lines += ["", *typescript_definition(definition)]
    return "\n".join(lines) + "\n"
