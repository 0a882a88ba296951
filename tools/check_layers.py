#!/usr/bin/env python3
"""Holds the architecture: which layer may include which, and which files may touch sockets, clocks, dice, threads.

Usage: tools/check_layers.py [ROOT]
Prints each violation as path:line: words, and ends with status 1 when there is one. docs/architecture.md explains the
rules; check_layers_test.py proves that each of them bites.
"""

import pathlib
import re
import sys

# Each layer and the layers whose headers it may include besides its own.
CORES = ["base", "wire", "crypto", "session", "media", "conference"]
LAYERS = {layer: set(CORES[:index]) for index, layer in enumerate(CORES)}
LAYERS["messages"] = {"base"}
LAYERS["storage"] = set(CORES)
LAYERS["io"] = {"base"}
LAYERS["web"] = set(CORES) | {"messages"}
LAYERS["load"] = set(CORES) | {"messages", "io"}
LAYERS["app"] = set(CORES) | {"messages", "storage", "io", "web", "load"}
# Folders beside src/: the simulator runs cores and the control plane without its sockets; benchmarks may measure whatever
# is not the program's shell.
OTHER_FOLDERS = {
    "sim": set(CORES) | {"messages", "storage", "web"},
    "bench": set(CORES) | {"messages", "io", "load"},
    "fuzz": set(),
}

OUTER_LAYERS = {"io", "web", "load", "app"}


class Rule:
    """A pattern that only some places may contain."""

    def __init__(self, pattern, words, layers=(), files=(), tests=False):
        self.pattern = re.compile(pattern)
        self.words = words
        self.layers = set(layers)  # whole layers (or folders) where it is allowed
        self.files = set(files)  # single files, from the root
        self.tests = tests  # allowed in every *_test.cpp

    def allows(self, path, layer):
        return layer in self.layers or path in self.files or (self.tests and path.endswith("_test.cpp"))


RULES = [
    Rule(
        r"#\s*include\s*<boost/",
        "only the HTTP server, its connections and the WebSockets of web include Boost: it is slow to compile",
        files={
            "src/web/client_stream.cpp",
            "src/web/client_stream.h",
            "src/web/https_test.cpp",
            "src/web/reception.cpp",
            "src/web/reception.h",
            "src/web/http_server.cpp",
            "src/web/http_server_test.cpp",
            "src/web/connection_deadline.h",
            "src/web/websocket_links.h",
            "src/web/websocket_links.cpp",
            "src/web/websocket_links_test.cpp",
        },
    ),
    Rule(
        r"#\s*include\s*<(sys/(socket|epoll|ioctl|un|eventfd|timerfd)|netinet/|linux/|net/|netdb|poll|ifaddrs)",
        "cores open no sockets: socket headers belong to io",
        layers={"io", "app"},
        files={"bench/floor.cpp"},  # measures the kernel without io
    ),
    Rule(
        r"\b(clock_gettime|gettimeofday|timespec_get|(steady|system|high_resolution)_clock\s*::\s*now)\b"
        r"|(?<![\w.>:])(?:std\s*::\s*|::\s*)?time\s*\(\s*(nullptr|NULL|0|&)",
        "nobody asks the time: `now` is handed in",
        layers={"app", "bench"},
        files={"src/io/clock.cpp", "src/web/http_server.cpp", "src/web/process_statistics.cpp"},
    ),
    Rule(
        r"\brandom_device\b|\bgetrandom\b|\bRAND_(priv_)?bytes\b|(?<![\w.>:])(?:std\s*::\s*|::\s*)?s?rand\s*\(",
        "nobody rolls dice: a RandomSource is handed in",
        files={"src/crypto/system_random.cpp"},
    ),
    Rule(
        r"#\s*include\s*<(mutex|shared_mutex|condition_variable|thread|future|semaphore|barrier|latch|pthread\.h)>",
        "cores know no threads and take no locks",
        layers=OUTER_LAYERS | {"bench"},
        tests=True,
    ),
    Rule(
        r"\b(sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w.>:])(?:::\s*)?sleep\s*\(",
        "nothing sleeps: cores state a deadline, tests use virtual time",
    ),
]

INCLUDE = re.compile(r'#\s*include\s*"([^"]+)"')
LAYER_LINE = re.compile(r"bridgehall_layer\(\s*(\w+)([^)]*)\)")


def without_comments(text):
    """The code alone, line by line: words in comments and strings are no violation. Included paths are kept."""

    def blank(match):
        token = match.group(0)
        if token.startswith(("//", "/*")):
            return re.sub(r"[^\n]", " ", token)
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if re.match(r"\s*#\s*include\s*$", before):
            return token
        return '"' + re.sub(r"[^\n]", " ", token[1:-1]) + '"'

    raw = r'R"(?P<mark>[^()\s\\]{0,16})\([\s\S]*?\)(?P=mark)"'
    return re.sub(raw + r'|//[^\n]*|/\*[\s\S]*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', blank, text).split("\n")


def check_file(path, text):
    """Violations in one source file; `path` is from the root, with slashes."""
    parts = path.split("/")
    folder = parts[1] if parts[0] == "src" else parts[0]
    allowed = LAYERS.get(folder) if parts[0] == "src" else OTHER_FOLDERS.get(folder)
    if allowed is None:
        return [(path, 1, f"{folder} is no layer: name it in tools/check_layers.py and docs/architecture.md")]

    violations = []
    for number, line in enumerate(without_comments(text), start=1):
        include = INCLUDE.search(line)
        if include:
            target = include.group(1).split("/")[0]
            if "/" not in include.group(1) or (target not in LAYERS and target != folder):
                if parts[0] == "src":
                    violations.append((path, number, f'"{include.group(1)}" must be named from src/: "layer/file.h"'))
            elif target != folder and target not in allowed:
                violations.append((path, number, f"{folder} may not include {target}"))
        for rule in RULES:
            if rule.pattern.search(line) and not rule.allows(path, folder):
                violations.append((path, number, rule.words))
    return violations


def check_cmake(text):
    """The build may not link what the architecture does not allow."""
    violations = []
    for match in LAYER_LINE.finditer(text):
        layer, arguments = match.group(1), match.group(2)
        number = text.count("\n", 0, match.start()) + 1
        if layer not in LAYERS:
            violations.append(("CMakeLists.txt", number, f"{layer} is no layer: name it in tools/check_layers.py"))
            continue
        linked = re.search(r"LAYERS\s+((?:[a-z_]+\s*)+)", arguments)
        for other in linked.group(1).split() if linked else []:
            if other not in LAYERS[layer]:
                violations.append(("CMakeLists.txt", number, f"{layer} may not link {other}"))
    return violations


def check_tree(root):
    violations = check_cmake((root / "CMakeLists.txt").read_text())
    files = [
        file
        for folder in ["src", *OTHER_FOLDERS]
        for file in sorted((root / folder).rglob("*"))
        if file.suffix in {".h", ".cpp"} and file.is_file()
    ]
    if not files:
        violations.append((str(root), 0, "no source files here"))
    for file in files:
        violations += check_file(file.relative_to(root).as_posix(), file.read_text())
    return len(files), violations


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    count, violations = check_tree(root)
    for path, number, words in violations:
        print(f"{path}:{number}: {words}")
    print(f"{count} files, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
