#!/usr/bin/env python3
"""Samples a second of training steps of ONNX models in PyTorch: the net is rebuilt node by node from the file.

BatchNormalization in training mode, SGD with momentum 0.9, cross-entropy; seeded noise, shuffled and gathered batch by
batch as a data loader does. Prints the median of several epochs. Needs python3-torch and python3-onnx.

    python3 bench/train_step.py [--batch 128] [--threads 2] [--epochs 5] [--steps 4] MODEL.onnx...
"""
import argparse
import os
import statistics
import time

import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnx import numpy_helper


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def padded(x, a, value=0.0):
    """Pads by hand where begin and end differ; returns x and the padding that is left to the operator."""
    pads = a.get("pads", [0, 0, 0, 0])
    n = len(pads) // 2
    if pads[:n] == pads[n:]:
        return x, tuple(pads[:n])
    both = [p for d in reversed(range(n)) for p in (pads[d], pads[n + d])]
    return F.pad(x, both, value=value), (0,) * n


class Net(nn.Module):
    """The operators of small convolutional nets."""

    def __init__(self, model):
        super().__init__()
        self.graph = model.graph
        self.weights = nn.ParameterDict()
        self.constants = {}
        self.norms = nn.ModuleDict()
        initializers = {i.name: torch.tensor(numpy_helper.to_array(i)) for i in model.graph.initializer}
        trained = {i for n in self.graph.node if n.op_type in ("Conv", "Gemm") for i in n.input[1:]}
        for name, tensor in initializers.items():
            if name in trained:
                self.weights[name.replace(".", "/")] = nn.Parameter(tensor)
            else:
                self.constants[name] = tensor
        for node in self.graph.node:
            if node.op_type == "BatchNormalization":
                self.norms[node.name or node.output[0]] = self.norm(node, initializers)
        self.steps = [self.step(node) for node in self.graph.node]

    @staticmethod
    def norm(node, initializers):
        a = attributes(node)
        scale, bias, mean, variance = (initializers[i] for i in node.input[1:5])
        norm = nn.BatchNorm2d(len(scale), eps=a.get("epsilon", 1e-5), momentum=1 - a.get("momentum", 0.9))
        norm.load_state_dict(dict(weight=scale, bias=bias, running_mean=mean, running_var=variance), strict=False)
        return norm

    def weight(self, node, i):
        return self.weights[node.input[i].replace(".", "/")] if i < len(node.input) else None

    def conv(self, node, a):
        w, b = self.weight(node, 1), self.weight(node, 2)
        stride, dilation, group = a.get("strides", 1), a.get("dilations", 1), a.get("group", 1)
        return lambda x: (lambda y, p: F.conv2d(y, w, b, stride, p, dilation, group))(*padded(x, a))

    def pool(self, a):
        k, s = a["kernel_shape"], a.get("strides", 1)
        return lambda x: (lambda y, p: F.max_pool2d(y, k, s, p))(*padded(x, a, -float("inf")))

    def clip(self, node, a):
        limits = [float(self.constants[i]) for i in node.input[1:]]
        low, high = limits if limits else (a.get("min"), a.get("max"))
        return lambda x, *rest: F.relu6(x) if (low, high) == (0, 6) else torch.clamp(x, low, high)

    def step(self, node):
        a = attributes(node)
        kind = node.op_type
        if kind == "Conv":
            f = self.conv(node, a)
        elif kind == "Gemm":
            w, b = self.weight(node, 1), self.weight(node, 2)
            f = lambda x: F.linear(x, w, b)
        elif kind == "BatchNormalization":
            f = self.norms[node.name or node.output[0]]
        elif kind == "Clip":
            f = self.clip(node, a)
        elif kind == "MaxPool":
            f = self.pool(a)
        elif kind == "AveragePool":
            f = lambda x: F.avg_pool2d(x, a["kernel_shape"], a.get("strides", 1), a.get("pads", [0, 0])[:2])
        else:
            f = {
                "Relu": F.relu,
                "Add": torch.add,
                "Mul": torch.mul,
                "Flatten": lambda x: torch.flatten(x, 1),
                "GlobalAveragePool": lambda x: F.adaptive_avg_pool2d(x, 1),
                "HardSigmoid": F.hardsigmoid,
                "Softmax": lambda x: x,  # cross-entropy has it
            }[kind]
        inputs = [i for i in node.input if i not in self.constants and i.replace(".", "/") not in self.weights]
        return f, inputs, node.output[0]

    def forward(self, x):
        values = {self.graph.input[0].name: x}
        for f, inputs, output in self.steps:
            values[output] = f(*(values[i] for i in inputs))
        return values[output]


def measure(path, args):
    torch.manual_seed(1)
    model = onnx.load(path)
    net = Net(model).train()
    dims = [d.dim_value or 1 for d in model.graph.input[0].type.tensor_type.shape.dim][1:]
    count = args.batch * args.steps
    x = torch.randn(count, *dims)
    net.eval()
    with torch.no_grad():
        classes = net(x[:1]).shape[1]
    net.train()
    y = torch.randint(classes, (count,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    seconds, processor = [], []
    for epoch in range(args.epochs + 1):
        start, start_processor = time.perf_counter(), time.process_time()
        order = torch.randperm(count)
        for at in range(0, count, args.batch):
            rows = order[at : at + args.batch]
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(net(x[rows]), y[rows]).backward()
            optimizer.step()
        if epoch > 0:  # the first one prepares
            seconds.append(time.perf_counter() - start)
            processor.append(time.process_time() - start_processor)
    print(
        f"{os.path.basename(path):24} median {count / statistics.median(seconds):9.1f} samples/s, "
        f"{count / statistics.median(processor):9.1f} a processor second"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("models", nargs="+")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for path in args.models:
        measure(path, args)


if __name__ == "__main__":
    main()
