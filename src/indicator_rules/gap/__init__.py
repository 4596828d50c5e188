"""Gap analysis (差距分析): the smallest changes of a record that reach a grade, each confirmed by scoring. `gap` is the
verb, `result` what it gives.
"""
