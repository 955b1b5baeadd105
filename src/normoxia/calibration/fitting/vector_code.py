"""LLVM IR of a loop over states, its body written out instruction by instruction for vectors of states.

The body is straight code on values named by the emitter; rows of arrays are addressed from the state at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from normoxia.simulation.backends.machine import Machine, lanes_here


def padded(n: int) -> int:
    """The least number of states from n on that fills whole vectors."""
    width = lanes_here()
    return -(-n // width) * width


class VectorCode:
    """The text of one function over `width` states at once.

    Parameters
    ----------
    width
        States in a vector.
    number
        Type of every number, "double" or "float".
    """

    def __init__(self, width: int, number: str) -> None:
        self.width, self.number = width, number
        self.vector = f"<{width} x {number}>"
        self.lines: list[str] = []
        self._count = 0

    def function(self, name: str, pointers: Sequence[str], strides: Sequence[str] = ()) -> Any:
        """The compiled function: of addresses, the number of states (which fills whole vectors), and strides in elements."""
        integers = ("n", *strides)
        arguments = [f"ptr %{p}" for p in pointers] + [f"i64 %{i}" for i in integers]
        text = [
            f"declare {self.vector} @{self._root_name}({self.vector})",
            f"define void @{name}({', '.join(arguments)}) {{",
            "entry:",
            "  br label %states",
            "states:",
            "  %at = phi i64 [0, %entry], [%next, %states]",
            *self.lines,
            f"  %next = add i64 %at, {self.width}",
            "  %more = icmp ult i64 %next, %n",
            "  br i1 %more, label %states, label %done",
            "done:",
            "  ret void",
            "}",
            "",
        ]
        machine = Machine("\n".join(text))
        function = machine.function(name, len(pointers), len(integers))
        function.machine = machine  # the code lives as long as its machine
        return function

    @property
    def _root_name(self) -> str:
        return f"llvm.sqrt.v{self.width}f{64 if self.number == 'double' else 32}"

    def new(self, text: str) -> str:
        """The name of what an instruction gives."""
        self._count += 1
        self.lines.append(f"  %v{self._count} = {text}")
        return f"%v{self._count}"

    def op(self, name: str, one: str, other: str) -> str:
        """One operation of two vectors, which may be contracted with the next."""
        return self.new(f"{name} contract {self.vector} {one}, {other}")

    def plus(self, value: str, one: str, other: str) -> str:
        """A value plus a product."""
        return self.op("fadd", value, self.op("fmul", one, other))

    def minus(self, value: str, one: str, other: str) -> str:
        """A value less a product."""
        return self.op("fsub", value, self.op("fmul", one, other))

    def negative(self, value: str) -> str:
        """A value with the other sign."""
        return self.new(f"fneg {self.vector} {value}")

    def root(self, value: str) -> str:
        """A square root."""
        return self.new(f"call {self.vector} @{self._root_name}({self.vector} {value})")

    def splat(self, number: str) -> str:
        """A constant."""
        return "<" + ", ".join([f"{self.number} {number}"] * self.width) + ">"

    def scalar(self, name: str, index: int) -> str:
        """A number of an array, the same at every state."""
        address = self.new(f"getelementptr {self.number}, ptr %{name}, i64 {index}")
        single = self.new(f"load {self.number}, ptr {address}")
        first = self.new(f"insertelement {self.vector} undef, {self.number} {single}, i32 0")
        zeros = "<" + ", ".join(["i32 0"] * self.width) + ">"
        return self.new(
            f"shufflevector {self.vector} {first}, {self.vector} undef, <{self.width} x i32> {zeros}"
        )

    def load(self, name: str, row: int, block: int = 0, stride: str = "") -> str:
        """A row of an array at the states at hand; `block` times the stride further on."""
        address = self._address(name, row, block, stride)
        return self.new(f"load {self.vector}, ptr {address}, align {self._alignment}")

    def store(self, name: str, row: int, value: str, block: int = 0, stride: str = "") -> None:
        """Write a row of an array at the states at hand."""
        address = self._address(name, row, block, stride)
        self.lines.append(f"  store {self.vector} {value}, ptr {address}, align {self._alignment}")

    @property
    def _alignment(self) -> int:
        return 8 if self.number == "double" else 4

    def _address(self, name: str, row: int, block: int, stride: str) -> str:
        offset = self.new(f"mul i64 %n, {row}")
        offset = self.new(f"add i64 {offset}, %at")
        if block:
            further = self.new(f"mul i64 %{stride}, {block}")
            offset = self.new(f"add i64 {offset}, {further}")
        return self.new(f"getelementptr {self.number}, ptr %{name}, i64 {offset}")
