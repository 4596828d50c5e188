"""Files become records, or problems with file, key path, line and column."""

from __future__ import annotations

import json
import os
import re
import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

import indicator_rules as ir
from indicator_rules import messages
from indicator_rules.errors import RecordError
from indicator_rules.reading import read_record, record_files
from indicator_rules.slips import toml_slip
from indicator_rules.validation import decode, locate, problems_of

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "zhanjiang-2023.toml"
SUBJECT = '[subject]\nname = "中文"\nkind = "project"\nyear = 2023\n'


def found(path: Path) -> list[tuple[str, str, int | None, int | None]]:
    with pytest.raises(RecordError) as caught:
        read_record(path)
    assert all(problem.where.file == str(path) and problem.describe("zh") for problem in caught.value.problems)
    return [(p.code, ".".join(map(str, p.where.path)), p.where.line, p.where.column) for p in caught.value.problems]


def test_the_published_self_evaluation_is_a_record() -> None:
    record = read_record(EXAMPLE)
    assert (record.subject.region, record.subject.year, len(record.indicators)) == ("湛江经开区", 2023, 13)
    assert record.budget is not None
    amounts = [record.budget.amount(name) for name in ("expected", "initial", "released", "received", "spent", "adjusted")]
    assert amounts == [1_590_000, 1_590_000, 1_590_000, 1_431_500, 1_431_500, None]
    kinds = [entry.target and entry.target.kind for entry in record.indicators]
    assert kinds == ["number"] * 6 + ["date"] * 3 + ["number", "text", "text", "number"]


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    data = tomli.loads(EXAMPLE.read_text(encoding="utf-8"))
    file = tmp_path / "r.json"
    file.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8-sig")
    assert read_record(str(file)) == read_record(EXAMPLE) == read_record(data)
    assert read_record(read_record(file)) == read_record(file)


