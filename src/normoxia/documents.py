"""YAML as nodes that remember their file and line, and findings that are collected before anything is raised.

The only door to the YAML library. A reader walks the nodes, notes every finding, and calls
`Findings.raise_any` once at the end, so that a document with five mistakes yields five findings.
Accessors return a neutral value after noting a finding, so that reading can go on.

Two kindnesses to people who write formulas: 1e-4 is a number, and between braces a comma ends a value only when a
key and a colon follow, so that `{rate: k*up(h, a), title: this, that}` has two entries. In lists, only a comma inside
round brackets is part of the value.

A document has bounds, so that no text of a few hundred bytes can ask for hours: MAX_CHARACTERS, MAX_DEPTH, and a number
of values in proportion to its length, which a document whose aliases multiply themselves goes beyond.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from normoxia.errors import InvalidDocument, did_you_mean, shortened

_STRING = "tag:yaml.org,2002:str"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: the longest document; the longest shipped one has 118 thousand characters
MAX_CHARACTERS = 4_000_000
#: values inside values; shipped documents have at most eight
MAX_DEPTH = 64
#: values that aliases may add to those that are written, beside two a character
MAX_REPEATED = 100_000
#: the most findings that a message prints
_PRINTED = 200
#: an integer with more bits has no floating-point number
_BITS = 1023


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: file, line (from 1), and the path of keys that leads to it."""

    file: str
    line: int = 0
    key: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}" if self.key else where


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake in a document: where, what was found, what was expected or what to do."""

    place: Place
    found: str
    expected: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.found}" + (f"; {self.expected}" if self.expected else "")


@dataclass(slots=True)
class Findings:
    """A growing list of findings."""

    items: list[Finding] = field(default_factory=list)

    def note(self, place: Place, found: str, expected: str = "") -> None:
        """Append a finding: what was found at a place and, if given, what was expected."""
        self.items.append(Finding(place, found, expected))

    def raise_any(self, kind: type[InvalidDocument] = InvalidDocument) -> None:
        """Raise one error that lists every finding in the order of the text, if there is any."""
        if not self.items:
            return
        ordered = sorted(self.items, key=lambda f: (f.place.file, f.place.line))
        count = f"{len(ordered)} findings" if len(ordered) > 1 else "1 finding"
        lines = [f"  {f}" for f in ordered[:_PRINTED]]
        if len(ordered) > _PRINTED:
            lines.append(f"  and {len(ordered) - _PRINTED} more; mend these first")
        raise kind("\n".join([count + ":", *lines]), ordered)


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a document: a mapping of nodes, a list of nodes, or a scalar (str, int, float, bool, None)."""

    value: Mapping[str, Node] | Sequence[Node] | str | int | float | bool | None
    place: Place

    @property
    def is_mapping(self) -> bool:
        """Whether the value is a mapping of nodes."""
        return isinstance(self.value, Mapping)

    @property
    def is_list(self) -> bool:
        """Whether the value is a list of nodes."""
        return isinstance(self.value, list)

    def fields(
        self, findings: Findings, required: Iterable[str] = (), optional: Iterable[str] = ()
    ) -> dict[str, Node]:
        """The mapping's entries; notes missing and unknown keys (unknown ones are left out)."""
        required, optional = tuple(required), tuple(optional)
        entries = self.entries(findings)
        legal = {*required, *optional}
        unknown = [(key, node) for key, node in entries.items() if key not in legal]
        for key, node in unknown[:_PRINTED]:
            findings.note(node.place, f'unknown key "{shortened(key)}"', _advice(key, node, legal))
        if len(unknown) > _PRINTED:
            findings.note(self.place, f"{len(unknown)} unknown keys", "remove them")
        if isinstance(self.value, Mapping) or self.value is None:
            for key in required:
                if key not in entries:
                    findings.note(self.place, f'missing key "{key}"', "add it")
        return {key: node for key, node in entries.items() if key in legal}

    def entries(self, findings: Findings) -> dict[str, Node]:
        """The mapping's entries, whatever their keys; an absent value counts as an empty mapping."""
        if isinstance(self.value, Mapping):
            return dict(self.value)
        if self.value is not None:
            findings.note(
                self.place, f"found {self._kind()}", "expected a mapping of keys to values"
            )
        return {}

    def items(self, findings: Findings) -> list[Node]:
        """The list's nodes; an absent value counts as an empty list."""
        if isinstance(self.value, list):
            return list(self.value)
        if self.value is not None:
            findings.note(self.place, f"found {self._kind()}", "expected a list")
        return []

    def text(self, findings: Findings, choices: Iterable[str] | None = None) -> str:
        """A text (numbers are taken as written); notes a finding when it is none of the choices."""
        if (
            isinstance(self.value, (Mapping, list))
            or self.value is None
            or isinstance(self.value, bool)
        ):
            findings.note(self.place, f"found {self._kind()}", "expected a text")
            return ""
        text = str(self.value)
        if choices is not None and text not in (legal := tuple(choices)):
            findings.note(
                self.place,
                f'found "{shortened(text)}"',
                f"expected one of {', '.join(legal)}" + did_you_mean(text, legal),
            )
        return text

    def number(
        self, findings: Findings, minimum: float = -math.inf, maximum: float = math.inf
    ) -> float:
        """A finite number within bounds; nan after a finding."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            findings.note(self.place, f"found {self._kind()}", "expected a number")
            return math.nan
        value = float(self.value)
        if not math.isfinite(value):
            findings.note(self.place, f"found {value}", "expected a finite number")
        elif not minimum <= value <= maximum:
            if value < minimum:
                findings.note(self.place, f"found {value:g}", f"expected at least {minimum:g}")
            else:
                findings.note(self.place, f"found {value:g}", f"expected at most {maximum:g}")
        return value

    def whole(self, findings: Findings, minimum: int | None = None, maximum: int = 2**53) -> int:
        """A whole number; 0 after a finding that it is none."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            findings.note(self.place, f"found {self._kind()}", "expected a whole number")
            return 0
        if minimum is not None and self.value < minimum:
            findings.note(self.place, f"found {self.value}", f"expected at least {minimum}")
        elif self.value > maximum:
            findings.note(self.place, f"found {self.value:.3g}", f"expected at most {maximum}")
        return self.value

    def boolean(self, findings: Findings) -> bool:
        """True or false; False after a finding."""
        if not isinstance(self.value, bool):
            findings.note(self.place, f"found {self._kind()}", "expected true or false")
            return False
        return self.value

    def plain(self) -> object:
        """The value as plain dictionaries, lists and scalars."""
        if isinstance(self.value, Mapping):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def _kind(self) -> str:
        if isinstance(self.value, Mapping):
            return "a mapping"
        if isinstance(self.value, list):
            return "a list"
        return "nothing" if self.value is None else f'"{shortened(str(self.value))}"'


