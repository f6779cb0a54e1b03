"""A file of a newer format is refused in words that name both formats, or built again where it is
derived from others. Each versioned file of docs/formats is here, but for `moved.<n>`, which exists
for seconds (tests/shard/state), images (tests/shard/image), and the binary import."""
import json
import os
import re
import sqlite3
import struct

import golden
import pytest
from rhumbd import Rhumbd

GOLDEN = "format-2"
SHARD = "shards/1024"
SEGMENT = f"{SHARD}/segments/1"  # sealed, with a graph and payload indexes


def crc32c(data, crc=0):
    crc = ~crc & 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return ~crc & 0xFFFFFFFF


def json_format(name, number):
    def change(data):
        for path in sorted(data.glob(name)):
            path.write_text(json.dumps({**json.loads(path.read_text()), "format": number}))

    return change


def store_row(store, table, byte, number, key=None):
    """Changes one byte of every value of a table, or of one key's, with its checksum."""

    def change(data):
        if os.fork() == 0:
            # The process ends without closing the database: that would write pages without the
            # checksums of our store into the main file.
            try:
                set_byte(data / store, table, byte, number, key)
                os._exit(0)
            finally:
                os._exit(1)
        assert os.wait()[1] == 0, f"{store} has no such row of table {table}"

    return change


def set_byte(path, table, byte, number, key):
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA wal_autocheckpoint=0")
    rows = database.execute(f"SELECT k, v FROM t{table}").fetchall()
    rows = [row for row in rows if key is None or bytes(row[0]) == key]
    assert rows
    for found, value in rows:
        value = bytearray(value[4:])
        value[byte] = number
        head = struct.pack("<QQ", table, len(found))
        stored = struct.pack("<I", crc32c(head + bytes(found) + value)) + value
        database.execute(f"UPDATE t{table} SET v = ? WHERE k = ?", (bytes(stored), found))


def log_header(number):
    def change(data):
        for path in (data / "log").glob("*.wal"):
            text = bytearray(path.read_bytes())
            text[8:12] = struct.pack("<I", number)
            text[0:4] = struct.pack("<I", crc32c(text[4:64]))
            path.write_bytes(text)

    return change


def records(text):
    """(offset, type, group, offset of the data, bytes of data) of the records of a log file."""
    at = 64
    while text[at + 4 : at + 8] == b"RWBT":
        length, count = struct.unpack_from("<QQ", text, at + 24)
        record = at + 64
        for _ in range(count):
            (size,) = struct.unpack_from("<I", text, record + 4)
            (group,) = struct.unpack_from("<Q", text, record + 8)
            (kind,) = struct.unpack_from("<H", text, record + 32)
            yield record, kind, group, record + 40, size
            record += 40 + (size + 7) // 8 * 8
        at += length


def log_records(wanted, offset, form, number, of_shards=False):
    """Changes a number in the data of every record of a type."""

    def change(data):
        changed = 0
        for path in sorted((data / "log").glob("*.wal")):
            text = bytearray(path.read_bytes())
            for record, kind, group, body, size in list(records(text)):
                if kind != wanted or size == 0 or (of_shards and group < 1024):
                    continue
                struct.pack_into(form, text, body + offset, number)
                covered = text[record + 4 : record + 40] + text[body : body + size]
                struct.pack_into("<I", text, record, crc32c(covered))
                changed += 1
            path.write_bytes(text)
        assert changed

    return change


def binary(name, offset, form, number):
    def change(data):
        for path in sorted(data.glob(name)):
            text = bytearray(path.read_bytes())
            struct.pack_into(form, text, offset, number)
            path.write_bytes(text)

    return change


def graph(number):
    def change(data):
        path = data / SEGMENT / "graph.0" / "graph"
        text = bytearray(path.read_bytes())
        struct.pack_into("<I", text, 8, number)
        struct.pack_into("<I", text, 348, crc32c(text[:348]))
        path.write_bytes(text)

    return change


