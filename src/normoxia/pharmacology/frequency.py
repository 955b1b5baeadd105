"""How protocols write how often: "twice daily", "days 1 and 8 every 21 days", "for up to 35 cycles", in the notation's own words.

A phrase is rewritten only where it has one meaning. What has two ("biweekly", "monthly", "4-6 cycles") is refused with
both, and nothing that is not understood is taken for the nearest word: a schedule is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from normoxia.errors import InvalidArgument, nearest

#: the notation's own words for so many administrations a day
PER_DAY = re.compile(r"([2-9])/day$")
#: days of treatment and days without in each cycle
ON_OFF = re.compile(r"on(\d+)off(\d+)$")

_Rewrite = str | Callable[[re.Match[str]], str]

_NUMBERS = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_UNITS = r"(days?|weeks?|months?|years?)"
_MOST = r"(?:up to|a maximum of|maximum(?: of)?|max\.?|at most|no more than)"
_END = r"(?=\s|$)"
_STOPS = r"(?:progression|pd|toxicity|toxicities|intolerance|benefit|death|withdrawal|consent)"
_AROUND = r"(?:disease|progressive|radiographic|radiological|clinical|confirmed|unacceptable|intolerable|loss|of|or|and|the)"


def _every(match: re.Match[str]) -> str:
    return f"q{match[1]}{match[2][0]}"


def _hours(match: re.Match[str]) -> str:
    hours = float(match[1])
    if hours == 24.0:
        return "daily"
    a_day = 24.0 / hours if hours else 0.0
    return f"{a_day:.0f}/day" if a_day in range(2, 10) else f"q{match[1]}h"


def _days(match: re.Match[str]) -> str:
    listed = re.sub(r"\s*(?:to|through|~|-)\s*(?:days?\s*|d\s*)?", "-", match[1])
    listed = re.sub(r"(?:\s*,\s*and\s+|\s*,\s*|\s+and\s+|\s*&\s*)(?:days?\s*|d\s*)?", ",", listed)
    return f"d{listed}"


def _in_days(number: str, unit: str) -> int:
    return int(number) * (7 if unit.startswith("w") else 1)


def _on_off(match: re.Match[str]) -> str:
    return f"on{_in_days(match[1], match[2])}off{_in_days(match[3], match[4])}"


def _or_later(match: re.Match[str]) -> str:
    """Until progression is until stopped, which needs no word; a time beside it stays."""
    return f"until {match[1]} {match[2]}" if match[1] else ""


def _times_a_day(count: int, adverbs: str, latin: str, chinese: str) -> tuple[str, str]:
    said = (
        rf"\b(?:{adverbs}|{count} times|{count}x)[ -](?:daily|a day|per day|each day|every day)\b"
    )
    return rf"{said}|\b(?:{latin}){_END}|每[日天](?:{chinese}|{count})次", f"{count}/day"


#: phrases in the order in which they are looked for, and what they say in the notation's own words
_PHRASES: tuple[tuple[re.Pattern[str], _Rewrite], ...] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"[\u2010-\u2015\u2212]", "-"),
        # a comma between phrases; one between the days of a list stays
        (
            r"[;,](?=\s+(?!d ?\d|days? |and )[a-z]|$)|(?<=[a-z])[;,](?=\s+\d)|(?<=\d)[;,](?=\s+\d+[ -](?:day|week|cycle))",
            "",
        ),
        (
            rf"\b({'|'.join(_NUMBERS)})\b(?=[ -](?:days?|weeks?|weekly|months?|years?|cycles?|courses?|times)\b)",
            lambda match: str(_NUMBERS.index(match[1]) + 1),
        ),
        # so many times a day
        (
            rf"\b(?:once|1 times|1x)[ -](?:daily|a day|per day|each day|every day)\b|\b(?:every|each) day(?! ?\d)\b"
            rf"|\b(?:q\.?d|o\.?d)\.?{_END}|\bper day\b|每[日天][一1]次",
            "daily",
        ),
        _times_a_day(2, "twice", r"b\.?i\.?d\.?|b\.?d\.?", "[两二]"),
        _times_a_day(3, "thrice", r"t\.?i\.?d\.?|t\.?d\.?s\.?", "三"),
        _times_a_day(4, "four times", r"q\.?i\.?d\.?|q\.?d\.?s\.?", "四"),
        (rf"\b(?:q|every) ?(\d+(?:\.\d+)?)[ -]?(?:h|hrs?|hours?|hourly){_END}", _hours),
        # every so many days or weeks
        (
            rf"\b(?:every other|every second) day\b|\bq\.?o\.?d\.?{_END}|\b(?:on )?alternate days\b",
            "q2d",
        ),
        (r"\b(?:every other|every second) week\b|\bfortnightly\b|\bevery fortnight\b", "q2w"),
        (
            rf"\bonce[ -](?:weekly|a week|per week|every week)\b|\b(?:every|each) week(?! ?\d)\b|\bqw{_END}"
            r"|每周(?:[一1]次)?",
            "weekly",
        ),
        (r"\bonce (?=every\b|q ?\d|\d+[ -]weekly)", ""),
        (r"\b(\d+)[ -](w)eekly\b", _every),
        (r"每(\d+)(?:周|个?星期)(?:[一1]次)?", r"q\1w"),
        (r"每(\d+)[日天](?:[一1]次)?", r"q\1d"),
        (
            r"\b(?:of |in |on )?(?:each |every |a |an |the )?(\d+)[ -]?(d|w)(?:ays?|eeks?)?[ -]cycles?\b",
            _every,
        ),
        (rf"\b(?:q ?|every )(\d+(?:\.\d+)?)[ -]?(w)(?:k|ks|eeks?|eekly)?{_END}", _every),
        (rf"\b(?:q ?|every )(\d+(?:\.\d+)?)[ -]?(d)(?:ays?)?{_END}", _every),
        (
            r"\b(\d+)[ -](days?|weeks?)[ -]on\b(?: treatment)?(?: ?[,/] ?| and | )(\d+)[ -](days?|weeks?)[ -]off\b(?: treatment)?",
            _on_off,
        ),
        # days of a cycle
        (
            r"\b(?:on )?(?:days?|d) ?(\d+(?:\.\d+)?(?:\s*(?:-|to|through|~)\s*(?:days? ?|d ?)?\d+)?"
            r"(?:(?:\s*,\s*(?:and )?|\s+and\s+|\s*&\s*)(?:days? ?|d ?)?\d+(?:\s*(?:-|to|through|~)\s*(?:days? ?|d ?)?\d+)?)*)"
            rf"{_END}",
            _days,
        ),
        # how long
        (
            rf"\b(?:for )?(?:{_MOST} )?(?:x ?)?(\d+) (?:cycles|cycle|courses|course)\b(?: in total)?",
            r"x\1",
        ),
        (r"\bx (\d+)\b", r"x\1"),
        (
            rf"\buntil (?:{_AROUND} )*{_STOPS}(?:,? (?:{_AROUND}|{_STOPS}))*"
            rf"(?:,? (?:or )?(?:for )?(?:{_MOST} )?(\d+(?:\.\d+)?) {_UNITS})?{_END}",
            _or_later,
        ),
        (rf"\b(?:for )?{_MOST} (\d+(?:\.\d+)?) {_UNITS}\b", r"until \1 \2"),
        (r"\bfor (\d+(?:\.\d+)?) (months?|years?)\b", r"until \1 \2"),
        # by which way
        (
            r"\b(?:as )?(?:an? )?(?:iv|i\.v\.?|intravenous)(?:ly)?(?: infusion)?(?=\s|$)|静脉(?:滴注|注射|输注)?",
            "iv",
        ),
        (rf"\b(?:p\.?o\.?|orally|by mouth|per os){_END}|口服", "oral"),
        (rf"\b(?:s\.c\.?|subcutaneous(?:ly)?|subq){_END}|皮下(?:注射)?", "sc"),
    )
)

#: phrases with more than one meaning, and what to say instead
_DOUBTFUL: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), advice)
    for pattern, advice in (
        (
            r"\bbi-?weekly\b",
            "say q2w, or the days of a week such as d1,4 weekly: it is used for both",
        ),
        (
            r"\b(?:twice|thrice|\d+ times|\d+x)[ -](?:weekly|a week|per week)\b|\b[bt]iw\b",
            "say on which days, such as d1,4 weekly",
        ),
        (
            r"\b(?:once )?monthly\b|\b(?:every|a|per) month\b|\bqm\b|\bq\d+m\b",
            "say it in weeks, such as q4w, or as every 1 months: it is used for both",
        ),
        (
            r"\b\d+(?:-| to | or )\d+ (?:cycles|courses)\b|\bx\d+-\d+\b",
            "say one number of cycles, such as x4",
        ),
        (
            r"\b(?:for )?\d+ (?:doses|infusions|administrations)\b",
            "say the number of cycles, such as x4",
        ),
        (r"\bq ?\d+-\d+ ?[a-z]*", "say one length of the cycle, such as q3w"),
    )
)
_FOR_DAYS = re.compile(r"\bfor (\d+) (days?|weeks?)\b")
_CYCLE = re.compile(r"\bq\d")

#: the notation's own words, which need no rewriting; "once" before a length means another thing than after it
_OWN = re.compile(
    r"(?:(?:q\d+(?:\.\d+)?[wd]|x\d+|d\d(?:[\d.,-]*\d)?|daily|weekly|continuous|once$|paused \d+-\d*"
    r"|(?:over|delayed|until) \d+(?:\.\d+)? (?:min|h|days|weeks|months|years))(?: |$))*"
)

#: words that a misspelt one may stand for; those that say how often only when they begin and are as long as it
_KEYWORDS = ("continuous", "delayed", "until", "paused", "over", "oral", "once")
_OFTEN = ("daily", "weekly")


def usual(words: Iterable[str], whole: str) -> list[str]:
    """The words that follow a dose, with the phrases of protocols in the notation's own words.

    whole   the text they stand in, for messages
    raises  InvalidArgument for a phrase with more than one meaning, with the ways to say each
    """
    text = " ".join(words).lower()
    if _OWN.fullmatch(text):
        return text.split()
    for doubtful, advice in _DOUBTFUL:
        if found := doubtful.search(_dashes(text)):
            raise InvalidArgument(f'regimen "{whole}": found "{found[0]}"; {advice}')
    for pattern, said in _PHRASES:
        text = pattern.sub(said, text)
    return _lasting(text, whole).split()


def a_day(times: int) -> tuple[float, ...]:
    """When so many administrations of a day stand in it, evenly, rounded as a course rounds its days."""
    return tuple(round(part / times, 9) for part in range(times))


def advice(word: str) -> str:
    """A tail for a message about a word that is not understood: never another schedule, dose or number of cycles."""
    near = nearest(word, (*_KEYWORDS, *_OFTEN))
    if not near or any(letter.isdigit() for letter in word):
        return ""
    if near in _OFTEN and not (word[:1] == near[0] and abs(len(word) - len(near)) <= 1):
        return ""
    return f'; did you mean "{near}"?'


def _dashes(text: str) -> str:
    return _PHRASES[0][0].sub("-", text)


def _lasting(text: str, whole: str) -> str:
    """`for 14 days` as an end, unless there is a cycle of which it may be a part."""
    found = _FOR_DAYS.search(text)
    if found is None:
        return text
    days = _in_days(found[1], found[2])
    if _CYCLE.search(text):
        raise InvalidArgument(
            f'regimen "{whole}": found "{found[0]}" beside the length of a cycle; say d1-{days} for days of each cycle, '
            f"or until {found[1]} {found[2]} for the end"
        )
    return _FOR_DAYS.sub(rf"until {found[1]} {found[2]}", text)
