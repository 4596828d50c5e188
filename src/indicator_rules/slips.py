"""What the TOML and JSON readers refuse, in words for people who have never heard of either.

In: what a reader said, the text, and the place it means. Out: a phrase of the catalogue. The readers name the sign that they wanted; what the
person typed there tells more: most refusals of Chinese files are a full-width sign, an unseen space or a quote that was not closed.
"""

from __future__ import annotations

import re
import unicodedata

from indicator_rules.messages import Phrase
from indicator_rules.quantity import shown

_TOML = {
    r"Invalid statement": "statement",
    r"Expected (?P<text>.+)": "expected",
    r"Expected newline or end of document after a statement": "line-end",
    r"Found invalid character (?P<text>.+)": "character",
    r"Illegal character (?P<text>.+)": "character",
    r"Cannot declare (?P<keys>\(.+\)) twice": "twice",
    r"Cannot overwrite a value": "value-twice",
    r"Duplicate inline table key (?P<text>.+)": "key-twice",
    r"Cannot mutate immutable namespace (?P<keys>\(.+\))": "closed",
    r"Cannot redefine namespace (?P<keys>\(.+\))": "closed",
    r"Expected '\]' at the end of a table declaration": "table-end",
    r"Expected '\]\]' at the end of an array declaration": "rows-end",
    r"Expected '=' after a key in a key/value pair": "equals",
    r"Invalid initial character for a key part": "key",
    r"Unclosed array": "list-open",
    r"Unclosed inline table": "table-open",
    r"Unescaped '\\' in a string": "backslash",
    r"Invalid hex value": "hex",
    r"Escaped character is not a Unicode scalar value": "hex",
    r"Unterminated string": "text-open",
    r"Invalid value": "value",
}
"""What the TOML reader says → our own sentence for it. A later reader may say more: that is passed on as it is."""

_JSON = {
    r"Expecting property name enclosed in double quotes": "name",
    r"Illegal trailing comma before end of (object|array)": "comma-last",
    r"Expecting ':' delimiter": "colon",
    r"Expecting ',' delimiter": "comma",
    r"Expecting value": "value",
    r"Extra data": "more",
    r"Invalid control character( at)?": "control",
    r"Unterminated string starting at": "text-open",
    r"Invalid \\.*": "escape",
}

_SIGNS = {
    **dict.fromkeys("“”„‟＂‘’＇「」『』", '"'),
    **dict.fromkeys("＝：", "="),
    **dict.fromkeys("，、；", ","),
    **dict.fromkeys("【［〔〖", "["),
    **dict.fromkeys("】］〕〗", "]"),
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code) not in "＂＇＝：，；［］"},
}
"""Signs of Chinese input → what TOML has in their place."""


_NOT_A_DAY = r"[0-9]{4}(?:[/.年][0-9]{1,2}[-/.月][0-9]|-[0-9](?:-|\b)|-[0-9]{2}-[0-9]\b)"
"""A day that is not typed as 2023-06-30."""


def toml_slip(told: str, text: str, line: int, column: int) -> object:
    """Why TOML `text` was refused at a place."""
    typed = _line(text, line)
    here = typed[column - 1 :]
    done = "Expected newline" in told
    if (found := _sign(here, "toml")) and not (
        done and here[0] in "，、；" and not here[1:].strip()
    ):  # nothing belongs there at all
        return found
    if "Illegal character" in told and here[:1] in ("", "\r", "\n"):
        return Phrase("toml.text-open")
    before = re.search(r"=\s*([-+]?[0-9][-0-9._/]*)$", typed[: column - 1]) if done else None
    if before and re.match(_NOT_A_DAY, before[1] + here):
        return Phrase("toml.date")
    if before and re.match(r"[%‰,]|[^\W0-9_]", here):
        return Phrase("toml.number", (("text", shown(before[1] + re.split(r"[\s#]", here, maxsplit=1)[0])),))
    if told == "Invalid value" and (word := re.match(r"(true|false|yes|no|是|否)\b", here, re.IGNORECASE)):
        return Phrase("toml.yes-no", (("text", word[0]),))
    if told == "Invalid statement" and (key := re.match(r"([^\W\d_]\w*)\s*=", here)):
        return Phrase("toml.key-not-ascii", (("text", shown(key[1])),))
    return _told(told, _TOML, "toml", here)


def json_slip(told: str, text: str, line: int, column: int) -> object:
    """Why JSON `text` was refused at a place."""
    here = _line(text, line)[column - 1 :]
    return _sign(here, "json") or _told(told, _JSON, "json", here)


def _line(text: str, line: int) -> str:
    lines = text.split("\n")
    return lines[line - 1].rstrip("\r") if line <= len(lines) else ""


def _sign(here: str, format: str) -> Phrase | None:
    """A full-width sign, or one that nobody can see."""
    sign = here[:1]
    if sign in _SIGNS and sign:
        meant = ":" if sign == "：" and format == "json" else _SIGNS[sign]
        return Phrase("toml.full-width", (("text", sign), ("meant", meant)))
    if sign and sign != " " and unicodedata.category(sign) in ("Zs", "Cf"):
        return Phrase("toml.unseen", (("text", f"U+{ord(sign):04X}"),))
    return None


def _told(told: str, reasons: dict[str, str], section: str, here: str) -> object:
    found = [(match, key) for pattern, key in reasons.items() if (match := re.fullmatch(pattern, told))]
    if not found:
        return told[:1].lower() + told[1:]
    match, key = found[-1]  # the particular ones stand after the general `Expected …`
    values = match.groupdict()
    if "keys" in values:  # ('criteria', 'a')
        values["keys"] = ".".join(re.findall(r"""['"]([^'"]*)['"]""", values["keys"]))
    if key == "character" and here[:1] and not here[0].isprintable():
        values["text"] = f"U+{ord(here[0]):04X}"
    return Phrase(f"{section}.{key}", tuple(values.items()))
