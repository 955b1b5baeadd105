"""Cox's proportional hazards regression: several covariates, strata, late entry, weights, three treatments of
ties.

Everything runs on running sums over times sorted once, so a fit costs a sort and a few passes over the
patients whatever the number of distinct times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import ComputationFailed, InvalidArgument, NotConverged
from normoxia.survival.data import Floats, TimeToEvent, pooled
from normoxia.survival.exact_ties import exact_terms
from normoxia.survival.inference import Inference, ratio

Ties = Literal["efron", "breslow", "exact"]


@dataclass(frozen=True, slots=True, eq=False)
class CoxFit:
    """A fitted Cox model.

    names           covariates, in the order of every array
    coefficients    log hazard ratio per unit of each covariate; shape (p,)
    covariance      of the coefficients: inverse information, or the sandwich when `robust`; shape (p, p)
    log_likelihood  (null, fitted) log partial likelihood
    score_test      chi-squared of the score test of all coefficients at 0 (with one binary covariate and no
                    ties, log-rank)
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    log_likelihood: tuple[float, float]
    score_test: float
    ties: Ties
    robust: bool
    level: float
    data: TimeToEvent = field(repr=False)
    covariates: Floats = field(repr=False)
    strata: NDArray[np.intp] | None = field(repr=False)

    @property
    def standard_errors(self) -> Floats:
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def hazard_ratio(self, name: str | None = None) -> Inference:
        """Hazard ratio per unit of a covariate (the only one, when no name is given), Wald interval and p."""
        if name is None and len(self.names) != 1:
            raise InvalidArgument(
                f"the model has {len(self.names)} covariates; name one of {', '.join(self.names)}"
            )
        if name is not None and name not in self.names:
            raise InvalidArgument(
                f'covariate "{name}" is not in the model; expected one of {", ".join(self.names)}'
            )
        i = 0 if name is None else self.names.index(name)
        method = f"Cox, {self.ties.capitalize()} ties" + (", stratified" if self.strata is not None else "")
        method += ", robust" if self.robust else ""
        return ratio(float(self.coefficients[i]), float(self.standard_errors[i]), self.level, method)


def cox(
    data: TimeToEvent,
    covariates: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "efron",
    robust: bool = False,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> CoxFit:
    """The Cox model of the hazard on covariates.

    covariates  shape (n_patients,) or (n_patients, p); finite
    names       one a covariate; x1, x2 ... when not given
    strata      each patient's stratum; baseline hazards differ between strata
    ties        "efron", "breslow", or "exact" (the discrete likelihood; for few ties and a few hundred
                patients)
    robust      sandwich variance (Lin & Wei 1989, J Am Stat Assoc 84:1074), needed with matching weights; not
                with exact ties
    cluster     patients of one cluster are summed before the sandwich; implies robust
    raises      NotConverged when the likelihood has no finite maximum (a covariate separates the events)
    source      Cox 1972, J R Stat Soc B 34:187; Breslow 1974, Biometrics 30:89; Efron 1977, J Am Stat Assoc
                72:557

    Assumes proportional hazards; `proportional_hazards_test` tries it.
    """
    x = _matrix(covariates, len(data))
    labels = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(x.shape[1]))
    if len(labels) != x.shape[1]:
        raise InvalidArgument(f"{len(labels)} names for {x.shape[1]} covariates; expected one each")
    if ties not in ("efron", "breslow", "exact"):
        raise InvalidArgument(f'ties "{ties}" is not known; expected efron, breslow or exact')
    if data.n_events == 0:
        raise ComputationFailed(
            "no event was observed, so no hazard can be compared; follow patients for longer"
        )
    stratum = (
        None if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1].astype(np.intp)
    )
    if stratum is not None and stratum.shape != (len(data),):
        raise InvalidArgument(f"strata have shape {stratum.shape}; expected one per patient")
    centre = np.average(x, axis=0, weights=data.weights)
    design = Design.of(data, x - centre, stratum)
    if ties == "exact" and (data.weight is not None or data.entry is not None or robust):
        raise InvalidArgument("exact ties take neither weights, late entry nor the sandwich; use efron")
    coefficients, information, likelihoods, score_test = _maximise(design, ties, labels)
    covariance: Floats = np.asarray(np.linalg.inv(information), dtype=np.float64)
    sandwich = robust or cluster is not None
    if sandwich:
        influence = score_residuals(design, coefficients, ties) * data.weights[:, None] @ covariance
        if cluster is not None:
            member = np.unique(np.asarray(cluster), return_inverse=True)[1]
            influence = np.array([np.bincount(member, column) for column in influence.T]).T
        covariance = np.asarray(influence.T @ influence, dtype=np.float64)
    return CoxFit(
        labels, coefficients, covariance, likelihoods, score_test, ties, sandwich, level, data, x, stratum
    )


