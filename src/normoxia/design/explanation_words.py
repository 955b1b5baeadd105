"""An explanation in words and as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from normoxia.design.attribution import REST, Attribution, GroupContribution
from normoxia.design.comparisons import LANGUAGES
from normoxia.design.explanations import ExplanationDesign
from normoxia.design.probing import LoopGain, SensitivityIndex, Window
from normoxia.language import Language, language
from normoxia.outcome import Estimate

SCHEMA = "normoxia.explanation/1"
#: total Sobol index from which a number is named in the answer
_NAMED = 0.1
#: titles of structural variants, by name and language
Titles = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExplanationFindings:
    """Everything an explanation found; what was not asked is empty or None."""

    attribution: Attribution
    windows: tuple[Window, ...] = ()
    sensitivity: tuple[SensitivityIndex, ...] = ()
    loop: LoopGain | None = None
    variants: Titles | None = None

    @property
    def leading(self) -> GroupContribution | None:
        """The largest contribution of a group whose interval excludes none; None without one."""
        clear = [c for c in self.attribution.contributions if c.group != REST and c.is_clear]
        return max(clear, key=lambda c: abs(c.estimate.value), default=None)

    def variant(self, design: ExplanationDesign, window: Window, text: Language) -> str:
        """Return which draws a window is of, in words."""
        if not window.variant or design.window is None:
            return text.say("explain.variant_all")
        titles = (self.variants or {}).get(design.window.by, {})
        named = titles.get(text.code) or titles.get("en") or design.window.by
        return text.say(f"explain.variant_{window.variant}", variant=named)


def _is_clear(estimate: Estimate) -> bool:
    return estimate.has_interval and not estimate.contains(0.0)


def answer(design: ExplanationDesign, found: ExplanationFindings) -> dict[str, str]:
    """Return the answer in each language."""
    return {code: _answer(design, found, language(code)) for code in LANGUAGES}


def _answer(design: ExplanationDesign, found: ExplanationFindings, text: Language) -> str:
    attribution = found.attribution
    one, other = (r.title(text.code) for r in design.comparison.regimens)
    ordered = sorted(
        (c for c in attribution.contributions if c.group != REST),
        key=lambda c: -abs(c.estimate.value),
    )
    parts = [
        text.say(
            "explain.part",
            value=text.interval(c.estimate, 2),
            group=design.group(c.group).title(text.code),
        )
        for c in ordered
    ]
    rest = attribution.contributions[-1]
    parts.append(text.say("explain.rest", value=text.interval(rest.estimate, 2)))
    sentence = text.say(
        "explain.answer",
        difference=text.interval(attribution.difference, 2),
        horizon=f"{design.horizon:g}",
        one=one,
        other=other,
        parts=text.say("explain.join").join(parts),
    )
    leading = found.leading
    if leading is not None:
        sentence += text.say("explain.clear", group=design.group(leading.group).title(text.code))
    else:
        sentence += text.say("explain.cannot")
    if not _is_clear(attribution.difference):
        sentence += text.say("explain.no_difference")
    largest = max(c.chance for c in attribution.contributions)
    sentence += text.say("explain.chance", error=text.number(largest, 2))
    return sentence + _of_typical_patient(design, found, text)


def _of_typical_patient(
    design: ExplanationDesign, found: ExplanationFindings, text: Language
) -> str:
    sentence = ""
    for window in found.windows:
        assert design.window is not None
        days = window.open_days.mean(axis=1)
        is_open = float(days.max()) >= 7.0
        sentence += text.say(
            "explain.window_open" if is_open else "explain.window_shut",
            variant=found.variant(design, window, text),
            amount=design.window.course.format(amount=f"{window.widest:g}"),
            days=f"{days.max():.0f}",
            total=design.window.days,
            draws=window.n_draws,
        )
    if found.loop is not None and design.loop is not None:
        sentence += text.say(
            "explain.loop",
            statements=", ".join(design.loop.statements),
            gain=text.interval(found.loop.gain, 2),
        )
    if found.sensitivity and design.sensitivity is not None:
        named = [s for s in found.sensitivity if s.total.value >= _NAMED]
        sentence += text.say(
            "explain.most",
            output=text.known(f"state.{design.sensitivity.output}", design.sensitivity.output),
            day=f"{design.sensitivity.day:g}",
            names=", ".join(
                f"{s.parameter} {s.total.value:.2f}" for s in named or found.sensitivity[:1]
            ),
        )
    return sentence


def content(design: ExplanationDesign, found: ExplanationFindings) -> dict[str, object]:
    """Return an explanation as plain values, without answer and manifest.

    Returns
    -------
    dict
        `explanation`, `title`, `asks`, `place`, `difference` (months), `contributions` (each {group, title, statements, value,
        interval, chance, order_error}), `statements` (each {statement, difference, experimental, control}), `windows` (each
        {variant, draws, amounts, days, perfusion, open_share, widest}), `sensitivity` (each {parameter, first, total}),
        `loop` {statements, gain, closed, opened} or null.
    """
    a = found.attribution
    return {
        "explanation": design.name,
        "title": dict(design.comparison.titles),
        "asks": dict(design.comparison.asks),
        "place": design.comparison.place,
        "horizon_months": design.horizon,
        "difference": plain_estimate(a.difference),
        "contributions": [_contribution(design, c) for c in a.contributions],
        "statements": [
            {
                "statement": e.tag,
                "difference": plain_estimate(e.difference),
                "experimental": plain_estimate(e.experimental),
                "control": plain_estimate(e.control),
            }
            for e in a.effects
        ],
        "windows": [
            {
                "variant": w.variant or None,
                "draws": w.n_draws,
                "amounts": w.amounts.tolist(),
                "days": w.days.tolist(),
                "perfusion": w.perfusion.tolist(),
                "open_share": w.open_share.tolist(),
                "widest": w.widest,
            }
            for w in found.windows
        ],
        "sensitivity": [
            {
                "parameter": s.parameter,
                "first": plain_estimate(s.first),
                "total": plain_estimate(s.total),
            }
            for s in found.sensitivity
        ],
        "loop": None if found.loop is None else _loop(design, found.loop),
    }


def _contribution(design: ExplanationDesign, c: GroupContribution) -> dict[str, object]:
    group = None if c.group == REST else design.group(c.group)
    return {
        "group": c.group,
        "title": dict(group.titles) if group else {},
        "statements": list(group.statements) if group else [],
        **plain_estimate(c.estimate),
        "chance": c.chance,
        "order_error": c.order_error,
    }


def _loop(design: ExplanationDesign, loop: LoopGain) -> dict[str, object]:
    assert design.loop is not None
    return {
        "statements": list(design.loop.statements),
        "gain": plain_estimate(loop.gain),
        "closed": plain_estimate(loop.closed),
        "opened": plain_estimate(loop.opened),
    }


def plain_estimate(estimate: Estimate) -> dict[str, object]:
    """Return an estimate as {value, interval}."""
    ends: Sequence[float] = (estimate.low, estimate.high)
    return {"value": estimate.value, "interval": list(ends) if estimate.has_interval else None}
