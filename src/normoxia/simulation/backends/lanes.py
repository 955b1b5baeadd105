"""LLVM IR as text, for arithmetic on vectors of patients: one lane each, no lane ever looking at another.

`Lanes` writes the body of one function. Vectors live in one workspace in memory, addressed by row (one vector per
row). Exponential and logarithm are written out as polynomials, since vector mathematics libraries differ between
machines and are not always there.
Sources: exponential by reduction to |r| <= log(2)/2 and a Taylor polynomial of degree 12 (error below 2e-16); logarithm
with the reduction and coefficients of the freely distributable FDLIBM, Sun Microsystems 1993 (e_log.c).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from normoxia.simulation.evaluation import EXP_HIGH, EXP_LOW, TINY

#: 1.5 * 2**52: adding it rounds to an integer and leaves that integer in the low bits
ROUNDER = 6755399441055744.0
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
LOG_SERIES = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)


def bits(value: float) -> int:
    """The 64 bits of a double, as an unsigned integer."""
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def double(value: float) -> str:
    """A number as LLVM reads it, to the last bit."""
    return f"0x{bits(value):016X}"


class Lanes:
    """The text of one function over `width` lanes. Names it returns are SSA values."""

    def __init__(
        self, name: str, width: int, arguments: str = "ptr noalias %m", linkage: str = "internal"
    ) -> None:
        self.width = width
        self.vector = f"<{width} x double>"
        self.integers = f"<{width} x i64>"
        self.mask = f"<{width} x i1>"
        self.lines: list[str] = [f"define {linkage} void @{name}({arguments}) #0 {{", "entry:"]
        self.block = "entry"
        self._count = 0
        self._constants: dict[float, str] = {}

    def text(self) -> str:
        """The whole function."""
        return "\n".join([*self.lines, "  ret void", "}", ""])

    def new(self, text: str) -> str:
        """Write an instruction that gives a value; returns its name."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {text}")
        return name

    @contextmanager
    def rows(self, n: int) -> Iterator[str]:
        """A loop over rows 0...n-1; inside, `near` addresses rows relative to the one reached."""
        head, before = f"rows{self._count}", self.block
        self.do(f"br label %{head}")
        self.label(head)
        self._count += 1
        i, after = f"%i{self._count}", f"%j{self._count}"
        self.do(f"{i} = phi i64 [ 0, %{before} ], [ {after}, %{head} ]")
        offset = self.new(f"mul i64 {i}, {self.width}")
        yield self.new(f"getelementptr double, ptr %m, i64 {offset}")
        self.do(f"{after} = add i64 {i}, 1")
        more = self.new(f"icmp slt i64 {after}, {n}")
        self.do(f"br i1 {more}, label %{head}, label %{head}.end")
        self.label(f"{head}.end")

    def near(self, pointer: str, row: int) -> str:
        """The vector `row` rows after a pointer."""
        at = self.new(f"getelementptr double, ptr {pointer}, i64 {row * self.width}")
        return self.new(f"load {self.vector}, ptr {at}, align {8 * self.width}")

    def put(self, value: str, pointer: str, row: int) -> None:
        """Store a vector `row` rows after a pointer."""
        at = self.new(f"getelementptr double, ptr {pointer}, i64 {row * self.width}")
        self.do(f"store {self.vector} {value}, ptr {at}, align {8 * self.width}")

    def do(self, text: str) -> None:
        """Write an instruction that gives no value."""
        self.lines.append(f"  {text}")

    def label(self, name: str) -> None:
        """Begin a basic block."""
        self.lines.append(f"{name}:")
        self.block = name

    # memory --------------------------------------------------------------------------------------------------

    def at(self, row: int | str, lane: int | str = 0) -> str:
        """The address of a row (a number, or an i64 name), or of one lane of it."""
        if isinstance(row, int) and isinstance(lane, int):
            return self.new(f"getelementptr inbounds double, ptr %m, i64 {row * self.width + lane}")
        scaled = (
            f"{row * self.width}"
            if isinstance(row, int)
            else self.new(f"mul i64 {row}, {self.width}")
        )
        where = self.new(f"add i64 {scaled}, {lane}")
        return self.new(f"getelementptr inbounds double, ptr %m, i64 {where}")

    def load(self, row: int | str) -> str:
        """The vector in a row."""
        return self.new(f"load {self.vector}, ptr {self.at(row)}, align {8 * self.width}")

    def store(self, value: str, row: int | str) -> None:
        """Store a vector in a row."""
        self.do(f"store {self.vector} {value}, ptr {self.at(row)}, align {8 * self.width}")

    # arithmetic ----------------------------------------------------------------------------------------------

    def constant(self, value: float) -> str:
        """A vector of one number."""
        if value not in self._constants or value == 0.0:
            one = f"double {double(value)}"
            self._constants[value] = "<" + ", ".join([one] * self.width) + ">"
        return self._constants[value]

    def whole(self, value: int) -> str:
        """A vector of one integer."""
        return "<" + ", ".join([f"i64 {value}"] * self.width) + ">"

    def _binary(self, op: str, a: str, b: str) -> str:
        return self.new(f"{op} contract {self.vector} {a}, {b}")

    def add(self, a: str, b: str) -> str:
        """The sum a + b."""
        return self._binary("fadd", a, b)

    def sub(self, a: str, b: str) -> str:
        """The difference a - b."""
        return self._binary("fsub", a, b)

    def mul(self, a: str, b: str) -> str:
        """The product a*b."""
        return self._binary("fmul", a, b)

    def div(self, a: str, b: str) -> str:
        """The quotient a/b."""
        return self._binary("fdiv", a, b)

    def fma(self, a: str, b: str, c: str) -> str:
        """a*b + c."""
        v = self.vector
        return self.new(f"call {v} @llvm.fma.v{self.width}f64({v} {a}, {v} {b}, {v} {c})")

    def compare(self, test: str, a: str, b: str) -> str:
        """The mask of lanes for which a test of LLVM's fcmp holds."""
        return self.new(f"fcmp {test} {self.vector} {a}, {b}")

    def both(self, a: str, b: str) -> str:
        """The mask of lanes in both masks."""
        return self.new(f"and {self.mask} {a}, {b}")

    def either(self, a: str, b: str) -> str:
        """The mask of lanes in at least one of two masks."""
        return self.new(f"or {self.mask} {a}, {b}")

    def no(self, a: str) -> str:
        """The mask of lanes that are not in a mask."""
        return self.new(f"xor {self.mask} {a}, <{', '.join(['i1 true'] * self.width)}>")

    def select(self, mask: str, a: str, b: str) -> str:
        """Take a in the lanes of a mask and b in the others."""
        return self.new(f"select {self.mask} {mask}, {self.vector} {a}, {self.vector} {b}")

    def number(self, mask: str) -> str:
        """1 in the lanes of a mask, 0 in the others."""
        return self.select(mask, self.constant(1.0), self.constant(0.0))

    def larger(self, a: str, b: str) -> str:
        """The larger; b when either is not a number."""
        return self.select(self.compare("ogt", a, b), a, b)

    def smaller(self, a: str, b: str) -> str:
        """The smaller; b when either is not a number."""
        return self.select(self.compare("olt", a, b), a, b)

    def function(self, name: str, a: str) -> str:
        """An intrinsic of LLVM that takes one vector."""
        return self.new(f"call {self.vector} @llvm.{name}.v{self.width}f64({self.vector} {a})")

    def any(self, mask: str) -> str:
        """Whether any lane is in a mask."""
        packed = self.new(f"bitcast {self.mask} {mask} to i{self.width}")
        return self.new(f"icmp ne i{self.width} {packed}, 0")

    def polynomial(self, x: str, coefficients: Sequence[float]) -> str:
        """coefficients[0] + coefficients[1] x + ..., in pairs, so that fewer operations wait for one another."""
        parts = [
            self.fma(self.constant(coefficients[k + 1]), x, self.constant(coefficients[k]))
            if k + 1 < len(coefficients)
            else self.constant(coefficients[k])
            for k in range(0, len(coefficients), 2)
        ]
        power = x
        while len(parts) > 1:
            power = self.mul(power, power)
            parts = [
                self.fma(parts[k + 1], power, parts[k]) if k + 1 < len(parts) else parts[k]
                for k in range(0, len(parts), 2)
            ]
        return parts[0]

    def exp(self, x: str) -> str:
        """E to the x; exactly 0 below the range of doubles, the largest power above it, not-a-number stays."""
        high = self.constant(EXP_HIGH)
        bounded = self.select(self.compare("ogt", x, high), high, x)
        shifted = self.fma(bounded, self.constant(1.0 / math.log(2.0)), self.constant(ROUNDER))
        n = self.sub(shifted, self.constant(ROUNDER))
        r = self.fma(n, self.constant(-LN2_HIGH), bounded)
        r = self.fma(n, self.constant(-LN2_LOW), r)
        tail = self.polynomial(r, [1.0 / math.factorial(k) for k in range(2, 13)])
        p = self.add(self.fma(self.mul(r, r), tail, r), self.constant(1.0))
        whole = self.new(f"bitcast {self.vector} {shifted} to {self.integers}")
        power = self.new(f"shl {self.integers} {whole}, {self.whole(52)}")
        base = self.new(f"bitcast {self.vector} {p} to {self.integers}")
        scaled = self.new(f"add {self.integers} {base}, {power}")
        result = self.new(f"bitcast {self.integers} {scaled} to {self.vector}")
        small = self.compare("ole", x, self.constant(EXP_LOW))
        wrong = self.compare("uno", x, x)
        return self.select(small, self.constant(0.0), self.select(wrong, x, result))

    def log(self, x: str) -> str:
        """The natural logarithm of the larger of x and the smallest allowed; not-a-number stays."""
        tiny = self.constant(TINY)
        bounded = self.select(self.compare("olt", x, tiny), tiny, x)
        word = self.new(f"bitcast {self.vector} {bounded} to {self.integers}")
        middle = bits(math.sqrt(0.5))
        offset = self.new(f"sub {self.integers} {word}, {self.whole(middle)}")
        exponent = self.new(f"ashr {self.integers} {offset}, {self.whole(52)}")
        power = self.new(f"shl {self.integers} {exponent}, {self.whole(52)}")
        mantissa = self.new(f"sub {self.integers} {word}, {power}")
        m = self.new(f"bitcast {self.integers} {mantissa} to {self.vector}")
        lifted = self.new(f"add {self.integers} {exponent}, {self.whole(bits(ROUNDER))}")
        k = self.sub(
            self.new(f"bitcast {self.integers} {lifted} to {self.vector}"), self.constant(ROUNDER)
        )
        f = self.sub(m, self.constant(1.0))
        s = self.div(f, self.add(f, self.constant(2.0)))
        z = self.mul(s, s)
        series = self.mul(z, self.polynomial(z, LOG_SERIES))
        half = self.mul(self.constant(0.5), self.mul(f, f))
        tail = self.fma(s, self.add(half, series), self.mul(k, self.constant(LN2_LOW)))
        result = self.fma(k, self.constant(LN2_HIGH), self.sub(f, self.sub(half, tail)))
        usual = self.compare("olt", bounded, self.constant(math.inf))
        return self.select(usual, result, bounded)

    def tanh(self, x: str) -> str:
        """The hyperbolic tangent, accurate in absolute terms."""
        e = self.exp(self.add(x, x))
        one = self.constant(1.0)
        return self.sub(one, self.div(self.constant(2.0), self.add(e, one)))


def declarations(width: int) -> str:
    """The intrinsics used, and the attributes of every function."""
    v = f"<{width} x double>"
    unary = "".join(
        f"declare {v} @llvm.{name}.v{width}f64({v})\n" for name in ("sqrt", "fabs", "floor", "ceil")
    )
    wide = 64 * width
    attributes = (
        f'"prefer-vector-width"="{wide}" "min-legal-vector-width"="{wide}"' if width == 8 else ""
    )
    return (
        f"declare {v} @llvm.fma.v{width}f64({v}, {v}, {v})\n{unary}"
        f"attributes #0 = {{ nounwind {attributes} }}\n"
    )