def hazard_ratio(
    experimental: TimeToEvent,
    control: TimeToEvent,
    *,
    strata: Sequence[ArrayLike] | None = None,
    ties: Ties = "efron",
    robust: bool = False,
    level: float = 0.95,
) -> Inference:
    """Cox hazard ratio of one group over another, with interval and Wald p; strata as in `log_rank`."""
    data, group = pooled((experimental, control))
    labels = None if strata is None else np.concatenate([np.asarray(part) for part in strata])
    arm = (group == 0).astype(np.float64)
    return cox(
        data, arm, names=("experimental",), strata=labels, ties=ties, robust=robust, level=level
    ).hazard_ratio()


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Patients sorted by stratum and time, with the groups of tied events found once.

    Times are shifted stratum by stratum so that one running sum serves all strata: `start` and `stop` bound
    each event's risk set among the sorted times, `entered` counts those of the stratum who had not come in
    yet.
    """

    order: NDArray[np.intp]  # patients in the order of x, observed, weight
    x: Floats  # (n, p)
    weight: Floats  # (n,)
    group: NDArray[np.intp]  # tied group of each event; (n_events,)
    event: NDArray[np.intp]  # positions of events, sorted; (n_events,)
    share: Floats  # 0, 1/d ... within ties; (n_events,)
    first: NDArray[np.intp]  # first sorted position at risk, per group
    end: NDArray[np.intp]  # one past the last of the stratum, per group
    entry_order: NDArray[np.intp] | None  # positions sorted by stratum and entry
    entry_first: NDArray[np.intp] | None  # first entry position not yet in, per group
    times: Floats  # event time per group
    last_group: NDArray[np.intp]  # groups (of the stratum and before) at or before each patient's time; (n,)
    base_group: NDArray[np.intp]  # groups at or before each patient's entry; (n,)

    @classmethod
    def of(cls, data: TimeToEvent, x: Floats, stratum: NDArray[np.intp] | None) -> Design:
        s = np.zeros(len(data), np.intp) if stratum is None else stratum
        order = np.lexsort((data.time, s)) if stratum is not None else np.argsort(data.time, kind="stable")
        time, observed, s = data.time[order], data.observed[order], s[order]
        event = np.flatnonzero(observed)
        new = np.ones(len(event), np.bool_)
        new[1:] = (time[event][1:] != time[event][:-1]) | (s[event][1:] != s[event][:-1])
        group = np.cumsum(new) - 1
        opening = event[new]
        counts = np.bincount(group)
        share = (np.arange(len(event)) - np.flatnonzero(new)[group]) / counts[group]
        bounds = np.searchsorted(s, np.arange(s.max() + 2))
        key = _Key(time, s, bounds)
        first = key.left(time[opening], s[opening])
        groups = _Key(time[opening], s[opening], np.searchsorted(s[opening], np.arange(s.max() + 2)))
        last_group = groups.right(time, s)
        base_group = np.searchsorted(s[opening], s)
        entry_order = entry_first = None
        if data.entry is not None:
            entry = data.entry[order]
            entry_order = np.lexsort((entry, s))
            entries = _Key(entry[entry_order], s, bounds)
            entry_first = entries.left(time[opening], s[opening])
            base_group = np.where(entry > 0, groups.right(entry, s), base_group)
        return cls(
            order, x[order], data.weights[order], group, event, share, first, bounds[s[opening] + 1],
            entry_order, entry_first, time[opening], last_group, base_group,
        )  # fmt: skip

    def risk_sums(self, values: Floats) -> Floats:
        """Sum of per-patient values over each tied group's risk set; values (n, ...) -> (n_groups, ...)."""
        running = _before(values)
        total = running[self.end] - running[self.first]
        if self.entry_order is not None and self.entry_first is not None:
            waiting = _before(values[self.entry_order])
            total = total - (waiting[self.end] - waiting[self.entry_first])
        return total

    def event_sums(self, values: Floats) -> Floats:
        """Sum of per-patient values over each tied group's events; values (n, ...) -> (n_groups, ...)."""
        running = _before(values[self.event])
        edges = np.concatenate([np.flatnonzero(np.diff(self.group, prepend=-1)), [len(self.group)]])
        return np.asarray(running[edges[1:]] - running[edges[:-1]])


