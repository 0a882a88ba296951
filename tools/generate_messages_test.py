#!/usr/bin/env python3
"""What generate_messages.py makes of a schema, what it refuses to make anything of, and that the document is up to date."""

import copy
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import generate_messages
import signalling_cpp
import signalling_typescript
from signalling_schema import Unreadable, read_schema

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMA = {
    "version": 3,
    "$defs": {
        "Say": {
            "type": "object",
            "description": "Says it",
            "properties": {
                "type": {"const": "say"},
                "text": {"type": "string", "description": "What is said", "minLength": 1, "maxLength": 20},
                "times": {"type": "integer", "minimum": 1, "maximum": 9},
                "moods": {"type": "array", "items": {"$ref": "#/$defs/Mood"}, "maxItems": 4},
            },
            "required": ["type", "text"],
            "additionalProperties": False,
        },
        "Stop": {"type": "object", "properties": {"type": {"const": "stop"}}, "required": ["type"], "additionalProperties": False},
        "Mood": {"type": "string", "enum": ["good", "bad"]},
        "ClientMessage": {"oneOf": [{"$ref": "#/$defs/Say"}, {"$ref": "#/$defs/Stop"}]},
    },
}


def changed(change):
    schema = copy.deepcopy(SCHEMA)
    change(schema["$defs"])
    return read_schema(json.dumps(schema))


class Made(unittest.TestCase):
    def test_typescript_has_unions_told_apart_by_type(self):
        text = signalling_typescript.module(*changed(lambda definitions: None))
        self.assertIn("export const kVersion = 3;", text)
        self.assertIn("export type Mood = 'good' | 'bad';", text)
        self.assertIn("  type: 'say';\n  /** What is said. */\n  text: string;\n  times?: number;\n  moods?: Mood[];\n", text)
        self.assertIn("export type ClientMessage = Say | Stop;", text)
        self.assertIn("  Say: { text: 20 },", text)

    def test_cpp_defines_before_use_and_checks_every_bound(self):
        version, definitions = changed(lambda definitions: None)
        header, source = signalling_cpp.header(version, definitions), signalling_cpp.source(definitions)
        self.assertLess(header.index("enum class Mood"), header.index("struct Say"))
        self.assertIn("std::optional<std::vector<Mood>> moods;", header)
        self.assertIn('reader.member(json, "text", value.text, Characters{1, 20})', source)
        self.assertIn('reader.member(json, "times", value.times, Range{1, 9})', source)
        self.assertIn('reader.member(json, "moods", value.moods, Entries{4})', source)

    def test_the_tables_have_a_row_for_each_message(self):
        tables = generate_messages.document(changed(lambda definitions: None)[1])
        self.assertIn("| `say` | `text`, `times?`, `moods?` [] | Says it |", tables)
        self.assertIn("| `stop` |  |  |", tables)

    def test_what_is_right_is_not_touched(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "deep" / "file"
            generate_messages.write_if_changed(file, "x")
            before = file.stat().st_mtime_ns
            generate_messages.write_if_changed(file, "x")
            self.assertEqual(file.stat().st_mtime_ns, before)


class Refused(unittest.TestCase):
    def refuses(self, change, words):
        with self.assertRaisesRegex(Unreadable, re.escape(words)):
            changed(change)

    def test_rules_that_would_be_left_out(self):
        self.refuses(lambda d: d["Say"]["properties"]["text"].update(pattern="a*"), "Say.text: pattern unknown")
        self.refuses(lambda d: d["Say"].update(minProperties=1), "Say: minProperties unknown")

    def test_what_has_no_bound(self):
        self.refuses(lambda d: d["Say"]["properties"]["text"].pop("maxLength"), "Say.text: maxLength missing")
        self.refuses(lambda d: d["Say"]["properties"]["moods"].pop("maxItems"), "Say.moods: maxItems missing")
        self.refuses(lambda d: d["Say"].update(additionalProperties=True), "Say: additionalProperties must be false")

    def test_numbers_that_javascript_does_not_have(self):
        self.refuses(lambda d: d["Say"]["properties"]["times"].update(maximum=2**53), "Say.times: whole numbers")

    def test_names_that_a_language_keeps_for_itself(self):
        self.refuses(lambda d: d["Mood"]["enum"].append("default"), "'default' cannot be a name")

    def test_references_to_nothing_and_in_circles(self):
        self.refuses(lambda d: d.pop("Mood"), "Say: there is no Mood")
        self.refuses(lambda d: d["Say"]["properties"].update(more={"$ref": "#/$defs/Say"}), "Say contains itself")

    def test_alternatives_that_cannot_be_told_apart(self):
        self.refuses(lambda d: d["Stop"]["properties"]["type"].update(const="say"), "ClientMessage: alternatives")


class Kept(unittest.TestCase):
    def test_the_document_is_what_the_schema_says(self):
        command = [ROOT / "tools/generate_messages.py", "check", ROOT / "docs/signalling.md"]
        self.assertEqual(subprocess.run(command, check=False).returncode, 0)

    def test_two_runs_make_the_same(self):
        made = [signalling_cpp.source(read_schema(generate_messages.SCHEMA.read_text())[1]) for _ in range(2)]
        self.assertEqual(*made)


if __name__ == "__main__":
    unittest.main()
