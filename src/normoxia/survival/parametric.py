"""Parametric survival models fitted by maximum likelihood to censored times.

A `Family` is a distribution with its parameters on the scale on which they are searched; covariates act on
one of them, its location (rates and scales through the log), so an effect is a log hazard ratio for the
exponential and Gompertz, a log time ratio for the others. Parameters and names are those of R's flexsurv, so
that fits compare.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import ComputationFailed, InvalidArgument, NotConverged
from normoxia.survival.data import Floats, TimeToEvent
from normoxia.survival.risk import asked

#: a log likelihood that stands for "cannot be"
_NOWHERE = 1e300
#: (time, one array a parameter on its natural scale) -> (log hazard, cumulative hazard)
Hazards = Callable[[Floats, Sequence[Floats]], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Family:
    """A distribution of survival times.

    Parameters
    ----------
    name
        As flexsurv calls it.
    title
        In words.
    parameters
        Names of its parameters.
    positive
        Which of them are searched as logs.
    location
        Position of the one on which covariates act.
    hazards
        Log hazard and cumulative hazard at times, given the parameters.
    start
        A first guess of the parameters from the mean and the spread of log time.
    """

    name: str
    title: str
    parameters: tuple[str, ...]
    positive: tuple[bool, ...]
    location: int
    hazards: Hazards
    start: Callable[[TimeToEvent], Sequence[float]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ParametricFit:
    """A fitted distribution.

    parameters    (name, estimate, standard error): distribution's parameters on their natural scale (delta
                  method), then one effect a covariate
    searched      the maximiser's vector (logs of positive parameters); covariance belongs to it
    aic           -2 log likelihood + 2 parameters
    """

    family: Family
    names: tuple[str, ...]
    searched: Floats
    covariance: Floats
    log_likelihood: float
    n_patients: int
    covariate_names: tuple[str, ...] = field(default=())

    @property
    def parameters(self) -> tuple[tuple[str, float, float], ...]:
        """Name, value and standard error of each parameter on its natural scale."""
        errors = np.sqrt(np.diag(self.covariance))
        rows = []
        for i, name in enumerate(self.names):
            value, error = float(self.searched[i]), float(errors[i])
            if i < len(self.family.positive) and self.family.positive[i]:
                value, error = math.exp(value), math.exp(value) * error
            rows.append((name, value, error))
        return tuple(rows)

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return -2.0 * self.log_likelihood + 2.0 * len(self.searched)

    def cumulative_hazard(self, times: ArrayLike, covariates: ArrayLike = ()) -> Floats:
        """Cumulative hazard at times in days of a patient with the covariates (one number each)."""
        moments = asked_times(times)
        x = np.asarray(covariates, dtype=np.float64)
        if x.shape != (len(self.covariate_names),):
            raise InvalidArgument(
                f"{x.size} covariate values were given; the model has {len(self.covariate_names)}"
            )
        safe = np.where(moments > 0, moments, 1.0)
        rows = np.broadcast_to(x, (safe.size, len(x)))
        natural = _natural(self.family, self.searched, rows)
        hazard = self.family.hazards(safe.ravel(), natural)[1].reshape(moments.shape)
        return np.where(moments > 0, hazard, 0.0)

    def survival(self, times: ArrayLike, covariates: ArrayLike = ()) -> Floats:
        """Survival at times in days; extrapolates wherever asked, so mind the end of follow-up."""
        return np.asarray(np.exp(-self.cumulative_hazard(times, covariates)))

    def restricted_mean(self, horizon: float, covariates: ArrayLike = ()) -> float:
        """Mean event-free days to a horizon, by Gauss-Legendre quadrature on eight panels of 20 points."""
        if not 0 < horizon < math.inf:
            raise InvalidArgument(f"the horizon is {horizon:g} days; expected a time above 0")
        nodes, weights = np.polynomial.legendre.leggauss(20)
        # panels shrink towards 0, where shapes below one make survival steep
        edges = horizon * np.linspace(0.0, 1.0, 9) ** 3
        middle, half = (edges[1:] + edges[:-1]) / 2.0, np.diff(edges) / 2.0
        points = middle[:, None] + half[:, None] * nodes[None, :]
        return float((half[:, None] * weights[None, :] * self.survival(points, covariates)).sum())


def fit_parametric(
    data: TimeToEvent,
    family: Family,
    covariates: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> ParametricFit:
    """The maximum likelihood fit of a family; late entry and weights are taken into account.

    covariates  shape (n_patients,) or (n_patients, p), acting on the family's location
    raises      NotConverged when no maximum is found; InvalidArgument for times of 0, where log time has no
                value
    source      likelihood of censored and truncated times: Klein & Moeschberger 2003, ch. 3.5
    """
    if (data.time <= 0).any():
        raise InvalidArgument(
            "a time of 0 days has no place in a parametric model; give it half a day or leave it out"
        )
    if data.n_events < len(family.parameters):
        raise ComputationFailed(
            f"{data.n_events} events cannot carry the {len(family.parameters)} parameters of {family.title}"
        )
    x, labels = covariate_columns(data, covariates, names)

    def negative(searched: Floats) -> float:
        return -log_likelihood(
            data, lambda time, rows: family.hazards(time, _natural(family, searched, x[rows]))
        )

    guess = np.array(family.start(data), dtype=np.float64)
    guess = np.where(family.positive, np.log(np.where(family.positive, guess, 1.0)), guess)
    start = np.concatenate([guess, np.zeros(x.shape[1])])
    searched, covariance, value = maximise(negative, start, family.title)
    return ParametricFit(
        family=family,
        names=(*family.parameters, *labels),
        searched=searched,
        covariance=covariance,
        log_likelihood=-value,
        n_patients=len(data),
        covariate_names=labels,
    )


def covariate_columns(
    data: TimeToEvent, covariates: ArrayLike | None, names: Sequence[str] | None
) -> tuple[Floats, tuple[str, ...]]:
    """Covariates as columns with their names; raises InvalidArgument, or ComputationFailed for columns that tell nothing."""
    if covariates is None:
        return np.empty((len(data), 0)), ()
    try:
        x = np.asarray(covariates, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidArgument(
            "covariates hold something that is not a number; expected one row of numbers per patient"
        ) from None
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or len(x) != len(data):
        raise InvalidArgument(
            f"covariates have shape {x.shape}; expected ({len(data)},) or ({len(data)}, p)"
        )
    if not np.isfinite(x).all():
        row = int(np.argmin(np.isfinite(x).all(axis=1)))
        raise InvalidArgument(
            f"covariates of patient {row} are not finite; leave the patient out, or fill in the value"
        )
    labels = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(x.shape[1]))
    if len(labels) != x.shape[1]:
        raise InvalidArgument(f"{len(labels)} names for {x.shape[1]} covariates; expected one each")
    size = np.abs(x).max(axis=0)
    columns = np.column_stack([np.ones(len(x)), x / np.where(size > 0, size, 1.0)])
    if np.linalg.matrix_rank(columns, tol=1e-10 * len(x)) < columns.shape[1]:
        raise ComputationFailed(
            f"the covariates ({', '.join(labels)}) are constant or tied to one another; leave one out"
        )
    return x, labels


def asked_times(times: ArrayLike) -> Floats:
    """Times to predict at; raises InvalidArgument for negative or missing ones."""
    moments = asked(times)
    if (moments < 0).any():
        raise InvalidArgument(
            "the times asked for hold a negative one; expected days since the origin, 0 or more"
        )
    return moments


def log_likelihood(
    data: TimeToEvent, hazards: Callable[[Floats, NDArray[np.intp]], tuple[Floats, Floats]]
) -> float:
    """Weighted log likelihood of censored, late-entered times under hazards(time, patients) -> (log hazard, cumulative)."""
    rows = np.arange(len(data))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        log_hazard, cumulative = hazards(data.time, rows)
        terms = np.where(data.observed, log_hazard, 0.0) - cumulative
        if data.entry is not None and (late := data.entry > 0).any():
            terms[late] += hazards(data.entry[late], rows[late])[1]
        total = float(data.weights @ terms)
    return total if math.isfinite(total) else -_NOWHERE


def maximise(
    negative: Callable[[Floats], float], start: Floats, title: str
) -> tuple[Floats, Floats, float]:
    """Minimiser, inverse Hessian and value of a smooth function of a few numbers.

    Nelder-Mead to come near, BFGS, then Newton steps on central differences until the step is far below a
    standard error, so that the answer does not depend on where the search began.
    """
    with np.errstate(
        all="ignore"
    ):  # far from the maximum numbers overflow; what is found is tested at the end
        found = _maximised(negative, np.asarray(start, dtype=np.float64))
    if found is None:
        raise NotConverged(
            f"the likelihood of {title} has no maximum that could be found; try a simpler family"
        )
    return found


def _maximised(
    negative: Callable[[Floats], float], start: Floats
) -> tuple[Floats, Floats, float] | None:
    from scipy.optimize import minimize

    searched = np.asarray(start, dtype=np.float64)
    for search in ("Nelder-Mead", "BFGS"):
        centre, unit = (
            searched,
            50.0 * _steps(negative, searched),
        )  # about a standard error a coordinate

        def scaled(y: Floats, centre: Floats = centre, unit: Floats = unit) -> float:
            return negative(centre + unit * y)

        origin = np.zeros(len(start))
        if search == "Nelder-Mead":
            found = minimize(
                scaled,
                origin,
                method="Nelder-Mead",
                options={"maxiter": 300 * len(start), "fatol": 1e-4},
            )
        else:
            found = minimize(scaled, origin, method="BFGS", options={"gtol": 1e-3})
        searched = centre + unit * found.x
    for _ in range(25):
        scale = _steps(negative, searched)
        gradient, hessian = _differences(negative, searched, scale)
        try:
            covariance = np.linalg.inv(hessian)
        except np.linalg.LinAlgError:
            break
        errors = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
        if not (errors > 0).all():
            break
        step = covariance @ gradient
        largest = float(np.abs(step / errors).max())
        searched = searched - step * min(1.0, 1.0 / max(largest, 1e-12))
        if largest < 1e-7:
            try:
                covariance = _richardson(negative, searched, scale)
            except np.linalg.LinAlgError:
                break
            value, variances = negative(searched), np.diag(covariance)
            if np.isfinite(covariance).all() and (variances > 0).all() and abs(value) < _NOWHERE:
                return searched, covariance, value
            break
    return None


def _steps(f: Callable[[Floats], float], x: Floats) -> Floats:
    """Step of each coordinate that bends f by 4e-4: a fiftieth of its standard error, were the others known."""
    here, steps = f(x), np.full(len(x), 1e-3)
    for i in range(len(x)):
        for _ in range(12):
            unit = np.zeros(len(x))
            unit[i] = steps[i]
            bend = f(x + unit) - 2.0 * here + f(x - unit)
            wanted = math.sqrt(4e-4 / bend) if 0 < bend < 1e200 else (0.1 if bend > 0 else 4.0)
            steps[i] *= min(max(wanted, 0.05), 4.0)
            if 0.8 < wanted < 1.25:
                break
    return steps


def _differences(f: Callable[[Floats], float], x: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Gradient (fourth order) and Hessian (second order) by central differences."""
    size, here = len(x), f(x)
    unit = np.diag(scale)
    up, down = np.array([f(x + u) for u in unit]), np.array([f(x - u) for u in unit])
    up2, down2 = np.array([f(x + 2 * u) for u in unit]), np.array([f(x - 2 * u) for u in unit])
    gradient = (8.0 * (up - down) - (up2 - down2)) / (12.0 * scale)
    hessian = np.diag((up - 2.0 * here + down) / scale**2)
    for i in range(size):
        for j in range(i):
            corner = (
                f(x + unit[i] + unit[j])
                - f(x + unit[i] - unit[j])
                - f(x - unit[i] + unit[j])
                + f(x - unit[i] - unit[j])
            )
            hessian[i, j] = hessian[j, i] = corner / (4.0 * scale[i] * scale[j])
    return gradient, hessian


def _richardson(f: Callable[[Floats], float], x: Floats, scale: Floats) -> Floats:
    """Inverse Hessian, its truncation error removed to fourth order by halving the step."""
    coarse, fine = _differences(f, x, 4.0 * scale)[1], _differences(f, x, 2.0 * scale)[1]
    return np.asarray(np.linalg.inv((4.0 * fine - coarse) / 3.0))


def _natural(family: Family, searched: Floats, x: Floats) -> list[Floats]:
    """Parameters of each patient on their natural scale."""
    size = len(family.parameters)
    columns = [np.full(len(x), value) for value in searched[:size]]
    columns[family.location] = columns[family.location] + x @ searched[size:]
    with np.errstate(over="ignore"):
        return [
            np.exp(c) if positive else c
            for c, positive in zip(columns, family.positive, strict=True)
        ]