def load(path: str | Path) -> Node:
    """The document in a file, as nodes. Raises InvalidDocument when it cannot be read or is not YAML."""
    return parse(text_of(path), str(path))


def text_of(path: str | Path) -> str:
    """The text of a document's file. Raises InvalidDocument when it cannot be read, or is too long to be one."""
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig") as file:
            # one more than allowed: a device without end is not read to its end
            return file.read(MAX_CHARACTERS + 1)
    except FileNotFoundError:
        raise InvalidDocument(f"{path}: no such file; check the name and the folder") from None
    except IsADirectoryError:
        raise InvalidDocument(f"{path}: is a folder; name a YAML file in it") from None
    except UnicodeDecodeError as error:
        raise InvalidDocument(
            f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8"
        ) from None
    except OSError as error:
        raise InvalidDocument(
            f"{shortened(str(path))}: cannot be read ({error.strerror}); check its name and permissions"
        ) from None
    except ValueError:
        raise InvalidDocument(
            f"{str(path)!r}: cannot be the name of a file; take the character NUL out of it"
        ) from None


@functools.lru_cache(maxsize=64)
def parse(text: str, file: str = "<text>") -> Node:
    """The document in a text, as nodes; `file` is the name used in findings.

    Populations, the clinic and modules are read again for every protocol: what was parsed lately is kept. Nodes are not changed by
    their readers, which get copies of mappings and lists.
    """
    if len(text) > MAX_CHARACTERS:
        raise InvalidDocument(
            f"{file}: longer than {MAX_CHARACTERS:,} characters; expected a document that people write, divide it"
        )
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(file, mark.line + 1 if mark else 0)
        problem = getattr(error, "problem", None) or str(error)
        raise InvalidDocument(
            f"{place}: not readable as YAML ({problem}); check indentation, colons and quotes near this line"
        ) from None
    except RecursionError:
        raise _too_deep(Place(file)) from None
    except (ValueError, OverflowError) as error:
        # the library's own reading of escapes: a character beyond the last, a version of a thousand digits
        raise InvalidDocument(
            f"{file}: not readable as YAML ({shortened(str(error))}); check escapes and directives"
        ) from None
    if root is None:
        raise InvalidDocument(f"{file}: the document is empty; it may have been truncated")
    findings = Findings()
    node = _Builder(file, text, findings).node(root, "")
    findings.raise_any()
    return node


