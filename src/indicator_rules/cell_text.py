r"""Texts and numbers as cells of a workbook that is written: nothing that somebody typed becomes a formula, breaks the file or is changed unseen.

In: any text, an exact number. Out: a text that .xlsx can hold (control characters spelt out as `\u0007`, at most 32,767 characters), whether Excel would take it
for more than a text, a number of at most 15 digits.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from fractions import Fraction

from indicator_rules.exact import Exact, Rounding

LONGEST = 32_767
"""Of a cell, in units of UTF-16, as Excel counts."""
_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold, openpyxl refuses, or a reader takes for something else."""
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_DIGITS = Context(prec=15)
_DECIMALS = Rounding(12, "half-up")


def cell_text(text: str) -> str:
    r"""`text` as the file spells what a cell holds, with `_x0041_`, which stands for a character there, spelt out; for openpyxl.

    >>> cell_text("一\r\n二\x07"), cell_text("_x0041_")
    ('一\n二\\u0007', '_x005F_x0041_')
    """
    return _cut(_ESCAPE.sub("_x005F_", plain_text(text)))


def plain_text(text: str) -> str:
    r"""`text` as a cell can hold it; what is longer ends in `…`. For XlsxWriter, which spells `_x0041_` out by itself."""
    if text.isascii() and text.isprintable() and len(text) <= LONGEST:
        return text
    return _cut(_REFUSED.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n").replace("\r", "\n")))


def _cut(text: str) -> str:
    if len(text) * 2 <= LONGEST or len(text.encode("utf-16-le")) // 2 <= LONGEST:
        return text
    return text.encode("utf-16-le")[: 2 * (LONGEST - 1)].decode("utf-16-le", "ignore") + "…"


def is_taken_for_more(text: str) -> bool:
    """Whether a spreadsheet could take `text` for a formula or an error value."""
    return text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "#", "＝", "＋", "－", "＠"))


def cell_number(value: Exact) -> Decimal:
    """`value` exactly, but for a fraction without end: of that the 12 decimals that records take, and no more than the 15 digits that Excel keeps.

    >>> cell_number(Fraction(463, 50)), cell_number(Fraction(250, 27))
    (Decimal('9.26'), Decimal('9.259259259259'))
    """
    exact = Fraction(_DECIMALS(value))
    return _DIGITS.divide(Decimal(exact.numerator), Decimal(exact.denominator))
