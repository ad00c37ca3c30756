#!/usr/bin/python3
"""Writes the seeds of fuzz_checkpoint into a folder: small checkpoints, right ones and damaged ones.

    tests/fuzz/make_checkpoint_corpus.py tests/fuzz/corpus/checkpoint
"""
import pathlib
import struct
import sys
import zlib

FACT, PART = 0, 1

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def padded(data):
    return data + bytes(-len(data) % 8)


def entry(kind, name, content, name_bytes=None, content_bytes=None):
    head = struct.pack("<IIQ", kind, len(name) if name_bytes is None else name_bytes,
                       len(content) if content_bytes is None else content_bytes)
    return padded(head + name) + padded(content)


def checkpoint(entries, state=0, count=None, version=1, magic=b"EDGECKPT"):
    rest = b"".join(entries)
    tail = struct.pack("<QII", 32 + len(rest), state, len(entries) if count is None else count) + rest
    return magic + struct.pack("<II", version, zlib.crc32(tail)) + tail


rate = entry(FACT, b"--rate", b"0.1")
teacher = entry(FACT, b"the teacher", b"")
weights = entry(PART, b"weights", b"12345")
whole = checkpoint([rate, teacher, weights])

seeds = {
    "whole": whole,
    "diverged": checkpoint([rate, teacher, weights], state=1),
    "another_rate": checkpoint([entry(FACT, b"--rate", b"0.25"), teacher, weights]),
    "none": checkpoint([]),
    "empty_part": checkpoint([rate, entry(PART, b"weights", b"")]),
    "twice": checkpoint([weights, weights]),
    "no_name": checkpoint([entry(PART, b"", b"1")]),
    "other_version": checkpoint([rate], version=2),
    "other_state": checkpoint([rate], state=2),
    "other_magic": checkpoint([rate], magic=b"EDGECKPX"),
    "other_kind": checkpoint([entry(2, b"weights", b"12345")]),
    "cut": whole[:-8],
    "cut_in_header": whole[:20],
    "followed": whole + bytes(8),
    "too_few_entries": checkpoint([rate, weights], count=1),
    "too_many_entries": checkpoint([rate, weights], count=3),
    "count_huge": checkpoint([rate], count=0xFFFFFFFF),
    "name_huge": checkpoint([entry(FACT, b"--rate", b"0.1", name_bytes=0xFFFFFFFF)]),
    "content_huge": checkpoint([entry(PART, b"weights", b"12345", content_bytes=2**64 - 9)]),
    "content_longer": checkpoint([entry(PART, b"weights", b"12345", content_bytes=4096)]),
    "control": checkpoint([entry(FACT, b"--rate", b"\x1b[0m\n\x00")]),
}
for name, data in seeds.items():
    (folder / name).write_bytes(data)
