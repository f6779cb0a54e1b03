#!/usr/bin/env python3
"""Writes what a package is made of as CycloneDX: sbom.py STAGE NAME VERSION --format deb|rpm
[--cargo MANIFEST]

The file is STAGE/usr/share/doc/NAME/sbom.cdx.json. The libraries that the package carries, and the
headers compiled into its programs, come from libraries.tsv of private_libraries.py. --cargo adds
the Rust crates of that manifest, and writes their licence texts beside libraries.tsv. Equal inputs
give equal bytes: the serial number is a hash, and the time is SOURCE_DATE_EPOCH.
"""
import argparse
import csv
import datetime
import json
import os
import pathlib
import subprocess
import sys
import urllib.parse
import uuid

import crates

# SPDX licences of what is carried, by Debian's source package. A package that is not here stops the
# build, so that nobody ships a library whose licence was not read.
LICENCES = {
    "boost1.74": "BSL-1.0",
    "cli11": "BSD-3-Clause",
    "croaring": "Apache-2.0",
    "expat": "MIT",
    "hnswlib": "Apache-2.0",
    "libuv1": "MIT",
    "libzstd": "BSD-3-Clause OR GPL-2.0-only",
    "nlohmann-json3": "MIT",
    "pcre3": "BSD-3-Clause",
    "poco": "BSL-1.0",
    "prometheus-cpp": "MIT",
    "simdjson": "Apache-2.0",
    "sqlite3": "blessing",
    "xxhash": "BSD-2-Clause",
    "yaml-cpp": "MIT",
    "zlib": "Zlib",
}


def licences(expression):
    if " " in expression:
        return [{"expression": expression}]
    return [{"license": {"id": expression}}]


def component(kind, name, version, purl, licence):
    return {
        "type": kind,
        "bom-ref": purl,
        "name": name,
        "version": version,
        "licenses": licences(licence),
        "purl": purl,
    }


def package_url(kind, namespace, name, version, **qualifiers):
    quoted = [urllib.parse.quote(part, safe="") for part in (name, version)]
    path = "/".join([f"pkg:{kind}", *namespace, quoted[0]])
    query = "&".join(f"{key}={value}" for key, value in sorted(qualifiers.items()) if value)
    return f"{path}@{quoted[1]}" + (f"?{query}" if query else "")


def system():
    with open("/etc/os-release", encoding="utf-8") as file:
        values = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    return values["ID"].strip('"') + "-" + values["VERSION_ID"].strip('"')


def carried(table, private):
    """Components of Debian's packages. The files of each are those in the private directory."""
    found = {}
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row in rows:
        package, version = row["package"], row["version"]
        fields = "${source:Package}\t${Architecture}"
        query = ["dpkg-query", "-W", "-f", fields, package]
        shown = subprocess.run(query, check=True, capture_output=True, text=True).stdout
        source, arch = shown.splitlines()[0].split("\t")
        if source not in LICENCES:
            sys.exit(f"sbom.py: read the licence of {source}, and add it to LICENCES")
        if package not in found:
            purl = package_url(
                "deb", ["debian"], package, version, arch=arch, distro=system(), upstream=source
            )
            found[package] = component("library", package, version, purl, LICENCES[source])
            scope = "headers" if row["library"] == "headers" else "copy"
            found[package]["properties"] = [{"name": "rhumb:use", "value": scope}]
        if row["library"] != "headers":
            files = found[package].setdefault("evidence", {"occurrences": []})
            files["occurrences"].append({"location": f"/{private}/{row['library']}"})
    return list(found.values())


def linked_crates(manifest, notes):
    packages, compiler = crates.crates_of(manifest)
    crates.write_licences(packages, notes / "crates.copyright")
    out = [
        component(
            "library",
            "rust-std",
            compiler,
            package_url("generic", [], "rust-std", compiler),
            "MIT OR Apache-2.0",
        )
    ]
    for package in packages:
        name, version = package["name"], package["version"]
        purl = package_url("cargo", [], name, version)
        out.append(component("library", name, version, purl, crates.licence(package)))
    for entry in out:
        entry["properties"] = [{"name": "rhumb:use", "value": "consensus_raft.so"}]
    return out


def document(program, components):
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])
    made = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    text = json.dumps([program, components], sort_keys=True)
    refs = [entry["bom-ref"] for entry in components]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, text)}",
        "version": 1,
        "metadata": {"timestamp": made.strftime("%Y-%m-%dT%H:%M:%SZ"), "component": program},
        "components": components,
        "dependencies": [{"ref": program["bom-ref"], "dependsOn": refs}]
        + [{"ref": ref} for ref in refs],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("stage", type=pathlib.Path)
    parser.add_argument("name")
    parser.add_argument("version")
    parser.add_argument("--into", required=True, help="the private directory, from the root")
    parser.add_argument("--format", required=True, choices=["deb", "rpm"])
    parser.add_argument("--cargo", type=pathlib.Path, metavar="MANIFEST")
    options = parser.parse_args()
    docs = options.stage / "usr/share/doc" / options.name
    purl = package_url(options.format, ["rhumb"], options.name, options.version)
    program = component("application", options.name, options.version, purl, "Apache-2.0")
    components = carried(docs / "private/libraries.tsv", options.into)
    if options.cargo:
        components += linked_crates(options.cargo, docs / "private")
    components.sort(key=lambda entry: entry["bom-ref"])
    text = json.dumps(document(program, components), indent=1, ensure_ascii=False)
    (docs / "sbom.cdx.json").write_text(text + "\n", encoding="utf-8")
    print(f"{options.name}: {len(components)} components in sbom.cdx.json")


if __name__ == "__main__":
    main()
