"""Writes docs/published-cases.md: `python docs/make_published_cases.py`. tests/test_published_page.py compares the page with `page()`.

Totals, grades, verdicts and differences are worked out here, every time; written down here are only the evaluations that have no record
(tests/published/expected.toml says why), what was filled in where a form prints no number, and why nothing could be worked out for the others.
"""
# ruff: noqa: INP001, T201  (a script, in a folder of pages)

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import tomli

import indicator_rules as ir
from indicator_rules.audit.audit import audit_declared
from indicator_rules.audit.result import Difference

HERE = Path(__file__).parent
ROOT = HERE.parent
RECORDS = ROOT / "tests" / "published"
PAGE = HERE / "published-cases.md"
COPIED = "公布的得分"

INTRODUCTION = """# Published evaluations 公布的评价

What the shipped rulesets make of {all} evaluations that Chinese units have published: the total printed, the total computed, and an honest verdict.

| verdict | | what it means |
| --- | --- | --- |
| **reproduced** 重现 | {reproduced} | a shipped ruleset gives exactly the published total |
| **explained** 已解释 | {explained} | it gives other numbers, and the audit (复核) finds the lines that differ and says how |
| **not enough printed** 公布不全 | {not enough printed} | nothing to compare: the reason is given |

出自 {all} 份公布的自评、评价：重现 {reproduced}，已解释 {explained}，公布不全 {not enough printed}。

A total that comes out is weak evidence for a rubric: most published evaluations give full marks on nearly every line, and some rulesets were made
from these very forms. Where a person decides (定性指标),
the published points are taken over, and the page says how many. What was filled in or reread is said below, case by case. Totals are computed, not copied.

Made by `docs/make_published_cases.py` from `tests/published/`, `rulesets/*/cases/` and `docs/examples/`: change those.
"""


SELECTED = """“Selected” is what the catalogue picks for the record by year, kind and region (`Catalog.for_record`), and what comes of the record as it is
printed: a total, or a refusal with so many problems, mostly values that the form does not print. Places are compared as text: “湖北 黄冈市” is not
taken for 湖北省, so the rulesets under “computed” are chosen by name. 自动选用的评分表，照印计算；“计算”一栏的评分表是按名称选的。"""


