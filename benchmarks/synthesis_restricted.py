"""The restricted likelihood behind the numbers that differ from a peer's, once more, by other means.

    python -m benchmarks.synthesis_restricted

Nothing of the package enters: the whole covariance matrix of the observations (multi-arm studies with the covariance that
their three variances give, and tau2 (1, 1/2; 1/2, 1)), its Cholesky factor and the profile log-likelihood in 40-digit decimal
arithmetic, maximised by golden section. `checks()` holds our tau2 and the peer's against that maximum.
"""

from __future__ import annotations

import csv
import decimal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

ORACLES = Path(__file__).parent.parent / "tests" / "oracles" / "synthesis"
DIGITS = 40

Vector = list[Decimal]
Matrix = list[Vector]


@dataclass(frozen=True, slots=True)
class Check:
    """One restricted likelihood: tau2 at its maximum, ours and the peer's, and how far below the maximum each lies.

    tight  tau2 of metafor 3.8-1 when told to iterate on (R 4.2.2, November 2026):
           rma(yi, vi, mods = ~ ablat + year, method = "REML", control = list(threshold = 1e-14, maxiter = 10000)), and for Senn
           rma.mv(y, V, mods = X, intercept = FALSE, random = ~ arm | study, struct = "CS", rho = 0.5, method = "REML",
           control = list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-15)) with and without the covariance in V
    """

    case: str
    best: float
    ours: float
    peer: float
    ours_short: float
    peer_short: float
    tight: float


@dataclass(frozen=True, slots=True)
class Problem:
    """y ~ N(X b, V + tau2 T), as lists of decimals."""

    y: Vector
    x: Matrix
    v: Matrix
    t: Matrix

    def log_likelihood(self, tau2: Decimal) -> Decimal:
        """Restricted log-likelihood up to a constant: -1/2 (log|W| + log|X' W^-1 X| + r' W^-1 r)."""
        n = len(self.y)
        w = [[self.v[i][j] + tau2 * self.t[i][j] for j in range(n)] for i in range(n)]
        root = cholesky(w)
        columns = [forward(root, [row[c] for row in self.x]) for c in range(len(self.x[0]))]
        z = forward(root, self.y)
        information = [[dot(a, b) for b in columns] for a in columns]
        inner = cholesky(information)
        explained = forward(inner, [dot(a, z) for a in columns])
        log_det = 2 * (
            sum(root[i][i].ln() for i in range(n))
            + sum(inner[i][i].ln() for i in range(len(columns)))
        )
        return -(log_det + dot(z, z) - dot(explained, explained)) / 2


def checks() -> Iterator[Check]:
    """Every restricted likelihood whose maximum we and a peer place differently."""
    from benchmarks.oracles import networks, reml_without_covariance
    from normoxia.evidence.synthesis.model import network as net

    decimal.getcontext().prec = DIGITS
    peers = {
        r["dataset"]: float(r["value"]) for r in _read("pairwise.csv") if r["quantity"] == "tau2"
    }
    for names, tight in ((("ablat",), 0.076347963955), (("ablat", "year"), 0.110784696947)):
        case = f"BCG metareg {'+'.join(names)} REML"
        yield _check(case, bcg(names), _our_bcg(names), peers[case], tight)
    summary = {(r["dataset"], r["tau_method"]): float(r["tau2"]) for r in _read("nma_summary.csv")}
    senn = networks()["senn2013"]
    peer = summary["senn2013", "REML"]
    own = net.fit(senn, tau="REML").tau2
    yield _check("senn2013 REML, whole covariance", senn2013(whole=True), own, peer, 0.0999174633)
    without = reml_without_covariance(senn)
    yield _check(
        "senn2013 REML, covariance left out", senn2013(whole=False), without, peer, 0.1010500815
    )


def _check(case: str, problem: Problem, ours: float, peer: float, tight: float) -> Check:
    best = golden(
        problem.log_likelihood, Decimal(ours) * Decimal("0.8"), Decimal(ours) * Decimal("1.25")
    )
    top = problem.log_likelihood(best)
    short = [float(top - problem.log_likelihood(Decimal(value))) for value in (ours, peer)]
    return Check(case, float(best), ours, peer, short[0], short[1], tight)


