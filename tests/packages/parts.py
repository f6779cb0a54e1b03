#!/usr/bin/env python3
"""Reads the list of parts (sbom.cdx.json) of each package: parts.py DEB... It has what a reader of
CycloneDX needs, and names each file in the private directory. Its crates are pinned ones, and the
licence of each part lies beside it.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

SERIAL = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PINNED = pathlib.Path(__file__).parents[2] / "plugins/consensus_raft/crates.lock.txt"


def expect(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")


def check_form(name, parts):
    expect(parts["bomFormat"] == "CycloneDX" and parts["specVersion"] == "1.5", f"{name}: format")
    expect(SERIAL.fullmatch(parts["serialNumber"]), f"{name}: {parts['serialNumber']}")
    expect(parts["metadata"]["component"]["name"] == name, f"{name}: it describes another package")
    refs = [part["bom-ref"] for part in parts["components"]]
    expect(len(refs) == len(set(refs)), f"{name}: a part is listed twice")
    expect(refs, f"{name}: no parts")
    for part in parts["components"]:
        for key in ("type", "name", "version", "purl", "licenses"):
            expect(part.get(key), f"{name}: {part.get('name')} has no {key}")
        expect(part["purl"].startswith("pkg:"), f"{name}: {part['purl']}")
    for entry in parts["dependencies"]:
        named = [entry["ref"], *entry.get("dependsOn", [])]
        known = {*refs, parts["metadata"]["component"]["bom-ref"]}
        expect(set(named) <= known, f"{name}: a dependency on what is not listed")


def files_of(part):
    return [place["location"] for place in part.get("evidence", {}).get("occurrences", [])]


def check_package(deb):
    name = pathlib.Path(deb).name.split("_")[0]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
        root = pathlib.Path(folder)
        docs = root / "usr/share/doc" / name
        parts = json.loads((docs / "sbom.cdx.json").read_text(encoding="utf-8"))
        check_form(name, parts)
        private = {f"/{path.relative_to(root)}" for path in root.glob("usr/lib/*/rhumb/*.so*")}
        listed = {file for part in parts["components"] for file in files_of(part)}
        expect(private == listed, f"{name}: not listed, or not there: {private ^ listed}")
        crates = [part for part in parts["components"] if part["purl"].startswith("pkg:cargo/")]
        for part in parts["components"]:
            if part["purl"].startswith("pkg:deb/"):
                texts = list((docs / "private").glob(f"{part['name']}.copyright*"))
                expect(len(texts) == 1, f"{name}: the licence of {part['name']} is missing")
        has_raft = any(root.glob("usr/lib/*/rhumb/plugins/consensus_raft.so"))
        expect(has_raft == bool(crates), f"{name}: {len(crates)} crates")
        if has_raft:
            check_crates(crates, (docs / "private/crates.copyright").read_text(encoding="utf-8"))
        print(f"{name}: {len(parts['components'])} parts, {len(private)} private libraries")


def check_crates(crates, licences):
    pinned = {tuple(line.split()[:2]) for line in PINNED.read_text(encoding="utf-8").splitlines()}
    for crate in crates:
        name, version = crate["name"], crate["version"]
        expect((name, version) in pinned, f"{name} {version} is not pinned")
        expect(f"\n{name} {version}: " in licences, f"the licence of {name} is missing")
    names = {crate["name"] for crate in crates}
    expect({"raft", "prost", "slog"} <= names, f"direct dependencies are missing in {names}")


def main():
    for deb in sys.argv[1:]:
        check_package(deb)


if __name__ == "__main__":
    main()
