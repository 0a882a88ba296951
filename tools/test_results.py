#!/usr/bin/env python3
"""Reads JUnit files as ctest, vitest and node --test write them.

tools/test_results.py count FILE      prints "PASSED FAILED SKIPPED"
tools/test_results.py failures FILE   prints each failed test and the end of what it said

A file that is missing or broken counts nothing: whoever ran the suite knows by its exit status.
"""

import sys
import xml.etree.ElementTree

LINES_OF_A_FAILURE = 40


def outcome(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    skipped = case.find("skipped")
    if skipped is None:
        return "skipped" if case.get("status") == "disabled" else "passed"
    # ctest writes a test whose program is missing as skipped too.
    return "failed" if "Unable to find" in skipped.get("message", "") else "skipped"


def words(case):
    """What a failed test said: ctest puts it beside the failure, vitest and node into it."""
    elements = (case.find(name) for name in ("failure", "error", "system-out", "system-err"))
    return "\n".join(element.text.strip() for element in elements if element is not None and element.text)


def main():
    command, path = sys.argv[1:]
    try:
        cases = [(outcome(case), case) for case in xml.etree.ElementTree.parse(path).iter("testcase")]
    except (OSError, xml.etree.ElementTree.ParseError):
        cases = []
    if command == "count":
        print(*(sum(1 for found, _ in cases if found == kind) for kind in ("passed", "failed", "skipped")))
    elif command == "failures":
        for found, case in cases:
            if found == "failed":
                print(case.get("name"))
                for line in words(case).split("\n")[-LINES_OF_A_FAILURE:]:
                    print("    " + line)


if __name__ == "__main__":
    main()
