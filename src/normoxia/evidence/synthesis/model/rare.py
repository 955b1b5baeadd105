"""Few or no events: Mantel-Haenszel and Peto for pairs, Mantel-Haenszel and penalised logistic regression for networks.

Inverse variance breaks down here: continuity corrections drive the answer. These methods use the counts themselves, with
one effect per comparison (there is no telling heterogeneity with so few events). Sources: Mantel & Haenszel 1959; Robins,
Breslow & Greenland 1986, Biometrics 42:311 (variance of log OR); Greenland & Robins 1985, Biometrics 41:55 (RR, RD); Yusuf
1985 (Peto); Efthimiou 2019, Stat Med 38:2992 (networks); Evrenoglou 2022, Stat Med 41:5203 (penalised likelihood).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from normoxia.errors import InvalidArgument, NotConverged
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import (
    CONTINUITY,
    Arm,
    Contrast,
    EffectMeasure,
    by_study,
)
from normoxia.evidence.synthesis.model.design_odds import design_odds
from normoxia.evidence.synthesis.model.heterogeneity import Array
from normoxia.evidence.synthesis.model.meta import normal_quantile, two_sided_p
from normoxia.evidence.synthesis.model.multiarm import centred_study
from normoxia.evidence.synthesis.model.network import NetworkFit
from normoxia.language import Message

#: a variance of a log ratio or of a risk difference below this is rounding: 1e12 patients would not give it
_NO_VARIANCE = 1e-14


@dataclass(frozen=True, slots=True)
class CountEffect:
    """A pooled effect from 2x2 tables, log scale for ratios."""

    estimate: float
    se: float
    low: float
    high: float
    p_value: float
    n_studies: int
    method: str


def mantel_haenszel(
    tables: Iterable[tuple[float, float, float, float]],
    *,
    effect: EffectMeasure | str = EffectMeasure.OR,
    level: float = 0.95,
) -> CountEffect:
    """Mantel-Haenszel pooling.

    tables  (events, patients) of treatment then of comparator, one row a study
    effect  OR, RR or RD; no continuity correction. Studies without events weigh nothing in a ratio; in a difference they do:
            they say that it is small
    raises  InvalidArgument when no study (or one arm in all of them) has events, so that a ratio is 0 or infinite, and when no
            arm has both events and non-events, so that nothing tells the error
    """
    effect = EffectMeasure(effect)
    a, n1, c, n2 = _columns(tables)
    b, d, n = n1 - a, n2 - c, n1 + n2
    if effect is EffectMeasure.OR:
        r, s = a * d / n, b * c / n
        _refuse_empty(r.sum(), s.sum())
        p, q = (a + d) / n, (b + c) / n
        variance = (
            (p * r).sum() / (2 * r.sum() ** 2)
            + (p * s + q * r).sum() / (2 * r.sum() * s.sum())
            + (q * s).sum() / (2 * s.sum() ** 2)
        )
        estimate = math.log(r.sum() / s.sum())
    elif effect is EffectMeasure.RR:
        r, s = a * n2 / n, c * n1 / n
        _refuse_empty(r.sum(), s.sum())
        variance = ((n1 * n2 * (a + c) - a * c * n) / n**2).sum() / (r.sum() * s.sum())
        estimate = math.log(r.sum() / s.sum())
    elif effect is EffectMeasure.RD:
        weight = n1 * n2 / n
        estimate = float(((a * n2 - c * n1) / n).sum() / weight.sum())
        variance = ((a * b * n2**3 + c * d * n1**3) / (n1 * n2 * n**2)).sum() / weight.sum() ** 2
    else:
        raise InvalidArgument(f"Mantel-Haenszel pools OR, RR or RD, not {effect}")
    if not variance > _NO_VARIANCE:
        raise InvalidArgument(
            "no arm has both an event and a patient without one, so nothing tells the error of the estimate; "
            "use the penalised logistic, which stays finite"
        )
    return _answer(
        float(estimate), math.sqrt(float(variance)), len(a), f"Mantel-Haenszel {effect}", level
    )


def peto(
    tables: Iterable[tuple[float, float, float, float]], *, level: float = 0.95
) -> CountEffect:
    """Peto's one-step log odds ratio; good for rare events, near-equal arms and modest effects only.

    tables  (events, patients) of treatment then of comparator, one row a study
    """
    a, n1, c, n2 = _columns(tables)
    n, events = n1 + n2, a + c
    expected = n1 * events / n
    variance = n1 * n2 * events * (n - events) / (n**2 * np.maximum(n - 1, 1))
    if not variance.sum() > 0:
        raise InvalidArgument(
            "no study has both an event and a patient without one; there is no odds ratio to pool"
        )
    total = float(variance.sum())
    return _answer(
        float((a - expected).sum()) / total, 1.0 / math.sqrt(total), len(a), "Peto OR", level
    )


def network_mantel_haenszel(arms: Iterable[Arm], *, level: float = 0.95) -> NetworkFit:
    """A network of odds ratios from counts: Mantel-Haenszel within each design, inverse variance between designs.

    A design of several arms uses every pair of them with their covariance (see `design_odds`), so that no arm is the first. An
    arm without events (or without non-events) in all studies of a design is left out of it, with a note, as in netmeta.
    raises  InvalidArgument where no design has an odds ratio
    """
    designs, notes = odds_designs(arms)
    members = []
    for number, design in enumerate(designs, 1):
        name = f"{number}: {' : '.join(design.treatments)}"
        members.append(centred_study(name, design.treatments, design.effects, design.covariance))
    if not members:
        raise InvalidArgument(
            "\n".join(
                [
                    "no design has an odds ratio; with no events at all there is nothing to pool",
                    *notes,
                ]
            )
        )
    fitted = net.fit(net.assemble(tuple(members), EffectMeasure.OR), model="common", level=level)
    return replace(
        fitted,
        tau_method="Mantel-Haenszel",
        network=replace(fitted.network, notes=fitted.network.notes + notes),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Studies of the same arms, those without an odds ratio left out.

    studies     the arms of each study, in the order of treatments
    effects     log odds centred at 0, covariance alike; see `design_odds`
    """

    treatments: tuple[str, ...]
    studies: tuple[tuple[Arm, ...], ...]
    effects: Array
    covariance: Array


