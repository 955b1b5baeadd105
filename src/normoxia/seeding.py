"""One seed to independent streams, addressed by purpose, replicate and patient.

A patient's draws stand at a fixed place of a counter-based stream, so they depend neither on how many patients
come before or after nor on chunks or workers; and two arms that name the same purpose share their draws.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

_WORDS_PER_BLOCK = 4  # Philox-4x64 makes four 64-bit words per counter step


def uniforms(
    seed: int,
    purpose: str,
    n_patients: int,
    n_draws: int,
    *,
    replicate: int = 0,
    first_patient: int = 0,
) -> NDArray[np.float64]:
    """Uniform draws strictly inside (0, 1), one row a patient; shape (n_patients, n_draws).

    The row of patient i (counted from 0 in the whole population) is the same whatever the other arguments of
    the range. `n_draws` is part of the address: asking for another width gives other numbers.
    """
    width = -(-n_draws // _WORDS_PER_BLOCK) * _WORDS_PER_BLOCK
    generator = np.random.Philox(key=_key(seed, purpose, replicate, n_draws))
    generator.advance(first_patient * (width // _WORDS_PER_BLOCK))
    words = generator.random_raw(n_patients * width).reshape(n_patients, width)[:, :n_draws]
    return _inside(words)


def normals(
    seed: int,
    purpose: str,
    n_patients: int,
    n_draws: int,
    *,
    replicate: int = 0,
    first_patient: int = 0,
) -> NDArray[np.float64]:
    """Standard normal draws by inversion, addressed as in `uniforms`; shape (n_patients, n_draws)."""
    from scipy.special import ndtri

    drawn = uniforms(
        seed, purpose, n_patients, n_draws, replicate=replicate, first_patient=first_patient
    )
    return np.asarray(ndtri(drawn), dtype=np.float64)


def _inside(words: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Words as the middles of 2**52 equal steps of (0, 1); with 2**53 the last would round to 1."""
    return ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def _key(seed: int, purpose: str, replicate: int, n_draws: int) -> NDArray[np.uint64]:
    text = f"{seed}/{purpose}/{replicate}/{n_draws}".encode()
    return np.frombuffer(hashlib.blake2b(text, digest_size=16).digest(), dtype="<u8").astype(
        np.uint64
    )
