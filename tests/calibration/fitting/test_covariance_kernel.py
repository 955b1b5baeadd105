"""The compiled kernel against NumPy's LAPACK: another factorisation, by the textbook's formulae."""

from __future__ import annotations

import numpy as np
import pytest

from normoxia.calibration.fitting import covariance_kernel, products_kernel
from normoxia.calibration.fitting.covariance_kernel import Given
from normoxia.calibration.fitting.vector_code import padded

#: rounding times the condition of these covariances, at most some 1e3
ROUNDING = 1e-11


@pytest.mark.parametrize("n_effects", [0, 1, 5])
def test_the_kernel_solves_what_lapack_solves(n_effects: int) -> None:
    """Studies of 1, 17, 2 and 5 figures, two of them single arms."""
    rng = np.random.default_rng(n_effects)
    sizes, single_arm = (1, 17, 2, 5), (False, True, True, False)
    first, n = (0, *np.cumsum(sizes).tolist()), padded(21)
    roots = [rng.standard_normal((m, m)) for m in sizes]
    chance = [0.1 * root @ root.T + 0.05 * np.eye(len(root)) for root in roots]
    given = Given(
        residual=rng.standard_normal((first[-1], n)),
        own=rng.random((first[-1], n)),
        steep=rng.standard_normal((n_effects, first[-1], n)),
        sd=rng.random((2, n_effects, n)),
    )
    flat = np.concatenate([c.ravel() for c in chance])
    found = covariance_kernel.solve(given, flat, first, single_arm, slopes=True)
    for k, single in enumerate(single_arm):
        rows = slice(first[k], first[k + 1])
        residual, own = given.residual[rows], given.own[rows]
        moved = given.steep[:, rows] * given.sd[int(single)][:, None]
        covariance = chance[k] + np.einsum("tin,tjn->nij", moved, moved)
        covariance += np.einsum("in,ij->nij", own, np.eye(sizes[k]))
        inverse = np.linalg.inv(covariance)
        pulled = np.einsum("nij,jn->in", inverse, residual)
        across = np.einsum("tin,nij,tjn->tn", moved, inverse, moved)
        inner = np.einsum("tin,in->tn", moved, pulled)
        near = {"rel": ROUNDING, "abs": ROUNDING}
        assert found.squares[k] == pytest.approx((residual * pulled).sum(axis=0), **near)
        assert found.determinant[k] == pytest.approx(np.linalg.det(covariance), rel=ROUNDING)
        assert found.pulled[rows] == pytest.approx(pulled, **near)
        assert found.precision[rows] == pytest.approx(np.einsum("nii->in", inverse), **near)
        assert found.gain[:, k] == pytest.approx(inner**2 - across, **near)
    alone = covariance_kernel.solve(given, flat, first, single_arm, slopes=False)
    np.testing.assert_array_equal(alone.squares, found.squares)
    np.testing.assert_array_equal(alone.determinant, found.determinant)
    assert alone.pulled.size == alone.precision.size == alone.gain.size == 0


@pytest.mark.parametrize("n", [1, 7, 8, 9, 128])
def test_states_fill_whole_vectors(n: int) -> None:
    full = padded(n)
    assert full >= n
    assert full - n < 8
    assert full % 4 == 0


@pytest.mark.parametrize("d", [1, 3, 58])
def test_products_and_their_slopes_are_those_of_a_quadratic_form(d: int) -> None:
    """In single precision: x'Qx has the slope (Q + Q')x. Sums of d terms round by d times 6e-8."""
    rng = np.random.default_rng(d)
    n = padded(11)
    x = rng.standard_normal((d, n)).astype(np.float32)
    first, second = np.triu_indices(d)
    found = np.zeros((len(first), n), dtype=np.float32)
    products_kernel.products(x, found)
    np.testing.assert_array_equal(found, x[first] * x[second])
    steered = rng.standard_normal(found.shape).astype(np.float32)
    form = np.zeros((d, d, n))
    form[first, second] = steered
    before = rng.standard_normal((d, n)).astype(np.float32)
    slopes = before.copy()
    products_kernel.along(x, steered, slopes)
    expected = before + np.einsum("ijn,jn->in", form + form.transpose(1, 0, 2), x)
    assert slopes == pytest.approx(expected, rel=1e-5, abs=1e-5 * d)
