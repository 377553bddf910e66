"""The detector's network from TensorFlow.js to ONNX: OpenVINO's answer against NumPy's."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from analytics.video.model.conversion import CLASSES, SIDE, people_network
from analytics.video.model.onnx_graph import OnnxGraph
from analytics.video.model.tfjs import ModelError, read_graph
from analytics.video.runtime import openvino

Floats = NDArray[np.float32]
CELLS = 9  # of the small network below: a 3×3 grid, one anchor each


def answers(model: bytes, **inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """What OpenVINO computes, in full precision."""
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model, b""), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return {port.any_name: value for port, value in compiled(inputs).items()}


def test_a_written_graph_computes_what_it_says() -> None:
    rows, matrix, bias = np.arange(6, dtype=np.float32).reshape(2, 3), np.eye(3, 4, dtype=np.float32), np.float32([[7]])
    graph = OnnxGraph("line", "test")
    product = graph.node("MatMul", [graph.take("rows", "float32", (2, 3)), graph.constant(matrix)])
    graph.give(graph.node("Add", [product, graph.constant(bias)]), "sums", "float32", (2, 4))
    np.testing.assert_array_equal(answers(bytes(graph), rows=rows)["sums"], rows @ matrix + bias)


@settings(max_examples=20)
@given(
    arrays(
        st.sampled_from([np.float16, np.float32]),
        array_shapes(max_dims=4, max_side=5),
        elements=st.floats(-1000, 1000, width=16),
    )
)
def test_constants_of_any_shape_arrive_as_they_are(array: NDArray[Any]) -> None:
    graph = OnnxGraph("constant", "test")
    zero = graph.take("zero", "float32", (1,))
    floats = graph.node("Cast", [graph.constant(array)], to=1)
    graph.give(graph.node("Add", [floats, zero]), "same", "float32", array.shape)
    np.testing.assert_array_equal(answers(bytes(graph), zero=np.zeros(1, np.float32))["same"], array)


def entry(name: str, operator: str, *inputs: str, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "op": operator, "input": list(inputs), "attr": attributes}


def convolved(name: str, operator: str, value: str, kernel: str, stride: int) -> dict[str, Any]:
    return entry(
        name,
        operator,
        value,
        kernel,
        strides={"list": {"i": ["1", str(stride), str(stride), "1"]}},
        dilations={"list": {"i": ["1"] * 4}},
        padding={"s": list(b"SAME")},
    )


@pytest.fixture
def weights() -> dict[str, Floats]:
    """Of a network that has every kind of layer once. Multiples of 1/64, which float16 holds exactly."""
    chance = np.random.default_rng(7)

    def some(*shape: int) -> Floats:
        return chance.integers(-64, 64, shape).astype(np.float32) / 64

    corners = np.sort(chance.random((1, CELLS, 2, 2)), axis=2).astype(np.float32)
    return {
        "depthwise": some(3, 3, 3, 1),
        "scale": some(3) * 16,  # so that some values pass 6
        "offset": some(3),
        "mean": some(3),
        "variance": np.abs(some(3)) + 1,
        "mix": some(3, 2, 3, 5),
        "factor": some(5),
        "BoxEncodingPredictor/weights": some(1, 1, 5, 4),
        "BoxEncodingPredictor/biases": some(4),
        "ClassPredictor/weights": some(1, 1, 5, CLASSES),
        "ClassPredictor/biases": some(CLASSES),
        "Postprocessor/ExpandDims": corners.reshape(1, CELLS, 4),
        "ConstantFolding/Postprocessor/Decode/div_recip": np.float32(0.1).reshape(()),
        "ConstantFolding/Postprocessor/Decode/div_2_recip": np.float32(0.2).reshape(()),
    }


@pytest.fixture
def nodes(weights: dict[str, Floats]) -> list[dict[str, Any]]:
    """The network: two convolutions, one of them by channel, and the two heads."""
    normalised = ("scale", "offset", "mean", "variance")
    heads = []
    for number, kind in enumerate(("BoxEncodingPredictor", "ClassPredictor")):
        end = f"_{number}" if number else ""
        heads += [
            convolved(f"{kind}/Conv2D", "Conv2D", "twice", f"{kind}/weights", 1),
            entry(f"{kind}/BiasAdd", "BiasAdd", f"{kind}/Conv2D", f"{kind}/biases"),
            entry(f"Reshape{end}", "Reshape", f"{kind}/BiasAdd", "shape"),
            entry(f"concat{end}", "ConcatV2", f"Reshape{end}", "axis"),
        ]
    return [
        *(entry(name, "Const") for name in weights),
        entry("Preprocessor/sub", "Sub", "loop", "one"),
        convolved("by channel", "DepthwiseConv2dNative", "Preprocessor/sub", "depthwise", 2),
        entry("normal", "FusedBatchNorm", "by channel", *normalised, epsilon={"f": 0.25}),
        entry("bounded", "Relu6", "normal"),
        convolved("mixed", "Conv2D", "bounded", "mix", 50),
        entry("scaled", "Mul", "mixed", "factor"),
        entry("twice", "AddN", "mixed", "scaled", "^bounded"),
        *heads,
    ]


def document(nodes: list[dict[str, Any]], weights: dict[str, Floats], **manifest: Any) -> bytes:
    """The `model.json` of a network whose weights lie in two shards."""
    listed = [
        {"name": name, "dtype": "float32", "shape": list(value.shape)} | manifest for name, value in weights.items()
    ]
    return json.dumps(
        {"modelTopology": {"node": nodes}, "weightsManifest": [{"paths": ["one", "two"], "weights": listed}]}
    ).encode()


def shards(weights: dict[str, Floats]) -> dict[str, bytes]:
    data = b"".join(value.tobytes() for value in weights.values())
    return {"one": data[:101], "two": data[101:]}


def by_hand(picture: NDArray[np.uint8], w: dict[str, Floats]) -> tuple[Floats, Floats]:
    """The network's boxes and person's scores, with TensorFlow's layout and padding, in NumPy."""
    scaled = picture.astype(np.float32) * np.float32(2 / 255) - 1
    padded = np.pad(scaled, ((0, 1), (0, 1), (0, 0)))  # SAME for a kernel of 3 and a step of 2: all of it after
    steps = range(3)
    filtered = sum(
        padded[y : y + SIDE : 2, x : x + SIDE : 2] * w["depthwise"][y, x, :, 0] for y in steps for x in steps
    )
    normal = (filtered - w["mean"]) / np.sqrt(w["variance"] + 0.25) * w["scale"] + w["offset"]
    bounded = np.clip(normal, 0, 6)
    mixed = sum(bounded[y::50, x::50] @ w["mix"][y, x] for y in range(3) for x in range(2))
    twice = mixed + mixed * w["factor"]
    codes, classes = (
        (twice @ w[f"{kind}/weights"][0, 0] + w[f"{kind}/biases"]).reshape(CELLS, -1)
        for kind in ("BoxEncodingPredictor", "ClassPredictor")
    )
    low, high = w["Postprocessor/ExpandDims"][0, :, :2], w["Postprocessor/ExpandDims"][0, :, 2:]
    centre, half = (low + high) / 2 + codes[:, :2] / 10 * (high - low), np.exp(codes[:, 2:] / 5) * (high - low) / 2
    return np.concatenate([centre - half, centre + half], axis=1), 1 / (1 + np.exp(-classes[:, 1]))


