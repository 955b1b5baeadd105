"""A digest depends on the value alone; a seal shows every change of every bit."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from normoxia.digests import digest_of, has_seal, is_whole, open_seal, sealed
from normoxia.documents import Place


class Colour(enum.Enum):
    RED = 1


@dataclass(frozen=True)
class Leaf:
    number: float
    place: Place = field(default=Place("a.yaml", 3), compare=False)
    where: Place = field(default=Place("a.yaml", 3))


@dataclass(frozen=True)
class Twig:
    number: float


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(), inner) | st.builds(Leaf, st.floats())
    ),
    max_leaves=8,
)


def test_places_order_and_containers_do_not_count() -> None:
    assert digest_of(Leaf(1.0)) == digest_of(
        Leaf(1.0, Place("/elsewhere/a.yaml", 9), Place("b.yaml"))
    )
    assert digest_of({"a": 1, "b": 2.5}) == digest_of(MappingProxyType({"b": 2.5, "a": 1}))
    assert digest_of(frozenset("abc")) == digest_of(frozenset("cab"))
    assert digest_of([1, 2]) == digest_of((1, 2))
    assert digest_of(np.float64(0.1)) == digest_of(0.1)
    assert digest_of(Path("/here/drug.yaml")) == digest_of(Path("/there/drug.yaml"))
    assert digest_of(float("nan")) == digest_of(-float("nan"))


def test_everything_else_counts() -> None:
    different = [
        None,
        True,
        False,
        0,
        1,
        1.0,
        -0.0,
        0.0,
        float("nan"),
        float("inf"),
        "",
        "1",
        "a",
        b"a",
        [],
        {},
        [[]],
        ["a", "b"],
        ["ab"],
        [1, [2]],
        [[1], 2],
        {"a": "b"},
        {"a": {}},
        ["a", "b", []],
        Leaf(1.0),
        Twig(1.0),
        Colour.RED,
        "Colour.RED",
        frozenset(),
        np.array([1.0]),
        np.array([1]),
        np.array([[1.0]]),
        Path("a.yamlx"),
    ]
    assert len({digest_of(value) for value in different}) == len(different)


def test_what_has_no_digest_says_so() -> None:
    with pytest.raises(TypeError, match="object has no digest"):
        digest_of(object())


def test_the_digest_is_that_of_every_machine_and_version() -> None:
    """Worked by hand: sha256 of `l(` `i1;` `s1:a` `f0x1.8000000000000p+0;` `)`, as coreutils' sha256sum gives it."""
    assert (
        digest_of([1, "a", 1.5])
        == "c6e2f95a409b6678054060991610dc48c34080f41c17634bad5105d47aff5529"
    )


@given(VALUES, VALUES)
def test_a_digest_is_of_the_value(one: object, other: object) -> None:
    assert digest_of(one) == digest_of(one)
    if digest_of(one) == digest_of(other):
        assert repr(one).replace("-nan", "nan") == repr(other).replace("-nan", "nan")


def content(identity: object, size: int = 40) -> bytes:
    return sealed(bytes(range(size)) + open_seal(identity).encode() + b"rest", identity)


def test_a_seal_says_what_it_belongs_to() -> None:
    one = content({"seed": 1})
    assert is_whole(one)
    assert is_whole(one, {"seed": 1})
    assert not is_whole(one, {"seed": 2})
    assert not is_whole(b"")
    assert not is_whole(b"no seal at all", {"seed": 1})
    assert not is_whole(open_seal({"seed": 1}).encode(), {"seed": 1})


def test_every_bit_counts() -> None:
    """All of them, one by one."""
    one = content({"seed": 1})
    for bit in range(8 * len(one)):
        changed = bytearray(one)
        changed[bit // 8] ^= 1 << bit % 8
        assert not is_whole(bytes(changed), {"seed": 1})
        assert not is_whole(bytes(changed))


@given(st.binary(max_size=60), st.integers(0, 400), st.integers(0, 400))
@example(b"", 0, 1)
def test_whatever_is_cut_or_put_in_is_seen(more: bytes, start: int, end: int) -> None:
    one = content({"seed": 1})
    changed = one[:start] + more + one[end:]
    assert is_whole(changed, {"seed": 1}) == (changed == one)
    assert is_whole(changed) == (changed == one)


def test_a_second_seal_in_the_content_does_no_harm() -> None:
    text = content({"seed": 2}) + open_seal({"seed": 1}).encode()
    both = sealed(text, {"seed": 1})
    assert is_whole(both, {"seed": 1})
    assert has_seal(both)
    assert not is_whole(both + b" ", {"seed": 1})
    assert not is_whole(both + b" ")
