"""Explanations, made on demand: the sentence of a loss, the derivation of points step by step, notebook tables."""
