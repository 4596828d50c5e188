"""Probes: records that hit every row of a plan and stand on and beside each cut. `probes` gives them, `neutral` the
record that they are laid over.
"""
