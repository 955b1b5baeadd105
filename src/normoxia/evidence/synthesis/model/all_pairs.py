"""Every pair of a multi-arm study, where publications print only those against the control.

A program that takes contrasts (netmeta among them) asks for all k(k-1)/2 pairs of a study with k arms, since their standard
errors are all it learns of the covariance. The estimate of a missing pair follows from the printed ones. Its standard error
does not: var(a - b) = var(a - c) + var(b - c) - 2 var(c), and the variance of the shared arm c is not printed. The number of
patients per arm tells it up to a scale that the printed intervals set (variance in proportion to 1 / patients, as `multiarm`
splits it; assumed: patients of the arms have events alike). Without sizes a study is refused, not guessed at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from normoxia.evidence.synthesis.model.contrasts import Contrast
from normoxia.evidence.synthesis.model.multiarm import study_arms
from normoxia.language import Message

#: what a derived standard error rests on
BASIS = "arm sizes (assumed: variance of an arm in proportion to 1 / patients)"
#: how far a printed variance may lie from the sum of its arms': an interval of 0.80 to 1.20 printed to two decimals
#: is uncertain by about as much
ROUNDING = 0.03
#: arms whose variance times patients differ by more than this factor contradict the assumption; events per patient of
#: arms in one trial rarely differ by as much (0.9 against 0.25 would)
ALIKE = 4.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of one study: those published, those derived from them, and why the latter cannot be had ("" if they can)."""

    published: tuple[Contrast, ...]
    derived: tuple[Contrast, ...] = ()
    refused: str = ""


def all_pairs(contrasts: Sequence[Contrast], sizes: Mapping[str, float]) -> Pairs:
    """The contrasts of one study with its missing pairs derived, so that estimates and variances close every triangle.

    contrasts  of one study, on the analysis scale
    sizes      patients per arm; only their proportions matter, so that those randomised stand in for a part of them
    returns    Pairs with `refused` in words where a pair is missing and its standard error unknown, impossible, or where
               nothing in the study links two arms
    """
    published = tuple(contrasts)
    names = tuple(dict.fromkeys(name for c in published for name in (c.treatment, c.comparator)))
    present = {frozenset((c.treatment, c.comparator)) for c in published}
    missing = [pair for pair in combinations(names, 2) if frozenset(pair) not in present]
    if not missing:
        return Pairs(published)
    pairs = ", ".join(f"{a} : {b}" for a, b in missing)
    if not _hang_together(published, names):
        return Pairs(published, refused=Message("evidence.no_shared_arm", pairs=pairs))
    unknown = [name for name in names if not sizes.get(name, 0.0) > 0.0]
    if unknown:
        return Pairs(
            published, refused=Message("evidence.no_sizes", pairs=pairs, arms=", ".join(unknown))
        )
    member = study_arms(published, dict(sizes))
    at = {name: i for i, name in enumerate(member.arms)}
    for c in published:
        fitted = float(member.variances[at[c.treatment]] + member.variances[at[c.comparator]])
        if not member.published or abs(fitted / c.se**2 - 1.0) > ROUNDING:
            return Pairs(
                published,
                refused=Message(
                    "evidence.no_variances",
                    pairs=pairs,
                    one=c.treatment,
                    other=c.comparator,
                    printed=c.se**2,
                    fitted=fitted,
                ),
            )
    alike = member.variances * [sizes[name] for name in member.arms]
    if alike.max() > ALIKE * alike.min():
        return Pairs(
            published,
            refused=Message(
                "evidence.sizes_contradict",
                pairs=pairs,
                low=float(alike.min()),
                high=float(alike.max()),
            ),
        )
    derived = []
    for a, b in missing:
        i, j = sorted((at[a], at[b]))
        estimate, variance = member.contrast(i, j)
        first, second = member.arms[i], member.arms[j]
        derived.append(Contrast(published[0].study, first, second, estimate, math.sqrt(variance)))
    return Pairs(published, tuple(derived))


def _hang_together(contrasts: Sequence[Contrast], names: Sequence[str]) -> bool:
    """Whether every arm is linked to the first."""
    reached = {names[0]}
    for _ in names:
        for c in contrasts:
            if c.treatment in reached or c.comparator in reached:
                reached |= {c.treatment, c.comparator}
    return len(reached) == len(names)
