"""Writes docs/rule-shapes.md from tests/shapes: `python docs/make_rule_shapes.py`. tests/test_shapes.py compares the page with `page()`."""
# ruff: noqa: INP001, T201  (a script, in a folder of pages)

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import tomli

HERE = Path(__file__).parent
SHAPES = HERE.parent / "tests" / "shapes"
PAGE = HERE / "rule-shapes.md"

INTRODUCTION = """# Rule shapes 评分规则的写法

{count} ways in which real rubrics give points, each with the words that it was found in and the TOML that says it. Copy a block into a ruleset and
change the numbers. Every case in the tables is run on every engine; its arithmetic was done by hand first.

评分标准里的 {count} 种规则：原文怎么说，规则集里怎么写，在分界点上和分界点前后得多少分。把 TOML 抄进规则集，改数字就能用。解读和示例（不是引文的）都写在说明里。

Sources 来源：[R] read in a published rubric 公开文件 · [C] read in the code of a production system 在用系统的代码 · [M] from memory, the text not at hand
凭记忆，未见原文. In the tables, the record's subject and year and the names of its indicators are left out; a record that is *refused* 退回
lacks what the rule needs, or holds what it does not allow: nothing is guessed.

Made by `docs/make_rule_shapes.py` from `tests/shapes/`: change those.
"""


def read(path: Path) -> dict[str, Any]:
    """The data of a shape file."""
    return tomli.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def files() -> list[Path]:
    """The shape files, by number."""
    return sorted(SHAPES.glob("*.toml"))


def page() -> str:
    """The whole page."""
    shapes = [(read(path), path.read_text(encoding="utf-8")) for path in files()]
    contents = [
        f"{shape['number']}. [{_title(shape)}](#shape-{shape['number']})" for shape in (data["shape"] for data, _ in shapes)
    ]
    parts = [INTRODUCTION.format(count=len(shapes)), "\n".join(contents) + "\n"]
    return "\n".join([*parts, *(_section(data, text) for data, text in shapes)])


def rules(text: str) -> str:
    """The TOML under `rules` of a shape file, as it stands there, without the prefix."""
    body = re.search(r"^\[+rules\..*?(?=^\[\[cases\]\]|\Z)", text, re.MULTILINE | re.DOTALL)
    assert body is not None
    return re.sub(r"^(\[+)rules\.", r"\1", body[0], flags=re.MULTILINE).strip()


def _title(shape: Mapping[str, Any]) -> str:
    return f"{shape['title']['zh']} {shape['title']['en']}"


def _section(data: Mapping[str, Any], text: str) -> str:
    shape = data["shape"]
    lines = [
        f'<a id="shape-{shape["number"]}"></a>',
        "",
        f"## {shape['number']} {_title(shape)}",
        "",
        f"> {_prose(shape['quote'])} — {shape['source']}",
        "",
    ]
    if "note" in shape:
        lines += [_one_line(shape["note"]), ""]
    lines += ["```toml", rules(text), "```", "", "| record 记录 | points 得分 | why 算式 |", "| --- | --- | --- |"]
    for case in data["cases"]:
        cells = (_what_goes_in(case), _what_comes_out(case), _prose(case["why"]))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _prose(text: str) -> str:
    """Text that holds no Markdown: `权重*A/B`, `A<B`."""
    return re.sub(r"\*|<(?=[A-Za-z/!?])", r"\\\g<0>", _one_line(text))


def _what_goes_in(case: Mapping[str, Any]) -> str:
    parts: list[str] = []
    for section, value in case.get("record", {}).items():
        if isinstance(value, list):
            parts += [f"{section}: {_inner(row)}" for row in value]
        else:
            parts.append(f"{section}: {_inner(value)}" if isinstance(value, Mapping) else f"{section} = {_written(value)}")
    return "<br>".join(f"`{part}`" for part in parts) or "–"


def _inner(table: Mapping[str, Any]) -> str:
    """`spent = 90, initial = 100`, tables inside in braces."""
    return ", ".join(f"{key} = {_written(value)}" for key, value in table.items() if not (key == "name" and "category" in table))


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"{{ {_inner(value)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _what_comes_out(case: Mapping[str, Any]) -> str:
    parts = [f"`{name}` {points}" for name, points in case.get("points", {}).items()]
    parts += [f"{key} {case[key]}" for key in ("total", "grade") if key in case]
    for key, word in (("problems", "refused 退回"), ("findings", "told 提示")):
        if key in case:
            parts.append(f"{word}: {', '.join(f'`{code}`' for code in case[key])}")
    return "<br>".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE}: {len(files())} shapes")
