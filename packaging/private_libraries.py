#!/usr/bin/env python3
"""Copies the shared libraries that staged programs need, and that no package is named for, into a
private directory: private_libraries.py STAGE --into DIR --notes DIR [--provided STAGE]...

STAGE is the root of one package's files. Programs find the private directory through their RUNPATH,
and the copies find each other through theirs, which becomes $ORIGIN. The notes are a table of the
copies with the packages that they come from, and the copyright file of each. What another stage
provides in the same private directory is not copied again. --compiled names a header of
/usr/include that is compiled into the programs; its package is noted, too.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

# Libraries of the packages that control names: glibc, libgcc, libstdc++ and OpenSSL 3.
NAMED = re.compile(
    r"(ld-linux.*|libc|libm|libpthread|libdl|librt|libgcc_s|libstdc\+\+|libssl|libcrypto)\.so\.\d+"
)
NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")
RUNPATH = re.compile(r"\(RUNPATH\).*\[(.+)\]")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dynamic(path, entry):
    return entry.findall(output("readelf", "--dynamic", "--wide", str(path)))


def programs(stage):
    """The ELF files of a stage that are linked dynamically."""
    for path in sorted(stage.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF" and dynamic(path, NEEDED):
                    yield path


def library(name, directories):
    for directory in directories:
        if (directory / name).exists():
            return directory / name
    sys.exit(f"private_libraries.py: {name} is in none of {', '.join(map(str, directories))}")


def closure(paths, directories):
    """{name: path} of all libraries that are needed and not named, directly or by each other."""
    found, left = {}, list(paths)
    while left:
        for name in dynamic(left.pop(), NEEDED):
            if name not in found and not NAMED.fullmatch(name):
                found[name] = library(name, directories)
                left.append(found[name])
    return found


def package_of(path):
    """(package, version) that a library of this machine is from."""
    for name in (path, path.resolve()):
        # dpkg knows the file by the path that it was installed with, before /lib became a link.
        for known in (str(name), str(name).removeprefix("/usr")):
            found = subprocess.run(
                ["dpkg-query", "--search", known], capture_output=True, text=True, check=False
            )
            if found.returncode == 0:
                package = found.stdout.split(": ")[0]
                return package, output("dpkg-query", "-W", "-f=${Version}", package)
    sys.exit(f"private_libraries.py: {path} is from no package, so its licence is not known")


def copy(found, private):
    for name, path in found.items():
        target = private / name
        shutil.copyfile(path.resolve(), target)
        target.chmod(0o644)
        subprocess.run(["patchelf", "--set-rpath", "$ORIGIN", str(target)], check=True)


def note(found, headers, notes):
    lines = ["library\tpackage\tversion"]
    compiled = [("headers", pathlib.Path("/usr/include") / header) for header in headers]
    for name, path in sorted(found.items()) + compiled:
        package, version = package_of(path)
        package = package.split(":")[0]
        lines.append(f"{name}\t{package}\t{version}")
        shutil.copyfile(f"/usr/share/doc/{package}/copyright", notes / f"{package}.copyright")
    (notes / "libraries.tsv").write_text("\n".join(lines) + "\n")


def lost(paths, private, names):
    """Programs that would not find a private library: their RUNPATH does not reach it."""
    for path in paths:
        if not names & set(dynamic(path, NEEDED)):
            continue
        reached = [
            pathlib.Path(part.replace("$ORIGIN", str(path.parent))).resolve()
            for runpath in dynamic(path, RUNPATH)
            for part in runpath.split(":")
        ]
        # The private directory of a package that this one depends on has the same place.
        if private.resolve() not in reached:
            yield path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("stage", type=pathlib.Path)
    parser.add_argument("--into", required=True, help="the private directory, from the root")
    parser.add_argument("--notes", required=True, help="where the notes go, from the root")
    parser.add_argument("--provided", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--compiled", action="append", default=[], metavar="HEADER")
    options = parser.parse_args()
    into = options.into.lstrip("/")
    triplet = output("gcc", "-print-multiarch").strip()
    directories = [pathlib.Path("/usr/lib") / triplet, pathlib.Path("/usr/lib")]
    private, notes = options.stage / into, options.stage / options.notes.lstrip("/")
    paths = list(programs(options.stage))
    if not paths:
        sys.exit(f"private_libraries.py: {options.stage} has no programs")
    found = closure(paths, directories)
    if unreached := list(lost(paths, private, set(found))):
        sys.exit(
            "private_libraries.py: no RUNPATH to the libraries: " + " ".join(map(str, unreached))
        )
    provided = {path.name for stage in options.provided for path in (stage / into).glob("*.so*")}
    found = {name: path for name, path in found.items() if name not in provided}
    if found:
        private.mkdir(parents=True, exist_ok=True)
    notes.mkdir(parents=True, exist_ok=True)
    copy(found, private)
    note(found, options.compiled, notes)
    print(f"{options.stage}: {len(found)} private libraries: {' '.join(sorted(found))}")


if __name__ == "__main__":
    main()
