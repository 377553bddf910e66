"""The SSD network of TensorFlow's object detection, from TensorFlow.js to ONNX: the same weights, people only.

What is kept is the network itself, from the scaled picture to box offsets and class scores. What came before it (a loop
that scales each picture of a batch) and after it is said anew in a few operators. TensorFlow keeps channels last, ONNX
keeps them second: the picture is turned once at the beginning and each head's answer once at the end. Of the classes'
kernels only the person's columns are taken; the scores are independent sigmoids, so no person's score changes. Kernels
are stored as float16.
"""

from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.video.model.onnx_graph import OnnxGraph
from analytics.video.model.tfjs import ModelError, Node, TfjsGraph

SIDE = 300
CLASSES = 91
PERSON = 1

PICTURE = "Preprocessor/sub"
OFFSETS = "concat"
SCORES = "concat_1"
ANCHORS = "Postprocessor/ExpandDims"
OFFSET_SCALE = "ConstantFolding/Postprocessor/Decode/div_recip"
SIZE_SCALE = "ConstantFolding/Postprocessor/Decode/div_2_recip"


def people_network(source: TfjsGraph) -> bytes:
    """An ONNX file. In: `picture`, uint8 (1, 300, 300, 3), RGB. Out: `boxes`, (1, anchors, 4) as y0, x0, y1, x1 in
    fractions of the picture, and `scores`, (1, anchors, 1) from 0 to 1."""
    graph = OnnxGraph("people", "ducha")
    values = {PICTURE: scaled_picture(graph)}
    for name in rested_on(source, (OFFSETS, SCORES)):
        if name not in values and source.node(name).operator != "Const":
            values[name] = translated(graph, source, source.node(name), values)
    anchors = source.weight(ANCHORS)
    count = anchors.shape[1]
    graph.give(boxes(graph, source, values[OFFSETS], anchors), "boxes", "float32", (1, count, 4))
    graph.give(graph.node("Sigmoid", [values[SCORES]]), "scores", "float32", (1, count, 1))
    return bytes(graph)


def scaled_picture(graph: OnnxGraph) -> str:
    """The picture with its channels second and in [-1, 1]."""
    picture = graph.take("picture", "uint8", (1, SIDE, SIDE, 3))
    floats = graph.node("Transpose", [graph.node("Cast", [picture], to=1)], perm=(0, 3, 1, 2))
    scaled = graph.node("Mul", [floats, graph.constant(np.float32(2 / 255).reshape(1))])
    return graph.node("Sub", [scaled, graph.constant(np.float32(1).reshape(1))])


def rested_on(source: TfjsGraph, outputs: tuple[str, ...]) -> Iterator[str]:
    """The names of the nodes that the outputs rest on, each after its inputs."""
    before: dict[str, tuple[str, ...]] = {}
    waiting = list(outputs)
    while waiting:
        name = waiting.pop()
        if name not in before:
            before[name] = () if name == PICTURE else operands(source.node(name))
            waiting.extend(before[name])
    return iter(TopologicalSorter(before).static_order())


def operands(node: Node) -> tuple[str, ...]:
    """The inputs that are values of the network, not the shape or axis of an operation."""
    match node.operator:
        case "Reshape":
            return node.inputs[:1]
        case "ConcatV2":
            return node.inputs[:-1]
        case _:
            return node.inputs


def translated(graph: OnnxGraph, source: TfjsGraph, node: Node, values: dict[str, str]) -> str:
    """Say one operation in ONNX."""

    def operand(name: str, *shape: int) -> str:
        return values[name] if name in values else graph.constant(person_only(name, source.weight(name)).reshape(shape))

    match node.operator:
        case "Conv2D" | "DepthwiseConv2dNative":
            return convolution(graph, source, node, values[node.inputs[0]])
        case "Add" | "AddN" | "BiasAdd":
            return graph.node("Add", [operand(name, -1, 1, 1) for name in node.inputs])
        case "Mul":
            return graph.node("Mul", [operand(name, -1, 1, 1) for name in node.inputs])
        case "FusedBatchNorm":
            epsilon = float(node.attributes["epsilon"]["f"])
            return graph.node("BatchNormalization", [operand(name, -1) for name in node.inputs], epsilon=epsilon)
        case "Relu6":
            bounds = [graph.constant(np.array(bound, np.float32)) for bound in (0, 6)]
            return graph.node("Clip", [values[node.inputs[0]], *bounds])
        case "Reshape":
            last = graph.node("Transpose", [values[node.inputs[0]]], perm=(0, 2, 3, 1))
            width = 1 if "ClassPredictor" in node.inputs[0] else 4
            return graph.node("Reshape", [last, graph.constant(np.array((1, -1, width), np.int64))])
        case "ConcatV2":
            return graph.node("Concat", [values[name] for name in operands(node)], axis=1)
        case other:
            raise ModelError(f"node {node.name!r}: no translation of the operator {other}")


def convolution(graph: OnnxGraph, source: TfjsGraph, node: Node, value: str) -> str:
    """A convolution, of all channels together or of each by itself; the kernel turned from (height, width, in, out)."""
    _, down, across, _ = node.whole_numbers("strides")
    if node.word("padding") != "SAME" or node.whole_numbers("dilations") != [1, 1, 1, 1]:
        raise ModelError(f"node {node.name!r}: padding SAME and no dilation were expected")
    weights = person_only(node.inputs[1], source.weight(node.inputs[1]))
    if node.operator == "Conv2D":
        kernel, groups = weights.transpose(3, 2, 0, 1), 1
    else:
        height, width, groups, multiplier = weights.shape
        kernel = weights.transpose(2, 3, 0, 1).reshape(groups * multiplier, 1, height, width)
    stored = graph.node("Cast", [graph.constant(kernel.astype(np.float16))], to=1)
    return graph.node("Conv", [value, stored], strides=(down, across), auto_pad="SAME_UPPER", group=groups)


def person_only(name: str, weights: NDArray[Any]) -> NDArray[Any]:
    """Of a classes' kernel or bias, whose last axis is anchors × classes, the person's; other weights as they are."""
    if not name.endswith(("ClassPredictor/weights", "ClassPredictor/biases")):
        return weights
    return weights.reshape(*weights.shape[:-1], -1, CLASSES)[..., PERSON]


def boxes(graph: OnnxGraph, source: TfjsGraph, offsets: str, anchors: NDArray[Any]) -> str:
    """Corners from the offsets to the anchors: centres move by parts of the anchor's size, sizes by a power of e."""
    low, high = anchors[..., :2], anchors[..., 2:]
    size = high - low
    move, growth = graph.nodes("Split", [offsets], 2, axis=2)
    step = graph.constant(size * source.weight(OFFSET_SCALE))
    centre = graph.node("Add", [graph.node("Mul", [move, step]), graph.constant(low + size / 2)])
    power = graph.node("Exp", [graph.node("Mul", [growth, graph.constant(source.weight(SIZE_SCALE).reshape(1))])])
    half = graph.node("Mul", [power, graph.constant(size / 2)])
    return graph.node("Concat", [graph.node("Sub", [centre, half]), graph.node("Add", [centre, half])], axis=2)
