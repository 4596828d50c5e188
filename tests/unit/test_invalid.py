"""Every problem that a ruleset or a record can have, one file each.

The first lines of a file in `tests/invalid` (rulesets) and `tests/invalid/records` say what is expected, `### <key path> <code>`, exactly and nothing else (`-` stands for the
file as a whole); the lines marked `# <-` are those that the problems have to point at.
"""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_rules import messages, spec_scales
from indicator_rules.errors import KeyPath, Problem, RecordError, Where, path_text
from indicator_rules.parse import _KINDS, parse, parse_data
from indicator_rules.reading import read_record
from indicator_rules.rules import check
from indicator_rules.syntax import FUNCTIONS

HERE = Path(__file__).parents[1] / "invalid"
FILES = sorted(HERE.glob("*.toml")) + sorted((HERE / "records").glob("*.toml"))
SOURCES = Path(messages.__file__).parents[1]
MARK = "# <-"

NO_LINE = {"nested-too-deep"}
"""Codes about a file as a whole, that no line is to blame for."""

ELSEWHERE = {
    # Each with the test that triggers it.
    "expected-number": "a record; rulesets have not-a-number",
    "file-empty": "below",
    "file-not-utf8": "below",
    "file-too-large": "below",
    **dict.fromkeys(("file-not-found", "file-unreadable", "path-is-folder", "unknown-suffix"), "test_reading: no file to read"),
    "json-syntax": "below",
    "grade-undecided": "a record under a ruleset with grade_by: test_language",
    "repeated-key": "below; TOML calls it a syntax error",
    **dict.fromkeys(
        ("number-not-below", "quantity-too-large", "quantity-too-precise", "text-too-short"), "no field has such a limit"
    ),
    "no-known-form": "parse says scale-kind-missing instead; a record has no such union",
    "text-malformed": "parse says which form is wanted (id-form, family-form, edition-form)",
    "text-not-unicode": "JSON alone can spell half a character",
    "value-refused": "whatever pydantic may report in later versions",
    "form-ruleset-not-found": "test_template: a form of a ruleset that is not there",
    "form-value-absent": "test_forms: units that differ",
    "form-several": "test_forms: a workbook with two forms",
    "record-not-understood": "test_reading: neither a file nor data",
    "bad-key": "below: only data in memory has keys that are no text",
}


def problems_of_record(path: Path) -> list[Problem]:
    with pytest.raises(RecordError) as refused:
        read_record(path)
    return list(refused.value.problems)


def problems_of_file(path: Path) -> list[Problem]:
    return problems_of_record(path) if path.parent.name == "records" else check(path)


def file_id(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def expected(path: Path) -> list[tuple[str, str]]:
    lines = re.findall(r"^### (\S+) (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return sorted(("" if place == "-" else place, code) for place, code in lines)


@pytest.mark.parametrize("path", FILES, ids=file_id)
def test_a_file_has_exactly_the_problems_that_it_says(path: Path) -> None:
    problems = problems_of_file(path)
    assert sorted((path_text(problem.where.path), problem.code) for problem in problems) == expected(path)


@pytest.mark.parametrize("path", FILES, ids=file_id)
def test_problems_point_at_the_lines_of_their_keys(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, start=1) if MARK in line}
    problems = problems_of_file(path)
    located = [problem for problem in problems if problem.code not in NO_LINE]
    assert {problem.where.line for problem in located} == marked
    for problem in located:
        assert problem.where.file == str(path)
        assert problem.where.line is not None
        assert problem.where.column is not None
        rest = lines[problem.where.line - 1][problem.where.column - 1 :]
        assert rest
        assert rest[0] != " "
        assert starts_at_key(rest, problem.where.path)


def starts_at_key(rest: str, path: KeyPath) -> bool:
    """Whether `rest` begins with one of the last parts of the path (`share` of an award is not written), or a list item."""
    keys = [str(part) for part in path[-3:] if isinstance(part, str)]
    return not keys or any(isinstance(part, int) for part in path) or any(re.match(rf'[\w."]*\b{key}\b', rest) for key in keys)


@pytest.mark.parametrize("path", FILES, ids=file_id)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_problem_reads_as_a_sentence_in_both_languages(path: Path, lang: messages.Language) -> None:
    for problem in problems_of_file(path):
        text = problem.describe(lang)
        assert "{}" not in text
        assert "None" not in text
        assert "\n" not in problem.message(lang)


def codes_in(*modules: str) -> set[str]:
    """Codes that these modules spell."""
    source = "\n".join((SOURCES / f"{module}.py").read_text(encoding="utf-8") for module in modules)
    return {key.removeprefix("problems.") for key in messages.catalogue() if f'"{key.removeprefix("problems.")}"' in source}


@pytest.mark.parametrize(
    ("folders", "modules"),
    [
        (
            ("invalid",),
            (
                "spec",
                "spec_fields",
                "spec_scales",
                "parse",
                "checks",
                "scale_checks",
                "link",
                "scope",
                "syntax",
                "expression",
                "compile",
            ),
        ),
        (("records",), ("record", "record_parts", "record_fields", "quantity", "date_text")),
        (("invalid", "records"), ("validation", "reading")),
    ],
)
def test_every_code_is_triggered_by_a_file(folders: tuple[str, ...], modules: tuple[str, ...]) -> None:
    triggered = {code for path in FILES if path.parent.name in folders for _, code in expected(path)}
    assert codes_in(*modules) - triggered - set(ELSEWHERE) == set()


# ---------------------------------------------------------------------------------------------------------- the catalogue

AWAITED = {
    "quantity-month-without-year": "a month without a year is read, and absent unless the ruleset gives it the evaluation year",
}
"""Texts that no code uses, and why they stand there."""


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_the_catalogue_says_the_same_in_both_languages() -> None:
    for key, texts in messages.catalogue().items():
        assert texts["zh"], key
        assert texts["en"], key
        assert places(texts["zh"]) == places(texts["en"]), key
        if "hint" in texts:
            assert places(texts["hint"]["zh"]) == places(texts["hint"]["en"]), key


def sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(SOURCES.rglob("*.py")))


