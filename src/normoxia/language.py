"""What the program writes, in English and Chinese.

Text of the program is a key of a catalogue, `library/languages/{en,zh}.yaml`: nested keys to texts with {placeholders}.

Message     a text of the catalogue with its values: what rooms below the edge return. It is a `str`, its English text
Wording     a text of a document, written in English; its translations stand in the document or in the list of terms
Language    renders both, and the keys, words and numbers of pages and tables
Terms       `library/terms/LANGUAGE.yaml`: the wording of the registry and of models, each with its translation

Quotations, citations and names stay as they are. Column names of data files are English in every language.
"""

from __future__ import annotations

import functools
import math
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from normoxia import documents, library
from normoxia.documents import Findings, Node
from normoxia.errors import UnknownName
from normoxia.outcome import Estimate

#: a number in a text: not one inside a name such as PD-L1; intervals, ratios, dates and percents count as one
_NUMBER = re.compile(r"(?<![A-Za-z0-9_.\-])[<>]?\d+(?:[.:/-]\d+)*\+?%?(?![A-Za-z0-9])", re.ASCII)
#: marks between the parts of a wording, the widest first, and what they are in other languages
_SEPARATORS = (
    ("; ", "；"),
    (" vs ", " 对 "),
    (" against ", " 对 "),
    (": ", "："),
    (", ", "，"),
    (" + ", " + "),
    (" or ", "或"),
)


class Message(str):
    """A text of the catalogue with its values; as a `str` it is the English text.

    Rooms that compute return messages, so that whoever shows them renders them in the language of the reader
    (`Language.render`). Values may be messages and wordings themselves.

    Parameters
    ----------
    key
        Key of the catalogue.
    **values
        What fills the placeholders of its text: numbers as they are (the catalogue formats them), names, and tuples of texts, which
        are joined.

    Raises
    ------
    UnknownName
        For a key that the catalogue lacks.

    Examples
    --------
    >>> Message("evidence.few_degrees", df=2)
    'tau rests on 2 degrees of freedom; its interval matters more than its value'
    """

    __slots__ = ("key", "values")

    key: str
    values: Mapping[str, object]

    def __new__(cls, key: str, /, **values: object) -> Self:
        """The message of a key, its English text rendered at once, so that a missing value fails where it is missing."""
        message = super().__new__(cls, language("en").say(key, **values))
        message.key, message.values = key, values
        return message

    def __reduce__(self) -> tuple[object, ...]:
        return _message, (self.key, dict(self.values))


class Wording(str):
    """A text of a document, written in English, with the translations that stand beside it in the document.

    Parameters
    ----------
    text
        The English text.
    translations
        Texts by code of a language ("zh"); where one is missing the list of terms is asked.
    """

    __slots__ = ("translations",)

    translations: Mapping[str, str]

    def __new__(cls, text: str, translations: Mapping[str, str] | None = None, /) -> Self:
        """A wording of a document."""
        wording = super().__new__(cls, text)
        wording.translations = translations or {}
        return wording

    def __reduce__(self) -> tuple[object, ...]:
        return Wording, (str(self), dict(self.translations))


def _message(key: str, values: Mapping[str, object]) -> Message:
    return Message(key, **values)