HARD_STATE, INSTALL, DATA = 16, 18, 0
REFUSED = {
    "manifest of a shard": (
        json_format(f"{SHARD}/manifest", 3),
        r"1024/manifest: format 3, this release reads 1 and 2",
    ),
    "manifest of a segment": (
        json_format(f"{SEGMENT}/manifest", 3),
        r"segments/1/manifest: format 3, this release reads 1 and 2",
    ),
    "checksums of a column": (
        binary(f"{SEGMENT}/rows.dat.crc", 4, "<I", 2),
        r"rows.dat.crc: format 2, this release reads 1",
    ),
    "state of a shard": (
        store_row(f"{SHARD}/kv/data.db", 2, 0, 3, b"applied"),
        r"applied state of format 3, this release reads formats up to 2",
    ),
    "watermark of a shard": (
        store_row(f"{SHARD}/kv/data.db", 2, 0, 2, b"watermark"),
        r"watermark of format 2, this release reads formats up to 1",
    ),
    "requests of a shard": (
        store_row(f"{SHARD}/kv/data.db", 8, 0, 2),
        r"applied requests of format 2, this release reads formats up to 1",
    ),
    "metadata": (
        store_row("metadata/data.db", 1, 0, 2, b"s"),
        r"metadata store: format 2, this release reads 1",
    ),
    "file of the log": (log_header(2), r"\.wal: format version 2, expected 1"),
    "hard state in the log": (
        log_records(HARD_STATE, 0, "<H", 2),
        r"hard state of format 2, this release knows 1",
    ),
    "install manifest in the log": (
        log_records(INSTALL, 0, "<H", 2),
        r"install manifest of format 2, this release knows 1",
    ),
    "command in the log": (
        log_records(DATA, 0, "<H", 2, of_shards=True),
        r"command: format 2, this release reads 1",
    ),
    "feature level of a command": (
        log_records(DATA, 4, "<I", 9, of_shards=True),
        r"feature level 9: written by a newer release, and this one knows feature level 2",
    ),
}
DERIVED = {
    "payload index": (
        binary(f"{SEGMENT}/fields/*.idx", 8, "<H", 9),
        r"format 9, this release reads 1",
    ),
    "graph": (graph(9), r"graph: format 9, "),
}


@pytest.mark.parametrize("file", REFUSED)
def test_a_newer_format_is_refused_in_words_that_name_both(tmp_path, file):
    change, words = REFUSED[file]
    data = golden.unpack(GOLDEN, tmp_path)
    change(data)
    before = {p: p.read_bytes() for p in (data / SEGMENT).glob("*.dat")}
    server = Rhumbd(data, {**golden.SETTINGS, "compaction.enabled": "false"})
    try:
        try:
            server.start(timeout_s=15)
        except RuntimeError as refusal:  # data that all shards need
            assert "ended with 1" in str(refusal), refusal
        else:
            status, reply, _ = server.request(
                "POST", "/collections/one/points/count", {"exact": True}
            )
            assert status == 503 or status == 500, reply
    finally:
        if server.process.poll() is None:
            server.kill()
    assert re.search(words, server.log_path.read_text()), server.log_tail()
    assert all(p.read_bytes() == bytes_ for p, bytes_ in before.items())


@pytest.mark.parametrize("file", DERIVED)
def test_derived_data_of_a_newer_format_are_built_again(tmp_path, file):
    change, words = DERIVED[file]
    data = golden.unpack(GOLDEN, tmp_path)
    change(data)
    server = Rhumbd(data, golden.SETTINGS).start()
    try:
        expected = json.loads((golden.HERE / "golden" / f"{GOLDEN}.json").read_text())
        assert golden.answers(server) == expected
        assert re.search(words, server.log_path.read_text()), server.log_tail()
        assert server.stop() == 0, server.log_tail()
    finally:
        if server.process.poll() is None:
            server.kill()
