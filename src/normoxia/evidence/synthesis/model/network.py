"""Network meta-analysis: every study rotated into independent contrasts, then one weighted regression.

`Network` is the evidence, `fit` gives a `NetworkFit` that answers every contrast. Assumes transitivity: patients could
have been randomised to any of the treatments. Sources: Ruecker 2012, Res Synth Methods 3:312 (graph-theoretical method);
Jackson 2013 and Schwarzer 2015, ch. 8 (moment estimate of tau2); Lu & Ades 2004; Higgins 2009, JRSS A 172:137 (prediction).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.evidence.synthesis.model import heterogeneity
from normoxia.evidence.synthesis.model.contrasts import Contrast, EffectMeasure
from normoxia.evidence.synthesis.model.heterogeneity import Array, TauMethod
from normoxia.evidence.synthesis.model.meta import (
    Model,
    checked_level,
    chi2_tail,
    normal_quantile,
    t_quantile,
    two_sided_p,
)
from normoxia.evidence.synthesis.model.multiarm import StudyArms, study_arms
from normoxia.evidence.synthesis.model.prediction import (
    MOST_DF,
    MOST_TREATMENTS,
    predictive_intervals,
)
from normoxia.language import Message

Index = NDArray[np.int64]
Prediction = Literal["confidence", "student"]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Studies that compare treatments, as independent rows of a regression.

    design      rows over treatments, each summing to 0; shape (n_rows, n_treatments)
    estimate    shape (n_rows,); variance likewise
    study       position of each row's study; shape (n_rows,)
    part        which connected part each treatment belongs to; shape (n_treatments,)
    notes       what multi-arm studies had to be told apart from what they published
    """

    effect: EffectMeasure
    treatments: tuple[str, ...]
    studies: tuple[str, ...]
    members: tuple[StudyArms, ...]
    design: Array
    estimate: Array
    variance: Array
    study: Index
    part: Index
    notes: tuple[str, ...] = ()
    sizes: Mapping[tuple[str, str], float] = field(default_factory=dict)

    @property
    def n_parts(self) -> int:
        """Number of connected parts."""
        return int(self.part.max()) + 1

    @property
    def is_connected(self) -> bool:
        """Whether every treatment can be compared with every other."""
        return self.n_parts == 1

    def index(self, treatment: str) -> int:
        """Position of a treatment. Raises UnknownName with the nearest one."""
        try:
            return self.treatments.index(treatment)
        except ValueError:
            raise UnknownName("treatment", treatment, self.treatments) from None

    def contrasts(self) -> tuple[Contrast, ...]:
        """Every pairwise contrast within every study, consistent within multi-arm studies."""
        found = []
        for member in self.members:
            for i, j in combinations(range(len(member.arms)), 2):
                estimate, variance = member.contrast(i, j)
                found.append(
                    Contrast(
                        member.study, member.arms[i], member.arms[j], estimate, math.sqrt(variance)
                    )
                )
        return tuple(found)

    def subset(self, studies: Iterable[str]) -> Network:
        """The network of some of its studies. Raises InvalidArgument when none is left."""
        wanted = set(studies)
        kept = tuple(member for member in self.members if member.study in wanted)
        if not kept:
            raise InvalidArgument("no study is left; a network needs at least one")
        return assemble(kept, self.effect, self.sizes)

    def parts(self) -> tuple[tuple[str, ...], ...]:
        """The treatments of each connected part."""
        return tuple(
            tuple(t for t, part in zip(self.treatments, self.part, strict=True) if part == which)
            for which in range(self.n_parts)
        )

    def part_network(self, treatment: str) -> Network:
        """The connected part that holds a treatment."""
        names = {
            t
            for t, p in zip(self.treatments, self.part, strict=True)
            if p == self.part[self.index(treatment)]
        }
        return self.subset([m.study for m in self.members if m.arms[0] in names])


