"""The Rust crates whose code is in a library that cargo built, and their licence texts."""
import hashlib
import json
import pathlib
import subprocess

TEXTS = ("LICEN", "COPY", "NOTICE", "UNLICENSE")


def metadata(manifest):
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--offline"]
    machine = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    host = machine.split("host: ")[1].split()[0]
    command += [f"--filter-platform={host}", f"--manifest-path={manifest}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout), machine.split()[1]


def crates_of(manifest):
    """What is linked, as cargo's packages by name, and the version of the compiler. Build scripts,
    macros and what only they need run while cargo builds and are not in the library."""
    resolved, compiler = metadata(manifest)
    packages = {package["id"]: package for package in resolved["packages"]}
    nodes = {node["id"]: node for node in resolved["resolve"]["nodes"]}
    found, left = {}, [resolved["resolve"]["root"]]
    while left:
        for need in nodes[left.pop()]["deps"]:
            package = packages[need["pkg"]]
            linked = any(kind["kind"] is None for kind in need["dep_kinds"])
            macro = any("proc-macro" in target["kind"] for target in package["targets"])
            if linked and not macro and need["pkg"] not in found:
                found[need["pkg"]] = package
                left.append(need["pkg"])
    return sorted(found.values(), key=lambda p: (p["name"], p["version"])), compiler


def licence(package):
    # Older crates separate alternatives by a slash.
    return package["license"].replace("/", " OR ")


def write_licences(packages, path):
    """One file with each crate's licence and authors, then each text once."""
    lines, texts = ["The Rust crates in consensus_raft.so", ""], {}
    for package in packages:
        name = f"{package['name']} {package['version']}"
        by = "; ".join(package["authors"])
        lines += [f"{name}: {licence(package)}" + (f". Authors: {by}" if by else "")]
        folder = pathlib.Path(package["manifest_path"]).parent
        for file in sorted(folder.iterdir()):
            if file.is_file() and file.name.upper().startswith(TEXTS):
                text = file.read_text(encoding="utf-8").strip()
                key = hashlib.sha256(text.encode()).hexdigest()
                texts.setdefault(key, (text, []))[1].append(name)
    for text, names in sorted(texts.values(), key=lambda entry: entry[1]):
        lines += ["", "=" * 80, "Text of " + ", ".join(names), "=" * 80, text]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
