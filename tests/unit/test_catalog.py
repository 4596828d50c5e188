from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from indicator_rules.catalog import Catalog, is_name, load, newest_first, ruleset_files, specificity, years_text
from indicator_rules.errors import Problem, RecordError, RulesetError

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / "docs" / "examples" / "zhanjiang-2023.toml"
RECORD = {"subject": {"name": "甲", "kind": "project", "year": 2023}}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A small ruleset in a file of a user's folder."""

    def make(
        edition: str,
        *,
        years: str = "{ from = 2020 }",
        family: str = "own",
        jurisdiction: str = "全国",
        header: str = "",
        subjects: str = '["project"]',
    ) -> Path:
        path = tmp_path / family / f"{edition}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"""schema = 1
[ruleset]
family = "{family}"
edition = "{edition}"
title = "办法"
applies = {{ years = {years}, jurisdiction = "{jurisdiction}", subjects = {subjects} }}
status = "example"
{header}
[inputs.done]
label = "做完"
type = "yes-no"
[criteria.a]
label = "甲"
weight = 100
scale = {{ kind = "checklist", items = [{{ id = "x", label = "做完", when = "done" }}] }}
[[grades]]
label = "优"
""",
            encoding="utf-8",
        )
        return path

    return make


def problems(call: Callable[[], object]) -> list[Problem]:
    with pytest.raises(RulesetError) as caught:
        call()
    return list(caught.value.problems)


def codes(call: Callable[[], object]) -> list[str]:
    return [problem.code for problem in problems(call)]


# ------------------------------------------------------------------------------------------------------------ built in


def test_the_built_in_rulesets_are_listed_by_family_newest_first() -> None:
    catalog = Catalog.builtin()
    names = [entry.name for entry in catalog.entries]
    families = [name.partition("@")[0] for name in names]
    assert families == sorted(families)
    assert [name for name in names if name.startswith("mof-project-self-evaluation")] == [
        "mof-project-self-evaluation@2021",
        "mof-project-self-evaluation@2020",
    ]
    assert "zhanjiang-etdz-project@2023" in names
    assert catalog.problems == ()


def test_cases_beside_editions_are_no_rulesets() -> None:
    files = ruleset_files(CHECKOUT / "rulesets")
    assert {f"{path.parent.name}@{path.stem}" for path in files} == {entry.name for entry in Catalog.builtin().entries}
    assert not any("cases" in path.parts for path in files)


def test_a_family_is_its_newest_edition_that_applies() -> None:
    catalog, family = Catalog.builtin(), "mof-project-self-evaluation"
    assert catalog.find(family).name == f"{family}@2021"
    assert catalog.find(family, 2023).name == f"{family}@2021"
    assert catalog.find(family, 2020).name == f"{family}@2020"
    assert catalog.find(f"{family}@2020", 2023).name == f"{family}@2020"


def test_a_named_edition_is_taken_whatever_the_year() -> None:
    assert load("zhanjiang-etdz-project@2023", year=1999).name == "zhanjiang-etdz-project@2023"


def test_no_edition_for_the_year_names_the_nearest() -> None:
    (problem,) = problems(lambda: Catalog.builtin().find("mof-project-self-evaluation", 2019))
    assert problem.code == "no-edition-applies"
    assert problem.values["year"] == 2019
    assert "mof-project-self-evaluation@2020" in str(problem.values["nearest"])


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("mof-project-self-evalution", "mof-project-self-evaluation"),
        ("zhanjiang-etdz-projct@2023", "zhanjiang-etdz-project@2023"),
        ("mof-project-self-evaluation@1999", "mof-project-self-evaluation@2021"),
        ("nothing-like-it", None),
        ("@", None),
        ("", None),
        ("规则", None),
        ("a" * 10_000, None),
    ],
)
def test_an_unknown_name_is_a_problem_with_a_suggestion(name: str, suggestion: str | None) -> None:
    (problem,) = problems(lambda: Catalog.builtin().find(name))
    assert problem.code == "ruleset-not-found"
    assert problem.values.get("suggestion") == suggestion
    assert len(problem.message("zh")) < 200


def test_the_record_picks_its_ruleset() -> None:
    assert Catalog.builtin().for_record(EXAMPLE).name == "zhanjiang-etdz-project@2023"


def test_editions_that_coexist_are_not_chosen_between() -> None:
    (problem,) = problems(lambda: Catalog.builtin().for_record(RECORD))
    assert problem.code == "several-rulesets-apply"
    assert "@2020" in str(problem.values["known"])
    assert "@2021" in str(problem.values["known"])


def test_the_year_given_goes_before_that_of_the_record() -> None:
    assert Catalog.builtin().for_record(RECORD, 2020).name == "mof-project-self-evaluation@2020"


def test_no_ruleset_for_the_record() -> None:
    assert codes(lambda: Catalog.builtin().for_record(RECORD, 2000)) == ["no-ruleset-applies"]
    department = {"subject": {**RECORD["subject"], "kind": "department"}}
    assert codes(lambda: Catalog.builtin().for_record(department)) == ["no-ruleset-applies"]


def test_a_record_that_cannot_be_read_is_its_own_problem() -> None:
    with pytest.raises(RecordError):
        Catalog.builtin().for_record("nowhere.toml")


# -------------------------------------------------------------------------------------------------------- users' folders


def test_the_closest_jurisdiction_wins(write: Write, tmp_path: Path) -> None:
    write("1")
    write("2", family="province", jurisdiction="广东省")
    write("3", family="city", jurisdiction="湛江市")
    catalog = Catalog([tmp_path])

    def of(region: str | None) -> str:
        return catalog.for_record({"subject": {**RECORD["subject"], **({"region": region} if region else {})}}).name

    assert of(None) == "own@1"
    assert of("北京市") == "own@1"
    assert of("广东省广州市") == "province@2"
    assert of("广东省湛江市") == "city@3"
    assert of("广东省/湛江市/霞山区") == "city@3"
    assert of("湛江市") == "city@3"


@pytest.mark.parametrize(
    ("jurisdiction", "region", "close"),
    [
        ("全国", None, True),
        ("广东省", None, False),
        ("广东省", "广东省", True),
        ("广东", "广东省湛江市", True),
        ("广东省湛江市", "湛江市", True),
        ("湛江经开区", "广东省湛江市湛江经开区", True),
        ("湛江经开区", "湛江市", False),
        ("海南", "青海省海南州", False),
        ("海南州", "青海省海南州", True),
        ("江苏省", "江西省", False),
        ("湖北省", "湖北", True),
        ("湖北", "湖北省武汉市", True),
        ("湖北", "湖北 武汉市", True),
        ("湖北省武汉市", "湖北-武汉市", True),
        ("广西壮族自治区", "广西", True),
        ("新疆", "新疆维吾尔自治区", True),
        ("北京", "北京市海淀区", True),
        ("吉林省", "吉林市", False),
        ("吉林", "吉林市", False),
        ("海南省", "海南州", False),
        ("河北", "天津市河北区", False),
        ("湖南省", "湖北", False),
    ],
)
def test_jurisdictions_are_compared_part_by_part(jurisdiction: str, region: str | None, close: bool) -> None:
    assert (specificity(jurisdiction, region) is not None) == close


def test_editions_that_overlap_without_saying_so_are_a_problem(write: Write, tmp_path: Path) -> None:
    write("1")
    write("2")
    assert codes(lambda: Catalog([tmp_path]).for_record(RECORD)) == ["editions-overlap"]
    assert Catalog([tmp_path]).find("own", 2023).name == "own@2"


def test_both_sides_declare_that_editions_coexist(write: Write, tmp_path: Path) -> None:
    write("1", header='coexists_with = ["own@2"]')
    write("2")
    assert codes(lambda: Catalog([tmp_path]).for_record(RECORD)) == ["editions-overlap"]
    assert [problem.code for problem in Catalog([tmp_path]).problems] == ["edition-overlaps"]
    write("2", header='coexists_with = ["own@1"]')
    assert codes(lambda: Catalog([tmp_path]).for_record(RECORD)) == ["several-rulesets-apply"]
    assert Catalog([tmp_path]).problems == ()


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        ({"years": "[2022]"}, True),
        ({"years": "{ from = 2024 }"}, False),
        ({"years": "[2022]", "jurisdiction": "湛江市"}, False),
        ({"years": "[2022]", "subjects": '["department"]'}, False),
        ({"years": "[2022]", "subjects": '["department", "project"]'}, True),
        ({"years": "[2022]", "family": "other"}, False),
    ],
)
def test_editions_of_a_family_for_the_same_records_are_a_problem(
    write: Write, tmp_path: Path, other: dict[str, str], overlaps: bool
) -> None:
    one = write("1", years="{ from = 2020, to = 2023 }")
    write("2", **other)
    found = [problem for problem in Catalog([tmp_path]).problems if problem.code == "edition-overlaps"]
    assert bool(found) == overlaps
    for problem in found:
        assert (problem.where.file, problem.where.line) == (str(one), 6)
        assert problem.values == {"other": "own@2", "years": "2022"}


def test_years_between_editions_that_no_edition_is_for_are_a_warning(write: Write, tmp_path: Path) -> None:
    write("1", years="[2018]")
    write("2", years="{ from = 2021, to = 2022 }")
    write("3", years="{ from = 2024 }")
    (problem,) = Catalog([tmp_path]).problems
    assert (problem.code, problem.severity) == ("edition-missing", "warning")
    assert problem.values == {"years": "2019–2020, 2023"}
    write("4", years="[2019, 2020, 2023]")
    assert Catalog([tmp_path]).problems == ()


def test_the_editions_on_both_sides_of_a_missing_year_are_named(write: Write, tmp_path: Path) -> None:
    write("1", years="[2018]")
    write("2", years="[2021]")
    write("3", years="{ from = 2023 }")
    catalog = Catalog([tmp_path])

    def near(year: int) -> object:
        (problem,) = problems(lambda: catalog.find("own", year))
        return problem.values["nearest"]

    assert near(2019) == "own@1 (2018), own@2 (2021)"
    assert near(2022) == "own@2 (2021), own@3 (2023–)"
    assert near(2000) == "own@1 (2018)"


def test_rulesets_are_selected_by_what_their_headers_say(write: Write, tmp_path: Path) -> None:
    write("1", years="[2020]", header="issued = 2020-03-01")
    write("2", years="{ from = 2021 }", header="issued = 2021-03-01", subjects='["department"]')
    write("3", family="city", jurisdiction="湛江市")
    catalog = Catalog([tmp_path])

    def names(**wanted: Any) -> list[str]:
        return [entry.name for entry in catalog.select(**wanted)]

    assert names() == [entry.name for entry in catalog.entries] == ["city@3", "own@2", "own@1"]
    assert names(family="own") == ["own@2", "own@1"]
    assert names(edition="1") == ["own@1"]
    assert names(year=2020) == ["city@3", "own@1"]
    assert names(region="广东省湛江市") == ["city@3", "own@2", "own@1"]
    assert names(region="广州市") == ["own@2", "own@1"]
    assert names(subject="department") == ["own@2"]
    assert names(evaluation="fiscal") == []
    assert names(on=date(2021, 2, 28)) == ["own@1"]
    assert names(on=date(2021, 3, 1), family="own", subject="department") == ["own@2"]


def test_editions_are_ordered_by_issue_date_else_naturally(write: Write, tmp_path: Path) -> None:
    write("2021.9")
    write("2021.10")
    write("2020", header="issued = 2022-01-01")
    assert [entry.edition for entry in Catalog([tmp_path]).entries] == ["2021.10", "2021.9", "2020"]
    write("2021.9", header="issued = 2021-09-01")
    write("2021.10", header="issued = 2021-10-01")
    assert [entry.edition for entry in newest_first(Catalog([tmp_path]).entries)] == ["2020", "2021.10", "2021.9"]


def test_catalogs_add_up_and_the_same_name_twice_is_a_problem(write: Write, tmp_path: Path) -> None:
    write("1")
    both = Catalog.builtin() + Catalog([tmp_path])
    assert len(both.entries) == len(Catalog.builtin().entries) + 1
    assert both.find("own").name == "own@1"
    path = write("2")
    path.rename(path.with_name("copy.toml"))
    write("2")
    (problem,) = problems(lambda: Catalog([tmp_path]).find("own@2"))
    assert problem.code == "ruleset-twice"
    assert "copy.toml" in str(problem.values["known"])


def test_a_broken_file_is_a_problem_only_for_whoever_needs_it(write: Write, tmp_path: Path) -> None:
    write("1")
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"\xff\xfe")
    headless = tmp_path / "headless.toml"
    headless.write_text("[ruleset]\nfamily = 3\n", encoding="utf-8")
    (tmp_path / "notes.toml").write_text("a = 1\n", encoding="utf-8")
    catalog = Catalog([tmp_path])
    assert [entry.name for entry in catalog.entries] == ["own@1"]
    assert {problem.where.file for problem in catalog.problems} == {str(broken), str(headless)}
    assert catalog.find("own").name == "own@1"
    found = problems(lambda: catalog.find("other"))
    assert found[0].code == "ruleset-not-found"
    assert {problem.where.file for problem in found[1:]} == {str(broken), str(headless)}


def test_a_ruleset_with_errors_is_refused_when_it_is_picked(write: Write, tmp_path: Path) -> None:
    path = write("1")
    path.write_text(path.read_text(encoding="utf-8").replace("weight = 100", "weight = 90"), encoding="utf-8")
    assert [entry.name for entry in Catalog([tmp_path]).entries] == ["own@1"]
    assert codes(lambda: Catalog([tmp_path]).find("own")) == ["weights-sum"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert codes(lambda: Catalog([tmp_path / "none"])) == ["file-not-found"]
    assert codes(lambda: Catalog(["a\0b"])) == ["file-not-found"]


def test_years_are_shown_briefly(write: Write, tmp_path: Path) -> None:
    write("1", years="[2021, 2023]")
    write("2", years="{ from = 2020, to = 2022 }")
    write("3", years="{ to = 2022 }")
    assert [years_text(entry.applies) for entry in Catalog([tmp_path]).entries] == ["–2022", "2020–2022", "2021, 2023"]


# ------------------------------------------------------------------------------------------------------------------ load


def test_load_takes_a_name_a_path_text_bytes_or_data(write: Write) -> None:
    path = write("1")
    text = path.read_text(encoding="utf-8")
    assert load("zhanjiang-etdz-project").name == "zhanjiang-etdz-project@2023"
    assert load(path).name == load(str(path)).name == load(text).name == load(text.encode()).name == "own@1"


def test_names_are_told_from_paths() -> None:
    assert is_name("own")
    assert is_name("own@2021.1")
    for path in ("own.toml", "./own", "a/b", "own@2021.toml", "2021.toml", "own.json", "", "办法"):
        assert not is_name(path)


def test_load_of_what_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert codes(lambda: load("missing.toml")) == ["file-not-found"]
    assert codes(lambda: load(tmp_path)) == ["path-is-folder"]
    assert codes(lambda: load("")) == ["path-is-folder"]
    assert codes(lambda: load("a\0b")) == ["file-unreadable"]
    assert codes(lambda: load("x = [\n")) == ["toml-syntax"]


def test_a_file_is_read_once_until_it_changes(write: Write) -> None:
    path = write("1")
    first = load(path)
    assert load(path) is first
    assert load(path, engine="plain") is not first
    path.write_text(path.read_text(encoding="utf-8").replace("办法", "新办法"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert str(load(path).plan.title) == "新办法"


def test_the_engine_named_is_the_engine_used() -> None:
    assert load("zhanjiang-etdz-project", engine="plain").engine == "plain"
