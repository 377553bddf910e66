"""An ONNX file, written with NumPy alone: a graph is a handful of protobuf messages: tags, lengths and bytes.

The numbers in the calls are the field numbers of the format's onnx.proto.
"""

import struct
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

Attribute = int | float | str | Sequence[int]

IR_VERSION = 8
OPSET = 17
ELEMENT = {"float32": 1, "uint8": 2, "int64": 7, "float16": 10}
FLOAT, INT, STRING, INTS = 1, 2, 3, 7  # AttributeProto.AttributeType


class OnnxGraph:
    """A graph under construction. Values go by name; `bytes(graph)` is the file."""

    def __init__(self, name: str, producer: str) -> None:
        self._name = name
        self._producer = producer
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._names = 0

    def take(self, name: str, dtype: str, shape: Sequence[int]) -> str:
        """Declare an input of the whole graph."""
        self._inputs.append(described(name, dtype, shape))
        return name

    def give(self, value: str, name: str, dtype: str, shape: Sequence[int]) -> None:
        """Declare `value` an output of the whole graph, called `name`."""
        self._nodes.append(text(1, value) + text(2, name) + text(4, "Identity"))
        self._outputs.append(described(name, dtype, shape))

    def constant(self, array: NDArray[Any]) -> str:
        """A constant (an "initializer"); a float array stays in the precision in which it comes."""
        name = self._fresh()
        dims = b"".join(number(1, size) for size in array.shape)
        little_endian = array.astype(array.dtype.newbyteorder("<")).tobytes()
        self._constants.append(dims + number(2, ELEMENT[array.dtype.name]) + text(8, name) + block(9, little_endian))
        return name

    def node(self, operator: str, inputs: Sequence[str], **attributes: Attribute) -> str:
        """Apply an operator that has one output; returns the name of its value."""
        return self.nodes(operator, inputs, 1, **attributes)[0]

    def nodes(self, operator: str, inputs: Sequence[str], count: int, **attributes: Attribute) -> list[str]:
        """Apply an operator that has `count` outputs; returns the names of their values."""
        outputs = [self._fresh() for _ in range(count)]
        message = b"".join(text(1, name) for name in inputs) + b"".join(text(2, name) for name in outputs)
        message += text(4, operator) + b"".join(block(5, attribute(*item)) for item in attributes.items())
        self._nodes.append(message)
        return outputs

    def __bytes__(self) -> bytes:
        graph = b"".join(block(1, node) for node in self._nodes) + text(2, self._name)
        for field, messages in ((5, self._constants), (11, self._inputs), (12, self._outputs)):
            graph += b"".join(block(field, message) for message in messages)
        operators = text(1, "") + number(2, OPSET)
        return number(1, IR_VERSION) + text(2, self._producer) + block(7, graph) + block(8, operators)

    def _fresh(self) -> str:
        self._names += 1
        return f"v{self._names}"


def described(name: str, dtype: str, shape: Sequence[int]) -> bytes:
    """ValueInfoProto: a value's name, element type and shape."""
    dims = b"".join(block(1, number(1, size)) for size in shape)
    return text(1, name) + block(2, block(1, number(1, ELEMENT[dtype]) + block(2, dims)))


def attribute(name: str, value: Attribute) -> bytes:
    """AttributeProto: a whole number, a real one, a word, or a list of whole numbers."""
    match value:
        case int():
            return text(1, name) + number(3, value) + number(20, INT)
        case float():
            return text(1, name) + varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, FLOAT)
        case str():
            return text(1, name) + text(4, value) + number(20, STRING)
        case _:
            return text(1, name) + b"".join(number(8, size) for size in value) + number(20, INTS)


def number(field: int, value: int) -> bytes:
    """A field that holds a whole number."""
    return varint(field << 3) + varint(value)


def text(field: int, value: str) -> bytes:
    """A field that holds text."""
    return block(field, value.encode())


def block(field: int, value: bytes) -> bytes:
    """A field that holds bytes or another message."""
    return varint(field << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; a negative number in two's complement of 64 bits."""
    rest = value & (1 << 64) - 1
    coded = bytearray()
    while rest > 0x7F:
        coded.append(rest & 0x7F | 0x80)
        rest >>= 7
    coded.append(rest)
    return bytes(coded)