@contextmanager
def laid_out(place: Place | str | Path, what: str) -> Iterator[None]:
    """Reading plain values in the layout of a shipped document; another layout is one finding with the place.

    For documents that programs write and people restore, whose layout is not worth a finding for each key.
    """
    try:
        yield
    except InvalidDocument:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        found = shortened(f"{type(error).__name__}: {error}")
        raise InvalidDocument(
            f"{place}: not laid out as {what} ({found}); restore it as it was"
        ) from error


def _too_deep(place: Place) -> InvalidDocument:
    where = Place(place.file, place.line, shortened(place.key))
    return InvalidDocument(
        f"{where}: values inside values more than {MAX_DEPTH} deep; expected a flatter document, write it so"
    )


def write(value: object) -> str:
    """Plain dictionaries, lists and scalars as YAML text, keys in their given order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Quotes texts that reading would take for numbers, such as 1e5."""


def _text_as_such(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        _STRING, text, style=None if isinstance(_number_or_text(text), str) else "'"
    )


_Dumper.add_representer(str, _text_as_such)
# texts of other kinds, such as members of an enumeration, are texts too
_Dumper.add_multi_representer(str, _text_as_such)


class _Builder:
    """Makes our nodes of the library's, for one document."""

    def __init__(self, file: str, text: str, findings: Findings) -> None:
        self.file, self.text, self.findings = file, text, findings
        self._scalars = yaml.SafeLoader("")
        self._open: list[yaml.Node] = []
        self._left = 2 * len(text) + MAX_REPEATED

    def node(self, raw: yaml.Node, key: str) -> Node:
        place = Place(self.file, raw.start_mark.line + 1, key)
        self._left -= 1
        if self._left < 0:
            raise InvalidDocument(
                f"{place.file}:{place.line}: aliases repeat more than {MAX_REPEATED:,} values; write out what is needed"
            )
        if isinstance(raw, yaml.ScalarNode):
            return Node(self._scalar(raw, place), place)
        if any(raw is above for above in self._open):
            self.findings.note(place, "an alias that contains itself", "write it out")
            return Node(None, place)
        if len(self._open) >= MAX_DEPTH:
            raise _too_deep(place)
        self._open.append(raw)
        value = (
            self._mapping(raw, key) if isinstance(raw, yaml.MappingNode) else self._list(raw, key)
        )
        self._open.pop()
        return Node(value, place)

    def _mapping(self, raw: yaml.MappingNode, key: str) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        for raw_key, raw_value in self._rejoined(raw.value) if raw.flow_style else raw.value:
            if not isinstance(raw_key, yaml.ScalarNode):
                at = Place(self.file, raw_key.start_mark.line + 1, key)
                self.findings.note(at, "a key that is a list or a mapping", "expected a name")
                continue
            name = str(raw_key.value)
            if raw_key.style == '"' and _UNPRINTABLE.search(name):
                at = Place(self.file, raw_key.start_mark.line + 1, key)
                self.findings.note(
                    at,
                    f"a key with a character that cannot be printed: {name!r}",
                    "expected a name",
                )
                continue
            child = self.node(raw_value, f"{key}.{name}" if key else name)
            at = Place(self.file, raw_key.start_mark.line + 1, child.place.key)
            if name in entries:
                self.findings.note(at, f'key "{name}" stands twice', "keep one of them")
            entries[name] = Node(child.value, at)
        return entries

    def _rejoined(
        self, entries: list[tuple[yaml.Node, yaml.Node]]
    ) -> list[tuple[yaml.Node, yaml.Node]]:
        """The entries of a mapping in braces, with texts that YAML cut at a comma put together again.

        YAML takes what follows the comma for a key without colon and value.
        """
        joined: list[tuple[yaml.Node, yaml.Node]] = []
        for key, value in entries:
            between = self.text[key.end_mark.index : value.start_mark.index]
            is_tail = _is_plain(key) and _is_plain(value) and not value.value and ":" not in between
            if is_tail and joined and _is_plain(joined[-1][1]) and joined[-1][1].value:
                joined[-1] = (joined[-1][0], _whole(joined[-1][1], key))
            else:
                joined.append((key, value))
        return joined

    def _list(self, raw: yaml.Node, key: str) -> list[Node]:
        items = _rejoined_items(raw.value) if getattr(raw, "flow_style", False) else raw.value
        return [self.node(item, f"{key}[{i}]") for i, item in enumerate(items)]

    def _scalar(self, raw: yaml.ScalarNode, place: Place) -> str | int | float | bool | None:
        if raw.tag == _STRING:
            if raw.style == '"' and (bad := _UNPRINTABLE.search(raw.value)):
                self.findings.note(
                    place, f"the character {bad[0]!r} in a text", "expected what can be printed"
                )
                return None
            return raw.value if raw.style else _number_or_text(raw.value)
        try:
            value = self._scalars.construct_object(raw)
        except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, OverflowError):
            # a tag that does not fit its text ends in whatever the library happens to stumble over
            value = _NOTHING
        if value is _NOTHING or (isinstance(value, int) and value.bit_length() > _BITS):
            found = shortened(f"{raw.tag} {raw.value}")
            self.findings.note(
                place, f'"{found}" is not understood', "expected a plain text or number"
            )
            return None
        if isinstance(value, (str, int, float, bool, type(None))) and ":" not in raw.value:
            return value
        return str(raw.value)  # dates and times of day stay as written