def test_no_text_of_a_problem_a_finding_or_an_absence_is_unused() -> None:
    source = sources()
    keys = [key.split(".", 1) for key in messages.catalogue()]
    codes = {code for section, code in keys if section in ("problems", "findings", "absent")}
    assert {code for code in codes if f'"{code}"' not in source} <= set(AWAITED)


def test_every_code_in_the_sources_has_a_text() -> None:
    """Codes stand as literals where a problem is made."""
    made = {
        "problems": r"Problem|FormulaError|PydanticCustomError|QuantityError|refuse|_problem|odd|self\.problem|_Refused",
        "findings": r"own",
        "absent": r"Absent|self\._no",
    }
    for section, makers in made.items():
        codes = set(re.findall(rf'\b(?:{makers})\(\s*"([a-z]+-[a-z0-9-]+)"', sources())) - {"record-links"}
        assert len(codes) > 5, section
        assert {code for code in codes if f"{section}.{code}" not in messages.catalogue()} == set()


# ------------------------------------------------------------------------------------------------- what no text file can hold


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b" \n\t", "file-empty"),
        (b"\xef\xbb\xbf", "file-empty"),
        ("schema = 1 # 预算".encode("gb18030"), "file-not-utf8"),
        (b"\xff\xfe\x00", "file-not-utf8"),
        (b"x = 1\n" * 3_000_000, "file-too-large"),
        (b"x = " + b"9" * 10_000, "number-too-long"),
        (b"x = " + b"[" * 100_000, "nested-too-deep"),
        (b"x", "toml-syntax"),
        (b"\0", "toml-syntax"),
    ],
)
def test_a_file_that_holds_no_data_is_one_problem(content: bytes, code: str) -> None:
    spec, problems = parse(content, "rules.toml")
    assert spec is None
    assert [problem.code for problem in problems] == [code]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('{"schema": 1, "schema": 1}', "repeated-key"),
        ("{", "json-syntax"),
        ('{"x": "\\ud800"}', "text-not-unicode"),
        ("[NaN]", "number-not-finite"),
    ],
)
def test_json_holds_a_ruleset_too(content: str, code: str) -> None:
    spec, problems = parse(content, "rules.json")
    assert spec is None
    assert [problem.code for problem in problems] == [code]


def test_plain_data_may_hold_floats_and_no_text_keys() -> None:
    spec, problems = parse_data({"schema": 1, "criteria": {"a": {"label": "甲", "weight": 0.1}, 3: {}}})
    assert spec is None
    assert {path_text(problem.where.path) for problem in problems} >= {"ruleset", "grades"}
    loop: dict[str, Any] = {}
    loop["x"] = loop
    assert [problem.code for problem in parse_data(loop)[1]] == ["nested-too-deep"]


KEYS = st.sampled_from(
    [
        "schema",
        "ruleset",
        "criteria",
        "grades",
        "a",
        "label",
        "weight",
        "scale",
        "kind",
        "use",
        "bands",
        "award",
        "at_least",
        "entries",
    ]
)
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(["bands", "a", "优", "1"])
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return inner | st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=4)


VALUES = nested(nested(nested(LEAVES)))


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_data_is_a_ruleset_or_problems(data: dict[str, Any]) -> None:
    spec, problems = parse_data(data)
    assert (spec is None) == bool(problems)
    for problem in problems:
        assert problem.describe("zh")
        assert problem.describe("en")


@given(st.text())
def test_any_text_is_a_ruleset_or_problems(text: str) -> None:
    spec, problems = parse(text, "rules.toml")
    assert spec is None
    assert problems


# ------------------------------------------------------------------------------------------------- what may be written instead


def test_words_that_may_be_written_have_their_names_in_chinese(tmp_path: Path) -> None:
    record = tmp_path / "a.toml"
    record.write_text('[subject]\nname = "例"\nkind = "工程"\nyear = 2023\n', encoding="utf-8")
    (problem,) = problems_of_record(record)
    assert "project（项目）, department（部门）" in problem.message("zh")
    assert "project, department, transfer" in problem.message("en")


def test_every_kind_of_scale_and_every_function_is_offered() -> None:
    kinds = {word for scale in get_args(spec_scales.OwnScale) for word in get_args(scale.model_fields["kind"].annotation)}
    assert set(_KINDS) == kinds
    hint = Problem("function-unknown", Where(), {"formula": "a", "text": "b"}).hint("en")
    assert hint is not None
    assert set(FUNCTIONS) <= set(re.findall(r"[a-z_]+", hint))
