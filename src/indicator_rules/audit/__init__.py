"""Audit (核查): computed, declared and reviewed points side by side, each difference classified. `audit` is the verb,
`result` what it gives.
"""
