"""Documents broken in every way that people, editors, disks and people of ill will break them; drawn from a seed.

Two ways: a mutation of the plain values, written as YAML again, and one of the text itself.
"""

from __future__ import annotations

import copy
import datetime
import random
from collections.abc import Callable, Iterator

import yaml

Path = tuple[object, ...]

#: what a value may turn into
ODD: tuple[object, ...] = (
    float("nan"),
    float("inf"),
    float("-inf"),
    1e308,
    -1e308,
    5e-324,
    -0.0,
    10**400,
    -(10**30),
    2**63,
    0,
    -1,
    1,
    1.5,
    True,
    False,
    None,
    "",
    " ",
    "no",
    "yes",
    "null",
    "~",
    "nan",
    "inf",
    "1e400",
    "0o17",
    "0x1F",
    "017",
    "1_000",
    "12:30:45",
    "1,5",
    "1.200,5",
    "½",
    "٣",
    "\u202eabc",
    "é" * 3,
    "a" * 5000,
    "x\ny",
    "\t",
    "{}",
    "[]",
    "*",
    "&a",
    "!!python/object:os.system x",
    "%",
    "@",
    "`",
    "#",
    "- -",
    "1/day",
    "mg",
    "mg**1e9",
    "1/(1/(1/day))",
    "x**x",
    "where(x > 1, x, 1)",
    "f(f(f(x)))",
    "x" * 300,
    "(" * 300,
    "1/0",
    "exp(1e9)",
    "../../../../etc/passwd",
    "/dev/null",
    "no/such/file.yaml",
    "nsclc",
    "impower150",
    "anlotinib 12 mg daily",
    "q3w",
    "NA",
    "none",
    [],
    {},
    [[]],
    [None],
    {"": ""},
    [1, [2, [3, [4]]]],
    {"a": {"b": {"c": 1}}},
    [float("nan")] * 3,
    list(range(40)),
    {"en": 1, "zh": None},
    datetime.date(2024, 2, 29),
    datetime.datetime(1, 1, 1, 0, 0),
    b"\x00\xff",
    {1: 2, None: 3, 2.5: 4},
    "6 weeks",
    "-6 weeks",
    "1e9 years",
)

#: what a piece of text may turn into
SCRAPS: tuple[str, ...] = (
    "",
    " ",
    "\t",
    "\n",
    "\r",
    "\x00",
    "\ufeff",
    "\u2028",
    "é",
    "缺氧",
    "😀",
    "'",
    '"',
    ":",
    ": ",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "#",
    "&a ",
    "*a",
    "*b",
    "!!int ",
    "!!float x",
    "!!bool maybe",
    "!!timestamp no",
    "!!binary ~",
    "!!set ",
    "!!omap ",
    "!x ",
    "%YAML 9.9\n",
    "---\n",
    "...\n",
    "|\n",
    ">\n",
    "<<: ",
    ".nan",
    ".inf",
    "-.inf",
    "1e999",
    "9" * 400,
    "9" * 5000,
    "0x" + "f" * 400,
    "190:20:30",
    "2024-99-99",
    "2001-01-01 00:00:00 +99:99",
    '"\\x00"',
    '"\\ud800"',
    '"\\U00110000"',
    "[" * 70,
    "{a: " * 70,
    "&a [*a, *a]",
    "yes",
    "off",
    "= ",
    "@",
    "`",
)


def broken(text: str, seed: int) -> str | bytes:
    """A document broken in a way that a seed names; by its values or by its text, in one place or in a few."""
    chance = random.Random(seed)
    if chance.random() < 0.6:
        value = copy.deepcopy(yaml.load(text, Loader=yaml.CSafeLoader))
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            value = _mutated(value, chance)
        return yaml.dump(
            value, Dumper=_Dumper, sort_keys=False, allow_unicode=chance.random() < 0.5, width=1000
        )
    mutated: str | bytes = text
    for _ in range(chance.choice((1, 1, 2, 8))):
        assert isinstance(mutated, str)
        mutated = chance.choice(TEXTUAL)(mutated, chance)
    assert isinstance(mutated, str)
    if chance.random() < 0.1:
        return _flipped(mutated.encode(), chance)
    return mutated


class _Dumper(yaml.SafeDumper):
    """Writes whatever value stands there."""


