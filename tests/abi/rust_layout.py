#!/usr/bin/env python3
"""The structs that Rust plugins declare have the layout of the C headers:

    rust_layout.py CC INCLUDE FILE.rs...

A call `layout!(Name SIZE { field OFFSET, ... });` states the layout of one struct, and rustc checks
it against the Rust struct. This test turns the same numbers into static assertions about the C
struct and compiles them. First it checks itself on a wrong number.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

LAYOUT = re.compile(r"^layout!\((\w+) (\d+) \{([^}]*)\}\);", re.M)
FIELD = re.compile(r"(\w+) (\d+)")
# Rust reserves the word `type`.
RENAMED = {("Entry", "kind"): "type", ("Event", "kind"): "type"}
HEADERS = ["auth", "consensus", "core", "host", "index", "kernels", "plugin", "router", "storage"]


def c_name(name):
    return "rhumb_" + re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower() + "_t"


def assertions(text):
    lines = []
    for name, size, fields in LAYOUT.findall(text):
        lines.append(f'_Static_assert(sizeof({c_name(name)}) == {size}, "size of {name}");')
        for field, offset in FIELD.findall(fields):
            member = RENAMED.get((name, field), field)
            lines.append(
                f'_Static_assert(offsetof({c_name(name)}, {member}) == {offset}, "{name}.{field}");'
            )
    return lines


def compiles(compiler, include, lines):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "layout.c"
        source.write_text(
            "".join(f'#include "rhumb/{h}.h"\n' for h in HEADERS) + "\n".join(lines) + "\n"
        )
        done = subprocess.run(
            [compiler, "-std=c11", "-fsyntax-only", "-I", include, str(source)],
            capture_output=True,
            text=True,
        )
        return done.returncode == 0, done.stderr


def main():
    compiler, include, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    if compiles(compiler, include, assertions("layout!(Slice 16 { data 0, size 4 });"))[0]:
        sys.exit("a wrong offset is not noticed")
    failed = not files
    for file in files:
        lines = assertions(pathlib.Path(file).read_text())
        good, errors = compiles(compiler, include, lines)
        failed = failed or not good or not lines
        print(f"{file}: {len(lines)} numbers" if good else errors)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
