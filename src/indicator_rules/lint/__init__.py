"""Lint: what is odd in a ruleset that can be used, read off its plan. `lint` runs all of it."""
