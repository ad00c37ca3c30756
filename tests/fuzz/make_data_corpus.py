#!/usr/bin/python3
"""Writes the seeds of fuzz_data into a folder: small data files, right ones and damaged ones, made with NumPy.

    tests/fuzz/make_data_corpus.py tests/fuzz/corpus/data
"""
import gzip
import io
import pathlib
import struct
import sys
import zipfile

import numpy as np

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def write(name, data):
    (folder / name).write_bytes(data)


def npy(array, **options):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, **options)
    return out.getvalue()


def npz(arrays, compression, zip64=False):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0))
            member.compress_type = compression
            with archive.open(member, "w", force_zip64=zip64) as stream:
                stream.write(npy(array, allow_pickle=True))
    return out.getvalue()


def idx(code, array):
    return struct.pack(">BBBB%dI" % array.ndim, 0, 0, code, array.ndim, *array.shape) + array.tobytes()


values = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
for descr in "|u1 |i1 |b1 <u2 >u2 <i2 <u4 <i4 >i4 <u8 <i8 >i8 <f2 <f4 >f4 <f8 >f8".split():
    order = {"<": "little", ">": "big", "|": "byte"}[descr[0]]
    write("type_%s_%s.npy" % (order, descr[1:]), npy(values.astype(descr)))
for version in (1, 2, 3):
    write("version_%d.npy" % version, npy(values, version=(version, 0)))
write("scalar.npy", npy(np.array(2.5)))
write("fortran.npy", npy(np.asfortranarray(values)))
write("pickled.npy", npy(np.array([{}, 1], dtype=object), allow_pickle=True))
write("text.npy", npy(np.array(["a", "bc"])))
write("fields.npy", npy(np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")])))
write("nan.npy", npy(np.array([[1, np.nan], [np.inf, 2]], dtype=np.float32)))
write("empty.npy", npy(np.zeros((0, 3), np.float32)))

labels = np.arange(4, dtype=np.uint8)
arrays = {"x": values, "y": labels}
write("stored.npz", npz(arrays, zipfile.ZIP_STORED))
write("deflated.npz", npz(arrays, zipfile.ZIP_DEFLATED))
write("bzip2.npz", npz(arrays, zipfile.ZIP_BZIP2))
write("zip64.npz", npz(arrays, zipfile.ZIP_STORED, zip64=True))
write("pickled.npz", npz({"x": np.array([{}], dtype=object)}, zipfile.ZIP_DEFLATED))
write("unnamed.npz", npz({"a": values, "b": labels}, zipfile.ZIP_STORED))
write("zeros.npz", npz({"x": np.zeros((4000, 100), np.uint8)}, zipfile.ZIP_DEFLATED))

write("u8.idx", idx(0x08, np.arange(32, dtype=np.uint8).reshape(4, 2, 4)))
write("i16.idx", idx(0x0B, np.arange(8, dtype=">i2").reshape(4, 2)))
write("f32.idx", idx(0x0D, np.arange(8, dtype=">f4")))
write("lying.idx", struct.pack(">BBBBIII", 0, 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1) + b"abc")
write("u8.idx.gz", gzip.compress(idx(0x08, np.arange(32, dtype=np.uint8).reshape(4, 8)), mtime=0))
write("f4.npy.gz", gzip.compress(npy(values), mtime=0))
write("cut.npy.gz", gzip.compress(npy(values), mtime=0)[:-20])
write("cut.npz", npz(arrays, zipfile.ZIP_DEFLATED)[:-30])
write("cut.npy", npy(values)[:-5])
