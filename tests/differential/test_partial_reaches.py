"""Partial evaluation is not needlessly wide: with one value taken out of a case of a built-in ruleset, both ends of the total are reached.

Every value that can be open is taken out by itself and filled in again with candidates: beside the cuts, 0, huge, each choice, nothing at all. The hull
of the totals is the span that was given, up to the distance that an end which is only approached leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import tomli

from indicator_rules import Catalog, RecordError, Rules
from indicator_rules.partial_result import PartialEvaluation
from indicator_rules.scope import KINDS, PROJECT_TYPES

CATALOG = Catalog.builtin()
NEAR = Fraction(1, 20)
"""Points that an end may be from what was reached: candidates do not hit every cut of every formula."""
FACTORS = [Decimal(one) for one in ("0", "0.3", "0.5", "0.6", "0.8", "0.9", "0.95", "0.999", "1", "1.001", "1.05", "1.1", "1.2", "1.3", "1.5", "2", "3", "1000")]