@dataclass(frozen=True, slots=True, eq=False)
class _Key:
    """Search for a time within a stratum, among times sorted by stratum and time."""

    times: Floats
    strata: NDArray[np.intp]
    bounds: NDArray[np.intp]

    def left(self, times: Floats, strata: NDArray[np.intp]) -> NDArray[np.intp]:
        return self._search(times, strata, "left")

    def right(self, times: Floats, strata: NDArray[np.intp]) -> NDArray[np.intp]:
        return self._search(times, strata, "right")

    def _search(
        self, times: Floats, strata: NDArray[np.intp], side: Literal["left", "right"]
    ) -> NDArray[np.intp]:
        found = np.empty(len(times), np.intp)
        for label in range(len(self.bounds) - 1):
            here, mine = slice(self.bounds[label], self.bounds[label + 1]), strata == label
            found[mine] = self.bounds[label] + np.searchsorted(self.times[here], times[mine], side=side)
        return found


def event_moments(design: Design, coefficients: Floats, ties: Ties) -> tuple[Floats, Floats, Floats, Floats]:
    """For each event: its weight in the denominator, the risk set's sum, mean (p) and covariance (p, p) of covariates."""
    relative = design.weight * np.exp(np.clip(design.x @ coefficients, -500, 500))
    first = relative[:, None] * design.x
    second = first[:, :, None] * design.x[:, None, :]
    sums = [design.risk_sums(values)[design.group] for values in (relative, first, second)]
    tied = len(design.group) > len(design.times)
    if ties == "efron" and tied:
        share = design.share
        for i, values in enumerate((relative, first, second)):
            shape = (-1,) + (1,) * (values.ndim - 1)
            sums[i] = sums[i] - share.reshape(shape) * design.event_sums(values)[design.group]
    counts = np.bincount(design.group)
    weight = (design.event_sums(design.weight) / counts)[design.group]
    mean = sums[1] / sums[0][:, None]
    covariance = sums[2] / sums[0][:, None, None] - mean[:, :, None] * mean[:, None, :]
    return weight, sums[0], mean, covariance


def score_residuals(design: Design, coefficients: Floats, ties: Ties) -> Floats:
    """Each patient's share in the score, in the order the patients were given; shape (n, p)."""
    weight, total, mean, _ = event_moments(design, coefficients, ties)
    counts = np.bincount(design.group)
    hazard, own = weight / total, 1.0 - (design.share if ties == "efron" else 0.0)
    cumulative = _before(_grouped(design.group, hazard[:, None]))[:, 0]
    moment = _before(_grouped(design.group, hazard[:, None] * mean))
    exposure = cumulative[design.last_group] - cumulative[design.base_group]
    pull = moment[design.last_group] - moment[design.base_group]
    # a patient with an event among ties was at risk for a shrinking share of its own time (Efron)
    lost = np.bincount(design.group, hazard * (1.0 - own))[design.group]
    lost_pull = _grouped(design.group, (hazard * (1.0 - own))[:, None] * mean)[design.group]
    exposure[design.event] -= lost
    pull[design.event] -= lost_pull
    relative = np.exp(np.clip(design.x @ coefficients, -500, 500))[:, None]
    residual = -relative * (design.x * exposure[:, None] - pull)
    residual[design.event] += (
        design.x[design.event] - (_grouped(design.group, mean) / counts[:, None])[design.group]
    )
    restored = np.empty_like(residual)
    restored[design.order] = residual
    return restored