TOML_PROBLEMS = [
    ("", [("file-empty", "", None, None)]),
    (" \n", [("file-empty", "", None, None)]),
    ("# 只有注释", [("missing-key", "subject", 1, 1)]),
    ("a = \n", [("toml-syntax", "", 1, 5)]),
    ("[subject]\na = 1\na = 2", [("toml-syntax", "", 3, 6)]),
    ("[subject]\nas_of = 2023-02-30", [("quantity-date-not-real", "", 2, 9)]),
    ("a = " + "9" * 5000, [("number-too-long", "", 1, 5)]),
    ("a = 1\nb = [1.5e99999999999999999999]", [("number-too-long", "", 2, 6)]),
    ("a = " + "[" * 3000 + "]" * 3000, [("nested-too-deep", "", None, None)]),
    ("a" + ".a" * 200 + " = 1", [("nested-too-deep", "", None, None)]),
    (SUBJECT + "yeer = 1", [("unknown-key", "subject.yeer", 5, 1)]),
    (SUBJECT + '"键" = 1', [("unknown-key", "subject.键", 5, 1)]),
    (SUBJECT + "budget.x = 1", [("key-misplaced", "subject.budget", 5, 1)]),
    (SUBJECT + "[budget]\nunit = '元'\nspent = nan", [("number-not-finite", "budget.spent", 7, 1)]),
    (SUBJECT + "[budget]\nunit = '元'\nspent = 0x" + "f" * 3000, [("quantity-too-large", "budget.spent", 7, 1)]),
    (SUBJECT + "[budget]\nunit = '元'\nspent = 0x" + "f" * 6000, [("number-too-long", "", 7, 9)]),
    (SUBJECT + "[budget]\nspent = 1", [("missing-key", "budget.unit", 5, 2)]),
    (SUBJECT + "budget = {}", [("key-misplaced", "subject.budget", 5, 1)]),
    ("subject = {name = '中文', kind = 'x', year = 2023}", [("unknown-choice", "subject.kind", 1, 25)]),
    (
        SUBJECT + "[[indicators]]\ncategory='output'\nname='a'\n[[indicators]]\ncategory='output'\nname=''\ncounts.satisfied=1",
        [("missing-key", "indicators.1.counts.surveyed", 11, 1), ("text-empty", "indicators.1.name", 10, 1)],
    ),
    (SUBJECT + "[[indicators]]\ncategory='output'\nname='a'\n[indicators.counts]\nx=1\nsatisfied=1\nsurveyed=1",
     [("unknown-key", "indicators.0.counts.x", 9, 1)]),
    (SUBJECT + "assumed = ['subject.name']\n", [("key-misplaced", "subject.assumed", 5, 1)]),
    ("assumed = [\n 'subject.name',\n 'x']\n" + SUBJECT, [("unknown-path", "assumed.1", 3, 2)]),
    (SUBJECT + "[assessments.criteria]\na.points = 1\na.share = 2", [("share-out-of-range", "assessments.criteria.a.share", 7, 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TOML_PROBLEMS)
def test_problems_in_toml_have_their_places(tmp_path: Path, text: str, expected: Any) -> None:
    file = tmp_path / "r.toml"
    file.write_text(text, encoding="utf-8")
    assert sorted(found(file), key=str) == sorted(expected, key=str)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", [("json-syntax", "", 1, 2)]),
        ('{"a": NaN}', [("number-not-finite", "", 1, 7)]),
        ('{"a": -Infinity}', [("number-not-finite", "", 1, 7)]),
        ('{"a": 1,\n "a": 2, "b": {"c": 1, "c": 1}}', [("repeated-key", "", 2, 2), ("repeated-key", "", 2, 24)]),
        ("[" * 100_000, [("nested-too-deep", "", None, None)]),
        ("[" * 200 + "]" * 200, [("nested-too-deep", "", None, None)]),
        ('{"a": ' + "9" * 5000 + "}", [("number-too-long", "", 1, 7)]),
        ('{"a\\ud800": 1}', [("text-not-unicode", "", None, None)]),
        ("[]", [("expected-table", "", None, None)]),
        ("5", [("expected-table", "", None, None)]),
        (
            '{"subject": {"name": "a{\\"[", "kind": "x", "year": 2023},\n "assumed": ["subject.name",\n  "x"]}',
            [("unknown-choice", "subject.kind", 1, 31)],
        ),
        (
            '{"subject": {"name": "中", "kind": "project", "year": 2023},\n "assumed": ["subject.name",\n  "x"]}',
            [("unknown-path", "assumed.1", 3, 3)],
        ),
    ],
)
def test_problems_in_json_have_their_places(tmp_path: Path, text: str, expected: Any) -> None:
    file = tmp_path / "r.json"
    file.write_text(text, encoding="utf-8")
    assert found(file) == expected


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("x")
    (tmp_path / "b.toml").write_bytes("[subject]\nname = '中\n".encode() + b"\xff")
    (tmp_path / "c.toml").write_bytes(b"a" * (10 * 1024 * 1024 + 1))
    assert found(tmp_path) == [("path-is-folder", "", None, None)]
    assert found(tmp_path / "none.toml") == [("file-not-found", "", None, None)]
    assert found(tmp_path / "r.txt") == [("unknown-suffix", "", None, None)]
    assert found(tmp_path / "b.toml") == [("file-not-utf8", "", 3, 1)]
    assert found(tmp_path / "c.toml") == [("file-too-large", "", None, None)]
    assert found(Path("a\0b.toml"))[0][0] in {"file-unreadable", "file-not-found"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("name", ["pipe.toml", "pipe.json", "pipe"])
def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    os.mkfifo(path)
    assert found(path) == [("path-is-device", "", None, None)]
    assert [problem.code for problem in ir.check(path)] == ["path-is-device"]
    with pytest.raises(ir.RulesetError, match="path-is-device"):
        ir.Rules.from_path(path)
    assert record_files([tmp_path]) == []
    assert ir.Catalog([tmp_path]).files == ()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices here")
def test_a_device_is_refused() -> None:
    assert found(Path("/dev/zero")) == [("path-is-device", "", None, None)]
    assert [problem.code for problem in ir.check("/dev/zero")] == ["path-is-device"]


def test_record_files_are_found_in_folders(tmp_path: Path) -> None:
    for name in ("b.toml", "a.json", "sub/c.TOML", "d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    names = [
        file.relative_to(tmp_path).as_posix() for file in record_files([tmp_path, tmp_path / "b.toml", tmp_path / "none.toml"])
    ]
    assert names == ["a.json", "b.toml", "sub/c.TOML", "none.toml"]


# --- other models: what rulesets need of the same functions ---


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Levels(_Part):
    kind: str
    levels: dict[str, int]
    from_: int | None = Field(default=None, alias="from")


class _Bands(_Part):
    kind: str
    at_least: list[int] = Field(min_length=1)


class _Rules(_Part):
    scales: dict[str, _Scale] = {}
    name: str = Field(default="x", pattern="^[a-z]+$")
    level: int = Field(default=1, ge=1, le=10)


def _kind(value: object) -> str | None:
    return value.get("kind") if isinstance(value, dict) else None


_Scale = Annotated[Annotated[_Levels, Tag("levels")] | Annotated[_Bands, Tag("bands")], Discriminator(_kind)]
_Rules.model_rebuild()


@pytest.mark.parametrize(
    ("data", "code", "path", "values"),
    [
        (
            {"scales": {"a": {"kind": "levels", "levels": {"好": "x"}}}},
            "expected-whole-number",
            ("scales", "a", "levels", "好"),
            {"text": "x"},
        ),
        ({"scales": {"a": {"kind": "levels"}}}, "missing-key", ("scales", "a", "levels"), {"key": "levels"}),
        (
            {"scales": {"a": {"kind": "levels", "levels": {}, "form": 1}}},
            "unknown-key",
            ("scales", "a", "form"),
            {"suggestion": "from"},
        ),
        ({"scales": {"a": {"kind": "levels", "levels": {}, "from": "x"}}}, "expected-whole-number", ("scales", "a", "from"), {}),
        ({"scales": {"a": {"kind": "bands", "at_least": [1, "x"]}}}, "expected-whole-number", ("scales", "a", "at_least", 1), {}),
        ({"scales": {"a": {"kind": "bands", "at_least": []}}}, "list-too-short", ("scales", "a", "at_least"), {"limit": 1}),
        ({"scales": {"a": {"kind": "bnds"}}}, "unknown-choice", ("scales", "a"), {"text": "bnds", "suggestion": "bands"}),
        ({"scales": {"a": {}}}, "no-known-form", ("scales", "a"), {}),
        ({"scales": 3}, "expected-table", ("scales",), {"text": "3"}),
        ({"name": "A"}, "text-malformed", ("name",), {"text": "A"}),
        ({"level": 0}, "number-below", ("level",), {"limit": "1"}),
        ({"level": 11}, "number-above", ("level",), {"limit": "10"}),
        ({1: 2}, "bad-key", (1,), {}),
    ],
)
def test_key_paths_are_what_the_user_wrote(data: Any, code: str, path: Any, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        _Rules.model_validate(data)
    (problem,) = problems_of(caught.value, "r.toml", data, _Rules)
    assert (problem.code, problem.where.path) == (code, path)
    assert values.items() <= dict(problem.values).items()
    assert all(problem.message(lang) for lang in messages.LANGUAGES)


def test_located_problems_keep_their_own_place() -> None:
    _, problems = decode(b"a = ", "x.toml", "toml")
    assert locate(problems, b"a = ") == problems


def test_numbers_arrive_as_decimals() -> None:
    assert decode(b"a = 1_0.10", "x.toml", "toml")[0] == {"a": Decimal("10.10")}
    assert decode(b'{"a": 0.1}', "x.json", "json")[0] == {"a": Decimal("0.1")}


@given(
    st.binary(max_size=60)
    | st.text(alphabet="[]{}=\"'.,#\n\\u0d8-e129:中 ", max_size=60).map(lambda text: text.encode(errors="ignore"))
)
def test_any_bytes_give_data_or_problems(data: Any) -> None:
    for read, problems in (decode(data, "x.toml", "toml"), decode(data, "x.json", "json")):
        assert read is None or not problems
        assert all(problem.describe("zh") for problem in problems)


keys = st.sampled_from(["a", "b", '"x y"', "'中'"])


@given(
    st.lists(
        st.tuples(keys, st.sampled_from(["1", "[1, {a = 2}]", "{a.b = [[]]}", '"""\nx"""'])),
        max_size=4,
        unique_by=lambda pair: pair[0],
    )
)
def test_every_key_of_a_toml_file_is_found_where_it_stands(pairs: list[tuple[str, str]]) -> None:
    from indicator_rules.errors import Problem, Where

    text = "[t]\n" + "".join(f"  {key} = {value}\n" for key, value in pairs)
    for key, _ in pairs:
        name = key.strip("\"'")
        (problem,) = locate([Problem("missing-key", Where("x.toml", ("t", name, "none")), {"key": "none"})], text.encode())
        assert text.split("\n")[(problem.where.line or 0) - 1].startswith(f"  {key} = ")
        assert problem.where.column == 3


@pytest.mark.parametrize("thing", [None, 5, object])
def test_something_that_is_no_record_is_a_problem(thing: Any) -> None:
    with pytest.raises(RecordError) as refused:
        read_record(thing)
    assert [problem.code for problem in refused.value.problems] == ["record-not-understood"]


# ------------------------------------------------------------------------------------------ what the TOML reader has to say


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("?", "既不是 键 = 值", "neither key = value"),
        ("a = '1' 2", "应当换行", "a new line belongs here"),
        ("a = '1\x01'", "不能用的字符", "cannot stand here"),
        ("[a]\n[a]", "`a` 写了两次", "`a` is written twice"),
        ("[a.b]\n[a.b]", "`a.b` 写了两次", "`a.b` is written twice"),
        ("a = 1\na = 2", "前面已经写过", "already written above"),
        ("a = { b = 1, b = 2 }", "键 'b' 写了两次", "the key 'b' is written twice"),
        ("a = { b = 1 }\na.c = 2", "`a` 前面已经写完整了", "`a` is complete above"),
        ("[a", "缺右方括号 ]", "lacks its ]"),
        ("[[a]", "缺两个右方括号 ]]", "lacks its ]]"),
        ("a 1", "缺等号 =", "lacks its ="),
        ("a. = 1", "此处应为键", "belongs here"),
        ("a = [1", "列表没有写完", "a list is not closed"),
        ("a = { b = 1", "花括号没有写完，缺 }，", "braces are not closed with },"),
        ('a = "\\q"', "要写两个", "is written twice"),
        ('a = "\\uZZZZ"', "编码不对", "is not one"),
        ('a = "b', "文字没有写完", "lacks its closing quote"),
        ('a = """b', "文字没有写完", "lacks its closing quote"),
        ("a = 文", "文字要加半角双引号", "text stands in straight double quotes"),
    ],
)  # fmt: skip
def test_a_slip_in_toml_is_told_in_the_readers_language(text: str, zh: str, en: str) -> None:
    (problem,) = decode(text.encode(), "r.toml", "toml")[1]
    assert problem.code == "toml-syntax"
    assert zh in problem.message("zh")
    assert en in problem.message("en")
    assert not re.search("[A-Za-z]{3,}", problem.message("zh").replace("TOML", "")), problem.message("zh")


def test_what_a_later_toml_reader_says_is_passed_on() -> None:
    assert toml_slip("Something new", "a", 1, 1) == "something new"


# ------------------------------------------------------------------------------------------------------------- hostile files


def test_thousands_of_paths_through_thousands_of_entries_are_followed_at_once() -> None:
    """A minute before names were looked up in an index."""
    entries = [{"id": f"e{place}", "category": "output", "name": "a", "target": 1} for place in range(2000)]
    subject = {"name": "x", "kind": "project", "year": 2023}
    assumed = [f"indicators.e{1999 - place % 2000}.{'target' if place else 'actual'}" for place in range(5000)]
    begun = time.perf_counter()
    with pytest.raises(RecordError) as caught:
        read_record({"subject": subject, "indicators": entries, "assumed": assumed})
    assert [problem.where.path for problem in caught.value.problems] == [("assumed", 0)]
    assert time.perf_counter() - begun < 20


def test_the_nearest_key_is_looked_for_the_first_slips_only() -> None:
    subject = {"name": "x", "kind": "project", "year": 2023}
    with pytest.raises(RecordError) as caught:
        read_record({"subject": subject, **{f"indicator{place}": 1 for place in range(100)}, "b" * 101: 1})
    suggested = [problem.values.get("suggestion") for problem in caught.value.problems]
    assert suggested == ["indicators"] * 20 + [None] * 81


def test_millions_of_items_are_refused_in_seconds(tmp_path: Path) -> None:
    """Half a minute while every item was given its line."""
    path = tmp_path / "a.json"
    path.write_text('{"a": [' + ",".join(["1"] * 3_000_000) + "]}", encoding="utf-8")
    begun = time.perf_counter()
    assert [(code, where) for code, where, _, _ in found(path)] == [("missing-key", "subject"), ("unknown-key", "a")]
    assert time.perf_counter() - begun < 10