@dataclass(frozen=True, slots=True)
class NetworkEffect:
    """Treatment against comparator on the analysis scale; nan where no path of studies connects them."""

    treatment: str
    comparator: str
    estimate: float
    se: float
    low: float
    high: float
    p_value: float
    prediction: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkFit:
    """A fitted network.

    theta       treatment effects, 0 for the first treatment of each connected part; shape (n_treatments,)
    covariance  of theta, 0 in those rows; shape (n_treatments, n_treatments)
    q, df       heterogeneity and inconsistency together, under the common model
    prediction  how prediction intervals are made, see `fit`
    tau2_ends   interval of tau2 where the model has one of its own
    """

    network: Network
    model: str
    tau_method: str
    tau2: float
    theta: Array
    covariance: Array
    q: float
    df: int
    hartung_knapp: bool
    level: float
    prediction: Prediction = "student"
    tau2_ends: tuple[float, float] | None = None
    _predicted: dict[str, Array] = field(init=False, default_factory=dict, repr=False)

    @property
    def tau(self) -> float:
        """Between-study standard deviation."""
        return math.sqrt(self.tau2)

    @property
    def i2(self) -> tuple[float, float, float]:
        """I-squared with its interval, as fractions."""
        return heterogeneity.i_squared(self.q, self.df, self.level)

    @property
    def q_p_value(self) -> float:
        """P value of Q."""
        return chi2_tail(self.q, self.df)

    def tau2_interval(self) -> tuple[float, float]:
        """Interval of tau2: the model's own, or else by Q-profile, generalised to the network."""
        if self.tau2_ends is not None:
            return self.tau2_ends
        x, _ = full_rank_design(self.network)
        return heterogeneity.q_profile(self.network.estimate, self.network.variance, x, self.level)

    def tau_is_outside(self) -> bool:
        """Whether tau2 lies outside its own Q-profile interval.

        Estimator and interval read the data differently (a likelihood or moments; the generalised Q). They part when the
        effects are not normal around the model with one tau2, or when sampling variances and effects are tied, as in rare
        events: then one tau2 describes neither the precise nor the imprecise studies.
        """
        if self.model != "random" or self.df <= 0:
            return False
        low, high = self.tau2_interval()
        slack = 1e-9 * max(high, 1.0) if math.isfinite(high) else 1e-9
        return not low - slack <= self.tau2 <= high + slack

    def difference(self) -> Array:
        """theta[i] - theta[j]; nan between parts; shape (n_treatments, n_treatments)."""
        return np.where(self._comparable(), self.theta[:, None] - self.theta[None, :], np.nan)

    def se(self) -> Array:
        """Standard errors of the differences; nan between parts; shape (n_treatments, n_treatments)."""
        own = np.diag(self.covariance)
        variance = np.maximum(own[:, None] + own[None, :] - 2.0 * self.covariance, 0.0)
        return np.where(self._comparable(), np.sqrt(variance), np.nan)

    def effect(self, treatment: str, comparator: str) -> NetworkEffect:
        """One contrast. Raises UnknownName for a treatment the network does not hold."""
        i, j = self.network.index(treatment), self.network.index(comparator)
        return self.at(i, j, float(self.difference()[i, j]), float(self.se()[i, j]))

    def effects(self, reference: str | None = None) -> tuple[NetworkEffect, ...]:
        """Every treatment against a reference, or every pair once (earlier name against later) without one."""
        names, difference, se = self.network.treatments, self.difference(), self.se()
        if reference is None:
            pairs = list(combinations(range(len(names)), 2))
        else:
            at = self.network.index(reference)
            pairs = [(i, at) for i in range(len(names)) if i != at]
        return tuple(self.at(i, j, float(difference[i, j]), float(se[i, j])) for i, j in pairs)

    def league(
        self, order: Sequence[str] | None = None
    ) -> tuple[tuple[NetworkEffect | None, ...], ...]:
        """Rows against columns, None on the diagonal."""
        names = tuple(order) if order is not None else self.network.treatments
        return tuple(tuple(None if a == b else self.effect(a, b) for b in names) for a in names)

    def _comparable(self) -> NDArray[np.bool_]:
        part = self.network.part
        return np.asarray(part[:, None] == part[None, :])

    def _quantile(self) -> float:
        return (
            t_quantile(self.level, self.df)
            if self.hartung_knapp and self.df > 0
            else normal_quantile(self.level)
        )

    def at(self, i: int, j: int, estimate: float, se: float) -> NetworkEffect:
        """One contrast by positions, with its interval, from an estimate and a standard error already at hand."""
        names, half = self.network.treatments, self._quantile() * se
        df = self.df if self.hartung_knapp and self.df > 0 else math.inf
        p = two_sided_p(estimate / se, df) if se > 0 else math.nan
        return NetworkEffect(
            names[i],
            names[j],
            estimate,
            se,
            estimate - half,
            estimate + half,
            p,
            self._prediction(i, j, estimate, se),
        )

    def _prediction(self, i: int, j: int, estimate: float, se: float) -> tuple[float, float]:
        """Where the effect in a new study would lie; nan where nothing tells how much studies differ."""
        if self.model == "common":
            half = self._quantile() * se
        elif self.df < 1 or math.isnan(estimate):
            return math.nan, math.nan
        elif self.prediction == "confidence":
            ends = self._predicted or self._predict()
            # a new study cannot be better known than the mean of all: Hartung and Knapp's t may reach further
            half = self._quantile() * se
            return min(float(ends["low"][i, j]), estimate - half), max(
                float(ends["high"][i, j]), estimate + half
            )
        else:
            half = t_quantile(self.level, self.df) * math.sqrt(se**2 + self.tau2)
        return estimate - half, estimate + half

    def _predict(self) -> dict[str, Array]:
        """Prediction intervals of all pairs, kept once made; shapes (n_treatments, n_treatments)."""
        n, (x, kept) = len(self.network.treatments), full_rank_design(self.network)
        position = np.zeros((n, x.shape[1]))
        position[kept, np.arange(len(kept))] = 1.0
        one, other = np.nonzero(np.triu(self._comparable(), 1))
        low, high = predictive_intervals(
            self.network.estimate,
            self.network.variance,
            x,
            position[one] - position[other],
            self.level,
        )
        for name in ("low", "high"):
            self._predicted[name] = np.full((n, n), np.nan)
        self._predicted["low"][one, other], self._predicted["high"][one, other] = low, high
        self._predicted["low"][other, one], self._predicted["high"][other, one] = -high, -low
        return self._predicted