def _terms(design: Design, coefficients: Floats, ties: Ties) -> tuple[float, Floats, Floats]:
    """Log partial likelihood, score and information."""
    if ties == "exact":
        return exact_terms(design.x, design.first, design.end, design.event, design.group, coefficients)
    weight, total, mean, covariance = event_moments(design, coefficients, ties)
    x, own = design.x[design.event], design.weight[design.event]
    log_likelihood = float(own @ (x @ coefficients) - weight @ np.log(total))
    score = own @ x - weight @ mean
    return log_likelihood, score, np.einsum("e,eij->ij", weight, covariance)


def _maximise(
    design: Design, ties: Ties, names: Sequence[str]
) -> tuple[Floats, Floats, tuple[float, float], float]:
    beta = np.zeros(design.x.shape[1])
    null, score, information = current = _terms(design, beta, ties)
    spread = np.sqrt(np.diag(information))
    if (spread <= 0).any() or np.linalg.matrix_rank(information / np.outer(spread, spread), tol=1e-10) < len(
        beta
    ):
        raise ComputationFailed(
            f"the covariates ({', '.join(names)}) are constant or tied to one another among those at risk; leave one out"
        )
    score_test = float(score @ np.linalg.solve(information, score))
    for _ in range(40):
        likelihood, score, information = current
        step = np.linalg.solve(information, score)
        while True:
            proposed = _terms(design, beta + step, ties)
            if proposed[0] >= likelihood - 1e-10 * abs(likelihood) or np.abs(step).max() < 1e-12:
                break
            step = step / 2.0
        beta, current = beta + step, proposed
        if (
            float(step @ information @ step) < 1e-18 * max(1.0, abs(likelihood))
            or np.abs(step * spread).max() < 1e-11
        ):
            break
    likelihood, score, information = current
    widths = np.sqrt(np.diag(information))
    if (
        not np.isfinite(likelihood)
        or (widths < 1e-4 * spread).any()
        or not _is_flat(score, information, likelihood)
    ):
        worst = names[int(np.argmin(widths / spread))]
        raise NotConverged(
            f'the partial likelihood rises without end along "{worst}": it separates those with from those without '
            "events. Leave it out, or merge its levels"
        )
    return beta, information, (null, likelihood), score_test


def _is_flat(score: Floats, information: Floats, likelihood: float) -> bool:
    try:
        left = float(score @ np.linalg.solve(information, score))
    except np.linalg.LinAlgError:
        return False
    return math.isfinite(left) and left < 1e-8 * max(1.0, abs(likelihood))


def _matrix(covariates: ArrayLike, n_patients: int) -> Floats:
    x = np.asarray(covariates, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or len(x) != n_patients or x.shape[1] == 0:
        raise InvalidArgument(
            f"covariates have shape {x.shape}; expected ({n_patients},) or ({n_patients}, p)"
        )
    if not np.isfinite(x).all():
        row = int(np.argmin(np.isfinite(x).all(axis=1)))
        raise InvalidArgument(
            f"covariates of patient {row} are not finite; leave the patient out, or fill in the value"
        )
    return x


def _before(values: Floats) -> Floats:
    """Running sums with a leading zero, so that a difference of two is the sum between."""
    return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])


def _grouped(group: NDArray[np.intp], values: Floats) -> Floats:
    return np.array([np.bincount(group, column) for column in values.T]).T
