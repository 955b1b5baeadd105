"""What statistics alone predict for a study left out: a constant, the mean of its class, the sum of its components, OS from PFS.

Each sees the published figures of the other studies only (the last one the left-out trial's own PFS too), and predicts with heterogeneity,
with the uncertainty of its own estimate, and with the sampling error of the figure predicted. The constant and the components are one
model, random effects by REML with another design: arms that share a control within a study are correlated as
`evidence.synthesis.multiarm` works out, and share their heterogeneity with correlation one half. Class means are likewise under the first lock;
the second pools them partially (`combination`). Where a baseline cannot answer, the next simpler one does, and that is counted.

The first lock leaves one thing open: whether studies that `library/questions/components.yaml` excludes (an ICI in place of
chemotherapy in patients chosen by PD-L1) inform the component model. They do not, for the reason it gives. The other
reading gives a CRPS of 0.131 instead of 0.117 on the day of the lock, so the one taken is the harder to beat.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from normoxia.calibration.scoring import combination, surrogate
from normoxia.calibration.scoring.classes import Parts
from normoxia.calibration.scoring.combination import ContrastRegression
from normoxia.calibration.scoring.lock import Lock, Observed, Target
from normoxia.calibration.scoring.registry_evidence import (
    ENOUGH_STUDIES,
    ArmDescription,
    LatentPrediction,
    RegistryEvidence,
    class_of,
    evidence,
)
from normoxia.calibration.scoring.scores import (
    Floats,
    NormalPredictive,
    Predictive,
    SampledPredictive,
)
from normoxia.errors import InvalidArgument
from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.synthesis.model import heterogeneity
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.components import ComponentFit, fit_components
from normoxia.evidence.synthesis.model.contrasts import Contrast, EffectMeasure
from normoxia.evidence.synthesis.model.heterogeneity import TauMethod
from normoxia.outcome import Endpoint

CONSTANT, CLASS_MEAN, COMPONENT = "constant", "class_mean", "component_nma"
SURROGATE = "surrogate"
NAMES = (CONSTANT, CLASS_MEAN, COMPONENT)
#: who answers where a baseline cannot, in turn
_SIMPLER = {
    CONSTANT: (),
    CLASS_MEAN: (CONSTANT,),
    COMPONENT: (CLASS_MEAN, CONSTANT),
    SURROGATE: (CLASS_MEAN, CONSTANT),
}

#: added to both cells of an arm's count before its logit, so that an arm without responders has one (Haldane-Anscombe)
_CONTINUITY = 0.5
#: a combination counts as identified when its part outside what was observed is smaller than this
_IDENTIFIED = 1e-6


@dataclass(frozen=True, slots=True)
class BaselinePredictor:
    """One baseline's predictions, each made without the study it concerns.

    predictions  of log hazard ratios and of response rates in percent
    fallbacks    the targets answered by a simpler baseline, and by which
    """

    name: str
    predictions: Mapping[Target, Predictive]
    fallbacks: Mapping[Target, str] = field(default_factory=dict)


def names(version: int) -> tuple[str, ...]:
    """Names of the baselines of a version of the lock."""
    return NAMES if version == 1 else (*NAMES, SURROGATE)


def baselines(lock: Lock, studies: Registry | None = None) -> dict[str, BaselinePredictor]:
    """The baselines for every hazard ratio, stratum and response rate of the lock.

    studies  the registry the lock was read with; the shipped one by default
    returns  by name: "constant", "class_mean", "component_nma", and from the second lock on "surrogate"
    """
    known = evidence(lock, studies)
    asked = names(lock.version)
    predictions: dict[str, dict[Target, Predictive]] = {name: {} for name in asked}
    fallbacks: dict[str, dict[Target, str]] = {name: {} for name in asked}
    for observed in (*lock.contrasts, *lock.strata, *lock.responses):
        is_ratio = observed.target.is_ratio
        answered = (
            _ratios(known, observed.target) if is_ratio else _responses(lock, observed, known.arms)
        )
        for name in asked:
            by, estimate = first(answered, name)
            predictions[name][observed.target] = _predictive(estimate, observed)
            if by != name:
                fallbacks[name][observed.target] = by
    return {name: BaselinePredictor(name, predictions[name], fallbacks[name]) for name in asked}


def first(
    answered: Mapping[str, LatentPrediction | None], name: str
) -> tuple[str, LatentPrediction]:
    """A baseline's own answer, or that of the next simpler one that has any, with the name of who answered."""
    for simpler in (name, *_SIMPLER[name]):
        estimate = answered.get(simpler)
        if estimate is not None:
            return simpler, estimate
    raise InvalidArgument("no other study prints this endpoint; a baseline needs at least one")