def bcg(names: Sequence[str]) -> Problem:
    """Meta-regression of the BCG trials."""
    rows = _read("input_bcg.csv")
    n = len(rows)
    unit = [[Decimal(int(i == j)) for j in range(n)] for i in range(n)]
    return Problem(
        y=[Decimal(float(r["yi"])) for r in rows],
        x=[[Decimal(1), *(Decimal(float(r[name])) for name in names)] for r in rows],
        v=[[Decimal(float(rows[i]["vi"])) * unit[i][j] for j in range(n)] for i in range(n)],
        t=unit,
    )


def senn2013(*, whole: bool) -> Problem:
    """Senn 2013 as printed; the study of three arms by its contrasts against its control, with or without their covariance."""
    studies: dict[str, list[tuple[str, str, Decimal, Decimal]]] = {}
    for r in _read("input_senn2013_contrast_from_arms.csv"):
        te, se = Decimal(round(float(r["TE"]), 2)), Decimal(round(float(r["seTE"]), 4))
        studies.setdefault(r["studlab"], []).append((r["treat1"][:4], r["treat2"][:4], te, se * se))
    rows: list[tuple[str, str, Decimal, Decimal]] = []
    pairs: dict[tuple[int, int], Decimal] = {}
    for own in studies.values():
        if len(own) == 1:
            rows += own
            continue
        arms = sorted({name for a, b, _, _ in own for name in (a, b)})
        to_last = [_facing(row, arms[-1]) for row in own if arms[-1] in row[:2]]
        (between,) = (v for a, b, _, v in own if arms[-1] not in (a, b))
        at = len(rows)
        pairs[at, at + 1] = (to_last[0][3] + to_last[1][3] - between) / 2
        rows += to_last
    n = len(rows)
    v = [[rows[i][3] if i == j else Decimal(0) for j in range(n)] for i in range(n)]
    t = [[Decimal(int(i == j)) for j in range(n)] for i in range(n)]
    for (i, j), covariance in pairs.items():
        t[i][j] = t[j][i] = Decimal("0.5")
        if whole:
            v[i][j] = v[j][i] = covariance
    names = sorted({name for a, b, _, _ in rows for name in (a, b)})
    x = [[Decimal((name == a) - (name == b)) for name in names[1:]] for a, b, _, _ in rows]
    return Problem([te for _, _, te, _ in rows], x, v, t)


def _facing(row: tuple[str, str, Decimal, Decimal], last: str) -> tuple[str, str, Decimal, Decimal]:
    a, b, te, v = row
    return row if b == last else (b, a, -te, v)


def _our_bcg(names: Sequence[str]) -> float:
    from normoxia.evidence.synthesis.model.regression import meta_regression

    rows = _read("input_bcg.csv")
    columns = {name: [float(r[name]) for r in rows] for name in names}
    y, se = [float(r["yi"]) for r in rows], [float(r["vi"]) ** 0.5 for r in rows]
    return meta_regression(y, se, columns, tau="REML").tau2


def golden(function: Callable[[Decimal], Decimal], low: Decimal, high: Decimal) -> Decimal:
    """Where a function with one top between two points is highest, by golden section; about half the digits are good."""
    share = (Decimal(5).sqrt() - 1) / 2
    one, other = high - share * (high - low), low + share * (high - low)
    at_one, at_other = function(one), function(other)
    while high - low > Decimal("1e-15") * high:
        if at_one > at_other:
            high, other, at_other = other, one, at_one
            one = high - share * (high - low)
            at_one = function(one)
        else:
            low, one, at_one = one, other, at_other
            other = low + share * (high - low)
            at_other = function(other)
    return (low + high) / 2


def cholesky(a: Matrix) -> Matrix:
    """The lower triangular root of a positive definite matrix."""
    n = len(a)
    root = [[Decimal(0)] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            left = a[i][j] - sum((root[i][k] * root[j][k] for k in range(j)), Decimal(0))
            root[i][j] = left.sqrt() if i == j else left / root[j][j]
    return root


def forward(root: Matrix, b: Vector) -> Vector:
    """The solution of L x = b."""
    x: Vector = []
    for i, value in enumerate(b):
        x.append((value - sum((root[i][k] * x[k] for k in range(i)), Decimal(0))) / root[i][i])
    return x


def dot(a: Vector, b: Vector) -> Decimal:
    return sum((p * q for p, q in zip(a, b, strict=True)), Decimal(0))


def _read(file: str) -> list[dict[str, str]]:
    with (ORACLES / file).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


if __name__ == "__main__":
    for check in checks():
        print(check)
