"""Cox's proportional hazards regression: several covariates, strata, late entry, weights, three treatments of
ties, Firth's penalty.

Read `design` for the sums over risk sets, `partial_likelihood` for what is maximised, `separation` for when there is nothing to
maximise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import ComputationFailed, InvalidArgument, NotConverged
from normoxia.survival import firth as profile
from normoxia.survival.data import Floats, TimeToEvent, joined_labels, pooled
from normoxia.survival.design import RiskDesign, Ties, score_residuals
from normoxia.survival.inference import Inference, checked_level, ratio
from normoxia.survival.partial_likelihood import Terms, ascend, penalised, plain
from normoxia.survival.separation import separates

#: information at the maximum, over that at 0, below which the maximum may be one at infinity, and below which it surely is
_SUSPECT, _GONE = 1e-6, 1e-10
#: what of a direction's range counts as rounding when it is tested for separating the events
_ALIKE = 1e-6


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CoxFit:
    """A fitted Cox model.

    Parameters
    ----------
    names
        Covariates, in the order of every array.
    coefficients
        Log hazard ratio per unit of each covariate; shape (p,).
    covariance
        Of the coefficients: inverse information, or the sandwich when `robust`; shape (p,
        p).
    log_likelihood
        (null, fitted) log partial likelihood.
    score_test
        Chi-squared of the score test of all coefficients at 0 (with one binary covariate
        and no ties, log-rank); without the penalty in any case.
    firth
        Whether the likelihood carries Firth's penalty (log_likelihood then includes it).
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
    firth: bool = False

    @property
    def standard_errors(self) -> Floats:
        """Standard errors of the coefficients; shape (n_covariates,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def hazard_ratio(self, name: str | None = None) -> Inference:
        """Hazard ratio per unit of a covariate (the only one, when no name is given), with interval and p.

        By Wald's method; with Firth's penalty from the profile of the penalised likelihood, which is far from
        symmetric when events are few (Heinze & Schemper 2001).
        """
        if name is None and len(self.names) != 1:
            raise InvalidArgument(
                f"the model has {len(self.names)} covariates; name one of {', '.join(self.names)}"
            )
        if name is not None and name not in self.names:
            raise InvalidArgument(
                f'covariate "{name}" is not in the model; expected one of {", ".join(self.names)}'
            )
        i = 0 if name is None else self.names.index(name)
        method = f"Cox, {self.ties.capitalize()} ties" + (
            ", stratified" if self.strata is not None else ""
        )
        method += ", robust" if self.robust else ""
        if self.firth:
            return self._profiled(i, f"{method}, Firth's penalty, profile interval")
        return ratio(
            float(self.coefficients[i]), float(self.standard_errors[i]), self.level, method
        )

    def _profiled(self, i: int, method: str) -> Inference:
        design, scale = _scaled_design(self.data, self.covariates, self.strata)
        low, high, p = profile.interval(
            penalised(design, self.ties),
            self.coefficients * scale,
            i,
            self.log_likelihood[1],
            self.level,
        )
        low, high = (
            math.exp(min(max(end / float(scale[i]), -700.0), 700.0)) for end in (low, high)
        )
        value = ratio(
            float(self.coefficients[i]), float(self.standard_errors[i]), self.level, method
        ).value
        return Inference(
            value=value,
            standard_error=float(self.standard_errors[i]),
            low=low,
            high=high,
            level=self.level,
            p=p,
            method=method,
        )


def cox(
    data: TimeToEvent,
    covariates: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "efron",
    robust: bool = False,
    cluster: ArrayLike | None = None,
    firth: bool = False,
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
    firth       add Firth's penalty, half the log determinant of the information: finite estimates with less bias
                when events are few or all in one arm (Heinze & Schemper 2001, Biometrics 57:114). Not with the
                sandwich
    raises      NotConverged when the likelihood has no finite maximum (a covariate separates the events: no event
                in one arm, arms that do not overlap); ComputationFailed when there is no event, or covariates do
                not differ, or are tied to one another, among those at risk at the events
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
    checked_level(level)
    sandwich = robust or cluster is not None
    if ties == "exact" and (data.weight is not None or data.entry is not None or sandwich):
        raise InvalidArgument(
            "exact ties take neither weights, late entry nor the sandwich; use efron"
        )
    if firth and sandwich:
        raise InvalidArgument(
            "Firth's penalty was asked for with the sandwich variance, which is not known for it; leave one of them out"
        )
    if data.n_events == 0:
        raise ComputationFailed(
            "no event was observed, so no hazard can be compared; follow patients for longer"
        )
    stratum = None if strata is None else _labelled("strata", strata, len(data))
    member = None if cluster is None else _labelled("cluster", cluster, len(data))
    design, scale = _scaled_design(data, x, stratum)
    coefficients, information, likelihoods, score_test = _maximise(design, ties, labels, firth)
    covariance: Floats = np.asarray(np.linalg.inv(information), dtype=np.float64)
    if sandwich:
        influence = score_residuals(design, coefficients, ties) * data.weights[:, None] @ covariance
        if member is not None:
            influence = np.array([np.bincount(member, column) for column in influence.T]).T
        covariance = np.asarray(influence.T @ influence, dtype=np.float64)
        if (np.diag(covariance) <= 1e-20 * np.diag(np.linalg.inv(information))).any():
            raise ComputationFailed(
                "no patient, or cluster, pulls the estimate away from the others, so the sandwich variance is 0; "
                "use the variance of the likelihood (robust=False, no cluster)"
            )
    coefficients, covariance = coefficients / scale, covariance / np.outer(scale, scale)
    return CoxFit(
        names=labels,
        coefficients=coefficients,
        covariance=covariance,
        log_likelihood=likelihoods,
        score_test=score_test,
        ties=ties,
        robust=sandwich,
        level=level,
        data=data,
        covariates=x,
        strata=stratum,
        firth=firth,
    )


def hazard_ratio(
    experimental: TimeToEvent,
    control: TimeToEvent,
    *,
    strata: Sequence[ArrayLike] | None = None,
    ties: Ties = "efron",
    robust: bool = False,
    firth: bool = False,
    level: float = 0.95,
) -> Inference:
    """Cox hazard ratio of one group over another, with interval and p; strata as in `log_rank`, the rest as in `cox`."""
    data, group = pooled((experimental, control))
    labels = None if strata is None else joined_labels(strata)
    arm = (group == 0).astype(np.float64)
    return cox(
        data,
        arm,
        names=("experimental",),
        strata=labels,
        ties=ties,
        robust=robust,
        firth=firth,
        level=level,
    ).hazard_ratio()


def _scaled_design(
    data: TimeToEvent, x: Floats, stratum: NDArray[np.intp] | None
) -> tuple[RiskDesign, Floats]:
    """Covariates about their mean, divided by powers of two where they are so large or small that squares would be lost."""
    centred = x - np.average(x, axis=0, weights=data.weights)
    size = np.abs(centred).max(axis=0)
    size = np.where(size > 0, size, 1.0)
    exponent = np.where((size > 1e3) | (size < 1e-3), np.round(np.log2(size)), 0.0)
    scale = np.exp2(exponent)
    return RiskDesign.of(data, centred / scale, stratum), scale


def _maximise(
    design: RiskDesign, ties: Ties, names: Sequence[str], firth: bool
) -> tuple[Floats, Floats, tuple[float, float], float]:
    likelihood = plain(design, ties)
    start = np.zeros(design.x.shape[1])
    at_start = null, score, information = likelihood(start)
    smallest = _spread_of(information, design, names)
    spread = np.sqrt(np.diag(information))
    score_test = float(score @ np.linalg.solve(information, score))
    if firth:
        return *_penalised(penalised(design, ties), start, spread), score_test
    for i, unit in enumerate(np.eye(len(start))):
        if any(separates(design, side * unit, ties == "exact") for side in (1.0, -1.0)):
            raise _rises([names[i]])
    beta, (value, score, information), _ = ascend(likelihood, start, spread, at_start=at_start)
    bounded = math.isfinite(value) and bool(np.isfinite(information).all())
    least, direction = _least_eigen(information, spread) if bounded else (0.0, beta)
    flat = bounded and _is_flat(score, information, value)
    if not flat or least < _SUSPECT * smallest:
        for way in (direction / spread, beta):
            if any(separates(design, side * way, ties == "exact", _ALIKE) for side in (1.0, -1.0)):
                share = np.abs(way * spread)
                raise _rises([names[int(i)] for i in np.flatnonzero(share > 0.1 * share.max())])
        if least < _GONE * smallest:
            raise _rises(names)
    if not flat:
        raise NotConverged(
            f"the partial likelihood of {', '.join(names)} was not maximised; the covariates may be on very unlike scales or "
            "nearly tied to one another: leave one out, or use Firth's penalty (firth=True)"
        )
    return beta, information, (null, value), score_test


def _spread_of(information: Floats, design: RiskDesign, names: Sequence[str]) -> float:
    """The least eigenvalue of the information at 0, in units of its diagonal; refuses covariates that tell nothing."""
    diagonal = np.diag(information)
    most = np.square(design.x).max(axis=0) * float(design.weight[design.event].sum())
    constant = [
        name for name, own, top in zip(names, diagonal, most, strict=True) if not own > 1e-12 * top
    ]
    if constant:
        raise ComputationFailed(
            f"{', '.join(constant)}: constant among those at risk at every event, so no hazard ratio can be estimated; "
            "leave it out, or follow patients for longer"
        )
    smallest, direction = _least_eigen(information, np.sqrt(diagonal))
    if smallest < 1e-10:
        tied = [name for name, share in zip(names, direction, strict=True) if abs(share) > 1e-3]
        raise ComputationFailed(
            f"the covariates {', '.join(tied)} are tied to one another (one is a sum of the others) among those at risk; "
            "leave one out"
        )
    return smallest


def _least_eigen(information: Floats, spread: Floats) -> tuple[float, Floats]:
    values, vectors = np.linalg.eigh(information / np.outer(spread, spread))
    return max(float(values[0]), 0.0), np.asarray(vectors[:, 0])


def _penalised(
    terms: Terms, start: Floats, spread: Floats
) -> tuple[Floats, Floats, tuple[float, float]]:
    """The maximum of the penalised likelihood, which is finite: the penalty falls without end where the information goes."""
    null = terms(start)[0]
    beta, (value, _, information), rested = ascend(terms, start, spread, bent=True)
    if not rested or not math.isfinite(value):
        raise NotConverged(
            "the penalised partial likelihood was not maximised; the covariates may be nearly tied to one another: leave one out"
        )
    return beta, information, (null, value)


def _rises(names: Sequence[str]) -> NotConverged:
    return NotConverged(
        f'the partial likelihood rises without end along "{", ".join(names)}": it separates those with from those without '
        "events. Leave it out, merge its levels, or use Firth's penalty (firth=True)"
    )


def _is_flat(score: Floats, information: Floats, likelihood: float) -> bool:
    try:
        left = float(score @ np.linalg.solve(information, score))
    except np.linalg.LinAlgError:
        return False
    return math.isfinite(left) and left < 1e-8 * max(1.0, abs(likelihood))


def _labelled(name: str, labels: ArrayLike, n_patients: int) -> NDArray[np.intp]:
    """Labels of patients counted from 0."""
    try:
        given = np.asarray(labels)
        counted = np.unique(given, return_inverse=True)[1].astype(np.intp)
    except (TypeError, ValueError):
        raise InvalidArgument(
            f"{name} hold labels of unlike kinds; expected one number or one text for every patient"
        ) from None
    if given.shape != (n_patients,):
        raise InvalidArgument(
            f"{name} have shape {given.shape}; expected one per patient, ({n_patients},)"
        )
    return counted


def _matrix(covariates: ArrayLike, n_patients: int) -> Floats:
    try:
        x = np.asarray(covariates, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidArgument(
            "covariates hold something that is not a number; expected one row of numbers per patient"
        ) from None
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
    if np.abs(x).max() > 1e100:
        raise InvalidArgument(
            f"covariates reach {np.abs(x).max():g}; expected numbers below 1e100: change their unit"
        )
    return x