def test_the_converted_network_answers_as_the_original(nodes: list[dict[str, Any]], weights: dict[str, Floats]) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    model = people_network(read_graph(document(nodes, weights), shards(weights).__getitem__))
    found = answers(model, picture=picture[None])
    boxes, scores = by_hand(picture, weights)
    np.testing.assert_allclose(found["boxes"][0], boxes, atol=1e-4)
    np.testing.assert_allclose(found["scores"][0, :, 0], scores, atol=1e-4)


def test_an_operator_without_translation_is_named(nodes: list[dict[str, Any]], weights: dict[str, Floats]) -> None:
    changed = [node | {"op": "Softplus"} if node["op"] == "Relu6" else node for node in nodes]
    graph = read_graph(document(changed, weights), shards(weights).__getitem__)
    with pytest.raises(ModelError, match=r"'bounded'.*Softplus"):
        people_network(graph)


def test_a_missing_layer_is_named(nodes: list[dict[str, Any]], weights: dict[str, Floats]) -> None:
    graph = read_graph(document([n for n in nodes if n["name"] != "mixed"], weights), shards(weights).__getitem__)
    with pytest.raises(ModelError, match="no node 'mixed'"):
        people_network(graph)


@pytest.mark.parametrize(("cut", "message"), [(slice(-4), "of shards of"), (slice(None), "manifest tells of")])
def test_shards_of_another_length_are_refused(
    nodes: list[dict[str, Any]], weights: dict[str, Floats], cut: slice, message: str
) -> None:
    parts = shards(weights)
    parts["two"] = (parts["two"] + bytes(4 if cut.stop is None else 0))[cut]
    with pytest.raises(ModelError, match=message):
        read_graph(document(nodes, weights), parts.__getitem__)


def test_quantised_weights_are_refused(nodes: list[dict[str, Any]], weights: dict[str, Floats]) -> None:
    with pytest.raises(ModelError, match="quantised"):
        read_graph(document(nodes, weights, quantization={"dtype": "uint8"}), shards(weights).__getitem__)


@pytest.mark.parametrize("text", [b"", b"\xff", b"[]", b"{}", b'{"modelTopology": {"node": [{}]}}'])
def test_what_is_no_graph_model_is_refused(text: bytes) -> None:
    with pytest.raises(ModelError):
        read_graph(text, {}.__getitem__)