def _mutated(root: object, chance: random.Random) -> object:
    paths = list(_paths(root, ()))
    if len(paths) < 2:
        return chance.choice(ODD)
    path = chance.choice(paths[1:])
    holder = _at(root, path[:-1])
    kind = chance.random()
    if kind < 0.5:
        _set(holder, path[-1], copy.deepcopy(chance.choice(ODD)))
    elif kind < 0.62:
        _remove(holder, path[-1])
    elif kind < 0.72:
        _set(holder, path[-1], copy.deepcopy(_at(root, chance.choice(paths))))
    elif kind < 0.78:
        other = chance.choice(paths[1:])
        one, two = _at(root, path), _at(root, other)
        if path[: len(other)] != other and other[: len(path)] != path:
            _set(holder, path[-1], two)
            _set(_at(root, other[:-1]), other[-1], one)
    elif kind < 0.84 and isinstance(holder, dict):
        holder[
            chance.choice((str(path[-1])[:-1], f"{path[-1]}s", str(path[-1]).upper(), "", 7))
        ] = holder.pop(path[-1])
    elif kind < 0.90:
        _set(holder, path[-1], _nested(_at(root, path), chance.choice((1, 3, 30, 80)), chance))
    elif kind < 0.95:
        value = _at(root, path)
        if isinstance(value, str):
            cut = chance.randrange(len(value) + 1)
            _set(
                holder,
                path[-1],
                value[:cut] + chance.choice(SCRAPS).replace("\x00", "") + value[cut:],
            )
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            _set(
                holder,
                path[-1],
                chance.choice(
                    (
                        -value,
                        value * 1e6,
                        value * 1e-6,
                        str(value),
                        [value],
                        int(value) if value == value and abs(value) < 1e300 else 0,
                    )
                ),
            )
        elif isinstance(value, list):
            _set(holder, path[-1], value * chance.choice((0, 2, 50)))
    else:
        _set(
            holder,
            path[-1],
            _at(root, path[:-1]) if chance.random() < 0.3 else {"x": _at(root, path)},
        )
        return (
            yaml.load(_safe_dump(root), Loader=yaml.CSafeLoader)
            if not _is_circular(root)
            else _circular(root)
        )
    return root


def _is_circular(value: object, above: tuple[int, ...] = ()) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    if id(value) in above:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_is_circular(item, (*above, id(value))) for item in inner)


def _circular(value: object) -> object:
    """A value that contains itself stays so: it is written with an anchor."""
    return value


def _safe_dump(value: object) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def _paths(value: object, at: Path, above: tuple[int, ...] = ()) -> Iterator[Path]:
    if id(value) in above or len(at) > 40:
        return
    yield at
    if isinstance(value, dict):
        for key, item in list(value.items()):
            yield from _paths(item, (*at, key), (*above, id(value)))
    elif isinstance(value, list):
        for index, item in enumerate(value[:60]):
            yield from _paths(item, (*at, index), (*above, id(value)))


def _at(value: object, path: Path) -> object:
    for key in path:
        value = value[key]  # type: ignore[index]
    return value


def _set(holder: object, key: object, value: object) -> None:
    holder[key] = value  # type: ignore[index]


def _remove(holder: object, key: object) -> None:
    del holder[key]  # type: ignore[attr-defined]


def _nested(value: object, depth: int, chance: random.Random) -> object:
    for _ in range(depth):
        value = [value] if chance.random() < 0.5 else {"x": value}
    return value


# --- by the text -----------------------------------------------------------------------------------------------------


def _cut(text: str, chance: random.Random) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _inserted(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(SCRAPS) + text[at:]


def _replaced(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(SCRAPS) + text[at + chance.randrange(1, 12) :]


def _removed_line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def _doubled_line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    return "\n".join([*lines[:at], lines[at], *lines[at:]])


def _swapped_lines(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return "\n".join(lines)


def _indented(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    lines[at] = (
        lines[at].lstrip()
        if chance.random() < 0.3
        else chance.choice((" ", "  ", "\t")) + lines[at]
    )
    return "\n".join(lines)


def _flipped(raw: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(raw or b"\x00")
    for _ in range(chance.choice((1, 3, 20))):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


TEXTUAL: tuple[Callable[[str, random.Random], str], ...] = (
    _cut,
    _inserted,
    _inserted,
    _replaced,
    _replaced,
    _removed_line,
    _doubled_line,
    _swapped_lines,
    _indented,
)


def damaged(raw: bytes, seed: int) -> bytes:
    """Bytes of a file as a failing disk leaves them: bits flipped, cut short, or zeros where a block was."""
    chance = random.Random(seed)
    kind = chance.random()
    if kind < 0.5:
        return _flipped(raw, chance)
    if kind < 0.8:
        return raw[: chance.randrange(len(raw))]
    at = chance.randrange(len(raw))
    return raw[:at] + bytes(min(len(raw) - at, 512)) + raw[at + 512 :]
