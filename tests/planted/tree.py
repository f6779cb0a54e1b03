"""Finding a fault's place in the sources, wherever the file lies and however its lines are wrapped,
and the copy of the tree that is built."""
import os
import pathlib
import shutil
import subprocess
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAULTS = pathlib.Path(__file__).resolve().parent / "faults"
SOURCES = ("host", "plugins", "sdk")
CODE = {".h", ".cc", ".c"}


class Unplantable(Exception):
    """The fault does not fit the sources any more."""


def load():
    """{name: fault}; each fault as its file says, and where it goes."""
    return {path.stem: tomllib.loads(path.read_text()) for path in sorted(FAULTS.glob("*.toml"))}


def sources(root):
    """{path: (text, the text without white space)}"""
    out = {}
    for top in SOURCES:
        for path in sorted((root / top).rglob("*")):
            if path.suffix in CODE and path.is_file():
                text = path.read_text()
                out[path] = (text, "".join(text.split()))
    return out


def squeezed(text):
    """The text without white space, and the position of each of its characters in the text."""
    places = [i for i, c in enumerate(text) if not c.isspace()]
    return "".join(text[i] for i in places), places


def spans(text, wanted):
    """[first, end) of each place where `wanted` stands, whatever the white space."""
    dense, places = squeezed(text)
    key = squeezed(wanted)[0]
    out, at = [], dense.find(key)
    while at >= 0:
        out.append((places[at], places[at + len(key) - 1] + 1))
        at = dense.find(key, at + 1)
    return out


def planted(files, fault):
    """{path: text with the fault}."""
    out = {}
    for edit in fault["edit"]:
        if squeezed(edit["find"])[0] == squeezed(edit["replace"])[0]:
            raise Unplantable(f"{edit['file']}: find and replace are the same")
        key, found = squeezed(edit["find"])[0], []
        for path, (text, dense) in files.items():
            if path in out or key in dense:
                text = out.get(path, text)
                found += [(path, text, span) for span in spans(text, edit["find"])]
        if len(found) > 1:  # then the name tells which is meant
            found = [place for place in found if place[0].name == edit["file"]]
        if len(found) != 1:
            raise Unplantable(
                f"{edit['file']}: found {len(found)} times instead of once: {edit['find'].strip()}"
            )
        path, text, (first, end) = found[0]
        out[path] = text[:first] + edit["replace"].strip() + text[end:]
    return out


def copy_to(tree):
    """Copies the checkout, with what is not committed yet. Only what differs is written, so that
    little is built again."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    names = {os.fsdecode(name) for name in listed.split(b"\0") if name}
    for name in names:
        source, target = ROOT / name, tree / name
        if not source.is_file() or (
            target.is_file() and target.read_bytes() == source.read_bytes()
        ):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)
    for folder, folders, files in os.walk(tree):
        if pathlib.Path(folder) == tree and "build" in folders:
            folders.remove("build")
        for name in files:
            path = pathlib.Path(folder) / name
            if (
                str(path.relative_to(tree)) not in names
                or not (ROOT / path.relative_to(tree)).is_file()
            ):
                path.unlink()
