"""Tests of rulesets: worked cases (`case`), running them (`suite`), and which rows and boundaries they cover
(`coverage`).
"""
