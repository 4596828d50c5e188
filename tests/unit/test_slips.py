"""What people type into TOML and JSON files, and what they are told: the sign that is wrong, not the one that the reader wanted."""

from __future__ import annotations

import pytest

from indicator_rules.messages import LANGUAGES, Phrase
from indicator_rules.validation import decode


def told(text: str, file: str = "a.toml") -> tuple[str, dict[str, object], tuple[int | None, int | None]]:
    _, (problem,) = decode(text.encode(), file, "json" if file.endswith("json") else "toml")
    reason = problem.values["reason"]
    assert isinstance(reason, Phrase), reason
    assert all(problem.message(lang) for lang in LANGUAGES)
    return reason.key, dict(reason.values), (problem.where.line, problem.where.column)


@pytest.mark.parametrize(
    ("line", "key", "column"),
    [
        ("label = “过程”", "toml.full-width", 9),
        ("label ： 1", "toml.full-width", 7),
        ("label ＝ 1", "toml.full-width", 7),
        ("weight = １０", "toml.full-width", 10),
        ("years = [2023， 2024]", "toml.full-width", 14),
        ("【groups.a】", "toml.full-width", 1),
        ("weight =\u00a010", "toml.unseen", 9),
        ("weight\u3000= 10", "toml.unseen", 7),
        ("weight\u200b = 10", "toml.unseen", 7),
        ('label = "过程', "toml.text-open", 12),
        ('label = "过程”', "toml.text-open", 13),
        ("as_of = 2023/12/31", "toml.date", 13),
        ("as_of = 2023.12.31", "toml.date", 16),
        ("as_of = 2023-6-30", "toml.date", 13),
        ("as_of = 2023年6月30日", "toml.date", 13),
        ("spent = 150万元", "toml.number", 12),
        ("target = 95%", "toml.number", 12),
        ("spent = 1,590", "toml.number", 10),
        ("target = 2023年6月", "toml.number", 14),
        ("as_of = 2023-13-01", "toml.line-end", 13),  # two digits each, as wanted
        ("weight = 5，", "toml.line-end", 11),  # no sign belongs there
        ("key = True", "toml.yes-no", 7),
        ("key = 是", "toml.yes-no", 7),
        ("分值 = 10", "toml.key-not-ascii", 1),
        ("label: 1", "toml.equals", 6),
        ("label = 过程", "toml.value", 9),
        ('label = "C:\\path"', "toml.backslash", 14),
        ('label = "\x1b[31m"', "toml.character", 10),
    ],
)
def test_a_slip_in_toml_is_named(line: str, key: str, column: int) -> None:
    assert told(f"a = 1\n{line}\nb = 2\n")[::2] == (key, (2, column))


def test_the_sign_that_belongs_there_is_named() -> None:
    assert told("label = “过程”")[1] == {"text": "“", "meant": '"'}
    assert told("label ： 1")[1]["meant"] == "="
    assert told('{"a"： 1}', "a.json")[1]["meant"] == ":"
    assert told("weight =\u00a010")[1] == {"text": "U+00A0"}
    assert told('label = "\x1b"')[1] == {"text": "U+001B"}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"a": 1,}', "json."),
        ("{'a': 1}", "json.name"),
        ('{"a": True}', "json.value"),
        ('// x\n{"a": 1}', "json.value"),
        ('{"a" 1}', "json.colon"),
        ('{"a": 1 "b": 2}', "json.comma"),
        ('{"a": 1}{"b": 2}', "json.more"),
        ('{"a": "x\n"}', "json.control"),
        ('{"a": "x', "json.text-open"),
        ('{"a": "\\q"}', "json.escape"),
        ('{"a": 1，"b": 2}', "toml.full-width"),
    ],
)
def test_a_slip_in_json_is_told_in_our_words(text: str, key: str) -> None:
    assert told(text, "a.json")[0].startswith(key)


def test_what_is_no_number_in_json_has_a_place() -> None:
    _, (problem,) = decode(b'{"a": "NaN",\n "b": [NaN]}', "a.json", "json")
    assert (problem.code, problem.where.line, problem.where.column) == ("number-not-finite", 2, 8)


def test_what_was_typed_is_quoted_as_far_as_it_is_the_slip_and_no_longer_than_others() -> None:
    assert told("a = 5%  # 说明 = 5")[1] == {"text": "5%"}
    assert told('"k=1" = 5%')[1] == {"text": "5%"}
    assert len(str(told("年" * 200_000 + " = 1")[1]["text"])) < 500
    assert len(str(told(f"a = {'1' * 4000}元")[1]["text"])) < 500


def test_nan_is_found_where_it_is_no_text() -> None:
    _, (problem,) = decode(b'{"s": "x: NaN", "a": NaN}', "a.json", "json")
    assert (problem.code, problem.where.line, problem.where.column) == ("number-not-finite", 1, 22)
