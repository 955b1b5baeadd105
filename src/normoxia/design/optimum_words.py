"""An optimisation in words and as plain values."""

from __future__ import annotations

from collections.abc import Mapping

from normoxia.design.comparisons import LANGUAGES
from normoxia.design.explanation_words import Titles, plain_estimate
from normoxia.design.optimisations import BURDENS, OptimisationDesign
from normoxia.design.optimum import Optimum, VariantOptimum
from normoxia.design.regimens import HORIZONS
from normoxia.language import Language, language
from normoxia.outcome import Endpoint

SCHEMA = "normoxia.optimisation/1"


def is_certain(design: OptimisationDesign, found: Optimum) -> bool:
    """Return whether the recommendation is certainly better than the reference, or is the reference without a rival."""
    if found.best == design.reference:
        return not found.rivals
    return found.gain.has_interval and found.gain.low > 0.0


def variant_name(variant: VariantOptimum, titles: Titles, text: Language) -> str:
    """Return the side of a structural variant in words."""
    own = titles.get(variant.variant, {})
    named = own.get(text.code) or own.get("en") or variant.variant
    return text.say(f"explain.variant_{'on' if variant.is_on else 'off'}", variant=named)


def utility_words(design: OptimisationDesign, text: Language) -> str:
    """Return the utility as a sum of weighted outcomes."""
    months = {"pfs": design.horizon, "os": HORIZONS[Endpoint.OS]}
    return text.say("optimise.plus").join(
        text.say(
            "optimise.term",
            weight=text.number(weight, 2),
            outcome=text.say(f"optimise.outcome_{name}", months=f"{months.get(name, 0.0):g}"),
        )
        for name, weight in design.utility.weights.items()
        if weight
    )


def answer(design: OptimisationDesign, found: Optimum, titles: Titles) -> dict[str, str]:
    """Return the answer in each language; `titles` are those of structural variants."""
    return {code: _answer(design, found, titles, language(code)) for code in LANGUAGES}


def _answer(design: OptimisationDesign, found: Optimum, titles: Titles, text: Language) -> str:
    def label(position: int) -> str:
        return design.label(position, text.code)

    sentence = text.say(
        "optimise.answer",
        best=label(found.best),
        utility=text.number(float(found.utility[found.best].mean()), 2),
        toxicity=text.number(float(found.outcomes["toxicity"][found.best].mean()), 0),
    )
    if found.best == design.reference:
        sentence += text.say("optimise.is_reference")
    else:
        sentence += text.say(
            "optimise.better" if is_certain(design, found) else "optimise.unclear",
            reference=label(design.reference),
            gain=text.interval(found.gain, 2),
        )
    sentence += text.say("optimise.rivals", cells=len(design.schedules), n=len(found.rivals))
    excluded = int((~found.feasible).sum())
    if excluded:
        sentence += text.say("optimise.infeasible", n=excluded)
    if found.variants and all(v.best == found.best for v in found.variants):
        sentence += text.say("optimise.variants_alike", n=len(found.variants))
    elif found.variants:
        parts = [
            text.say(
                "optimise.variant",
                variant=variant_name(v, titles, text),
                best=label(v.best),
                regret=text.interval(v.regret, 2),
            )
            for v in found.variants
        ]
        sentence += text.say("optimise.variants", parts=text.say("optimise.join").join(parts))
    return sentence


def content(design: OptimisationDesign, found: Optimum) -> dict[str, object]:
    """Return an optimisation as plain values, without answer and manifest.

    Returns
    -------
    dict
        `optimisation`, `title`, `asks`, `place`, `axes`, `utility`, `limit`, `schedules` (each {values, regimen, utility, benefit,
        pfs, os, response, toxicity, feasible, best_share}), `best`, `reference`, `gain`, `rivals`, `front` (positions),
        `variants` (each {variant, on, draws, best, utility, regret}).
    """
    return {
        "optimisation": design.name,
        "title": dict(design.comparison.titles),
        "asks": dict(design.comparison.asks),
        "place": design.comparison.place,
        "axes": [
            {"id": axis.id, "title": dict(axis.titles), "values": list(axis.values)}
            for axis in design.axes
        ],
        "utility": dict(design.utility.weights),
        "burdens": list(BURDENS),
        "limit": {"toxicity": design.utility.most_toxic},
        "schedules": [_schedule(design, found, k) for k in range(len(design.schedules))],
        "best": found.best,
        "reference": design.reference,
        "gain": plain_estimate(found.gain),
        "rivals": list(found.rivals),
        "front": list(found.front),
        "variants": [
            {
                "variant": v.variant,
                "on": v.is_on,
                "draws": v.n_draws,
                "best": v.best,
                "utility": v.utility,
                "regret": plain_estimate(v.regret),
            }
            for v in found.variants
        ],
    }


def _schedule(design: OptimisationDesign, found: Optimum, k: int) -> Mapping[str, object]:
    return {
        "values": {
            axis.id: value for axis, value in zip(design.axes, design.schedules[k], strict=True)
        },
        "regimen": list(design.comparison.regimens[k].courses),
        "utility": float(found.utility[k].mean()),
        "benefit": float(found.benefit[k].mean()),
        **{name: float(values[k].mean()) for name, values in found.outcomes.items()},
        "feasible": bool(found.feasible[k]),
        "best_share": float(found.best_share[k]),
    }
