#!/usr/bin/python3
"""Writes the seeds of fuzz_onnx into a folder: tiny ONNX models, right ones and damaged ones.

    tests/fuzz/make_onnx_corpus.py tests/fuzz/corpus/onnx
"""
import pathlib
import struct
import sys

FLOAT, UINT8, INT8, INT32, INT64, STRING, BOOL, FLOAT16 = 1, 2, 3, 6, 7, 8, 9, 10

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


# ---- the wire format: each function gives the bytes of one field ----

def number(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def integer(field, value):
    return number(field << 3) + number(value)


def data(field, content):
    content = content.encode() if isinstance(content, str) else content
    return number(field << 3 | 2) + number(len(content)) + content


def single(field, value):
    return number(field << 3 | 5) + struct.pack("<f", value)


# ---- parts of a model ----

def value(name, kind, dims):
    shape = b"".join(data(1, data(2, d) if isinstance(d, str) else integer(1, d)) for d in dims)
    return data(1, name) + data(2, data(1, integer(1, kind) + data(2, shape)))


def tensor(name, kind, dims, content):
    return b"".join(integer(1, d) for d in dims) + integer(2, kind) + data(8, name) + content


def floats(name, dims, *values):
    return data(5, tensor(name, FLOAT, dims, data(9, struct.pack(f"<{len(values)}f", *values))))


def longs(name, *values):
    return data(5, tensor(name, INT64, [len(values)], b"".join(integer(7, v) for v in values)))


def attribute(name, kind, content):
    return data(5, data(1, name) + content + integer(20, kind))


def ints(name, *values):
    return attribute(name, 7, b"".join(integer(8, v) for v in values))


def node(kind, inputs, outputs, attributes=b"", name=""):
    ports = b"".join(data(1, i) for i in inputs) + b"".join(data(2, o) for o in outputs)
    return data(1, ports + data(3, name) + data(4, kind) + attributes)


def graph(nodes, inputs, outputs):
    """nodes: bytes of nodes and initializers; inputs and outputs: (name, type, dims)."""
    return (nodes + b"".join(data(11, value(*i)) for i in inputs) + b"".join(data(12, value(*o)) for o in outputs))


def model(content, ir=8, opset=17):
    return integer(1, ir) + data(2, "seed") + data(7, content) + data(8, integer(2, opset))


def write(name, content):
    (folder / name).write_bytes(content)


X, Y = ("x", FLOAT, [1, 2, 4, 4]), ("y", FLOAT, [])


def through(nodes, opset=17, output=("y", FLOAT, ["A", "B"]), source=X):
    return model(graph(nodes, [source], [output]), opset=opset)


# ---- right models ----

relu = node("Relu", ["x"], ["y"])
plain = model(graph(relu, [X], [("y", FLOAT, [1, 2, 4, 4])]))
write("relu", plain)
write("symbols", model(graph(relu, [("x", FLOAT, ["N", 3, "H", -1])], [("y", FLOAT, ["N", 3, "H", "W"])])))
write("conv", model(graph(
    floats("w", [1, 2, 1, 1], 0.5, -0.5) + floats("b", [1], 1.0)
    + node("Conv", ["x", "w", "b"], ["c"], ints("kernel_shape", 1, 1) + ints("pads", 0, 0, 0, 0))
    + node("Clip", ["c", "", "six"], ["y"]) + floats("six", [], 6.0), [X], [("y", FLOAT, [1, 1, 4, 4])])))
write("old_inputs", model(graph(floats("w", [4], 1, 2, 3, 4) + node("Add", ["x", "w"], ["y"]),
                                [X, ("w", FLOAT, [4])], [("y", FLOAT, [1, 2, 4, 4])]), ir=3, opset=7))
write("reshape_chain", model(graph(
    node("Shape", ["x"], ["s"]) + longs("zero", 0) + longs("rest", -1) + node("Gather", ["s", "zero"], ["n"])
    + node("Concat", ["n", "rest"], ["to"], attribute("axis", 2, integer(3, 0)))
    + node("Reshape", ["x", "to"], ["y"]), [("x", FLOAT, ["N", 2, 3])], [("y", FLOAT, ["N", 6])])))
write("slice", model(graph(
    longs("starts", 1) + longs("ends", -1) + longs("axes", 3) + longs("steps", 2)
    + node("Slice", ["x", "starts", "ends", "axes", "steps"], ["y"]), [X], [("y", FLOAT, [1, 2, 4, 1])])))
write("pad", model(graph(longs("pads", 0, 0, 1, 1, 0, 0, 1, 1) + node("Pad", ["x", "pads"], ["y"]), [X],
                         [("y", FLOAT, [1, 2, 6, 6])])))
write("resize", model(graph(floats("scales", [4], 1, 1, 2, 2) + node(
    "Resize", ["x", "", "scales"], ["y"], attribute("mode", 3, data(4, "nearest"))), [X],
    [("y", FLOAT, [1, 2, 8, 8])])))
write("split", model(graph(longs("parts", 1, 1) + node("Split", ["x", "parts"], ["y", "z"],
                                                      attribute("axis", 2, integer(3, 1))), [X], [Y[:2] + ([1, 1, 4, 4],)])))
write("constant_of_shape", model(graph(longs("to", 2, 3) + node(
    "ConstantOfShape", ["to"], ["y"], attribute("value", 4, data(5, tensor("v", FLOAT, [1], single(4, 1.5))))),
    [], [("y", FLOAT, [2, 3])])))
write("batchnorm", model(graph(
    b"".join(floats(n, [2], 1.0, 2.0) for n in ("g", "b", "m", "v"))
    + node("BatchNormalization", ["x", "g", "b", "m", "v"], ["y"], attribute("epsilon", 1, single(2, 1e-3))),
    [X], [("y", FLOAT, [1, 2, 4, 4])])))
write("pool", model(graph(node("MaxPool", ["x"], ["y"], ints("kernel_shape", 2, 2) + ints("strides", 2, 2)),
                          [X], [("y", FLOAT, [1, 2, 2, 2])])))
write("gemm", model(graph(floats("w", [2, 1], 1.0, 2.0) + node("Gemm", ["x", "w"], ["y"],
                                                              attribute("alpha", 1, single(2, 0.5))),
                          [("x", FLOAT, [3, 2])], [("y", FLOAT, [3, 1])])))
write("transpose", model(graph(node("Transpose", ["x"], ["y"], ints("perm", 0, 2, 3, 1)), [X],
                               [("y", FLOAT, [1, 4, 4, 2])])))
write("any_order", model(graph(node("Exp", ["a"], ["y"]) + node("Relu", ["x"], ["a"]), [X],
                               [("y", FLOAT, [1, 2, 4, 4])])))
for name, kind, content in [("typed_int8", INT8, integer(5, -3) + integer(5, 4)),
                            ("typed_float16", FLOAT16, integer(5, 0x3C00) + integer(5, 0x3E00)),
                            ("typed_bool", BOOL, integer(5, 1) + integer(5, 0)),
                            ("typed_int32", INT32, data(5, number(-1) + number(2))),
                            ("typed_string", STRING, data(6, "a") + data(6, "")),
                            ("raw_uint8", UINT8, data(9, b"\x00\xff"))]:
    write(name, model(graph(data(5, tensor("t", kind, [2], content)) + node("Identity", ["t"], ["y"]), [],
                            [("y", kind, [2])])))


def body(output):
    return graph(floats("one", [1], 1.0) + node("Add", ["x", "one"], [output]), [], [(output, FLOAT, [])])


branches = attribute("then_branch", 5, data(6, body("a"))) + attribute("else_branch", 5, data(6, body("b")))
write("if", model(graph(node("If", ["c"], ["y"], branches), [("c", BOOL, []), ("x", FLOAT, [1])], [Y])))
loop = graph(node("Identity", ["go"], ["on"]) + node("Add", ["sum", "x"], ["next"]),
             [("i", INT64, []), ("go", BOOL, []), ("sum", FLOAT, [1])], [("on", BOOL, []), ("next", FLOAT, [1])])
write("loop", model(graph(longs("n", 3) + node("Loop", ["n", "", "x"], ["y"], attribute("body", 5, data(6, loop))),
                          [("x", FLOAT, [1])], [("y", FLOAT, [1])])))

write("opset_6", model(graph(relu, [X], [Y]), opset=6))

# ---- damaged and refused ones ----

write("cut_off", plain[:-9])
write("opset_29", model(graph(relu, [X], [Y]), opset=29))
write("no_opset", integer(1, 8) + data(7, graph(relu, [X], [Y])))
write("missing_input", model(graph(node("Conv", ["x", "W"], ["y"], name="conv1"), [X], [Y])))
write("cycle", model(graph(node("Add", ["x", "b"], ["y"]) + node("Relu", ["y"], ["b"]), [X], [Y])))
write("twice", model(graph(relu + relu, [X], [Y])))
write("no_type", model(graph(node("", ["x"], ["y"]), [X], [Y])))
write("unknown_operator", model(graph(node("Frobnicate", ["x"], ["y"]), [X], [Y])))
write("huge_dims", model(graph(data(5, tensor("t", FLOAT, [1 << 62, 1 << 62], b"")) + relu, [X], [Y])))
write("huge_count", model(graph(data(5, tensor("t", FLOAT, [1 << 40], data(9, b"1234"))) + relu, [X], [Y])))
write("negative_dim", model(graph(data(5, tensor("t", FLOAT, [-4], b"")) + relu, [X], [Y])))
write("external", model(graph(data(5, tensor("t", FLOAT, [1], integer(14, 1))) + relu, [X], [Y])))
write("int4", model(graph(data(5, tensor("t", 22, [2], data(9, b"\x21"))) + relu, [X], [Y])))
write("bad_shape", model(graph(relu, [X], [("y", FLOAT, [1, 2, 4, 5])])))
write("nan_weight", model(graph(floats("w", [1], float("nan")) + node("Add", ["x", "w"], ["y"]), [X], [Y])))
write("control_characters", model(graph(node("Relu", ["no\x1b[31m\n"], ["y"]), [X], [Y])))
nested = graph(relu, [], [])
for _ in range(30):
    nested = graph(node("If", ["x"], ["y"], attribute("then_branch", 5, data(6, nested))), [], [])
write("deep", model(nested))
write("many_nodes", model(data(1, b"") * 2000))
write("two_graphs", plain + data(7, graph(relu, [X], [Y])))
write("group", plain + number(99 << 3 | 3))
write("text", b"this is no model\n")
