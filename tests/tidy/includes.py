#!/usr/bin/env python3
"""Checks every #include of the tree against the floors of docs/ARCHITECTURE.md: includes.py ROOT.

A folder of the host includes itself, lower floors and the SDK, and on the same floor only the
folders in FRIENDS. Plugins include the SDK and their own files; the SDK includes the SDK. The
program prints each breach and exits with status 1. First it checks itself on planted breaches.
"""
import pathlib
import re
import sys

FLOORS = [
    {"base"},
    {"model", "settings", "net", "archive"},
    {"plugin", "peer", "query"},
    {"router", "auth", "index", "storage", "payload"},
    {"consensus", "segment"},
    {"shard", "placement"},
    {"gateway", "worker"},
    {"http", "admin"},
    {"app", "cli"},
]
FLOOR_OF = {folder: n for n, folders in enumerate(FLOORS) for folder in folders}
FRIENDS = {("admin", "http")}  # health and metrics use the HTTP server's handler interface
ONLY = {"cli": {"base", "model", "settings"}}  # a REST client, so floors 0 and 1 only
# Floor 0 may use what plugins need as well (CRC32C), and floors from 2 on may use the ABI. Floor 1
# knows nothing of the ABI.
SDK_FROM = {0, 2, 3, 4, 5, 6, 7, 8}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
SOURCES = {".h", ".cc", ".c", ".cpp", ".hpp"}


def breach_in_host(folder, included):
    if included.startswith("rhumb/"):
        return (
            None
            if FLOOR_OF[folder] in SDK_FROM
            else f"floor {FLOOR_OF[folder]} knows nothing of the SDK"
        )
    parts = included.split("/")
    if parts[0] != "host" or len(parts) < 3:
        return "is neither of the host nor of the SDK"
    other = parts[1]
    if other not in FLOOR_OF:
        return f"names the folder {other}, which stands on no floor"
    if other == folder:
        return None
    if folder in ONLY and other not in ONLY[folder]:
        return f"{folder} stands on {', '.join(sorted(ONLY[folder]))} alone"
    if FLOOR_OF[other] < FLOOR_OF[folder] or (folder, other) in FRIENDS:
        return None
    return f"{folder} (floor {FLOOR_OF[folder]}) must not know {other} (floor {FLOOR_OF[other]})"


def breach(path, included):
    """`path` is relative to the root. Returns None if the include is allowed, otherwise the
    reason."""
    if path[0] == "host":
        return breach_in_host(path[1], included)
    if included.startswith(("host/", "plugins/", "tests/")):
        return f"{path[0]} never includes {included.split('/')[0]}/"
    return None  # the SDK's own headers, or a file of the same folder


def self_check():
    planted = [
        (("host", "model", "id.h"), "host/shard/shard.h"),
        (("host", "consensus", "group.h"), "host/segment/segment.h"),
        (("host", "gateway", "write.cc"), "host/worker/worker.h"),
        (("host", "cli", "client.cc"), "host/gateway/gateway.h"),
        (("host", "shard", "shard.cc"), "plugins/index_hnsw/graph.h"),
        (("host", "model", "id.h"), "rhumb/index.h"),
        (("host", "net", "loop.h"), "host/http/request.h"),
        (("plugins", "index_flat", "plugin.cc"), "host/base/status.h"),
        (("sdk", "check", "main.cc"), "host/plugin/registry.h"),
    ]
    return [f"not noticed: {'/'.join(p)} includes {i}" for p, i in planted if breach(p, i) is None]


def main():
    root = pathlib.Path(sys.argv[1])
    breaches, files = self_check(), 0
    for top in ("host", "plugins", "sdk"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in SOURCES or not path.is_file():
                continue
            files += 1
            relative = path.relative_to(root).parts
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                match = INCLUDE.match(line)
                why = breach(relative, match.group(1)) if match else None
                if why:
                    breaches.append(f"{'/'.join(relative)}:{number}: {match.group(1)}: {why}")
    print("\n".join(breaches) or f"{files} files keep to the floors")
    sys.exit(1 if breaches or files < 100 else 0)


if __name__ == "__main__":
    main()
