#!/usr/bin/env python3
"""Makes the types of the signalling messages from their one description, schema/signalling.json.

tools/generate_messages.py cpp FOLDER         writes FOLDER/messages.h and FOLDER/messages.cpp
tools/generate_messages.py typescript FILE    writes the types of the web client
tools/generate_messages.py document FILE      renews the tables between the marks in docs/signalling.md
tools/generate_messages.py check FILE         ends with status 1 when those tables are not what the schema says

A file that is already right is not touched, so that nothing is built again for it.
"""

import pathlib
import sys

import signalling_cpp
import signalling_typescript
from signalling_schema import Many, Union, Unreadable, read_schema

SCHEMA = pathlib.Path(__file__).resolve().parent.parent / "schema" / "signalling.json"
ORIGIN = "// Made from schema/signalling.json by tools/generate_messages.py; changed there.\n"
MARKS = ("<!-- messages: tools/generate_messages.py document -->\n", "<!-- end of messages -->\n")


def document_row(structure):
    members = ", ".join(
        f"`{each.name}{'' if each.required else '?'}`{' []' if isinstance(each.type, Many) else ''}" for each in structure.members
    )
    return f"| `{structure.tag}` | {members} | {structure.description.replace('|', chr(92) + '|')} |"


def document(definitions):
    lines = []
    for union in (each for each in definitions.values() if isinstance(each, Union)):
        lines += [f"**{union.name}**: {union.description[:1].lower()}{union.description[1:]}", ""]
        lines += ["| `type` | members (`?`: may be absent, `[]`: several) | |", "|---|---|---|"]
        lines += [document_row(definitions[name]) for name in union.alternatives] + [""]
    return "\n".join(lines) + "\n"


def with_tables(text, tables):
    begin, end = (text.find(mark) for mark in MARKS)
    if begin < 0 or end < begin:
        raise Unreadable("the document lacks the marks between which the tables stand")
    return text[: begin + len(MARKS[0])] + "\n" + tables + text[end:]


def write_if_changed(path, text):
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in ("cpp", "typescript", "document", "check"):
        print(__doc__, file=sys.stderr)
        return 2
    command, path = arguments[0], pathlib.Path(arguments[1])
    try:
        version, definitions = read_schema(SCHEMA.read_text())
        if command == "cpp":
            write_if_changed(path / "messages.h", ORIGIN + signalling_cpp.header(version, definitions))
            write_if_changed(path / "messages.cpp", ORIGIN + signalling_cpp.source(definitions))
        elif command == "typescript":
            write_if_changed(path, ORIGIN + signalling_typescript.module(version, definitions))
        else:
            found = path.read_text()
            right = with_tables(found, document(definitions))
            if command == "check" and found != right:
                print(f"{path} is not what the schema says: tools/generate_messages.py document {path}", file=sys.stderr)
                return 1
            write_if_changed(path, right)
    except Unreadable as error:
        print(f"{error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
