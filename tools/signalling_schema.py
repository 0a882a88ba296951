"""The signalling schema as a model: what tools/generate_messages.py reads, and every generator writes out.

Of JSON Schema 2020-12 this understands a subset and refuses the rest by name, rather than leave a rule out: objects with
named members and nothing else, texts, whole numbers from 0, booleans, arrays, enumerations, references, and unions of
objects told apart by `type`.
"""

import dataclasses
import json
import re

LARGEST_EXACT = 2**53 - 1  # of a JavaScript number
CPP_WORDS = set(
    "alignas alignof and asm auto bool break case catch char class const constexpr continue default delete do double else"
    " enum explicit export extern false float for friend goto if inline int long mutable namespace new not operator or"
    " private protected public register return short signed sizeof static struct switch template this throw true try"
    " typedef typename union unsigned using virtual void volatile while xor".split()
)


class Unreadable(Exception):
    """The schema says something that is not understood here; the words say where."""


# -- the model --


@dataclasses.dataclass(frozen=True)
class Text:
    least: int
    most: int


@dataclasses.dataclass(frozen=True)
class Whole:
    least: int
    most: int


@dataclasses.dataclass(frozen=True)
class Truth:
    pass


@dataclasses.dataclass(frozen=True)
class Named:
    name: str


@dataclasses.dataclass(frozen=True)
class Many:
    items: object
    most: int


@dataclasses.dataclass(frozen=True)
class Member:
    name: str
    type: object
    description: str
    required: bool


@dataclasses.dataclass(frozen=True)
class Enumeration:
    name: str
    description: str
    values: tuple


@dataclasses.dataclass(frozen=True)
class Structure:
    name: str
    description: str
    tag: str  # the value of its member `type`; empty: it has none
    members: tuple


@dataclasses.dataclass(frozen=True)
class Union:
    name: str
    description: str
    alternatives: tuple


# -- reading the schema --


def take(place, node, required, optional=()):
    """The values of `required` members; whatever is neither there nor in `optional` is refused."""
    unknown = set(node) - set(required) - set(optional)
    missing = set(required) - set(node)
    if unknown or missing:
        raise Unreadable(f"{place}: {', '.join(sorted(unknown | missing))} {'unknown' if unknown else 'missing'}")
    return [node[name] for name in required]


def checked_name(place, name, pattern):
    if not re.fullmatch(pattern, name) or name in CPP_WORDS:
        raise Unreadable(f"{place}: {name!r} cannot be a name in C++ and TypeScript")
    return name


def read_type(place, node):
    if "$ref" in node:
        (reference,) = take(place, node, ["$ref"], ["description"])
        return Named(reference.removeprefix("#/$defs/"))
    kind = node.get("type")
    if kind == "string":
        (_, most) = take(place, node, ["type", "maxLength"], ["description", "minLength"])
        return Text(node.get("minLength", 0), most)
    if kind == "integer":
        (_, least, most) = take(place, node, ["type", "minimum", "maximum"], ["description"])
        if not 0 <= least <= most <= LARGEST_EXACT:
            raise Unreadable(f"{place}: whole numbers are from 0 to 2^53 - 1")
        return Whole(least, most)
    if kind == "boolean":
        take(place, node, ["type"], ["description"])
        return Truth()
    if kind == "array":
        (_, items, most) = take(place, node, ["type", "items", "maxItems"], ["description"])
        return Many(read_type(f"{place}[]", items), most)
    raise Unreadable(f"{place}: type {kind!r} is not understood")


def read_structure(name, node):
    _, properties, required, more = take(
        name, node, ["type", "properties", "required", "additionalProperties"], ["description"]
    )
    if more is not False:
        raise Unreadable(f"{name}: additionalProperties must be false")
    if set(required) - set(properties):
        raise Unreadable(f"{name}: requires members that it does not have")
    tag, members = "", []
    for member, value in properties.items():
        place = f"{name}.{member}"
        checked_name(place, member, r"[a-z][a-z0-9_]*")
        if member == "type":
            (tag,) = take(place, value, ["const"])
            if "type" not in required:
                raise Unreadable(f"{name}: type must be required")
        else:
            members.append(Member(member, read_type(place, value), value.get("description", ""), member in required))
    return Structure(name, node.get("description", ""), tag, tuple(members))


def read_definition(name, node):
    checked_name(name, name, r"[A-Z][A-Za-z0-9]*")
    if "enum" in node:
        _, values = take(name, node, ["type", "enum"], ["description"])
        return Enumeration(
            name, node.get("description", ""), tuple(checked_name(name, value, r"[a-z][a-z0-9_]*") for value in values)
        )
    if "oneOf" in node:
        (alternatives,) = take(name, node, ["oneOf"], ["description"])
        names = tuple(read_type(name, alternative).name for alternative in alternatives)
        return Union(name, node.get("description", ""), names)
    return read_structure(name, node)


def references(definition):
    """Names that must be defined before this one."""
    if isinstance(definition, Union):
        return list(definition.alternatives)
    found = []
    for member in definition.members if isinstance(definition, Structure) else ():
        inner = member.type
        while isinstance(inner, Many):
            inner = inner.items
        found += [inner.name] if isinstance(inner, Named) else []
    return found


def reachable(definitions, name):
    """`name` and all that it refers to, however far away."""
    return {name}.union(*(reachable(definitions, other) for other in references(definitions[name])))


def in_order(definitions):
    """Each after those it refers to, otherwise as in the schema."""
    ordered, begun = {}, set()

    def place(name, user):
        if name in ordered:
            return
        if name not in definitions:
            raise Unreadable(f"{user}: there is no {name}")
        if name in begun:
            raise Unreadable(f"{user}: {name} contains itself")
        begun.add(name)
        for other in references(definitions[name]):
            place(other, name)
        ordered[name] = definitions[name]

    for name in definitions:
        place(name, name)
    return ordered


def read_schema(text):
    """The version, and the definitions by name, each after those it uses."""
    schema = json.loads(text)
    version, nodes = take("schema", schema, ["version", "$defs"], ["$schema", "$id", "title", "description"])
    definitions = in_order({name: read_definition(name, node) for name, node in nodes.items()})
    for union in (each for each in definitions.values() if isinstance(each, Union)):
        alternatives = [definitions[name] for name in union.alternatives]
        tags = [each.tag for each in alternatives if isinstance(each, Structure)]
        if len(tags) != len(alternatives) or "" in tags or len(set(tags)) != len(tags):
            raise Unreadable(f"{union.name}: alternatives are objects whose types differ")
    return version, definitions