def odds_designs(arms: Iterable[Arm]) -> tuple[tuple[Design, ...], tuple[str, ...]]:
    """The designs whose odds ratios Mantel-Haenszel can pool, and a note for every arm or design that it cannot."""
    studies, notes = informative(arms)
    groups: dict[tuple[str, ...], list[list[Arm]]] = {}
    for members in studies:
        ordered = sorted(members, key=lambda arm: arm.treatment)
        groups.setdefault(tuple(arm.treatment for arm in ordered), []).append(ordered)
    designs, all_notes = [], list(notes)
    for names, own in groups.items():
        label = " : ".join(names)
        events = np.array([[arm.events for arm in study] for study in own], dtype=float)
        n = np.array([[arm.n for arm in study] for study in own], dtype=float)
        kept = np.flatnonzero((events.sum(axis=0) > 0) & ((n - events).sum(axis=0) > 0))
        lost = [name for i, name in enumerate(names) if i not in kept]
        found = design_odds(events[:, kept], n[:, kept]) if len(kept) > 1 else None
        if found is None:
            all_notes.append(Message("evidence.design_dropped", design=label))
            continue
        all_notes += [Message("evidence.arm_dropped", design=label, arm=name) for name in lost]
        designs.append(
            Design(
                tuple(names[i] for i in kept),
                tuple(tuple(study[i] for i in kept) for study in own),
                *found,
            )
        )
    return tuple(designs), tuple(all_notes)


def informative(arms: Iterable[Arm]) -> tuple[list[list[Arm]], tuple[str, ...]]:
    """Studies whose counts depend on an odds ratio, and a note for each other one.

    Whatever the effects, a study without any event (or without any non-event) has likelihood 1 at the limit of its own
    intercept: its counts tell nothing of them.
    raises  InvalidArgument for impossible counts
    """
    studies, notes = [], []
    for study, members in by_study(arms).items():
        for arm in members:
            if not (0.0 <= arm.events <= arm.n and 0.0 < arm.n < math.inf):
                raise InvalidArgument(
                    f'study "{study}", arm "{arm.treatment}": {arm.events:g} events in {arm.n:g} patients; '
                    "expected 0 <= events <= n; correct the counts"
                )
        events, n = sum(arm.events for arm in members), sum(arm.n for arm in members)
        if len(members) < 2:
            notes.append(Message("evidence.one_arm", study=study, arm=members[0].treatment))
        elif events in (0.0, n):
            key = "evidence.flat_none" if events == 0.0 else "evidence.flat_all"
            notes.append(Message(key, study=study))
        else:
            studies.append(list(members))
    return studies, tuple(notes)


