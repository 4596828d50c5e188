"""Partial evaluation (阶段性评价): intervals in place of numbers, through formulas (`possible`), tables (`regions`), scales
(`reach`), criteria and totals (`partial`).
"""
