"""Settings of the whole suite. Hypothesis: no deadline (machines are shared), and the seed of a failure is printed."""

from hypothesis import HealthCheck, settings

settings.register_profile("default-here", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("default-here")

collect_ignore_glob = ["*.toml"]
"""Rulesets and cases below are what tests are made of; the plugin would collect them as users' own."""
