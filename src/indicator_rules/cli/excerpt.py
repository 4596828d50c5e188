"""The line of a file that a problem is about, with what is meant underlined.

In: a problem with line and column, and the lines of its file. Out: two lines for people to read, or nothing where the place is not known. The
underline takes the columns that a terminal shows: a Chinese character takes two.
"""

from __future__ import annotations

from collections.abc import Sequence

from indicator_rules.errors import Problem
from indicator_rules.render import width

LONGEST = 160
"""Columns of a source line; a longer one is cut at its end."""
_OPENS, _CLOSES = "[{(", "]})"


def excerpt(problem: Problem, lines: Sequence[str]) -> str:
    """`lines` are those of the problem's file.

    >>> from indicator_rules.errors import Where
    >>> print(excerpt(Problem("file-empty", Where("a.toml", ("x",), 1, 3)), ['{ x = "甲", y = 2 }']), end="")
      1 | { x = "甲", y = 2 }
        |   ^^^^^^^^
    """
    line, column = problem.where.line, problem.where.column
    if line is None or column is None or line > len(lines):
        return ""
    text = lines[line - 1].rstrip("\r\n").replace("\t", " ")
    if "\ufffd" in text:  # bytes that are no text: nothing to be seen in them
        return ""
    end = _end(text, column - 1)
    shown = _fitting(text)
    margin = " " * len(str(line))
    marks = " " * width(text[: column - 1]) + "^" * max(1, width(shown[column - 1 : end]))
    if column > len(shown):
        return f"  {line} | {shown}\n"
    return f"  {line} | {shown}\n  {margin} | {marks}\n"


def _end(text: str, start: int) -> int:
    """Where the key and its value that begin at `start` end: at a comma or bracket of what is around them, at a comment, or with the line."""
    depth, quote = 0, ""
    for place in range(start, len(text)):
        character = text[place]
        if quote:
            quote = "" if character == quote and text[place - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        elif character in _OPENS:
            depth += 1
        elif character in _CLOSES or (character == "," and depth == 0):
            depth -= character != ","
            if depth < 0 or character == ",":
                return len(text[:place].rstrip())
        elif character == "#":
            return len(text[:place].rstrip())
    return len(text.rstrip())


def _fitting(text: str) -> str:
    end = min(len(text), LONGEST + 1)  # a hostile line has millions of characters, and each try measures them all
    if end == len(text) and width(text) <= LONGEST:
        return text
    while width(text[:end]) > LONGEST - 1:
        end -= 1
    return text[:end] + "…"
