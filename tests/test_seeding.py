"""Seeds: a patient's draws stand still whatever happens around the patient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from normoxia import seeding
from normoxia.seeding import normals, uniforms


@given(
    first=st.integers(0, 50),
    count=st.integers(1, 20),
    width=st.integers(1, 9),
    seed=st.integers(0, 2**63),
    replicate=st.integers(0, 9),
)
def test_a_patients_draws_do_not_depend_on_the_range_asked_for(
    first: int, count: int, width: int, seed: int, replicate: int
) -> None:
    everybody = uniforms(seed, "covariates", first + count + 3, width, replicate=replicate)
    part = uniforms(seed, "covariates", count, width, replicate=replicate, first_patient=first)
    assert part.shape == (count, width)
    assert np.array_equal(part, everybody[first : first + count])


def test_draws_are_the_same_on_every_machine() -> None:
    """Philox-4x64 is specified to the bit; the key is BLAKE2b of "7/test/0/3". Computed here without our function."""
    import hashlib

    key = np.frombuffer(hashlib.blake2b(b"7/test/0/3", digest_size=16).digest(), "<u8").astype(
        np.uint64
    )
    words = np.random.Philox(key=key).random_raw(8).reshape(2, 4)[:, :3]
    assert np.array_equal(uniforms(7, "test", 2, 3), ((words >> np.uint64(12)) + 0.5) * 2.0**-52)


@pytest.mark.parametrize(
    "other",
    [dict(seed=2), dict(purpose="b"), dict(replicate=1), dict(n_draws=5)],
    ids=lambda d: next(iter(d)),
)
def test_another_address_gives_other_draws(other: dict[str, object]) -> None:
    address: dict[str, object] = dict(seed=1, purpose="a", n_patients=100, n_draws=4, replicate=0)
    a, b = uniforms(**address), uniforms(**(address | other))  # type: ignore[arg-type]
    assert not np.any(a[:, :4] == b[:, :4])


def test_draws_are_uniform_inside_the_interval_and_independent_over_patients_and_draws() -> None:
    """Kolmogorov-Smirnov and correlations at fixed seed: bounds at which chance alone would fail once in 10^4."""
    u = uniforms(3, "law", 20_000, 5)
    assert u.min() > 0
    assert u.max() < 1
    assert stats.kstest(u.ravel(), "uniform").pvalue > 1e-4
    correlations = np.corrcoef(u.T)[np.triu_indices(5, 1)]
    assert np.abs(correlations).max() < 4.4 / np.sqrt(20_000)  # ten correlations
    assert abs(np.corrcoef(u[:-1, 0], u[1:, 0])[0, 1]) < 3.9 / np.sqrt(20_000)


def test_normals_are_the_quantiles_of_the_uniforms() -> None:
    u, z = uniforms(5, "x", 1000, 3), normals(5, "x", 1000, 3)
    np.testing.assert_allclose(stats.norm.cdf(z), u, rtol=1e-12)
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-4
    assert np.isfinite(z).all()


def test_even_the_extreme_words_stay_inside_the_interval() -> None:
    low, high = seeding._inside(np.array([0, 2**64 - 1], dtype=np.uint64))
    assert (low, high) == (2.0**-53, 1.0 - 2.0**-53)
