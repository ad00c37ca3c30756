#!/usr/bin/python3
"""Writes the seeds of fuzz_calib into a folder: small .calib files, right ones and damaged ones.

    tests/fuzz/make_calib_corpus.py tests/fuzz/corpus/calib
"""
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)

HEAD = """edgec calibration 1
# a remark
model crc32 0123abcd bytes 96131
data crc32 89abcdef bytes 1000
setup scale 1, mean none, std none, layout as-is, input 0 [1,4]
samples 0..4 of 4
"""
# Both ends of -1..1 in 2048 bins of 2^-9; of one number; of none.
WIDE = """
tensor wide
values 10
zeros 2
low -1
high 1
exponent -9
first -512
@0 1 0 2
@512 3 1
@1000 2
@1024 1
"""
ONE = """
tensor one\\x20
range -3 4.5
values 7
zeros 0
low 1.5
high 1.5
exponent -40
first 1649267441664
@0 7
"""
NONE = """
tensor none
values 0
"""
WHOLE = HEAD + WIDE + ONE + NONE

seeds = {
    "whole": WHOLE,
    "one": HEAD + ONE,
    "none": HEAD + NONE,
    "shard": WHOLE.replace("0..4 of 4", "1..3 of 4"),
    "crlf": WHOLE.replace("\n", "\r\n"),
    "no_tensors": HEAD,
    "no_name": HEAD + "tensor",
    "only_first_line": "edgec calibration 1\n",
    "cut_in_block": WHOLE[: WHOLE.index("@512")],
    "twice": HEAD + ONE + ONE,
    "count_too_large": WHOLE.replace("@1024 1", "@1024 9223372036854775807"),
    "bin_too_large": WHOLE.replace("@1024", "@2048"),
    "bins_back": WHOLE.replace("@1024", "@3"),
    "wrong_first": WHOLE.replace("first -512", "first -9223372036854775808"),
    "wrong_exponent": WHOLE.replace("exponent -9", "exponent 900"),
    "huge_range": WHOLE.replace("high 1\n", "high 3.4e38\n"),
    "not_a_number": WHOLE.replace("low -1", "low nan"),
    "bad_escape": WHOLE.replace("\\x20", "\\x2"),
    "zero_byte": WHOLE.replace("one", "o\0e"),
    "other": "<?xml version='1.0'?>\n",
}
for name, text in seeds.items():
    (folder / name).write_bytes(text.encode())
