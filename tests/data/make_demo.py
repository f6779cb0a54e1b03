#!/usr/bin/env python3
"""Makes the demo set: about 10,000 programs of Debian 12 with embeddings of `debian-minilm`.

  tests/data/make_demo.py DATASET tests/data/demo

Leaves out libraries, development files, documentation and plugins of languages, because programs
answer questions better. The id of a point is its package's name, so "more like gimp" is a search by
id. Writes
  points.ndjson.zst   one line per point: {"id": "gimp", "payload": {...}}
  vectors.f16         as many rows of 384 little-endian float16, unit length (all-MiniLM-L6-v2,
                      cosine)
  questions.json, questions.f16   62 questions and their embeddings
Needs the zstd command. The choice is deterministic: the data set's own order, cut at --limit.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess

DIM = 384
ROW_BYTES = DIM * 2
NO_PROGRAM = re.compile(
    r"^(lib|golang-|python3-|ruby-|r-cran-|r-bioc-|node-|elpa-|librust-|php-|gir1\.2-|fonts-"
    r"|xfonts-|texlive-|language-|hunspell-|aspell-|myspell-|task-|linux-|gcc-|g\+\+-|gobjc|gnat"
    r"|gfortran|gdc-|ghc-|haskell-|lua-|perl-|erlang-|octave-|dict-|coq-|ocaml-|vim-|wordpress-"
    r"|nvidia-|firmware-|rust-|thunderbird-|firefox-|libreoffice-|kde-l10n|manpages|mythes-|hyphen-"
    r"|cl-|jekyll-|ansible-|xul-ext-|webext-|science-|med-|debian-|education-|forensics-|games-"
    r"|gis-|hamradio-|junior-|mate-|pd-|puppet-|resource-|sugar-|uim-)"
    r"|(-dev|-doc|-docs|-data|-common|-dbg|-l10n|-locales|-lang|-examples|-headers|-java|-perl"
    r"|-plugins?|-dkms|-modules?|-source|-utils-?|-themes?|-icons?|-fonts?|-el|-tests?|-extra|-bin"
    r"|-base|-core|-gui|-server|-client|-i18n)$"
)
SECTIONS_LEFT_OUT = {
    "libs",
    "libdevel",
    "oldlibs",
    "doc",
    "localization",
    "debug",
    "introspection",
    "metapackages",
    "fonts",
    "kernel",
}


def is_program(payload):
    section = payload["section"].split("/")[-1]
    return section not in SECTIONS_LEFT_OUT and not NO_PROGRAM.search(payload["package"])


def slim(payload):
    """The part of a payload that the demo shows and filters by. Long descriptions are cut at a
    word."""
    text = payload["description"]
    if len(text) > 240:
        text = text[:240].rsplit(" ", 1)[0] + " …"
    return {
        "package": payload["package"],
        "section": payload["section"].split("/")[-1],
        "installed_kb": payload["installed_kb"],
        "tags": payload["tags"],
        "summary": payload["summary"],
        "description": text,
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("dataset", type=pathlib.Path)
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("--limit", type=int, default=10000)
    a = arguments.parse_args()
    lines = (
        subprocess.run(
            ["zstd", "-dc", a.dataset / "points.ndjson.zst"], capture_output=True, check=True
        )
        .stdout.decode()
        .splitlines()
    )
    vectors = (a.dataset / "vectors.f16").read_bytes()
    a.out.mkdir(parents=True, exist_ok=True)
    points, rows = [], []
    for line in lines:
        point = json.loads(line)
        if not is_program(point["payload"]):
            continue
        points.append(
            json.dumps(
                {"id": point["payload"]["package"], "payload": slim(point["payload"])},
                ensure_ascii=False,
            )
        )
        rows.append(vectors[point["id"] * ROW_BYTES : (point["id"] + 1) * ROW_BYTES])
        if len(points) == a.limit:
            break
    text = ("\n".join(points) + "\n").encode()
    packed = subprocess.run(
        ["zstd", "-19", "-q", "-c"], input=text, capture_output=True, check=True
    ).stdout
    (a.out / "points.ndjson.zst").write_bytes(packed)
    (a.out / "vectors.f16").write_bytes(b"".join(rows))
    for name in ("questions.json", "questions.f16"):
        shutil.copyfile(a.dataset / name, a.out / name)
        (a.out / name).chmod(0o644)
    print(f"{len(points)} points, {len(packed) + len(rows) * ROW_BYTES:,} bytes")


if __name__ == "__main__":
    main()
