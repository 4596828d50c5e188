"""Lint: for each finding a ruleset that has it and one that just has not; and none on what is shipped but what is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

import indicator_rules as ir
from indicator_rules.errors import Problem

ROOT = Path(__file__).parents[2]

BASE = """schema = 1
[ruleset]
family = "own"
edition = "1"
title = "办法"
applies = { years = [2023] }
status = "example"
[inputs.done]
label = "做完"
type = "yes-no"
[inputs.late]
label = "已延期"
type = "yes-no"
[inputs.cases]
label = "办理件数"
type = "count"
[inputs.state]
label = "状态"
type = "choice"
choices = ["好", "中", "差"]
[measures.rate]
label = "执行率"
value = "实际支出 / 全年预算数"
[[grades]]
label = "优"
at_least = 90
[[grades]]
label = "差"
[findings.uses_all]
when = "done and late and cases > 3 and rate < 1 and state = '中'"
message = "都用到了"
"""
PLAIN = "scale = { kind = 'proportional' }"


def criterion(text: str, weight: str = "100", name: str = "a") -> str:
    return f'[criteria.{name}]\nlabel = "甲"\nweight = {weight}\n{text}\n'


def first(*rows: str, more: str = "") -> str:
    return criterion(f"scale = {{ kind = 'first_match', rows = [{', '.join(f'{{ {row} }}' for row in rows)}] }}\n{more}")


def bands(*rows: str, measure: str = "rate") -> str:
    return criterion(
        f"measure = '{measure}'\nscale = {{ kind = 'bands', bands = [{', '.join(f'{{ {row} }}' for row in rows)}] }}"
    )


def items(*conditions: str, more: str = "") -> str:
    listed = ", ".join(f"{{ id = 'i{place}', label = '{place}', when = \"{when}\" }}" for place, when in enumerate(conditions))
    return criterion(f"scale = {{ kind = 'checklist', items = [{listed}]{more} }}")


def entries(text: str, indicators: str = "output") -> str:
    return criterion(f"indicators = '{indicators}'\nwithout_weights = 'equal'\n{text}")


def measured(scale: str, measure: str = "rate") -> str:
    return criterion(f"measure = '{measure}'\nscale = {{ {scale} }}")


def found(text: str) -> list[Problem]:
    rules = ir.Rules.from_text(BASE + text)
    return rules.lint()


def codes(text: str) -> list[str]:
    return sorted({problem.code.removeprefix("lint-") for problem in found(text)})


LATE = """[inputs.overdue]
label = "逾期天数"
type = "count"
"""
DATES = """[inputs.finished]
label = "完成日"
type = "date"
[measures.months]
label = "晚了几个月"
value = "months_late(finished, 2023-11-30)"
"""
REGIONS = """[lookups.part]
label = "比例"
by = "{by}"
rows = [{rows}]
"""
USES_PART = first("when = 'rate >= part.x', award = '100%'", "award = '0%'")
SATISFACTION = criterion("indicators = 'satisfaction'\nwithout_weights = 'equal'\nentries.quantitative = {{ {scale} }}")


def lookup(by: str, *rows: str) -> str:
    return REGIONS.format(by=by, rows=", ".join(f"{{ {row} }}" for row in rows)) + USES_PART


WEIGHT_SETS = """[weight_sets.one]
label = "一"
when = "cases >= {one}"
weights = {{ a = 100 }}
[weight_sets.two]
label = "二"
when = "cases >= {two}"
weights = {{ a = 100 }}
"""

TABLE: list[tuple[str, str, str]] = [
    # (code, a ruleset that has it, one that just has not)
    (
        "row-unreachable",
        bands("at_least = '90%', award = '100%'", "at_least = 0, award = '50%'", "award = 0"),
        bands("at_least = '90%', award = '100%'", "above = 0, award = '50%'", "award = 0"),
    ),
    (
        "row-unreachable",
        first("when = 'cases > 2 and cases < 3', award = '50%'", "when = 'done', award = '100%'", "award = 0"),
        first("when = 'cases > 2 and cases < 4', award = '50%'", "when = 'done', award = '100%'", "award = 0"),
    ),
    ("row-unreachable", bands("at_least = -1, award = '100%'", "award = 0"), bands("at_least = '1%', award = '100%'", "award = 0")),
    (
        "row-shadowed",
        first("when = 'cases >= 3', award = '50%'", "when = 'cases >= 5', award = '100%'", "award = 0"),
        first("when = 'cases >= 5', award = '50%'", "when = 'cases >= 3', award = '100%'", "award = 0"),
    ),
    (
        "row-shadowed",
        first("when = 'cases >= 3', award = '100%'", "when = 'cases < 3', award = '50%'", "when = 'done', award = '20%'"),
        first("when = 'cases >= 3', award = '100%'", "when = 'cases < 2', award = '50%'", "when = 'done', award = '20%'", "award = 0"),
    ),
    (
        "row-shadowed",
        lookup("cases", "at_least = 3, values = { x = '40%' }", "at_least = 5, values = { x = '80%' }", "values = { x = 1 }"),
        lookup("cases", "at_least = 5, values = { x = '40%' }", "at_least = 3, values = { x = '80%' }", "values = { x = 1 }"),
    ),
    (
        "row-shadowed",
        items("done") + WEIGHT_SETS.format(one=1, two=2),
        items("done") + WEIGHT_SETS.format(one=2, two=1),
    ),
    (
        "gap",
        first("when = 'cases >= 5', award = '100%'", "when = 'cases < 4', award = 0"),
        first("when = 'cases >= 5', award = '100%'", "when = 'cases <= 4', award = 0"),
    ),
    (
        "gap",
        first("when = 'done and not late', award = '100%'", "when = 'not done', award = 0"),
        first("when = 'done and not late', award = '100%'", "when = 'not done or late', award = 0"),
    ),
    (
        "gap",
        criterion("measure = 'state'\nscale = { kind = 'levels', levels = [{ label = '好', award = '100%' }, { label = '中', award = 0 }] }"),
        criterion(
            "measure = 'state'\nscale = { kind = 'levels', levels = ["
            "{ label = '好', award = '100%' }, { label = '中', award = '50%' }, { label = '差', award = 0 }] }"
        ),
    ),
    (
        "gap",
        lookup("state", "is = ['好', '中'], values = { x = '40%' }"),
        lookup("state", "is = ['好', '中'], values = { x = '40%' }", "is = '差', values = { x = '50%' }"),
    ),
    ("condition-constant", items("cases >= 0", "done"), items("cases >= 1", "done")),
    ("condition-constant", items("cases < 0", "done"), items("cases < 1", "done")),
    ("condition-constant", items("rate > -1", "done"), items("rate > 0", "done")),
    (
        "condition-constant",
        items("done") + "[adjustments.x]\nlabel = '否'\nwhen = 'cases < 0'\nthen = { veto = true }\n",
        items("done") + "[adjustments.x]\nlabel = '否'\nwhen = 'cases = 0'\nthen = { veto = true }\n",
    ),
    (
        "condition-constant",
        items("done") + "[findings.x]\nwhen = 'cases >= 0 or done and not done'\nmessage = '有'\n",
        items("done") + "[findings.x]\nwhen = 'cases > 0 or done and not done'\nmessage = '有'\n",
    ),
    (
        "condition-constant",
        criterion("applies_when = 'cases >= 0'\nmeasure = 'rate'\n" + PLAIN),
        criterion("applies_when = 'cases >= 1'\nmeasure = 'rate'\n" + PLAIN),
    ),
    (
        "condition-constant",
        measured("kind = 'deduct', per = 'under', at = 0, points = 1, partial_step = 'none'", "cases"),
        measured("kind = 'deduct', per = 'under', at = 1, points = 1, partial_step = 'none'", "cases"),
    ),
    (
        "full-marks-unreachable",
        bands("at_least = '90%', award = 90", "award = 0"),
        bands("at_least = '90%', award = 100", "award = 0"),
    ),
    (
        "full-marks-unreachable",
        SATISFACTION.format(scale="kind = 'bands', bands = [{ at_least = 1, award = '90%' }, { award = 0 }]"),
        SATISFACTION.format(scale="kind = 'bands', bands = [{ at_least = 1, award = '100%' }, { award = 0 }]"),
    ),
    (
        "full-marks-unreachable",
        criterion(
            "scale = { kind = 'parts', combine = 'max', parts = ["
            "{ id = 'p', label = 'p', measure = 'rate', scale = { kind = 'bands', bands = [{ at_least = 1, award = '80%' }, { award = 0 }] } },"
            "{ id = 'q', label = 'q', measure = 'rate', scale = { kind = 'bands', bands = [{ at_least = 1, award = '90%' }, { award = 0 }] } }] }"
        ),
        criterion(
            "scale = { kind = 'parts', combine = 'max', parts = ["
            "{ id = 'p', label = 'p', measure = 'rate', scale = { kind = 'bands', bands = [{ at_least = 1, award = '80%' }, { award = 0 }] } },"
            "{ id = 'q', label = 'q', measure = 'rate', scale = { kind = 'proportional' } }] }"
        ),
    ),
    (
        "full-marks-not-held",
        criterion("scale = { kind = 'discretionary', award = { at_least = 0, below = '100%' } }"),
        criterion("scale = { kind = 'discretionary', award = { at_least = 0, at_most = '100%' } }"),
    ),
    (
        "beyond-weight",
        first("when = 'done', award = { points = 'cases * 10' }", "award = 0"),
        first("when = 'done', award = { points = 'min(cases * 10, 100)' }", "award = 0"),
    ),
    (
        "beyond-weight",
        first("when = 'rate > 50%', award = 'rate'", "award = 0"),
        first("when = 'rate > 50% and rate <= 1', award = 'rate'", "award = 0"),
    ),
    (
        "grade-unreachable",
        bands("at_least = '90%', award = 89", "award = 0"),
        bands("at_least = '90%', award = 90", "award = 0"),
    ),
    (
        "absent-full",
        criterion("measure = 'rate'\nabsent = 'full'\n" + PLAIN),
        criterion("measure = 'rate'\nabsent = 'zero'\n" + PLAIN),
    ),
    (
        "absent-full",
        criterion("measure = 'rate'\nabsent = 100\n" + PLAIN),
        criterion("measure = 'rate'\nabsent = 99\n" + PLAIN),
    ),
    (
        "absent-full",
        first("when = 'not present(cases)', award = '100%'", "when = 'cases > 1', award = '50%'", "award = 0"),
        first("when = 'not present(cases)', award = '50%'", "when = 'cases > 1', award = '100%'", "award = 0"),
    ),
    ("absent-full", entries("entry_absent = 'full'\nentries.quantitative = { kind = 'proportional' }"), entries("entries.quantitative = { kind = 'proportional' }")),
    (
        "input-unread",
        items("done") + "[inputs.idle]\nlabel = '没用'\ntype = 'count'\n",
        items("done", "idle > 0") + "[inputs.idle]\nlabel = '用'\ntype = 'count'\n",
    ),
    (
        "measure-unread",
        items("done") + "[measures.idle]\nlabel = '没用'\nvalue = 'cases * 2'\n",
        items("done", "idle > 3") + "[measures.idle]\nlabel = '用'\nvalue = 'cases * 2'\n",
    ),
    (
        "lookup-unread",
        items("done") + REGIONS.format(by="state", rows="{ values = { x = 1 } }"),
        lookup("state", "is = '好', values = { x = '50%' }", "values = { x = 1 }"),
    ),
    ("share-meant", measured("kind = 'proportional', pass_line = 60, full_at = 100"), measured("kind = 'proportional', pass_line = '60%', full_at = 1")),
    ("share-meant", bands("at_least = 90, award = '100%'", "award = 0"), bands("at_least = 1.2, award = '100%'", "award = 0")),
    ("share-meant", items("rate >= 90"), items("rate >= 90%")),
    ("share-meant", measured("kind = 'proportional', full_at = 60"), measured("kind = 'proportional', full_at = 60", "cases")),
    ("share-meant", entries("entries.quantitative = { kind = 'proportional', pass_line = 60, full_at = 100 }"), entries("entries.quantitative = { kind = 'proportional', pass_line = '60%' }")),
    (
        "step-meant",
        measured("kind = 'deduct', per = 'under', at = '95%', points = 1, partial_step = 'whole'"),
        measured("kind = 'deduct', per = 'under', at = '95%', points = 1, step = '1%', partial_step = 'whole'"),
    ),
    (
        "cost-sign",
        "[completion]\ndirections = { 'output.quality' = '=' }\n" + entries("entries.quantitative = { kind = 'proportional' }"),
        "[completion]\ndirections = { 'output.cost' = '<=' }\n" + entries("entries.quantitative = { kind = 'proportional' }"),
    ),
    (
        "cost-sign",
        "[completion]\ndirections = { 'output.cost' = '>=' }\n" + entries("entries.quantitative = { kind = 'proportional' }"),
        "[completion]\ndirections = { 'output.cost' = '>=' }\n" + entries("entries.quantitative = { kind = 'proportional' }", "benefit"),
    ),
    ("scale-rises", DATES + measured("kind = 'proportional', full_at = 3", "months"), DATES + measured("kind = 'proportional', full_at = 0, zero_at = 3", "months")),
    ("scale-rises", LATE + bands("above = 5, award = '100%'", "award = 0", measure="overdue"), LATE + bands("above = 5, award = 0", "award = '100%'", measure="overdue")),
    (
        "scale-rises",
        LATE + measured("kind = 'deduct', per = 'missing', at = 3, points = 1", "overdue"),
        LATE + measured("kind = 'deduct', per = 'over', at = 3, points = 1, partial_step = 'none'", "overdue"),
    ),
    (
        "awards-turn",
        bands("at_least = '90%', award = '100%'", "at_least = '80%', award = '60%'", "at_least = '60%', award = '80%'", "award = 0"),
        bands("at_least = '90%', award = '100%'", "at_least = '80%', award = '80%'", "at_least = '60%', award = '80%'", "award = 0"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("code", "odd", "plain"), TABLE, ids=[f"{code}-{place}" for place, (code, _, _) in enumerate(TABLE)])
def test_a_finding_is_given_where_it_holds_and_not_next_to_it(code: str, odd: str, plain: str) -> None:
    assert code in codes(odd)
    assert code not in codes(plain)
