"""Component network meta-analysis: a combination's effect as the sum of its components', with or without interactions.

Lets disconnected networks speak to each other through shared components, at the price of additivity. An interaction
says how much the combination departs from the sum; the difference in Q between nested models tests it.
Sources: Welton 2009, Am J Epidemiol 169:1158; Ruecker 2020, Biom J 62:808 (additive model, disconnected networks, Q).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.evidence.synthesis.model import heterogeneity
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.heterogeneity import Array, TauMethod
from normoxia.evidence.synthesis.model.meta import Model, chi2_tail, normal_quantile, two_sided_p
from normoxia.evidence.synthesis.model.network import Network

#: joins the names of two components in the name of their interaction
INTERACTION = " x "
_RANK = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentEffect:
    """What adding one component (or an interaction) does, on the analysis scale.

    Parameters
    ----------
    is_estimable
        Whether the studies identify it; if not, the value is one of many (the shortest) and
        means nothing alone.
    """

    component: str
    estimate: float
    se: float
    low: float
    high: float
    p_value: float
    is_estimable: bool

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary, on the analysis scale."""
        return {
            "name": self.component,
            "estimate": self.estimate,
            "se": self.se,
            "interval": [self.low, self.high],
            "p_value": _finite(self.p_value),
            "is_estimable": self.is_estimable,
        }


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ComponentFit:
    """A fitted component model.

    difference_* how much worse the components fit than free treatment effects: the test of the model's assumptions

    Parameters
    ----------
    structure
        Treatments over components, shape (n_treatments, n_components).
    q, df
        Of the component model; standard_q, standard_df of the network without it (each part
        on its own).
    """

    network: Network
    components: tuple[str, ...]
    structure: Array
    beta: Array
    covariance: Array
    estimable: Array
    model: str
    tau2: float
    q: float
    df: int
    standard_q: float
    standard_df: int
    level: float

    @property
    def tau(self) -> float:
        """Between-study standard deviation."""
        return math.sqrt(self.tau2)

    @property
    def q_p_value(self) -> float:
        """P value of the component model's Q."""
        return chi2_tail(self.q, self.df)

    @property
    def i2(self) -> float:
        """I-squared of the component model, as a fraction."""
        return max(0.0, 1.0 - self.df / self.q) if self.q > 0 else 0.0

    @property
    def difference_q(self) -> float:
        """Q of the component model minus Q of the standard one."""
        return self.q - self.standard_q

    @property
    def difference_df(self) -> int:
        """Degrees of freedom of the difference."""
        return self.df - self.standard_df

    @property
    def difference_p_value(self) -> float:
        """P value of the difference; nan when both models fit the same."""
        return chi2_tail(self.difference_q, self.difference_df)

    def effects(self) -> tuple[ComponentEffect, ...]:
        """Every component and interaction."""
        return tuple(
            self._effect(name, row)
            for name, row in zip(self.components, np.eye(len(self.beta)), strict=True)
        )

    def component(self, name: str) -> ComponentEffect:
        """One component or interaction. Raises UnknownName."""
        if name not in self.components:
            raise UnknownName("component", name, self.components)
        return self.effects()[self.components.index(name)]

    def combination(self, treatment: str, comparator: str) -> ComponentEffect:
        """One treatment against another, even across parts that no study connects."""
        i, j = self.network.index(treatment), self.network.index(comparator)
        return self._effect(f"{treatment} - {comparator}", self.structure[i] - self.structure[j])

    def league(
        self, order: Sequence[str] | None = None
    ) -> tuple[tuple[ComponentEffect | None, ...], ...]:
        """Rows against columns, None on the diagonal; every pair, across disconnected parts too."""
        names = tuple(order) if order is not None else self.network.treatments
        return tuple(
            tuple(None if a == b else self.combination(a, b) for b in names) for a in names
        )

    def to_json(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Plain dictionaries and lists, with the contrasts of some pairs of treatments under `headline`."""
        return {
            "components": [e.to_json() for e in self.effects()],
            "headline": [self.combination(a, b).to_json() for a, b in pairs],
            "tau": self.tau,
            "q": self.q,
            "df": self.df,
            "difference": {
                "q": self.difference_q,
                "df": self.difference_df,
                "p_value": _finite(self.difference_p_value),
            },
        }

    def _effect(self, name: str, row: Array) -> ComponentEffect:
        estimate, se = (
            float(row @ self.beta),
            math.sqrt(max(0.0, float(row @ self.covariance @ row))),
        )
        half = normal_quantile(self.level) * se
        known = bool(
            np.linalg.norm(row - self.estimable @ row) < 1e-6 * max(1.0, float(np.linalg.norm(row)))
        )
        p = two_sided_p(estimate / se) if se > 0 else math.nan
        return ComponentEffect(
            component=name,
            estimate=estimate,
            se=se,
            low=estimate - half,
            high=estimate + half,
            p_value=p,
            is_estimable=known,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionTest:
    """An interaction's estimate, and what it does to the fit of the additive model.

    Parameters
    ----------
    q, df, p_value
        Fall in Q with common weights when the interaction enters.
    """

    interaction: ComponentEffect
    q: float
    df: int
    p_value: float
    additive_tau: float
    tau: float


def fit_components(
    network: Network,
    *,
    parts_of: Mapping[str, Iterable[str]] | None = None,
    separator: str = " + ",
    inactive: str | None = None,
    interactions: Iterable[tuple[str, str]] = (),
    groups: Mapping[str, Iterable[str]] | None = None,
    model: Model = "random",
    tau: TauMethod | str | float = TauMethod.REML,
    level: float = 0.95,
) -> ComponentFit:
    """Components' effects in a network, connected or not.

    Parameters
    ----------
    parts_of
        Components of each treatment, none for a placebo; by default its name cut at the
        separator.
    inactive
        A component (placebo) that does nothing by definition.
    interactions
        Pairs of components or groups; the column is 1 for treatments that hold one of each.
    groups
        Names that stand for several components in an interaction, such as every
        anti-angiogenic drug.

    Raises
    ------
    InvalidArgument
        For a treatment without components, or an interaction no treatment shows.
    """
    names, structure = _structure(
        network, parts_of, separator, inactive, tuple(interactions), groups or {}
    )
    y, v = network.estimate, network.variance
    full = network.design @ structure
    _, singular, right = np.linalg.svd(full, full_matrices=False)
    basis = right[singular > _RANK * max(singular[0], 1.0)].T
    x = full @ basis
    common = heterogeneity.weighted_fit(y, v, x)
    between = heterogeneity.between_variance(y, v, x, tau) if model == "random" else 0.0
    # shortest coefficients among those that fit alike: exact where identified, and netmeta's generalised inverse elsewhere
    solved = heterogeneity.weighted_fit(y, v, x, between)
    standard, _ = net.full_rank_design(network)
    return ComponentFit(
        network=network,
        components=names,
        structure=structure,
        beta=basis @ solved.coefficients,
        covariance=basis @ solved.covariance @ basis.T,
        estimable=basis @ basis.T,
        model=model,
        tau2=between,
        q=common.q,
        df=len(y) - x.shape[1],
        standard_q=heterogeneity.weighted_fit(y, v, standard).q,
        standard_df=len(y) - standard.shape[1],
        level=level,
    )


def named_parts(network: Network, inactive: str | None = None) -> dict[str, tuple[str, ...]]:
    """The parts of treatments that are named as sums: "A + B", or "A+B" where no name has blanks around the sign.

    Parameters
    ----------
    inactive
        A part (placebo) that does nothing; it must be one.

    Raises
    ------
    InvalidArgument
        Where no treatment is a sum, or a name has an empty part.
    UnknownName
        For an inactive one that is no part.
    """
    separator = next((s for s in (" + ", "+") if any(s in name for name in network.treatments)), "")
    if not separator:
        raise InvalidArgument(
            f'no treatment is a sum of parts, such as "A + B"; the treatments are {", ".join(network.treatments[:10])}'
        )
    parts = {
        name: tuple(part.strip() for part in name.split(separator)) for name in network.treatments
    }
    for name, own in parts.items():
        if not all(own):
            raise InvalidArgument(
                f'treatment "{name}" has a part without a name; expected parts such as "A + B"'
            )
    known = sorted({part for own in parts.values() for part in own})
    if inactive is not None and inactive not in known:
        raise UnknownName("part of a treatment", inactive, known)
    return {name: tuple(part for part in own if part != inactive) for name, own in parts.items()}


def interaction_test(network: Network, pair: tuple[str, str], **options: object) -> InteractionTest:
    """Whether two components do more or less together than the sum of both; options as in `fit_components`."""
    known: tuple[tuple[str, str], ...] = tuple(options.pop("interactions", ()))  # type: ignore[arg-type]
    additive = fit_components(network, interactions=known, **options)  # type: ignore[arg-type]
    joint = fit_components(network, interactions=(*known, pair), **options)  # type: ignore[arg-type]
    q, df = additive.q - joint.q, additive.df - joint.df
    effect = joint.component(INTERACTION.join(pair))
    return InteractionTest(
        interaction=effect,
        q=q,
        df=df,
        p_value=chi2_tail(q, df),
        additive_tau=additive.tau,
        tau=joint.tau,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _structure(
    network: Network,
    parts_of: Mapping[str, Iterable[str]] | None,
    separator: str,
    inactive: str | None,
    interactions: tuple[tuple[str, str], ...],
    groups: Mapping[str, Iterable[str]],
) -> tuple[tuple[str, ...], Array]:
    held: list[frozenset[str]] = []
    for treatment in network.treatments:
        parts = parts_of.get(treatment, ()) if parts_of is not None else treatment.split(separator)
        own = frozenset(part.strip() for part in parts)
        if (
            not own
            and treatment != inactive
            and not (parts_of is not None and treatment in parts_of)
        ):
            raise InvalidArgument(
                f'treatment "{treatment}" has no components; name them, or make it the inactive one'
            )
        held.append(own - {inactive})
    names = sorted({part for own in held for part in own}, key=lambda name: (name.casefold(), name))
    columns = [[float(name in own) for own in held] for name in names]
    for a, b in interactions:
        first, second = (frozenset(groups.get(name, (name,))) for name in (a, b))
        both = [float(bool(own & first) and bool(own & second)) for own in held]
        if not any(both):
            raise InvalidArgument(
                f'no treatment holds both "{a}" and "{b}"; their interaction cannot be estimated'
            )
        names.append(INTERACTION.join((a, b)))
        columns.append(both)
    return tuple(names), np.array(columns).T.reshape(len(held), len(names))
