"""Proofs: questions about every record of a ruleset, answered by intervals and by witnesses that are scored. `prove` is
the verb, `proof` what it gives.
"""
