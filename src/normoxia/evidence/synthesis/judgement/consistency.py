"""Whether direct and indirect evidence agree: node splits, design-by-treatment interaction, unrelated means, net heat.

None of these tests has much power with few studies a comparison: agreement is not proven by a large p value.
Sources: Koenig 2013, Stat Med 32:5414 (back-calculation); Dias 2010, Stat Med 29:932 and White 2015, Stata J 15:951
(separate direct and indirect parameters); Krahn 2013, BMC Med Res Methodol 13:35 (designs, net heat); Higgins 2012 and
Jackson 2014, Stat Med 33:3639 (design-by-treatment interaction); Dias 2013, Med Decis Making 33:641 (unrelated means).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from normoxia.evidence.synthesis.model import heterogeneity
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.heterogeneity import Array, TauMethod
from normoxia.evidence.synthesis.model.meta import Model, chi2_tail, f_tail, two_sided_p
from normoxia.evidence.synthesis.model.network import Network, NetworkFit

#: a share of direct evidence this near to 1 leaves nothing indirect
_ALL_DIRECT = 1.0 - 1e-9
#: a singular value below this share of the largest means that the studies do not tell its combination of means
_RANK = 1e-10
#: studies of a design that agree exactly (Q per degree of freedom below this) give Fisher's F no denominator
_NO_Q = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One comparison, its direct, indirect and network estimates, and their disagreement; nan where one does not exist.

    Parameters
    ----------
    proportion
        Share of the network estimate that is direct.
    tau2
        The between-study variance the split was computed with.
    """

    treatment: str
    comparator: str
    n_studies: int
    proportion: float
    network: float
    network_se: float
    direct: float
    direct_se: float
    indirect: float
    indirect_se: float
    difference: float
    difference_se: float
    z: float
    p_value: float
    tau2: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignQ:
    """Heterogeneity within one design (set of arms)."""

    design: tuple[str, ...]
    n_studies: int
    q: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignByTreatment:
    """Q of the network in two: within designs (heterogeneity) and between (inconsistency).

    Parameters
    ----------
    random_q, random_p_value
        The interaction test with the tau2 estimated within designs, against chi-squared;
        rejects too often under heterogeneity, since it takes that estimate for the truth.
    f_ratio, f_p_value
        Mean square between over mean square within designs at the same tau2, against
        Fisher's F; holds its level whether or not there is heterogeneity
        (tests/evidence/synthesis/test_simulated_truth.py); nan without spare studies within
        designs, or where these agree exactly.
    """

    q: float
    df: int
    p_value: float
    within_q: float
    within_df: int
    within_p_value: float
    between_q: float
    between_df: int
    between_p_value: float
    tau_within: float
    random_q: float
    random_p_value: float
    f_ratio: float
    f_p_value: float
    designs: tuple[DesignQ, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrelatedMeans:
    """Every direct comparison with its own mean: what the network would be without consistency."""

    effects: tuple[tuple[str, str, float, float], ...]
    tau2: float
    consistent_tau2: float
    q: float
    df: int


@dataclass(frozen=True, slots=True, eq=False)
class NetHeat:
    """Inconsistency by design, and by how much it falls when another design is relaxed.

    Parameters
    ----------
    residual
        Inconsistency of each design; shape (n_designs,).
    heat
        Residual of the row's design minus the same after the column's design has its own
        effects.
    hat
        How much the column's own estimate weighs in the network's estimate for the row's
        design; for designs of several arms the largest stretch of any of their contrasts
        (spectral norm), whichever arm is named first.
    """

    designs: tuple[str, ...]
    residual: Array
    heat: Array
    hat: Array


def node_splits(fit: NetworkFit) -> tuple[Split, ...]:
    """Direct against indirect for every comparison with direct evidence, by back-calculation from the network.

    Indirect = what must be mixed with the direct estimate, by precision, to give the network's. tau2 is the network's.
    """
    network, difference, se = fit.network, fit.difference(), fit.se()
    splits = []
    for (i, j), (n, direct, direct_se) in direct_estimates(network, fit.tau2).items():
        share = (
            min(1.0, (se[i, j] / direct_se) ** 2)
            if not fit.hartung_knapp
            else _share(fit, i, j, direct_se)
        )
        whole, whole_se = float(difference[i, j]), float(se[i, j])
        indirect = indirect_se = gap = gap_se = z = p = math.nan
        if share < _ALL_DIRECT:
            indirect = (whole - share * direct) / (1.0 - share)
            indirect_se = direct_se * math.sqrt(share / (1.0 - share))
            gap, gap_se = direct - indirect, math.sqrt(direct_se**2 + indirect_se**2)
            z, p = gap / gap_se, two_sided_p(gap / gap_se)
        a, b = network.treatments[i], network.treatments[j]
        splits.append(
            Split(
                treatment=a,
                comparator=b,
                n_studies=n,
                proportion=share,
                network=whole,
                network_se=whole_se,
                direct=direct,
                direct_se=direct_se,
                indirect=indirect,
                indirect_se=indirect_se,
                difference=gap,
                difference_se=gap_se,
                z=z,
                p_value=p,
                tau2=fit.tau2,
                method="back-calculation",
            )
        )
    return tuple(splits)


def refitted_splits(
    network: Network, *, model: Model = "random", tau: TauMethod | str | float = TauMethod.REML
) -> tuple[Split, ...]:
    """Each comparison split by a model with one parameter more, tau2 estimated anew each time (SIDE).

    Studies with both treatments move by half the disagreement on either arm (White 2015, symmetric). Comparisons
    without other evidence are left out.
    """
    x, kept = net.full_rank_design(network)
    y, v = network.estimate, network.variance
    column = {int(k): c for c, k in enumerate(kept)}
    splits = []
    for (i, j), (n, _, _) in direct_estimates(network, 0.0).items():
        extra = _split_column(network, i, j)
        if _is_explained(x, extra):
            continue
        both = np.column_stack([x, extra])
        between = heterogeneity.between_variance(y, v, both, tau) if model == "random" else 0.0
        fit = heterogeneity.weighted_fit(y, v, both, between)
        want = np.zeros(both.shape[1])
        for at, sign in ((i, 1.0), (j, -1.0)):
            if at in column:
                want[column[at]] += sign
        indirect, indirect_se = (
            float(want @ fit.coefficients),
            math.sqrt(want @ fit.covariance @ want),
        )
        gap, gap_se = float(fit.coefficients[-1]), math.sqrt(fit.covariance[-1, -1])
        want[-1] = 1.0
        direct, direct_se = float(want @ fit.coefficients), math.sqrt(want @ fit.covariance @ want)
        whole = heterogeneity.weighted_fit(y, v, x, between)
        want = want[:-1]
        whole_se = math.sqrt(want @ whole.covariance @ want)
        share = indirect_se**2 / (indirect_se**2 + direct_se**2)
        a, b = network.treatments[i], network.treatments[j]
        splits.append(
            Split(
                treatment=a,
                comparator=b,
                n_studies=n,
                proportion=share,
                network=float(want @ whole.coefficients),
                network_se=whole_se,
                direct=direct,
                direct_se=direct_se,
                indirect=indirect,
                indirect_se=indirect_se,
                difference=gap,
                difference_se=gap_se,
                z=gap / gap_se,
                p_value=two_sided_p(gap / gap_se),
                tau2=between,
                method="separate parameters",
            )
        )
    return tuple(splits)


def design_splits(fit: NetworkFit) -> tuple[Split, ...]:
    """Each comparison's own studies against the network of all the others, at the network's tau2 (SIDDE).

    Multi-arm studies with both treatments are taken out whole, so that the two sides share no patient.
    """
    network = fit.network
    splits = []
    for (i, j), (n, direct, direct_se) in direct_estimates(network, fit.tau2).items():
        a, b = network.treatments[i], network.treatments[j]
        rest = [m.study for m in network.members if not (a in m.arms and b in m.arms)]
        other = network.subset(rest) if rest else None
        if other is None or a not in other.treatments or b not in other.treatments:
            continue
        without = net.fit(other, model="random", tau=fit.tau).effect(a, b)
        if math.isnan(without.estimate):
            continue
        gap, gap_se = direct - without.estimate, math.sqrt(direct_se**2 + without.se**2)
        share = without.se**2 / (without.se**2 + direct_se**2)
        whole = fit.effect(a, b)
        splits.append(
            Split(
                treatment=a,
                comparator=b,
                n_studies=n,
                proportion=share,
                network=whole.estimate,
                network_se=whole.se,
                direct=direct,
                direct_se=direct_se,
                indirect=without.estimate,
                indirect_se=without.se,
                difference=gap,
                difference_se=gap_se,
                z=gap / gap_se,
                p_value=two_sided_p(gap / gap_se),
                tau2=fit.tau2,
                method="separate studies",
            )
        )
    return tuple(splits)


def direct_estimates(
    network: Network, tau2: float
) -> dict[tuple[int, int], tuple[int, float, float]]:
    """Pooled direct estimate of each compared pair at a tau2: studies, estimate, standard error."""
    sums: dict[tuple[int, int], list[float]] = {}
    at = {name: i for i, name in enumerate(network.treatments)}
    for member in network.members:
        for first, second in combinations(range(len(member.arms)), 2):
            estimate, variance = member.contrast(first, second)
            i, j = at[member.arms[first]], at[member.arms[second]]
            if i > j:
                i, j, estimate = j, i, -estimate
            weight = 1.0 / (variance + tau2)
            entry = sums.setdefault((i, j), [0, 0.0, 0.0])
            entry[0] += 1
            entry[1] += weight
            entry[2] += weight * estimate
    return {
        pair: (int(n), total / weight, 1.0 / math.sqrt(weight))
        for pair, (n, weight, total) in sorted(sums.items())
    }


def design_by_treatment(network: Network) -> DesignByTreatment:
    """The decomposition of Q and the interaction test, with common weights and with tau2 estimated within designs."""
    x, _ = net.full_rank_design(network)
    y, v = network.estimate, network.variance
    groups, blocks = _own_effects(network)
    df, within_df = len(y) - x.shape[1], len(y) - sum(block[2].shape[1] for block in blocks)
    total = heterogeneity.weighted_fit(y, v, x).q
    tau2 = heterogeneity.moment_tau2(blocks)
    within_at_tau = sum(heterogeneity.weighted_fit(*block, tau2).q for block in blocks)
    random_q = heterogeneity.weighted_fit(y, v, x, tau2).q - within_at_tau
    designs = []
    for (design, studies), block in zip(groups.items(), blocks, strict=True):
        q = heterogeneity.weighted_fit(*block).q if len(studies) > 1 else 0.0
        n = (len(studies) - 1) * (len(design) - 1)
        designs.append(
            DesignQ(design=design, n_studies=len(studies), q=q, df=n, p_value=chi2_tail(q, n))
        )
    within = sum(d.q for d in designs) if within_df else 0.0
    between, between_df = total - within, df - within_df
    f_ratio = f_p_value = math.nan
    if within_df and between_df and within_at_tau > _NO_Q * within_df:
        f_ratio = (random_q / between_df) / (within_at_tau / within_df)
        f_p_value = f_tail(f_ratio, between_df, within_df)
    return DesignByTreatment(
        q=total,
        df=df,
        p_value=chi2_tail(total, df),
        within_q=within,
        within_df=within_df,
        within_p_value=chi2_tail(within, within_df),
        between_q=between,
        between_df=between_df,
        between_p_value=chi2_tail(between, between_df),
        tau_within=math.sqrt(tau2),
        random_q=random_q,
        random_p_value=chi2_tail(random_q, between_df),
        f_ratio=f_ratio,
        f_p_value=f_p_value,
        designs=tuple(designs),
    )


def unrelated_means(
    network: Network, *, tau: TauMethod | str | float = TauMethod.REML
) -> UnrelatedMeans:
    """Direct effects without the consistency equations: a mean of its own for every pair of treatments that a study compares.

    A multi-arm study cannot follow means that do not close its triangles; its arm i has the average over its arms j of the means
    of i against j, the nearest effects that do (least squares), so that no arm is the first one. Where only multi-arm studies
    tell of a triangle, nothing says that it does not close, and the means are the shortest that fit: those that close it.
    """
    at = {name: i for i, name in enumerate(network.treatments)}
    compared = sorted(direct_estimates(network, 0.0))
    pairs = {pair: column for column, pair in enumerate(compared)}
    x = np.zeros((len(network.estimate), len(pairs)))
    for position, member in enumerate(network.members):
        rows, where = np.flatnonzero(network.study == position), [at[arm] for arm in member.arms]
        for one, other in combinations(where, 2):
            i, j = min(one, other), max(one, other)
            spread = network.design[rows, i] - network.design[rows, j]
            x[rows, pairs[i, j]] += spread / len(where)
    y, v = network.estimate, network.variance
    _, singular, right = np.linalg.svd(x, full_matrices=False)
    basis = right[singular > _RANK * max(float(singular[0]), 1.0)].T
    turned = x @ basis
    between = heterogeneity.between_variance(y, v, turned, tau)
    fit = heterogeneity.weighted_fit(y, v, turned, between)
    means, covariance = basis @ fit.coefficients, basis @ fit.covariance @ basis.T
    base, _ = net.full_rank_design(network)
    names = network.treatments
    effects = tuple(
        (names[i], names[j], float(means[c]), math.sqrt(covariance[c, c]))
        for (i, j), c in pairs.items()
    )
    q = heterogeneity.weighted_fit(y, v, turned).q
    return UnrelatedMeans(
        effects=effects,
        tau2=between,
        consistent_tau2=heterogeneity.between_variance(y, v, base, tau),
        q=q,
        df=len(y) - turned.shape[1],
    )


def net_heat(network: Network, *, tau2: float = 0.0) -> NetHeat:
    """Which design's evidence disagrees, and with which other's (data behind a net heat plot)."""
    x, _ = net.full_rank_design(network)
    y, v = network.estimate, network.variance
    own, groups = _design_effects(network)
    pooled = heterogeneity.weighted_fit(y, v, own, tau2)
    target = own @ pooled.coefficients  # each design's own estimate, spread over its rows
    blocks = [np.isin(network.study, studies) for studies in groups.values()]

    def residuals(design: Array) -> Array:
        fit = heterogeneity.weighted_fit(target, v, design, tau2)
        return np.array([float(np.sum(fit.weights[b] * fit.residuals[b] ** 2)) for b in blocks])

    base = residuals(x)
    heat = np.zeros((len(blocks), len(blocks)))
    column = 0
    for j, design in enumerate(groups):
        extra = own[:, column : column + len(design) - 1]
        column += len(design) - 1
        heat[:, j] = base - residuals(_independent(np.column_stack([x, extra]), x.shape[1]))
    hat = _design_hat(network, list(groups), pooled.covariance)
    return NetHeat(tuple(" : ".join(d) for d in groups), base, heat, hat)


def _design_hat(network: Network, designs: list[tuple[str, ...]], covariance: Array) -> Array:
    """Weights of the designs' own estimates in the network's; shape (n_designs, n_designs)."""
    rows = np.zeros((len(covariance), len(network.treatments)))
    block = np.repeat(np.arange(len(designs)), [len(d) - 1 for d in designs])
    contrasts = [(arm, design[0]) for design in designs for arm in design[1:]]
    for row, (arm, first) in enumerate(contrasts):
        rows[row, network.index(arm)], rows[row, network.index(first)] = 1.0, -1.0
    _, kept = net.full_rank_design(network)
    x, precision = rows[:, kept], np.linalg.inv(covariance)
    weights = x @ np.linalg.solve(x.T @ precision @ x, x.T @ precision)
    # from contrasts with the first arm to effects of the arms without their mean, and back
    spread = [(np.eye(len(d)) - 1.0 / len(d))[:, 1:] for d in designs]
    gather = [np.linalg.pinv(own) for own in spread]
    return np.array(
        [
            [
                np.linalg.norm(
                    spread[i] @ weights[np.ix_(block == i, block == j)] @ gather[j], ord=2
                )
                for j in range(len(designs))
            ]
            for i in range(len(designs))
        ]
    )


def _split_column(network: Network, i: int, j: int) -> Array:
    """How each row moves per unit of disagreement between direct and indirect evidence on i against j."""
    a, b = network.treatments[i], network.treatments[j]
    both = np.array([a in m.arms and b in m.arms for m in network.members])[network.study]
    return np.asarray(
        np.where(both, (network.design[:, i] - network.design[:, j]) / 2.0, 0.0), dtype=np.float64
    )


def _is_explained(x: Array, extra: Array) -> bool:
    left = extra - x @ np.linalg.lstsq(x, extra, rcond=None)[0]
    return bool(np.linalg.norm(left) < 1e-8 * max(1.0, float(np.linalg.norm(extra))))


def _independent(x: Array, n_base: int) -> Array:
    """The columns of x that add to those before them."""
    kept = x[:, :n_base]
    for column in range(n_base, x.shape[1]):
        if not _is_explained(kept, x[:, column]):
            kept = np.column_stack([kept, x[:, column]])
    return kept


def _designs(network: Network) -> dict[tuple[str, ...], list[int]]:
    """The positions of the studies of each set of arms."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for position, member in enumerate(network.members):
        groups.setdefault(tuple(sorted(member.arms)), []).append(position)
    return groups


def _own_effects(
    network: Network,
) -> tuple[Mapping[tuple[str, ...], list[int]], list[tuple[Array, Array, Array]]]:
    """The designs, and for each its estimates, variances and a design matrix of its own effects."""
    groups = _designs(network)
    number = np.empty(len(network.members), dtype=np.int64)
    for position, studies in enumerate(groups.values()):
        number[studies] = position
    order = np.argsort(number[network.study], kind="stable")
    ends = np.cumsum(np.bincount(number[network.study], minlength=len(groups)))
    at = {name: i for i, name in enumerate(network.treatments)}
    blocks = []
    for design, rows in zip(groups, np.split(order, ends[:-1]), strict=True):
        x = network.design[np.ix_(rows, np.array([at[arm] for arm in design[1:]], dtype=np.int64))]
        blocks.append((network.estimate[rows], network.variance[rows], x))
    return groups, blocks


def _design_effects(network: Network) -> tuple[Array, Mapping[tuple[str, ...], list[int]]]:
    """A design matrix in which every set of arms has its own effects, and the studies of each set."""
    groups = _designs(network)
    columns = []
    at = {name: i for i, name in enumerate(network.treatments)}
    for design, studies in groups.items():
        rows = np.isin(network.study, studies)
        columns += [np.where(rows, network.design[:, at[arm]], 0.0) for arm in design[1:]]
    return np.column_stack(columns), groups


def _share(fit: NetworkFit, i: int, j: int, direct_se: float) -> float:
    plain = net.fit(fit.network, model="random", tau=fit.tau)
    return min(1.0, float(plain.se()[i, j] / direct_se) ** 2)
