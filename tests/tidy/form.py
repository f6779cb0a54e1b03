#!/usr/bin/env python3
"""Holds the form of the tree: form.py ROOT. Prints each breach and exits with status 1 if there is
one.

- clang-format, black, gofmt and rustfmt leave every file of their language as it is. The settings
  are .clang-format, pyproject.toml and rustfmt.toml: 100 columns. Where there is no rustfmt, as
  with a cargo that came without it, Rust is not checked.
- A source of host/ or plugins/ is called after its header, or after its header and a part:
  search.h, search.cc, search_filtered.cc. The exceptions are main.cc and plugin.cc.
- Each folder with sources in host/, plugins/ and tests/ has a README.md.
- Paths that a page of docs/ or a README names in backticks exist.
"""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys

TOPS = ("host", "plugins", "sdk", "tests")
SOURCES = {".h", ".cc", ".c"}
ENTRIES = {"main.cc", "plugin.cc"}
SDK_HEADERS = {"host/base/crc32c.cc": "sdk/cpp/rhumb/cpp/crc32c.h"}  # their header is the SDK's
NO_README = {"corpus", "data", "src", "benches"}  # folders of data, or of cargo's layout
PATH = re.compile(
    r"`((?:host|plugins|sdk|tests|docs|packaging|config)/[A-Za-z0-9_./-]*[A-Za-z0-9_/])`"
)


# Each formatter prints the files, or the lines, that it would change.
FORMATTERS = {
    "clang-format": (["--dry-run", "--ferror-limit=1"], SOURCES),
    "black": (["--check"], {".py"}),
    "gofmt": (["-l"], {".go"}),
    "rustfmt": (["--check", "-l", "--edition", "2021"], {".rs"}),
}
WOULD_CHANGE = re.compile(r"clang-format-violations|^would reformat |^\S+\.(go|rs)$")
FILES_AT_ONCE = 40


def sources(root, suffixes=frozenset(SOURCES), tops=TOPS):
    listed = subprocess.check_output(["git", "-C", root, "ls-files", *tops], text=True).split("\n")
    return [pathlib.PurePath(name) for name in listed if pathlib.PurePath(name).suffix in suffixes]


def badly_formatted(root, tool):
    """What `tool` says about the files that it would change."""
    options, suffixes = FORMATTERS[tool]
    if not shutil.which(tool):
        return [] if tool == "rustfmt" else [f"{tool} is missing (packaging/dependencies.sh test)"]
    files, found = sources(root, suffixes), []
    for first in range(0, len(files), FILES_AT_ONCE):
        some = map(str, files[first : first + FILES_AT_ONCE])
        done = subprocess.run(
            [tool, *options, *some], cwd=root, capture_output=True, text=True, check=False
        )
        said = (done.stdout + done.stderr).splitlines()
        found += [f"{tool}: {line}" for line in said if WOULD_CHANGE.search(line)]
        if done.returncode != 0 and not found:
            found += [f"{tool}: {line}" for line in said] or [f"{tool} failed"]
    return list(dict.fromkeys(found))


def without_header(root, files):
    known = set(map(str, files))
    for path in files:
        if path.parts[0] not in ("host", "plugins") or path.suffix == ".h" or path.name in ENTRIES:
            continue
        words = path.stem.split("_")
        names = ["_".join(words[:n]) for n in range(len(words), 0, -1)]
        if SDK_HEADERS.get(str(path)) in known:
            continue
        if not any(str(path.with_name(name + ".h")) in known for name in names):
            yield f"{path}: no header {path.stem}.h, nor one that its name begins with"


def without_readme(root, files):
    for folder in sorted(
        {path.parent for path in files if path.parts[0] in ("host", "plugins", "tests")}
    ):
        if NO_README & set(folder.parts) or (root / folder / "README.md").is_file():
            continue
        yield f"{folder}: no README.md"


def dead_paths(root):
    pages = [root / "README.md", *root.glob("docs/**/*.md")]
    pages += [page for top in TOPS for page in (root / top).rglob("README.md")]
    for page in pages:
        for number, line in enumerate(page.read_text().splitlines(), 1):
            for name in PATH.findall(line):
                if not (root / name).exists():
                    yield f"{page.relative_to(root)}:{number}: there is no {name}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    files, found = sources(root), []
    with concurrent.futures.ThreadPoolExecutor(len(FORMATTERS)) as pool:
        for told in pool.map(lambda tool: badly_formatted(root, tool), FORMATTERS):
            found += told
    found += [*without_header(root, files), *without_readme(root, files), *dead_paths(root)]
    print("\n".join(found) or f"{len(files)} files are in their form")
    sys.exit(1 if found or len(files) < 100 else 0)


if __name__ == "__main__":
    main()
