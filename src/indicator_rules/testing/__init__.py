"""Tests of rulesets: the pytest plugin."""
