"""Sensitivity: how often grades would change if weights or thresholds moved a little."""