class Terms:
    """Wordings of documents and what they are in another language: a dictionary, and how its entries are joined.

    A text is looked up as it is, then with its numbers replaced by {0}, {1}, ... ("{0} centres"). A text that is not in the list is
    divided at the marks between parts ("; ", ", ", " + ", ...), at a bracket behind it, and before a dose, and its parts are looked
    up; what is nowhere in the list stays as it is.

    Parameters
    ----------
    entries
        Translations by English wording.
    """

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._entries = entries
        self._translated: dict[str, str] = {}

    def translate(self, text: str) -> str:
        """The text in the other language, or as it is where the list has none of its parts."""
        if text not in self._translated:
            self._translated[text] = self._looked_up(text) or self._by_parts(text)
        return self._translated[text]

    def _looked_up(self, text: str) -> str | None:
        """The translation of a whole text; one that opens a title or a sentence may be capitalised."""
        for spelling in (text, text[:1].lower() + text[1:]):
            if spelling in self._entries:
                return self._entries[spelling]
            numbers = _NUMBER.findall(spelling)
            places = iter(range(len(numbers)))
            pattern = _NUMBER.sub(lambda _, p=places: f"{{{next(p)}}}", spelling)  # type: ignore[misc]
            if numbers and pattern in self._entries:
                return self._entries[pattern].format(*numbers)
        return None

    def _by_parts(self, text: str) -> str:
        for separator, joined in _SEPARATORS:
            if separator not in text:
                continue
            parts = text.split(separator)
            translated = [self.translate(part) for part in parts]
            if translated != parts or not _has_words("".join(parts)):
                return joined.join(translated)
        if text.endswith(")") and " (" in text:
            before, _, inside = text[:-1].partition(" (")
            halves = self.translate(before), self.translate(inside)
            if halves != (before, inside) or not _has_words(text):
                return f"{halves[0]}（{halves[1]}）"
        name, dose = _name_and_dose(text)
        if dose and (translated_name := self._looked_up(name)):
            return f"{translated_name} {self.translate(dose)}"
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language and its texts.

    Parameters
    ----------
    code
        "en" or "zh".
    texts
        Texts by dotted key.
    terms
        The list of terms; None in English, the language of documents.
    """

    code: str
    texts: Mapping[str, str] = field(repr=False)
    terms: Terms | None = field(default=None, repr=False)

    def say(self, key: str, /, **values: object) -> str:
        """The text of a key with its placeholders filled. Raises UnknownName for a key the catalogue lacks."""
        if key not in self.texts:
            raise UnknownName("text", key, self.texts)
        return self.texts[key].format(
            **{name: self._value(value) for name, value in values.items()}
        )

    def render(self, text: str) -> str:
        """A message or a wording in this language; any other text, which is a name or a number, as it is."""
        if isinstance(text, Message):
            return str(text) if self.code == "en" else self.say(text.key, **text.values)
        if isinstance(text, Wording):
            return text.translations.get(self.code) or self.term(text)
        return text

    def term(self, text: str) -> str:
        """The wording of a document in this language (or a message); what is not in the list of terms as it is."""
        if isinstance(text, Message):
            return self.render(text)
        return str(text) if self.terms is None else self.terms.translate(str(text))

    def known(self, key: str, otherwise: str) -> str:
        """The text of a key, or the words given: for names that a user may have added (endpoints, states)."""
        return self.texts.get(key, otherwise)

    def word(self, kind: str, word: str) -> str:
        """A word of a closed list ("line", "driver", ...) in this language; one that a user added as it is."""
        return self.texts.get(f"word.{kind}.{word}", word)

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

    def _value(self, value: object) -> object:
        """What fills a placeholder: texts rendered, several of them joined."""
        if isinstance(value, str):
            return self.render(value)
        if isinstance(value, tuple):
            return self.texts["pool.semicolon"].join(str(self._value(part)) for part in value)
        return value


@functools.cache
def language(code: str = "en") -> Language:
    """The language of a code.

    Parameters
    ----------
    code
        "en" or "zh".

    Raises
    ------
    UnknownName
        For a language that is not shipped.
    """
    if code not in library.names("languages"):
        raise UnknownName("language", code, library.names("languages"))
    findings = Findings()
    texts: dict[str, str] = {}
    _collect(documents.load(library.path("languages", code)), "", texts, findings)
    terms = None
    if code in library.names("terms"):
        root = documents.load(library.path("terms", code))
        entries = {english: node.text(findings) for english, node in root.entries(findings).items()}
        findings.raise_any()
        with documents.laid_out(root.place, "terms with numbered placeholders in braces"):
            for english, translated in entries.items():
                if placeholders(english) != placeholders(translated):
                    raise ValueError(f'placeholders of "{english}"')
        terms = Terms(entries)
    findings.raise_any()
    return Language(code=code, texts=texts, terms=terms)


def translations(key: str, /, **values: object) -> dict[str, str]:
    """The text of a key in every language, by its code."""
    return {code: language(code).say(key, **values) for code in library.names("languages")}


def placeholders(text: str) -> frozenset[str]:
    """The names a text expects to be filled."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def _has_words(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _name_and_dose(text: str) -> tuple[str, str]:
    """The name of a drug or an arm and the dose or number behind it, "" where there is none."""
    words = text.split(" ")
    at = next((i for i, word in enumerate(words) if word == "AUC" or word[:1].isdigit()), 0)
    return (" ".join(words[:at]), " ".join(words[at:])) if at else (text, "")


def _collect(node: Node, key: str, texts: dict[str, str], findings: Findings) -> None:
    if node.is_mapping:
        for name, child in node.entries(findings).items():
            _collect(child, f"{key}.{name}" if key else name, texts, findings)
    else:
        texts[key] = node.text(findings)
