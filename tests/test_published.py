"""Published evaluations as records: each reads, and what its printed numbers alone say about one another is as expected."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import tomli

import indicator_rules as ir
from indicator_rules.audit.audit import audit_declared
from indicator_rules.audit.result import Audit

FOLDER = Path(__file__).parent / "published"
FORMS: dict[str, Any] = tomli.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"), parse_float=Decimal)
SKIPPED: dict[str, str] = FORMS.pop("skipped")
RECORDS = sorted(path for path in FOLDER.glob("*.toml") if path.name != "expected.toml")


def audited(name: str) -> Audit:
    form = FORMS[name]
    return audit_declared(
        ir.read_record(FOLDER / f"{name}.toml"),
        weights=form.get("weights"),
        covers=form.get("covers"),
        grades=[(grade[0], grade[1] if len(grade) > 1 else None) for grade in form.get("grades", [])],
        complete=form.get("complete", True),
    )


def test_every_published_evaluation_is_here_or_skipped_with_a_reason() -> None:
    assert {path.stem for path in RECORDS} == set(FORMS)
    assert not set(FORMS) & set(SKIPPED)
    assert len(FORMS) + len(SKIPPED) == 32
    assert all(SKIPPED.values())


@pytest.mark.parametrize("name", FORMS)
def test_what_the_printed_numbers_say_about_one_another(name: str) -> None:
    found = audited(name)
    assert [f"{one.code} {one.kind} {one.id}" for one in found.differences] == FORMS[name]["expected"]
    assert found.problems == ()
    assert all(one.text("zh") and one.text("en") for one in found.differences)


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_says_where_it_is_from(path: Path) -> None:
    assert "# A published evaluation as a record: numbers as printed, mistakes too. Source: " in path.read_text(encoding="utf-8")


def test_zhongjiang_weighs_110_and_its_lines_come_to_110() -> None:
    weights, total = audited("sc-zhongjiang-sl-2022").differences
    assert weights.text("zh") == "全表分值合计 110，与满分 100 不符"
    assert total.text("en") == "total: declared 100, but its parts come to 110, 10 apart"


def test_the_service_trade_form_prints_100_points_inside_80() -> None:
    weights, total = audited("hb-swfz-2020").differences
    assert (weights.values["left"], total.values["right"], total.gap) == (120, 120, 20)


def test_a_form_in_part_still_bounds_its_total() -> None:
    # 77.6 points on lines of 80: with the 20 not published, 97.6 can just be reached, and 97.7 cannot.
    record = ir.read_record(FOLDER / "cq-kxc-rmt-2021.toml")
    assert record.declared is not None
    more = record.model_copy(update={"declared": record.declared.model_copy(update={"total": Decimal("97.7")})})
    (found,) = audit_declared(more, weights=FORMS["cq-kxc-rmt-2021"]["weights"], complete=False).differences
    assert (found.code, found.key) == ("sum", "sum-out-of-reach")
    assert found.text("zh") == "总分：自评 97.7 分，所列各项至少 77.6 分、至多 97.6 分"