def _predictive(estimate: LatentPrediction, observed: Observed) -> Predictive:
    if observed.target.is_ratio:
        return NormalPredictive(estimate.mean, estimate.spread + observed.se**2)
    return responders(estimate.mean, estimate.spread, observed.n)


# --- hazard ratios ---------------------------------------------------------------------------------------------------


def ratio(
    known: RegistryEvidence,
    endpoint: Endpoint,
    arm: Parts,
    comparator: Parts,
    *,
    without: str = "",
    kind: str = "",
) -> dict[str, LatentPrediction | None]:
    """Each baseline's answer for the log hazard ratio of two arms that are known by their components; None where it has none.

    without  the study left out, "" for none
    kind     the class of the contrast under the second lock
    """
    others = _others(known, endpoint, without)
    if known.version == 1:
        kind = class_of(arm, comparator)
        mean = others.mean(kind) if others.is_enough(kind) else None
    else:
        mean = LatentPrediction(*others.pooled.moments(kind))
    return {
        CONSTANT: others.mean(),
        CLASS_MEAN: mean,
        COMPONENT: others.components.sum(arm, comparator) if others.components else None,
    }


def _ratios(known: RegistryEvidence, target: Target) -> dict[str, LatentPrediction | None]:
    """Each baseline's answer for a scored log hazard ratio, without its study."""
    arm, comparator = (
        known.arms[target.study, name].parts for name in (target.arm, target.comparator)
    )
    kind = known.kind(target)
    answered = ratio(known, target.endpoint, arm, comparator, without=target.study, kind=kind)
    if known.version > 1:
        answered[SURROGATE] = surrogate.of(known, target)
    return answered


@functools.lru_cache(maxsize=4)
def _regression(known: RegistryEvidence, endpoint: Endpoint) -> ContrastRegression:
    """Class means with partial pooling over everything known."""
    rows = [o for o in known.known if o.target.endpoint is endpoint]
    return combination.regress(rows, {o.target: known.kind(o.target) for o in rows}, {})


@functools.lru_cache(maxsize=4)
def _others(known: RegistryEvidence, endpoint: Endpoint, without: str) -> _OtherStudies:
    return _OtherStudies(known, endpoint, without)


class _OtherStudies:
    """Models fitted to the contrasts of an endpoint without one study, each when first asked for."""

    def __init__(self, known: RegistryEvidence, endpoint: Endpoint, without: str) -> None:
        self.known, self.endpoint, self.without = known, endpoint, without
        self.rows = [
            o for o in known.known if o.target.endpoint is endpoint and o.target.study != without
        ]
        self.sizes = {key: float(words.n) for key, words in known.arms.items()}

    def mean(self, kind: str = "") -> LatentPrediction | None:
        """Random-effects mean over a class, over all for "": every experimental arm has the one effect, every control none."""
        fitted = self._effect(kind)
        return fitted.sum(frozenset({"effect"}), frozenset()) if fitted else None

    def is_enough(self, kind: str) -> bool:
        """Whether a class has studies enough for a mean."""
        return len({o.target.study for o in self._alike(kind)}) >= ENOUGH_STUDIES

    @functools.cached_property
    def pooled(self) -> ContrastRegression:
        """Class means with partial pooling."""
        return _regression(self.known, self.endpoint).without(self.without)

    @functools.cached_property
    def components(self) -> _Components | None:
        """The additive component model."""
        parts = {key: words.parts for key, words in self.known.arms.items()}
        admitted = [o for o in self.rows if o.target.study not in self.known.excluded]
        return _components(admitted, self.sizes, parts)

    @functools.cache  # noqa: B019 - the object lives no longer than the few that are cached above
    def _effect(self, kind: str) -> _Components | None:
        rows = self._alike(kind)
        parts = {(o.target.study, o.target.comparator): frozenset[str]() for o in rows}
        parts |= {(o.target.study, o.target.arm): frozenset({"effect"}) for o in rows}
        return _components(rows, self.sizes, parts)

    def _alike(self, kind: str) -> list[Observed]:
        return [o for o in self.rows if kind in ("", self.known.kind(o.target))]


@dataclass(frozen=True, slots=True, eq=False)
class _Components:
    """Additive components fitted to some contrasts."""

    fitted: ComponentFit

    def sum(self, arm: Parts, comparator: Parts) -> LatentPrediction | None:
        """What they add up to for two arms; None where it is not identified."""
        fitted = self.fitted
        if not (arm ^ comparator) <= set(fitted.components):
            return None
        x = np.array([float(name in arm) - float(name in comparator) for name in fitted.components])
        return _at(x, fitted.beta, fitted.covariance, fitted.estimable, fitted.tau2)