def build(
    contrasts: Iterable[Contrast],
    effect: EffectMeasure | str = EffectMeasure.MD,
    sizes: Mapping[tuple[str, str], float] | None = None,
) -> Network:
    """The network of some contrasts.

    effect  only tells how to show the results; estimates are on the analysis scale already
    sizes   patients or events by (study, treatment); used where a multi-arm study leaves its covariance open
    raises  InvalidArgument without contrasts, with one against itself, or a standard error that is not positive
    """
    grouped: dict[str, list[Contrast]] = {}
    for c in contrasts:
        if c.treatment == c.comparator:
            raise InvalidArgument(
                f'study "{c.study}" compares "{c.treatment}" with itself; correct one of the arms'
            )
        if not (math.isfinite(c.estimate) and math.isfinite(c.se) and c.se > 0):
            raise InvalidArgument(
                f'study "{c.study}", {c.treatment} against {c.comparator}: estimate {c.estimate:g}, standard error {c.se:g}; '
                "both must be finite and the latter positive"
            )
        grouped.setdefault(c.study, []).append(c)
    if not grouped:
        raise InvalidArgument("no contrasts; a network needs at least one study with two arms")
    known = dict(sizes or {})
    sizes_of: dict[str, dict[str, float]] = {}
    for (study, treatment), n in known.items():
        sizes_of.setdefault(study, {})[treatment] = n
    members = []
    taken = set(grouped)
    for study, own in grouped.items():
        if len(own) == 1:
            members.append(_two_arm(own[0]))
            continue
        pieces = _connected(own)
        for number, piece in enumerate(pieces, 1):
            member = study_arms(piece, sizes_of.get(study, {}))
            if len(pieces) > 1:
                note = Message("evidence.pieces", study=study, n=len(pieces))
                name = f"{study} ({number})"
                while name in taken:
                    name += "*"
                taken.add(name)
                member = replace(
                    member, study=name, notes=(*member.notes, note) if number == 1 else member.notes
                )
            members.append(member)
    return assemble(tuple(members), EffectMeasure(effect), known)