def network_logistic(
    arms: Iterable[Arm], *, penalised: bool = True, level: float = 0.95
) -> NetworkFit:
    """A network of odds ratios by logistic regression on the counts, one intercept a study.

    penalised  by half the log determinant of the information (Firth 1993), finite whatever cells are empty; without it,
               plain maximum likelihood
    raises     NotConverged when plain likelihood has no finite maximum (use the penalty)
    The fit's Q is Pearson's chi-squared of the counts around the fitted risks: heterogeneity and inconsistency together.
    """
    informed, notes = informative(arms)
    if not informed:
        raise InvalidArgument(
            "\n".join(["no study has both events and patients without one", *notes])
        )
    found = [arm for members in informed for arm in members]
    skeleton = net.build(corrected(found), EffectMeasure.OR)
    skeleton = replace(skeleton, notes=skeleton.notes + notes)
    at = {name: i for i, name in enumerate(skeleton.treatments)}
    _, kept = net.full_rank_design(skeleton)
    column = {int(k): c for c, k in enumerate(kept)}
    studies = {study: i for i, study in enumerate(skeleton.studies)}
    used = [arm for arm in found if arm.study in studies]
    x = np.zeros((len(used), len(studies) + len(kept)))
    for row, arm in enumerate(used):
        x[row, studies[arm.study]] = 1.0
        if at[arm.treatment] in column:
            x[row, len(studies) + column[at[arm.treatment]]] = 1.0
    events, n = np.array([arm.events for arm in used]), np.array([arm.n for arm in used])
    beta, covariance = _firth(x, events, n, penalised)
    theta, spread = np.zeros(len(at)), np.zeros((len(at), len(at)))
    theta[kept] = beta[len(studies) :]
    spread[np.ix_(kept, kept)] = covariance[len(studies) :, len(studies) :]
    method = "penalised logistic" if penalised else "logistic"
    risk = 1.0 / (1.0 + np.exp(-(x @ beta)))
    q = float(np.sum((events - n * risk) ** 2 / (n * risk * (1.0 - risk))))
    df = len(used) - x.shape[1]
    return NetworkFit(skeleton, "common", method, 0.0, theta, spread, q, df, False, level)


def _firth(x: Array, events: Array, n: Array, penalised: bool) -> tuple[Array, Array]:
    beta = np.zeros(x.shape[1])
    for _ in range(200):
        p = 1.0 / (1.0 + np.exp(-(x @ beta)))
        weight = n * p * (1.0 - p)
        information = (x * weight[:, None]).T @ x
        covariance = np.linalg.pinv(information, hermitian=True)
        score = events - n * p
        if penalised:
            score = score + weight * np.einsum("ij,jk,ik->i", x, covariance, x) * (0.5 - p)
        step = covariance @ (x.T @ score)
        beta = beta + step * min(1.0, 2.0 / max(1e-12, float(np.max(np.abs(step)))))
        if np.max(np.abs(step)) < 1e-10:
            return beta, np.asarray(covariance, dtype=np.float64)
        if np.max(np.abs(x @ beta)) > 30:
            break
    raise NotConverged(
        "the likelihood has no finite maximum (an arm without events or without non-events); use penalised=True"
    )


def corrected(arms: Sequence[Arm]) -> list[Contrast]:
    """Contrasts of every study with half an event added everywhere: the network's shape, not its answer."""
    contrasts = []
    for members in by_study(arms).values():
        values = []
        for arm in members:
            e, f = arm.events + CONTINUITY, arm.n - arm.events + CONTINUITY
            values.append((arm.treatment, math.log(e / f), 1.0 / e + 1.0 / f))
        for (a, value_a, var_a), (b, value_b, var_b) in combinations(values, 2):
            contrasts.append(
                Contrast(members[0].study, a, b, value_a - value_b, math.sqrt(var_a + var_b))
            )
    return contrasts


def _columns(
    tables: Iterable[tuple[float, float, float, float]],
) -> tuple[Array, Array, Array, Array]:
    rows = np.array(list(tables), dtype=float)
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise InvalidArgument("expected rows of (events, patients) of treatment then of comparator")
    possible = (rows[:, [0, 2]] >= 0) & (rows[:, [0, 2]] <= rows[:, [1, 3]]) & (rows[:, [1, 3]] > 0)
    possible &= np.isfinite(rows[:, [1, 3]])
    for i in np.flatnonzero(~possible.all(axis=1)):
        raise InvalidArgument(
            f"study {i + 1}: {rows[i].tolist()}; expected 0 <= events <= patients, and patients above 0, in both arms"
        )
    return rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3]


def _refuse_empty(r: float, s: float) -> None:
    if r <= 0 or s <= 0:
        raise InvalidArgument(
            "one side has no events in any study, so the ratio is 0 or infinite; use the risk difference"
        )


def _answer(estimate: float, se: float, n: int, method: str, level: float) -> CountEffect:
    half = normal_quantile(level) * se
    return CountEffect(
        estimate, se, estimate - half, estimate + half, two_sided_p(estimate / se), n, method
    )