@dataclass(frozen=True)
class Printed:
    """What is published about one evaluation."""

    place: str
    year: int | None
    unit: str
    project: str
    total: Decimal | None = None
    grade: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Attempt:
    """One ruleset on one evaluation."""

    ruleset: str
    note: str
    caveat: str = ""
    """Why a total that comes out proves little."""
    case: str | None = None
    """A worked case below `rulesets` in place of the record in tests/published."""
    judged: tuple[str, ...] = ()
    """Entries that a person scores: their published points are taken over."""
    reread: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What was mended in entries."""


@dataclass(frozen=True)
class Found:
    """What came out."""

    total: Decimal
    grade: str | None
    differences: list[Difference]
    unprinted: int
    """Lines that the published form does not print."""
    copied: Decimal


MOF = "mof-project-self-evaluation@2020"
HUBEI = "hubei-project-self-evaluation@2020"

ATTEMPTS = {
    "zj-jkq-dzb-2023": Attempt(
        "zhanjiang-etdz-project@2023",
        "The weights are not published; this ruleset was worked back from this very total, and others give 99.3 too. "
        "评分表是由这个总分倒推的，对得上不证明任何办法。",
        caveat="the ruleset was worked back from this total",
        case="zhanjiang-etdz-project/cases/2023/report.toml",
    ),
    "hb-swfz-2020": Attempt(
        HUBEI,
        "The weights of the entries are inferred from their points; scaling 60 + 40 to 80 is a choice that the ruleset took from this form. "
        "各行分值由得分推出；折算到 80 分是依这张表定的。",
        caveat="the ruleset scales 60 + 40 to 80 because of this form",
        case="hubei-project-self-evaluation/cases/2020/published-services-2020.toml",
    ),
    "ah-huoqiu-kj-2022": Attempt(
        MOF,
        "Reread 改读: the cost “5” as 5万元, the deadline “达成预期指标” as in time. 成本实际值补上单位，时限的“达成预期指标”读作按期。",
        caveat="full marks everywhere, most of them a person's",
        judged=("i2", "i5", "i6", "i7", "i8"),
        reread={"i3": {"actual": "2022年底之前"}, "i4": {"actual": "5万元"}},
    ),
    "yn-yongde-mlzx-2022": Attempt(
        MOF, "The form gives no reason for 7 and for 9 points. 7 分、9 分都没有印理由。", judged=("i5",)
    ),
    "hb-huanggang-stbc-2020": Attempt(
        HUBEI,
        "As printed; the weights of the entries are inferred from 40 + 40. Satisfaction was scored as 98% × 20, not against its target of 98%. "
        "照印计算；满意度公布的得分没有与目标 98% 相比。",
    ),
    "sc-zhongjiang-sl-2022": Attempt(
        MOF,
        "The weights on the form come to 110, and every line has full marks; the printed total is 100. 全表分值 110，各行满分，总分却印 100。",
        judged=("i8",),
    ),
    "fj-ningde-rcyz-2023": Attempt(
        "ningde-project@2023",
        "Groups that print points only are filled in as met; social benefit and satisfaction, whose entries are not printed, with their points. "
        "只印得分的各组按符合填写；社会效益、满意度的指标没有印出，照录得分。",
        case="ningde-project/cases/2023/published-talent-station.toml",
    ),
    "he-langfang-sp-2019": Attempt(
        MOF,
        "As printed; the published total was not seen, so the lines alone are compared. The form is of 2019, before the ruleset applies. "
        "总分未见，只比各行；2019 年度的表，早于评分表的适用年度。",
    ),
}

REASONS = {
    "cq-kxc-rmt-2021": "20 points of entries and all amounts are cut off; chongqing-project-self-evaluation has a case with made-up "
    "entries (published-science-city) that shows only 10 × 76% = 7.6",
    "yn-changning-gengga-2021": "no spending printed and no execution line on the form: five lines of 20, full marks, come to 100; "
    "no shipped ruleset has such a form",
    "he-weichang-cs": "no year, no actual value of the cost entry, no target of the 40 points of benefit; the printed points come to 100",
    "hb-guangshui-jt-2021": "cut off after 30 of 100 points, all of them full marks",
    "sc-yilong-gl-2018": "cut off after the 20 points of decision, all full marks; no shipped ruleset for Sichuan",
    "sc-wl-2017": "cut off after 25 points, neither budget nor entries; no shipped ruleset for Sichuan",
    "hb-ezhou-kx-2022": "the total and further entries are cut off",
    "hb-huangshi-tsg-2022": "satisfaction and the total are cut off; entries share one cell of points",
    "yn-changning-gxs-2022": "13 of about 19 quantity entries, and the total, are cut off",
    "ah-chizhou-tx-2022": "satisfaction and the total are cut off; the budget row prints 0 / 0 / 0",
    "hn-yueyang-kjj-zt": "points without the numbers behind them, cut off in the middle, and no year",
    "ah-xiaoxian-zz-2023": "satisfaction and the total are cut off",
    "hb-xiangyang-zxyy-2021": "further entries and the total are cut off",
}

UNRECORDED = {
    "zj-jkq-dzb-2023": Printed("湛江经开区", 2023, "湛江经开区党政办公室", "党政事务工作经费", Decimal("99.3"), "优"),
    "ah-luan-fy-2021": Printed(
        "安徽 六安市", 2021, "六安市卫生健康委员会", "妇女儿童健康水平提升民生工程", Decimal("99.5"),
        url="http://wjw.luan.gov.cn/zwzx/gsgg/4953646.html",
    ),
    "ah-huangshan-tjj-2023": Printed(
        "安徽 黄山市 黄山区", 2023, "黄山区统计局", "第五次全国经济普查", Decimal("94.9"),
        url="https://www.hsq.gov.cn/zwgk/public/6616100/11563788.html",
    ),
    "hn-nanxian-czj-2020": Printed(
        "湖南 益阳市 南县", 2020, "南县财政局", "机关整体支出", Decimal(97),
        url="http://nxjw.nanxian.gov.cn/14890/36191/36192/36209/content_1639681.html",
    ),
    "yn-baoshan-tsg-2022": Printed(
        "云南 保山市", 2022, "保山市图书馆", "2022年中央支持地方公共文化服务体系建设补助资金", Decimal(100),
        url="https://baoshan.gov.cn/info/5746/9450674.htm",
    ),
    "yn-changning-sfxx-2023": Printed(
        "云南 保山市 昌宁县", 2023, "昌宁县第一示范小学", "教育专项工作经费", Decimal(100), "优秀",
        "https://yncn.gov.cn/info/4112/9026410.htm",
    ),
    "hb-huanggang-dag-2020": Printed(
        "湖北 黄冈市", 2020, "黄冈市档案馆", "档案抢救与保护等专项经费", Decimal(100),
        url="http://bubsandbeans.com/paper/218226069.html",
    ),
    "hn-yueyang-tsg-zfg": Printed(
        "湖南 岳阳", None, "", "县图书馆总分馆建设", Decimal(97), "优", "https://m.lovfp.com/dongshi/rgabr/nZKwo6MNZJ",
    ),
    "xj-fukang-tjj-2023": Printed(
        "新疆 昌吉州 阜康市", 2023, "阜康市统计局", "国家统计局调查队专项经费", url="http://www.fk.gov.cn/gk/yjs/908895.htm",
    ),
    "fj-kp-2018": Printed(
        "", 2018, "", "科普宣传经费", None, "良", "http://m.cornels-photography.com/paper/204845145.html",
    ),
    "yn-slfh-2022": Printed(
        "云南省", 2022, "云南省应急管理厅", "森林草原航空消防租机补助经费",
        url="https://yjglt.yn.gov.cn/html/2023/ysgk_0601/27146.html",
    ),
    "sc-qingshen-fg-2023": Printed(
        "四川 眉山市 青神县", 2023, "青神县发展和改革局", "工资性支出", url="https://www.scqs.gov.cn/info/13206/211004.htm",
    ),
}  # fmt: skip


def read(path: Path) -> dict[str, Any]:
    """The data of a TOML file."""
    return tomli.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def page() -> str:
    """The whole page."""
    forms = read(RECORDS / "expected.toml")
    skipped = forms.pop("skipped")
    names = sorted([*forms, *skipped])
    found = {name: run(name, attempt) for name, attempt in ATTEMPTS.items()}
    verdicts = {name: verdict(name, printed(name), found.get(name)) for name in names}
    count = {word: list(verdicts.values()).count(word) for word in ("reproduced", "explained", "not enough printed")}
    rows = [
        _row(name, verdicts[name], found.get(name), skipped.get(name))
        for name in sorted(names, key=lambda one: (_rank(verdicts[one]), one))
    ]
    parts = [
        INTRODUCTION.format(all=len(names), **count),
        "## All of them 全部",
        "",
        SELECTED,
        "",
        "| evaluation 评价 | published 公布 | computed 计算 | verdict 结论 | selected 自动选用 |",
        "| --- | --- | --- | --- | --- |",
        *rows,
        "",
        "## What was computed 计算的各份",
        "",
    ]
    for word in ("reproduced", "explained"):
        for name in names:
            if verdicts[name] == word:
                parts += _section(name, word, found[name], forms.get(name))
    return "\n".join(parts).rstrip() + "\n"


def printed(name: str) -> Printed:
    """What is published about an evaluation."""
    if name in UNRECORDED:
        return UNRECORDED[name]
    path = RECORDS / f"{name}.toml"
    record = ir.read_record(path)
    source = re.search(r"Source: (\S+)", path.read_text(encoding="utf-8"))
    assert source is not None
    subject, declared = record.subject, record.declared
    return Printed(
        subject.region or "",
        None if "subject.year" in record.assumed else subject.year,
        subject.unit or "",
        subject.name,
        None if declared is None else declared.total,
        None if declared is None else declared.grade,
        source[1] if source[1].startswith("http") else None,
    )


def run(name: str, attempt: Attempt) -> Found:
    """The ruleset on the record, filled in as the attempt says."""
    data = _data(name, attempt)
    rules = ir.load(attempt.ruleset)
    result = rules.evaluate(data)
    record = ir.read_record(data)
    every = rules.audit(record).differences if record.declared is not None else ()
    differences = [one for one in every if one.code != "missing"]
    copied = sum((Decimal(str(one["points"])) for one in _judged(data) if one["reason"] == COPIED), Decimal(0))
    assert result.total is not None
    return Found(Decimal(str(result.total)), result.grade, differences, len(every) - len(differences), copied)


def verdict(name: str, given: Printed, found: Found | None) -> str:
    """Reproduced only where the totals are equal; explained only where the audit finds what differs."""
    if found is None:
        assert name not in ATTEMPTS
        return "not enough printed"
    if given.total is not None and found.total == given.total:
        assert given.grade in (None, found.grade), f"{name}: the total comes out, the grade does not"
        return "reproduced"
    assert any(one.kind == "total" or given.total is None for one in found.differences), (
        f"{name}: neither reproduced nor explained"
    )
    return "explained"


def selected(name: str) -> str:
    """What the catalogue picks for a record, and what comes of it; where several rulesets apply, of each."""
    path = ROOT / "docs" / "examples" / "zhanjiang-2023.toml" if name == "zj-jkq-dzb-2023" else RECORDS / f"{name}.toml"
    if not path.exists():
        return "– (no record)"
    try:
        names = [ir.Catalog.builtin().for_record(path).name]
    except ir.RulesetError as error:
        (problem,) = error.problems
        if problem.code != "several-rulesets-apply":
            return "none applies"
        names = str(problem.values["known"]).split(", ")
    return "<br>".join(f"{one}: {_outcome(one, path)}" for one in names)


def _outcome(ruleset: str, path: Path) -> str:
    try:
        result = ir.load(ruleset).evaluate(path)
    except ir.RecordError as error:
        return f"refused 退回 ({len(error.problems)})"
    return f"{result.total} {result.grade}"


def _data(name: str, attempt: Attempt) -> dict[str, Any]:
    if attempt.case is not None:
        case = ROOT / "rulesets" / attempt.case
        record: dict[str, Any] = read(case)["record"]
        return record
    data = read(RECORDS / f"{name}.toml")
    for row in data["indicators"]:
        row.update(attempt.reread.get(row["id"], {}))
        if row["id"] in attempt.judged:
            row["level"] = "达成"
            judged = {"points": data["declared"]["indicators"][row["id"]], "reason": COPIED}
            data.setdefault("assessments", {}).setdefault("indicators", {})[row["id"]] = judged
    return data


def _judged(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for kind in data.get("assessments", {}).values() for one in kind.values()]


def _rank(word: str) -> int:
    return ("reproduced", "explained", "not enough printed").index(word)


def _row(name: str, word: str, found: Found | None, skip: str | None) -> str:
    given = printed(name)
    what = [part for part in (str(given.year or "年度未印"), given.place, given.unit, given.project) if part]
    source = f"[source]({given.url})" if given.url else "no address"
    cells = [
        f"`{name}`<br>{' · '.join(what)}<br>{source}",
        _points(given.total, given.grade),
        "–" if found is None else f"{_points(found.total, found.grade)}<br>{ATTEMPTS[name].ruleset}",
        f"[**{word}**](#{name}){_caveat(name)}" if found else f"{word}: {skip or REASONS[name]}",
        selected(name),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _caveat(name: str) -> str:
    return f"; but {ATTEMPTS[name].caveat}" if ATTEMPTS[name].caveat else ""


def _points(total: Decimal | None, grade: str | None) -> str:
    return " ".join([*([] if total is None else [f"{total.normalize():f}"]), *([] if grade is None else [grade])]) or "–"


def _section(name: str, word: str, found: Found, form: Mapping[str, Any] | None) -> list[str]:
    attempt, given = ATTEMPTS[name], printed(name)
    lines = [
        f'<a id="{name}"></a>',
        "",
        f"### {given.project} — {word}",
        "",
        f"Published 公布 {_points(given.total, given.grade)}; {attempt.ruleset}: {_points(found.total, found.grade)}. {attempt.note}",
        "",
    ]
    if attempt.case is not None:
        lines += [f"Case 示例: [{attempt.case}](../rulesets/{attempt.case})", ""]
    if found.copied:
        lines += [f"Points taken over from the form, where a person decides 照录的得分: {found.copied}.", ""]
    lines += [f"- `{one.code}` {one.text('zh')}" for one in found.differences]
    if found.unprinted:
        lines += [f"- lines that one side alone has 只有一方有的行: {found.unprinted}"]
    if form is not None:
        own = _own(name, form)
        lines += [f"- by the printed numbers alone 只看公布的数: `{one.code}` {one.text('zh')}" for one in own]
    return [*lines, ""] if lines[-1] else lines


def _own(name: str, form: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What the printed numbers say about one another, without any ruleset."""
    return audit_declared(
        ir.read_record(RECORDS / f"{name}.toml"),
        weights=form.get("weights"),
        covers=form.get("covers"),
        grades=[(grade[0], grade[1] if len(grade) > 1 else None) for grade in form.get("grades", [])],
        complete=form.get("complete", True),
    ).differences


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE}: {len(ATTEMPTS)} computed")