def fit(
    network: Network,
    *,
    model: Model = "random",
    tau: TauMethod | str | float = TauMethod.REML,
    hartung_knapp: bool = False,
    level: float = 0.95,
    prediction: Prediction = "confidence",
) -> NetworkFit:
    """Every treatment effect in a network.

    model          "common" (one effect per comparison) or "random" (normal around it, one tau2, correlation 1/2 in
                   multi-arm studies)
    tau            estimator of tau2, or a fixed standard deviation
    hartung_knapp  covariance scaled by the generalised Q over its degrees of freedom (not where it is 0), t intervals
    prediction     "confidence" mixes over what is not known of tau2 (see `prediction`) and covers in small networks; "student"
                   is estimate +- t sqrt(se2 + tau2) with the degrees of freedom of Q (netmeta's; taken when tau is fixed,
                   and for networks of more than 50 treatments or 300 degrees of freedom)
    Disconnected parts share tau2; contrasts between them are nan.
    """
    checked_level(level)
    if prediction not in ("confidence", "student"):
        raise UnknownName("kind of prediction interval", str(prediction), ["confidence", "student"])
    x, kept = full_rank_design(network)
    y, v = network.estimate, network.variance
    common = heterogeneity.weighted_fit(y, v, x)
    between = heterogeneity.between_variance(y, v, x, tau) if model == "random" else 0.0
    solved = heterogeneity.weighted_fit(y, v, x, between) if between else common
    n, df = len(network.treatments), len(y) - x.shape[1]
    theta, covariance = np.zeros(n), np.zeros((n, n))
    theta[kept] = solved.coefficients
    factor = heterogeneity.hartung_knapp_factor(solved.q, df) if hartung_knapp else 1.0
    covariance[np.ix_(kept, kept)] = solved.covariance * factor
    return NetworkFit(
        network=network,
        model=model,
        tau_method=heterogeneity.method_name(tau) if model == "random" else "none",
        tau2=between,
        theta=theta,
        covariance=covariance,
        q=common.q,
        df=df,
        hartung_knapp=hartung_knapp,
        level=level,
        prediction="student"
        if isinstance(tau, (int, float)) or n > MOST_TREATMENTS or df > MOST_DF
        else prediction,
    )


def agrees_exactly(fit: NetworkFit) -> bool:
    """Whether spare studies leave no residual at all, so that the generalised Q is 0 but for rounding."""
    x, _ = full_rank_design(fit.network)
    if fit.df <= 0:
        return False
    solved = heterogeneity.weighted_fit(fit.network.estimate, fit.network.variance, x, fit.tau2)
    return heterogeneity.hartung_knapp_factor(solved.q, fit.df) == 1.0 and solved.q < fit.df


def full_rank_design(network: Network) -> tuple[Array, Index]:
    """The design without the first treatment of each part, and the positions of the treatments kept."""
    first = {int(network.part[i]): i for i in reversed(range(len(network.treatments)))}
    kept = np.array(
        [i for i in range(len(network.treatments)) if i not in first.values()], dtype=np.int64
    )
    return network.design[:, kept], kept


def default_reference(network: Network) -> str:
    """The treatment compared in most studies, of several the one with the most information; see `standing`."""
    held = standing(network)
    return max(network.treatments, key=lambda name: held[name])


def standing(network: Network) -> dict[str, tuple[int, float]]:
    """Studies that have a treatment, and the information in its contrasts (sum of 1 / variance), by treatment.

    Sorting by both leaves nothing to the names unless two treatments have the very same evidence. Information is rounded to nine
    digits, so that the order in which studies are added up does not decide.
    """
    counts = dict.fromkeys(network.treatments, 0)
    information = (network.design**2 / network.variance[:, None]).sum(axis=0)
    for member in network.members:
        for arm in member.arms:
            counts[arm] += 1
    return {
        name: (counts[name], float(f"{total:.9g}"))
        for name, total in zip(network.treatments, information.tolist(), strict=True)
    }


