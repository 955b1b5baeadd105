"""What holds for every test: generated cases are not timed, since speed is kept in `benchmarks/` and machines are noisy."""

from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