#: what only an escape can put into a text: control characters but for tab and ends of line, and halves of characters
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NOTHING = object()


def _number_or_text(text: str) -> float | str:
    """YAML 1.1 reads 1e-4 as text; everyone means the number."""
    if not (text[-1:].isdigit() and "e" in text.lower()):
        return text
    try:
        return float(text)
    except ValueError:
        return text


def _advice(key: str, node: Node, legal: set[str]) -> str:
    """What to do about an unknown key: it may be the tail of a text that a comma between braces cut off."""
    advice = did_you_mean(key, legal).removeprefix("; ")
    if node.value is None and not advice.startswith("did you mean"):
        return "if it belongs to the text before the comma, put that text in quotes"
    return advice


def _rejoined_items(items: list[yaml.Node]) -> list[yaml.Node]:
    """The items of a list in brackets, with formulas that YAML cut at a comma put together again."""
    joined: list[yaml.Node] = []
    for item in items:
        if joined and _is_plain(item) and _is_plain(joined[-1]) and _is_open(joined[-1].value):
            joined[-1] = _whole(joined[-1], item)
        else:
            joined.append(item)
    return joined


def _whole(start: yaml.Node, rest: yaml.Node) -> yaml.Node:
    """Two plain texts as one."""
    text = f"{start.value}, {rest.value}"
    return yaml.ScalarNode(_STRING, text, start.start_mark, rest.end_mark, style=None)


def _is_plain(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style


def _is_open(text: str) -> bool:
    """Whether a round bracket is still open at the end of the text."""
    return text.count("(") > text.count(")")
