"""Rulesets for people who do not write TOML: the notice table out of a ruleset, new editions out of old ones, skeletons
out of tables.
"""
