"""Words in English and Chinese: what the program says is a key of a catalogue, what a document says is a phrase.

The catalogue is `library/languages/{en,zh}.yaml`, nested keys to texts with {placeholders}. The phrases of a language,
`library/phrases/LANGUAGE.yaml`, give what is written in English once and shown in each: the wording of the registry, the
findings of a check, the reasons of a judgement. A phrase holds {placeholders} for names and numbers; what fills them is
said in turn. Quotations, citations and names stay as they are. Column names of data files are English in every language.
"""

from __future__ import annotations

import functools
import math
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from normoxia import documents, library
from normoxia.documents import Findings, Node
from normoxia.errors import UnknownName
from normoxia.outcome import Estimate

#: what may fill a placeholder of a phrase: {name} a phrase, {name:d} a number, {name:s} a name or words of a user
_FILLED = {"": ".+?", "s": ".+?", "d": r"[-−+]?(?:\d[\d.]*(?:e[-+]?\d+)?|inf|nan)"}


class Phrases:
    """English phrases and what they are in another language.

    A phrase without a placeholder is looked up; the others are tried in the order of the document, so a general one stands
    after those it would swallow. What fills {name} is said in turn; {name:d} is filled by a number, {name:s} by anything,
    and both stay as they are.
    """

    def __init__(self, pairs: Mapping[str, str]) -> None:
        self._plain = {english: said for english, said in pairs.items() if "{" not in english}
        self._patterns = [
            (*_pattern(english), said) for english, said in pairs.items() if "{" in english
        ]
        self._known: dict[str, str] = {}

    def say(self, text: str) -> str:
        """The phrase in the other language, or as it is when no pattern fits."""
        if text not in self._known:
            self._known[text] = (
                self._plain.get(text) or self._plain.get(_uncapitalised(text)) or self._fitted(text)
            )
        return self._known[text]

    def _fitted(self, text: str) -> str:
        for pattern, kept, said in self._patterns:
            if found := pattern.fullmatch(text):
                parts = found.groupdict()
                filled = {
                    name: value if name in kept else self.say(value)
                    for name, value in parts.items()
                }
                words_stay = filled == parts and any(map(_has_words, parts.values()))
                if words_stay and not _has_words(said.format(**dict.fromkeys(parts, ""))):
                    return text  # only its commas are known: a name, or words of a user
                return said.format(**filled)
        return text


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its code ("en", "zh"), its texts by dotted key, and its phrases by the English ones."""

    code: str
    texts: Mapping[str, str] = field(repr=False)
    phrases: Phrases | None = field(default=None, repr=False)

    def say(self, key: str, /, **values: object) -> str:
        """The text of a key with its placeholders filled. Raises UnknownName for a key the catalogue lacks."""
        if key not in self.texts:
            raise UnknownName("text", key, self.texts)
        return self.texts[key].format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """The text of a key, or the words given: for names that a user may have added (endpoints, states)."""
        return self.texts.get(key, otherwise)

    def word(self, kind: str, word: str) -> str:
        """A word of a closed list ("line", "driver", ...) in this language; one that a user added as it is."""
        return self.texts.get(f"word.{kind}.{word}", word)

    def phrase(self, text: str) -> str:
        """An English phrase in this language; names, numbers and phrases that nobody translated as they are."""
        return text if self.phrases is None else self.phrases.say(text)

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
    phrases = None
    if code in library.names("phrases"):
        root = documents.load(library.path("phrases", code))
        said = {english: node.text(findings) for english, node in root.entries(findings).items()}
        findings.raise_any()
        with documents.laid_out(root.place, "phrases with placeholders in braces"):
            phrases = Phrases(said)
    findings.raise_any()
    return Language(code, texts, phrases)


def placeholders(text: str) -> frozenset[str]:
    """The names a text expects to be filled."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def _has_words(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _uncapitalised(text: str) -> str:
    """A phrase that opens a title or a sentence, as it stands inside one."""
    return text[:1].lower() + text[1:]


def _pattern(phrase: str) -> tuple[re.Pattern[str], frozenset[str]]:
    """What an English phrase looks like once filled, and the placeholders whose filling stays; one may stand in it twice."""
    parts: list[str] = []
    seen: set[str] = set()
    kept: set[str] = set()
    for literal, name, kind, _ in string.Formatter().parse(phrase):
        parts.append(re.escape(literal))
        if name:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{_FILLED[kind or '']})")
            seen.add(name)
            if kind:
                kept.add(name)
    return re.compile("".join(parts), re.DOTALL), frozenset(kept)


def _collect(node: Node, key: str, texts: dict[str, str], findings: Findings) -> None:
    if node.is_mapping:
        for name, child in node.entries(findings).items():
            _collect(child, f"{key}.{name}" if key else name, texts, findings)
    else:
        texts[key] = node.text(findings)
