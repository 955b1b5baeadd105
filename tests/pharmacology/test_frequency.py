"""How protocols write how often: usual phrases mean their course, doubtful ones are refused, none changes a schedule."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia.errors import InvalidArgument, NormoxiaError
from normoxia.pharmacology import regimen
from normoxia.pharmacology.frequency import advice

#: phrases of protocols, and the same in the notation's own words
SAME = [
    ("apatinib 250 mg twice daily", "apatinib 250 mg q12h"),
    ("apatinib 250 mg bid", "apatinib 250 mg d1,1.5 q1d"),
    ("apatinib 250 mg b.i.d.", "apatinib 250 mg d1,1.5 q1d"),
    ("apatinib 250 mg 2 times a day", "apatinib 250 mg d1,1.5 q1d"),
    ("apatinib 250 mg every 12 hours", "apatinib 250 mg d1,1.5 q1d"),
    ("apatinib 250 mg tid", "apatinib 250 mg 3/day"),
    ("apatinib 250 mg three times daily", "apatinib 250 mg 3/day"),
    ("apatinib 250 mg qid", "apatinib 250 mg d1,1.25,1.5,1.75 q1d"),
    ("apatinib 250 mg once daily", "apatinib 250 mg daily"),
    ("apatinib 250 mg q.d. po", "apatinib 250 mg daily"),
    ("apatinib 250 mg once a day by mouth", "apatinib 250 mg daily"),
    ("apatinib 250 mg every day", "apatinib 250 mg daily"),
    ("apatinib 250 mg q24h", "apatinib 250 mg daily"),
    ("apatinib 250 mg every other day", "apatinib 250 mg q2d"),
    ("apatinib 250 mg 每日一次 口服", "apatinib 250 mg daily"),
    ("apatinib 250 mg bid d1,2 q3w", "apatinib 250 mg d1,1.5,2,2.5 q3w"),
    ("anlotinib 12 mg once daily, 2 weeks on, 1 week off", "anlotinib 12 mg d1-14 q3w"),
    ("anlotinib 12 mg daily two weeks on/one week off", "anlotinib 12 mg d1-14 q3w"),
    (
        "anlotinib 12 mg orally once daily on days 1 to 14 of each 21-day cycle",
        "anlotinib 12 mg d1-14 q3w",
    ),
    ("anlotinib 12 mg qd d1\u201314 of a 3-week cycle", "anlotinib 12 mg d1-14 q3w"),
    ("gemcitabine 1250 mg/m2 days 1 and 8 every 21 days", "gemcitabine 1250 mg/m2 d1,8 q3w"),
    ("gemcitabine 1250 mg/m2 D1, D8 Q3W", "gemcitabine 1250 mg/m2 d1,8 q3w"),
    (
        "gemcitabine 1000 mg/m2 days 1, 8, and 15 every 28 days",
        "gemcitabine 1000 mg/m2 d1,8,15 q4w",
    ),
    ("pembrolizumab 200 mg every three weeks for up to 35 cycles", "pembrolizumab 200 mg q3w x35"),
    ("pembrolizumab 200 mg IV q3w, maximum 6 cycles", "pembrolizumab 200 mg q3w x6"),
    ("pembrolizumab 200 mg q3w until progression", "pembrolizumab 200 mg q3w"),
    (
        "pembrolizumab 200 mg q3w until disease progression or unacceptable toxicity",
        "pembrolizumab 200 mg q3w",
    ),
    (
        "pembrolizumab 200 mg q3w until PD or up to 2 years",
        "pembrolizumab 200 mg q3w until 2 years",
    ),
    ("pembrolizumab 200 mg q3w for up to 24 months", "pembrolizumab 200 mg q3w until 24 months"),
    ("pembrolizumab 200 mg q3week", "pembrolizumab 200 mg q3w"),
    ("pembrolizumab 200 mg q3weeks", "pembrolizumab 200 mg q3w"),
    ("pembrolizumab 200 mg q 3 wk", "pembrolizumab 200 mg q3w"),
    ("pembrolizumab 200 mg three-weekly", "pembrolizumab 200 mg q3w"),
    ("pembrolizumab 200 mg once every 3 weeks", "pembrolizumab 200 mg q3w"),
    ("pembrolizumab 200 mg once weekly", "pembrolizumab 200 mg weekly"),
    ("pembrolizumab 200 mg every other week", "pembrolizumab 200 mg q2w"),
    ("pembrolizumab at a dose of 200 mg q3w x 4", "pembrolizumab 200 mg q3w x4"),
    (
        "bevacizumab 15 mg/kg as an intravenous infusion over 30 minutes every 3 weeks",
        "bevacizumab 15 mg/kg q3w over 30 min",
    ),
    (
        "carboplatin AUC 5 q3w for 4 cycles followed by pemetrexed 500 mg/m2 q3w",
        "carboplatin AUC 5 q3w x4 then pemetrexed 500 mg/m2 q3w",
    ),
    (
        "carboplatin AUC 5 q3w x4 plus pemetrexed 500 mg/m2 q3w x4",
        "carboplatin AUC 5 q3w x4 + pemetrexed 500 mg/m2 q3w x4",
    ),
    (
        "(carboplatin AUC 5 q3w + pemetrexed 500 mg/m2 q3w) for up to 4 cycles",
        "(carboplatin AUC 5 q3w + pemetrexed 500 mg/m2 q3w) x4",
    ),
]

REFUSED = [
    ("bevacizumab 15 mg/kg biweekly", "say q2w, or the days of a week"),
    ("bevacizumab 15 mg/kg twice weekly", "say on which days"),
    ("bevacizumab 15 mg/kg monthly", "say it in weeks, such as q4w"),
    ("bevacizumab 15 mg/kg q3w 4-6 cycles", "say one number of cycles"),
    ("bevacizumab 15 mg/kg q2-3w", "say one length of the cycle"),
    ("bevacizumab 15 mg/kg q3w x4 x6", 'found "x6" after another number of cycles'),
    ("bevacizumab 15 mg/kg d1 d8 q3w", 'found "d8" after another list of days'),
    ("bevacizumab 15 mg/kg once x4", "found once beside another number of doses"),
    ("bevacizumab 15 mg/kg q3w until the cows come home", "after until; expected a number"),
    (
        "anlotinib 12 mg daily for 14 days q3w",
        "say d1-14 for days of each cycle, or until 14 days for the end",
    ),
    ("anlotinib 12 mg/day bid", "say the amount of each administration"),
    ("anlotinib 12 mg daily bid", "after another word on how often a day"),
    ("anlotinib 12 mg 2 weeks on, 1 week off", "without how often a day"),
    ("rh_endostatin 7.5 mg/m2/day d1-14 q3w continuous bid", "continuous and 2 times a day"),
    ("atezolizumab 1,200 mg q3w", "write it without a comma"),
    ("bevacizumab 15 mg/kg q3w x9999999", "leave it out for cycles without an end"),
    ("bevacizumab 15 mg/kg d1-99999 q3w", "found 99999 days of a cycle"),
    ("bevacizumab 15 mg/kg q0.0001d", "expected a minute at least"),
]


@pytest.mark.parametrize(("text", "own"), SAME)
def test_usual_phrases_mean_their_course(text: str, own: str) -> None:
    assert regimen(text) == regimen(own)
    assert regimen(str(regimen(text))) == regimen(own)


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_what_has_two_meanings_is_refused_with_both(text: str, reason: str) -> None:
    with pytest.raises(InvalidArgument, match=re.escape(reason)):
        regimen(text)


@pytest.mark.parametrize(
    "word",
    [
        "q3month",
        "3weekly",
        "biweeklyish",
        "q3",
        "semiweekly",
        "x",
        "w",
        "q5",
        "midweekly",
        "1daily",
    ],
)
def test_no_advice_changes_a_schedule(word: str) -> None:
    assert advice(word) == ""


def test_a_misspelt_word_is_answered_with_the_word() -> None:
    assert advice("dayly") == '; did you mean "daily"?'
    assert advice("continous") == '; did you mean "continuous"?'


OFTEN = st.sampled_from(
    [
        "once daily",
        "bid",
        "tid",
        "q3w",
        "every 3 weeks",
        "weekly",
        "q2w",
        "every 28 days",
        "every other day",
    ]
)
PER_WEEK = {
    "once daily": 7,
    "bid": 14,
    "tid": 21,
    "q3w": 1 / 3,
    "every 3 weeks": 1 / 3,
    "weekly": 1,
    "q2w": 0.5,
    "every 28 days": 0.25,
    "every other day": 3.5,
}


@given(
    OFTEN,
    st.integers(1, 40),
    st.sampled_from(["", "until progression", "until disease progression or death"]),
)
def test_doses_are_as_many_as_the_words_say(often: str, weeks: int, end: str) -> None:
    """The oracle counts: so many a week, the first on day 0."""
    times = regimen(f"lenvatinib 8 mg {often} {end}").courses[0].times(0.0, 84.0 * weeks)
    assert len(times) == pytest.approx(12 * weeks * PER_WEEK[often], abs=1e-6)
    assert times[0] == 0.0


WORDS = st.lists(
    st.sampled_from(
        [
            "q3w",
            "q2w",
            "daily",
            "bid",
            "weekly",
            "every",
            "3",
            "weeks",
            "days",
            "1",
            "and",
            "8",
            "of",
            "a",
            "21-day",
            "cycle",
            "for",
            "up",
            "to",
            "4",
            "cycles",
            "until",
            "progression",
            "x4",
            "once",
            "d1-14",
            "on",
            "off",
            "po",
            "iv",
            ",",
            "2",
            "week",
        ]
    ),
    min_size=1,
    max_size=8,
).map(" ".join)


@given(WORDS)
def test_whatever_is_understood_keeps_its_dose_and_prints_as_itself(words: str) -> None:
    try:
        found = regimen(f"lenvatinib 8 mg {words}")
    except NormoxiaError:
        return
    assert {course.dose.amount for course in found.courses} == {8.0}
    assert regimen(str(found)) == found