def leave_one_out(network: Network, **options: object) -> dict[str, NetworkFit | None]:
    """The fit without each study in turn; None where nothing or a broken network is left. Options as in `fit`."""
    fits: dict[str, NetworkFit | None] = {}
    for study in network.studies:
        rest = [s for s in network.studies if s != study]
        reduced = network.subset(rest) if rest else None
        same = (
            reduced is not None
            and reduced.treatments == network.treatments
            and reduced.n_parts == network.n_parts
        )
        fits[study] = fit(reduced, **options) if same and reduced is not None else None  # type: ignore[arg-type]
    return fits


def _connected(contrasts: Sequence[Contrast]) -> list[list[Contrast]]:
    """The contrasts of one study in groups that share arms."""
    at = {
        arm: i
        for i, arm in enumerate({a: None for c in contrasts for a in (c.treatment, c.comparator)})
    }
    root = list(range(len(at)))
    for c in contrasts:
        _join(root, at[c.treatment], at[c.comparator])
    groups: dict[int, list[Contrast]] = {}
    for c in contrasts:
        groups.setdefault(_find(root, at[c.treatment]), []).append(c)
    last = {id(c): i for i, c in enumerate(contrasts)}
    return sorted(groups.values(), key=lambda members: last[id(members[-1])])


def _two_arm(c: Contrast) -> StudyArms:
    half, quarter = c.estimate / 2.0, c.se**2 / 4.0
    return StudyArms(
        c.study,
        (c.treatment, c.comparator),
        np.array([half, -half]),
        np.array([[quarter, -quarter], [-quarter, quarter]]),
        np.array([2.0 * quarter, 2.0 * quarter]),
    )


def assemble(
    members: tuple[StudyArms, ...],
    effect: EffectMeasure,
    sizes: Mapping[tuple[str, str], float] | None = None,
) -> Network:
    """The network of studies whose arms and covariances are known."""
    treatments = tuple(
        sorted(
            {arm for member in members for arm in member.arms},
            key=lambda name: (name.casefold(), name),
        )
    )
    at = {name: i for i, name in enumerate(treatments)}
    n_rows = sum(len(member.arms) - 1 for member in members)
    design, estimate, variance = (
        np.zeros((n_rows, len(treatments))),
        np.empty(n_rows),
        np.empty(n_rows),
    )
    study = np.empty(n_rows, dtype=np.int64)
    root = list(range(len(treatments)))
    row = 0
    for position, member in enumerate(members):
        where = [at[arm] for arm in member.arms]
        for other in where[1:]:
            _join(root, where[0], other)
        if len(where) == 2:
            design[row, where[0]], design[row, where[1]] = 1.0, -1.0
            estimate[row], variance[row] = member.contrast(0, 1)
            study[row] = position
            row += 1
            continue
        rows, values, variances = member.rotated()
        block = slice(row, row + len(rows))
        design[block, where], estimate[block], variance[block], study[block] = (
            rows,
            values,
            variances,
            position,
        )
        row += len(rows)
    roots = [_find(root, i) for i in range(len(treatments))]
    numbered = {r: i for i, r in enumerate(dict.fromkeys(roots))}
    return Network(
        effect=effect,
        treatments=treatments,
        studies=tuple(member.study for member in members),
        members=members,
        design=design,
        estimate=estimate,
        variance=variance,
        study=study,
        part=np.array([numbered[r] for r in roots], dtype=np.int64),
        notes=tuple(note for member in members for note in member.notes),
        sizes=sizes if sizes is not None else {},
    )


def _find(root: list[int], i: int) -> int:
    while root[i] != i:
        root[i] = root[root[i]]
        i = root[i]
    return i


def _join(root: list[int], i: int, j: int) -> None:
    a, b = _find(root, i), _find(root, j)
    root[max(a, b)] = min(a, b)
