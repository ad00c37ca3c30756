"""Trains the example network on drawn digits and writes it as ONNX.

    make_digits --count 40000 --seed 2 -o train.npz
    python3 train_digits.py train.npz digits.npz digits.onnx

Needs PyTorch (made with 1.13) and onnx (1.12). One thread and fixed seeds: the same versions on the same kind of
machine give the same network; others give one as good, with other weights.
"""

import argparse
from collections import OrderedDict

import numpy
import onnx
import torch
from torch import nn

EPOCHS = 10
BATCH = 64
PEAK_LEARNING_RATE = 8e-3
WEIGHT_DECAY = 1e-4
PIXEL_SCALE = 1 / 255


def convolution(inputs, outputs, kernel, stride=1, groups=1, **then):
    """Convolution and BatchNorm, then the named modules. The names become the ONNX nodes' names."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(OrderedDict(conv=conv, norm=nn.BatchNorm2d(outputs), **then))


class Residual(nn.Module):
    """relu(x + f(x)), f two convolutions that keep the shape."""

    def __init__(self, channels):
        super().__init__()
        self.first = convolution(channels, channels, 3, relu=nn.ReLU())
        self.second = convolution(channels, channels, 3)

    def forward(self, x):
        return torch.relu(x + self.second(self.first(x)))


class DigitNet(nn.Module):
    """Images of [N,1,28,28] to logits of [N,10]."""

    def __init__(self):
        super().__init__()
        self.stem = convolution(1, 16, 3, relu=nn.ReLU(), pool=nn.MaxPool2d(2))
        self.depthwise = convolution(16, 16, 3, stride=2, groups=16, relu=nn.ReLU())
        self.pointwise = convolution(16, 32, 1, relu=nn.ReLU())
        self.residual = Residual(32)
        self.widen = convolution(32, 64, 1, relu=nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classify = nn.Linear(64, 10)

    def forward(self, image):
        x = self.pointwise(self.depthwise(self.stem(image)))
        x = self.widen(self.residual(x))
        return self.classify(torch.flatten(self.pool(x), 1))


def load(path):
    with numpy.load(path) as data:
        return torch.from_numpy(data["x"]), torch.from_numpy(data["y"]).long()


def train(net, images, labels):
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=WEIGHT_DECAY)
    steps = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, EPOCHS * steps)
    net.train()
    for epoch in range(EPOCHS):
        order = torch.randperm(len(images))
        total = 0.0
        for step in range(steps):
            chosen = order[step * BATCH : (step + 1) * BATCH]
            loss = nn.functional.cross_entropy(net(images[chosen] * PIXEL_SCALE), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {total / steps:.4f}", flush=True)


def take_raw_pixels(net):
    """Moves the scale of the pixels into the first weights, so that the network takes 0 to 255."""
    with torch.no_grad():
        net.stem.conv.weight *= PIXEL_SCALE


def accuracy(net, images, labels):
    with torch.no_grad():
        guesses = torch.cat([net(part.float()).argmax(1) for part in images.split(500)])
    return (guesses == labels).float().mean().item()


def export(net, path):
    """BatchNormalization stays in the graph: folding it is the converter's work."""
    torch.onnx.export(
        net,
        torch.zeros(1, 1, 28, 28),
        path,
        opset_version=13,
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}},
    )
    model = onnx.load(path)
    for node in model.graph.node:
        node.ClearField("doc_string")
    model.graph.name = "digits"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def main():
    parser = argparse.ArgumentParser(description="Trains the example network on drawn digits.")
    parser.add_argument("train", help=".npz to learn from")
    parser.add_argument("test", help=".npz to measure accuracy on")
    parser.add_argument("output", help=".onnx to write")
    arguments = parser.parse_args()

    torch.manual_seed(1)
    torch.set_num_threads(1)
    net = DigitNet()
    train(net, *load(arguments.train))
    net.eval()
    take_raw_pixels(net)
    print(f"parameters: {sum(p.numel() for p in net.parameters())}")
    print(f"accuracy: {accuracy(net, *load(arguments.test)):.2%}")
    export(net, arguments.output)


if __name__ == "__main__":
    main()
