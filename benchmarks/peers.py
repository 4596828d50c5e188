"""The same two rubrics in zen-engine and rule-engine, each used as its documentation would have it for one record at a time.

Both get plain numbers, truths and texts, made beforehand from our typed records. Answers are compared with ours as decimals rounded to 1e-9, since
a peer's may be floats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from workloads import NAMES, Workload

from indicator_rules import Evaluation, EvaluationRecord

Plain = Mapping[str, Any]
GRADES = (("优", 90), ("良", 80), ("中", 60))


class Cases(NamedTuple):
    """A decision: the value of the first condition that holds, else `otherwise`."""

    cases: tuple[tuple[str, str], ...]
    otherwise: str

    def __str__(self) -> str:
        return (
            " : (".join(f"{when} ? {value}" for when, value in self.cases) + f" : {self.otherwise}" + ")" * (len(self.cases) - 1)
        )


def cases(*given: tuple[str, str], otherwise: str) -> Cases:
    return Cases(given, otherwise)


Steps = list[tuple[str, str | Cases]]
"""Name and expression or decision, each of which may read the names before it."""


class Rubric(NamedTuple):
    """A rubric as expressions that both peers' languages share (`? :`, `and`, comparisons), with every result that we give: completion and
    points of each entry, points of each item, criterion and group. Left out, in their favour: what is not applicable and what is absent."""

    steps: Steps
    criteria: tuple[str, ...]
    rounded: Mapping[str, int]
    """Decimal places of the names that are rounded."""
    total: str
    inputs: Callable[[EvaluationRecord], Plain]


def zhanjiang_rubric(ours: Workload) -> Rubric:
    """19 criteria, with 13 entries and 28 answers."""
    evaluation = ours.rules.evaluate(ours.records(1)[0])
    steps: Steps = [("execution_rate", "spent / received"), ("budget_spent_share", "spent / initial")]
    for entry in ours.records(1)[0].indicators:
        steps.append((f"{entry.id}_completion", _completion(entry.id, entry.category, entry.target.kind)))

    def listed(name: str, weight: int, *conditions: str) -> None:
        steps.extend(
            (f"{name}_{n}", cases((text, f"{weight} / {len(conditions)}"), otherwise="0")) for n, text in enumerate(conditions)
        )
        steps.append((name, " + ".join(f"{name}_{n}" for n in range(len(conditions)))))

    listed("approval", 4, "approval_basis", "approval_procedure")
    states = ("goal_submission_state == '按要求申报'", "3"), ("goal_submission_state == '逾期申报'", "1.5")
    steps.append(("goal_submission", cases(*states, otherwise="0")))
    listed("goal_completeness", 3, "goal_outputs_covered", "goal_benefits_covered")
    listed("goal_relevance", 3, "goal_fits_duties", "goal_fits_budget")
    listed("goal_measurability", 3, "goal_broken_down", "(goal_broken_down and goal_quantified)")
    listed("budget_preparation", 4, "budget_justified", "budget_fits_content", "budget_basis", "budget_fits_tasks")
    steps.append(("budget_execution", _proportional("execution_rate", "5")))
    listed(
        "spending_compliance",
        5,
        "misuse_count == 0",
        "(misuse_count == 0 and not unbudgeted_spending)",
        "(misuse_count == 0 and not over_standard_purchases)",
        "(misuse_count == 0 and within_stated_use)",
        "(misuse_count == 0 and accounting_sound)",
    )
    steps.append(
        ("procedure_compliance", cases(("not implementation_procedure", "0"), ("implementation_records", "4"), otherwise="2"))
    )
    listed("management_effectiveness", 3, "management_rules", "supervision")
    listed("self_evaluation_work", 3, "evaluation_team", "evaluation_evidence", "evaluation_accounts_checked")
    steps.append(("budget_control", cases(("budget_spent_share > 1", "0"), ("progress_matches", "3"), otherwise="1.5")))
    steps.append(("cost_control", cases(("project_cost_completion < 1", "0"), ("cost_compared", "2"), otherwise="1")))
    for result in evaluation.criteria:
        if result.entries and result.id != "cost_control":
            names = [entry.id for entry in result.entries]
            for name in names:
                steps.append((f"{name}_points", _proportional(f"{name}_completion", f"{result.weight} / {len(names)}")))
            steps.append((result.id, " + ".join(f"{name}_points" for name in names)))
    for group in reversed(evaluation.groups):  # in the file each group follows the one that it is in
        inside = [result.id for result in evaluation.criteria if result.criterion.group == group.id]
        inside += [f"{other.id}_sum" for other in evaluation.groups if other.group.parent == group.id]
        steps.append((f"{group.id}_sum", " + ".join(inside)))
    total = " + ".join(f"{group.id}_sum" for group in evaluation.groups if group.group.parent is None)
    criteria = tuple(result.id for result in evaluation.criteria)
    return Rubric(steps, criteria, dict.fromkeys(criteria, 2) | {"total": 1}, total, _zhanjiang_inputs)


def _proportional(x: str, weight: str) -> Cases:
    return cases((f"{x} >= 1", weight), (f"{x} <= 0", "0"), otherwise=f"{weight} * {x}")


def _completion(name: str, category: str, kind: str) -> str:
    target, actual = f"{name}_target", f"{name}_actual"
    if kind == "date":
        return f"{actual} <= {target} ? 1 : 0"
    if kind == "text":
        return f"{actual} == {target} ? 1 : 0"
    if category == "output.cost":
        return f"{actual} <= {target} ? 1 : {target} / {actual}"
    return f"{actual} / {target}"


def _zhanjiang_inputs(record: EvaluationRecord) -> Plain:
    """The record as numbers, truths and texts; dates as day numbers."""
    values: dict[str, Any] = {name: value if isinstance(value, str) else _number(value) for name, value in record.answers.items()}
    for entry in record.indicators:
        for name, quantity in (("target", entry.target), ("actual", entry.actual)):
            number = quantity.number if quantity.number is not None else quantity.latest and quantity.latest.toordinal()
            values[f"{entry.id}_{name}"] = quantity.text if number is None else _number(number)
    return values | {name: float(getattr(record.budget, name)) for name in ("spent", "received", "initial")}


def bands_rubric() -> Rubric:
    """20 criteria of four bands."""
    steps: Steps = [
        (f"c_{name}", cases((f"{name} >= 0.9", "5"), (f"{name} >= 0.8", "4"), (f"{name} >= 0.6", "3"), otherwise="0"))
        for name in NAMES
    ]
    criteria = tuple(name for name, _ in steps)
    return Rubric(steps, criteria, {}, " + ".join(criteria), lambda record: {name: float(record.answers[name]) for name in NAMES})


def _number(value: Any) -> Any:
    return value if isinstance(value, bool) else int(value) if value == int(value) else float(value)


class Answer(NamedTuple):
    """What every engine has to come to."""

    points: dict[str, Decimal]
    total: Decimal
    grade: str


def answer(rubric: Rubric, output: Plain) -> Answer:
    """What a peer says."""
    return Answer({name: _nine(output[name]) for name in rubric.criteria}, _nine(output["total"]), output["grade"])


def ours(evaluation: Evaluation) -> Answer:
    """What we say."""
    points = {result.id: _nine(result.points) for result in evaluation.criteria}
    return Answer(points, _nine(evaluation.total), evaluation.grade or "")


def _nine(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("1e-9"))


# --------------------------------------------------------------------------------------------------------------- zen-engine


def zen_expressions(rubric: Rubric) -> Callable[[Plain], Any]:
    """One expression node: points only."""
    steps = [*rubric.steps, ("total", rubric.total), ("grade", _grades("total"))]
    return _zen([_expression_node("score", steps, rubric)], [("in", "score"), ("score", "out")])


def zen_tables(rubric: Rubric) -> Callable[[Plain], Any]:
    """A decision table for each decision, between an expression node with what they read and one with sums: points and the row hit, as we give."""
    decisions = [(name, step) for name, step in rubric.steps if isinstance(step, Cases)]
    first = next((place for place, (_, step) in enumerate(rubric.steps) if isinstance(step, Cases)), 0)
    before = rubric.steps[:first]
    after = [(name, step) for name, step in rubric.steps[first:] if not isinstance(step, Cases)]
    after += [("total", rubric.total), ("grade", _grades("total"))]
    own = {name: name for name, step in decisions if name in rubric.rounded}
    after = [*own.items(), *after]  # points that a table gives are rounded afterwards
    nodes, edges, source = [], [], "in"
    if before:
        nodes.append(_expression_node("read", before, rubric, pass_on=True))
        edges.append(("in", "read"))
        source = "read"
    for name, decision in decisions:
        nodes.append(_table_node(name, decision))
        edges += [(source, nodes[-1]["id"]), (nodes[-1]["id"], "score")]
    nodes.append(_expression_node("score", after, rubric, pass_on=True))
    return _zen(nodes, [*edges, ("score", "out")])


def _expression_node(name: str, steps: Steps, rubric: Rubric, *, pass_on: bool = False) -> dict[str, Any]:
    made: set[str] = set()
    expressions = []
    for key, step in steps:
        text = re.sub(r"[a-z]\w*", lambda word: f"$.{word[0]}" if word[0] in made else word[0], str(step))
        digits = rubric.rounded.get(key)
        expressions.append({"id": key, "key": key, "value": text if digits is None else f"round({text}, {digits})"})
        made.add(key)
    content = {"expressions": expressions, "passThrough": pass_on}
    return {"id": name, "type": "expressionNode", "name": name, "content": content}


def _table_node(name: str, decision: Cases) -> dict[str, Any]:
    rules = [
        {"_id": f"row_{place}", "when": when, "points": value, "row": f"'row_{place}'"}
        for place, (when, value) in enumerate([*decision.cases, ("", decision.otherwise)], 1)
    ]
    outputs = [{"id": "points", "name": "points", "field": name}, {"id": "row", "name": "row", "field": f"{name}_row"}]
    content = {"hitPolicy": "first", "inputs": [{"id": "when", "name": "when"}], "outputs": outputs, "rules": rules}
    return {"id": f"table_{name}", "type": "decisionTableNode", "name": name, "content": content}


def _zen(nodes: list[dict[str, Any]], edges: list[tuple[str, str]]) -> Callable[[Plain], Any]:
    import zen

    ends = [{"id": "in", "type": "inputNode", "name": "in"}, {"id": "out", "type": "outputNode", "name": "out"}]
    links = [{"id": f"{source}-{target}", "type": "edge", "sourceId": source, "targetId": target} for source, target in edges]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": [*ends, *nodes], "edges": links}))
    return lambda values: decision.evaluate(values)["result"]


# -------------------------------------------------------------------------------------------------------------- rule-engine


def rule_engine(rubric: Rubric, example: Plain) -> Callable[[Plain], Any]:
    """Typed expressions, parsed once; what is added up is added up in Python, where it is faster."""
    import rule_engine as engine

    kinds = {name: _kind(engine, value) for name, value in example.items()}
    kinds |= {name: engine.DataType.FLOAT for name, _ in rubric.steps} | {"total": engine.DataType.FLOAT}
    context = engine.Context(type_resolver=engine.type_resolver_from_dict(kinds))
    rules: list[tuple[str, Callable[[Plain], Any] | None, list[str], int | None]] = []
    for name, text in [*rubric.steps, ("total", rubric.total), ("grade", _grades("total"))]:
        parts = str(text).split(" + ")
        adds = all(part in kinds for part in parts)
        evaluate = None if adds else engine.Rule(str(text), context=context).evaluate
        rules.append((name, evaluate, parts, rubric.rounded.get(name)))

    def score(values: Plain) -> Any:
        found = dict(values)
        for name, evaluate, parts, digits in rules:
            result = sum([found[part] for part in parts]) if evaluate is None else evaluate(found)
            found[name] = result if digits is None else round(result, digits)
        return found

    return score


def _kind(engine: Any, value: Any) -> Any:
    if isinstance(value, bool):
        return engine.DataType.BOOLEAN
    return engine.DataType.STRING if isinstance(value, str) else engine.DataType.FLOAT


def _grades(name: str) -> str:
    return " : (".join(f"{name} >= {cut} ? '{grade}'" for grade, cut in GRADES) + " : '差'" + ")" * (len(GRADES) - 1)
