"""Words in English and Chinese, from one catalogue: what a figure, a table or a page says is a key here.

The catalogue is `library/languages/{en,zh}.yaml`, nested keys to texts with {placeholders}. Column names of
data files stay English in every language.
"""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from normoxia import documents, library
from normoxia.documents import Findings, Node
from normoxia.errors import UnknownName
from normoxia.outcome import Estimate


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its code ("en", "zh") and its texts by dotted key."""

    code: str
    texts: Mapping[str, str] = field(repr=False)

    def say(self, key: str, /, **values: object) -> str:
        """The text of a key with its placeholders filled. Raises UnknownName for a key the catalogue lacks."""
        if key not in self.texts:
            raise UnknownName("text", key, self.texts)
        return self.texts[key].format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """The text of a key, or the words given: for names that a user may have added (endpoints, states)."""
        return self.texts.get(key, otherwise)

    def interval(self, estimate: Estimate, digits: int = 1) -> str:
        """A value with its interval in brackets; an end not reached in the trial's own letters."""
        value = self.number(estimate.value, digits)
        if math.isnan(estimate.low) and math.isnan(estimate.high):
            return value
        low, high = self.number(estimate.low, digits), self.number(estimate.high, digits)
        if estimate.low < 0:  # a dash between minus signs cannot be read
            return self.say("number.interval_signed", value=value, low=low, high=high)
        return self.say("number.interval", value=value, low=low, high=high)

    def number(self, value: float, digits: int = 1) -> str:
        """A number with a fixed count of digits; a proper minus sign; NR when infinite, a dash when unknown."""
        if math.isnan(value):
            return "–"
        if math.isinf(value):
            return self.say("number.not_reached")
        return f"{value:.{digits}f}".replace("-", "−")

    def p_value(self, p: float) -> str:
        """A p value as journals print it."""
        if math.isnan(p):
            return "–"
        if p < 0.001:
            return self.say("number.p_below")
        return self.say("number.p", p=f"{p:.3f}" if p < 0.1 else f"{p:.2f}")


@functools.cache
def language(code: str = "en") -> Language:
    """The language of a code. Raises UnknownName for one that is not shipped."""
    if code not in library.names("languages"):
        raise UnknownName("language", code, library.names("languages"))
    findings = Findings()
    texts: dict[str, str] = {}
    _collect(documents.load(library.path("languages", code)), "", texts, findings)
    findings.raise_any()
    return Language(code, texts)


def placeholders(text: str) -> frozenset[str]:
    """The names a text expects to be filled."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def _collect(node: Node, key: str, texts: dict[str, str], findings: Findings) -> None:
    if node.is_mapping:
        for name, child in node.entries(findings).items():
            _collect(child, f"{key}.{name}" if key else name, texts, findings)
    else:
        texts[key] = node.text(findings)