def _components(
    rows: Sequence[Observed],
    sizes: Mapping[tuple[str, str], float],
    parts: Mapping[tuple[str, str], Parts],
) -> _Components | None:
    """Additive components fitted to some contrasts; None without any.

    Every arm is a treatment of its own, so that two doses of one study stay correlated and not averaged.
    """
    if not rows:
        return None
    network = net.build(
        [_contrast(o) for o in rows],
        EffectMeasure.HR,
        {(study, _node(study, name)): n for (study, name), n in sizes.items() if n},
    )
    named = {_node(*key): tuple(sorted(own)) for key, own in parts.items()}
    return _Components(fit_components(network, parts_of=named, tau=TauMethod.REML))


def _contrast(o: Observed) -> Contrast:
    t = o.target
    return Contrast(t.study, _node(t.study, t.arm), _node(t.study, t.comparator), o.y, o.se)


def _node(study: str, arm: str) -> str:
    return f"{study}: {arm}"


def _at(
    x: Floats, beta: Floats, covariance: Floats, estimable: Floats, tau2: float
) -> LatentPrediction | None:
    outside = float(np.linalg.norm(x - estimable @ x))
    if outside > _IDENTIFIED * max(1.0, float(np.linalg.norm(x))):
        return None
    return LatentPrediction(float(x @ beta), max(0.0, float(x @ covariance @ x)), tau2)


# --- response rates --------------------------------------------------------------------------------------------------


def _responses(
    lock: Lock, observed: Observed, arms: Mapping[tuple[str, str], ArmDescription]
) -> dict[str, LatentPrediction | None]:
    """Each baseline's answer for the logit of a response rate, from the arms of other studies.

    Arms are taken as independent with one heterogeneity: what two arms of a study share beside line and components is
    neglected, which makes the standard error of the mean too small and hardly touches the prediction.
    """
    target, words = observed.target, arms[observed.target.study, observed.target.arm]
    others = [o for o in lock.responses if o.target.study != target.study and o.n > 0]
    known = [arms[o.target.study, o.target.arm] for o in others]
    same = [w.line == words.line and w.parts == words.parts for w in known]
    alike = [o for o, is_same in zip(others, same, strict=True) if is_same]
    enough = len({o.target.study for o in alike}) >= ENOUGH_STUDIES
    one = frozenset({"mean"})
    return {
        CONSTANT: _logit_sum(others, [one] * len(others), one),
        CLASS_MEAN: _logit_sum(alike, [one] * len(alike), one) if enough else None,
        COMPONENT: _logit_sum(others, [_with_line(w) for w in known], _with_line(words)),
    }


def _with_line(words: ArmDescription) -> Parts:
    return words.parts | {f"line: {words.line}"}


def _logit_sum(
    rows: Sequence[Observed], terms: Sequence[Parts], wanted: Parts
) -> LatentPrediction | None:
    """Logits as sums of terms, random effects by REML, and the sum for one arm; None where it is not identified."""
    names = sorted({name for own in terms for name in own})
    if not rows or not wanted <= set(names):
        return None
    y, v = (np.array(values) for values in zip(*(logit(o) for o in rows), strict=True))
    full = np.array([[float(name in own) for name in names] for own in terms])
    _, singular, right = np.linalg.svd(full, full_matrices=False)
    basis = right[singular > 1e-10 * max(singular[0], 1.0)].T
    x = full @ basis
    between = heterogeneity.tau2(y, v, x, TauMethod.REML)
    solved = heterogeneity.weighted_fit(y, v, x, between)
    row = np.array([float(name in wanted) for name in names])
    covariance = basis @ solved.covariance @ basis.T
    return _at(row, basis @ solved.coefficients, covariance, basis @ basis.T, between)


def logit(o: Observed) -> tuple[float, float]:
    """Logit of an arm's response rate and its variance, half a patient added to either side."""
    yes, no = o.responders + _CONTINUITY, o.n - o.responders + _CONTINUITY
    return math.log(yes / no), 1.0 / yes + 1.0 / no


def responders(mean: float, variance: float, n: int) -> SampledPredictive:
    """Response rate of a trial arm in percent: binomial(n, p) with a normal logit of p, as its exact distribution.

    mean, variance  of the logit
    n               patients
    returns         the n + 1 possible rates with their probabilities as weights
    raises          InvalidArgument without patients
    """
    from scipy.special import gammaln, log_expit

    if n <= 0:
        raise InvalidArgument(
            "an arm's size is not known; its response rate cannot be predicted with sampling"
        )
    z = np.linspace(
        -6.0, 6.0, 401
    )  # a trapezoid of a smooth integrand: the step is well below its width
    logit = mean + math.sqrt(variance) * z
    counts = np.arange(n + 1.0)
    choices = gammaln(n + 1.0) - gammaln(counts + 1.0) - gammaln(n - counts + 1.0)
    terms = np.outer(log_expit(logit), counts) + np.outer(log_expit(-logit), n - counts) + choices
    return SampledPredictive(100.0 * counts / n, np.exp(-0.5 * z**2) @ np.exp(terms))
