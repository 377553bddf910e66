"""A TensorFlow.js graph model: `model.json` tells the nodes and where in the shards beside it the weights lie."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


class ModelError(ValueError):
    """A model that isn't what the conversion expects: the message says where and what was expected."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operation: what it does, to which nodes' values, and how (TensorFlow's attributes, as in the file)."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def whole_numbers(self, attribute: str) -> list[int]:
        """A list attribute such as `strides`."""
        return [int(value) for value in self.attributes[attribute]["list"]["i"]]

    def word(self, attribute: str) -> str:
        """A text attribute such as `padding`; the file has its bytes as a list."""
        return bytes(self.attributes[attribute]["s"]).decode()


@dataclass(frozen=True, slots=True)
class TfjsGraph:
    """The nodes and the values of the constant ones, by name."""

    nodes: Mapping[str, Node]
    weights: Mapping[str, NDArray[Any]]

    def node(self, name: str) -> Node:
        """The node of this name."""
        if name not in self.nodes:
            raise ModelError(f"model.json: no node {name!r}; is this another version of the model?")
        return self.nodes[name]

    def weight(self, name: str) -> NDArray[Any]:
        """The value of the constant of this name."""
        if name not in self.weights:
            raise ModelError(f"model.json: no weights called {name!r}; is this another version of the model?")
        return self.weights[name]


def read_graph(document: bytes, shard: Callable[[str], bytes]) -> TfjsGraph:
    """Read `model.json`; `shard` gives the bytes of a file beside it by its name."""
    try:
        model = json.loads(document)
        nodes = [node_of(entry) for entry in model["modelTopology"]["node"]]
        weights: dict[str, NDArray[Any]] = {}
        for group in model["weightsManifest"]:
            weights |= sliced(b"".join(map(shard, group["paths"])), group["weights"])
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelError(f"model.json is not a TensorFlow.js graph model: {error!r}") from error
    return TfjsGraph({node.name: node for node in nodes}, weights)


def node_of(entry: Mapping[str, Any]) -> Node:
    """A node; of its inputs those that carry values, without the number of the output they come from."""
    inputs = tuple(name.split(":")[0] for name in entry.get("input", ()) if not name.startswith("^"))
    return Node(entry["name"], entry["op"], inputs, entry.get("attr", {}))


def sliced(data: bytes, manifest: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[Any]]:
    """The arrays that lie one after the other in `data`."""
    weights: dict[str, NDArray[Any]] = {}
    at = 0
    for entry in manifest:
        name, dtype, shape = entry["name"], entry["dtype"], entry["shape"]
        if "quantization" in entry or dtype not in ("float32", "int32"):
            raise ModelError(f"weights {name!r}: {dtype}, quantised or not, where plain float32 or int32 was expected")
        count = math.prod(shape)
        if at + 4 * count > len(data):
            raise ModelError(f"weights {name!r}: end at byte {at + 4 * count} of shards of {len(data)} bytes")
        weights[name] = np.frombuffer(data, np.dtype(dtype).newbyteorder("<"), count, at).reshape(shape)
        at += 4 * count
    if at != len(data):
        raise ModelError(f"the shards hold {len(data)} bytes where the manifest tells of {at}")
    return weights
