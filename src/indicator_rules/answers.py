"""Answers (评价要点核实结果): what the record answers → values of the types that the ruleset asks for.

In: the ruleset's inputs and a record. Out: input id → value, for those that are answered, and problems for answers of another type. A bare
number for an `amount` is in the unit of the budget; a text such as `20万元` is in its own. A series may be one text, as a cell of a form holds it:
`2023-06-30 45万元；2023-12-31 80万元`, or a line each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from indicator_rules.errors import Problem, Where
from indicator_rules.exact import Exact, exact
from indicator_rules.messages import Phrase
from indicator_rules.plan import Question
from indicator_rules.quantity import QuantityError, money_factor, parse, shown
from indicator_rules.record import EvaluationRecord
from indicator_rules.record_parts import Point
from indicator_rules.value import Series, Value

YES = ("是", "有", "yes", "true", "√")
NO = ("否", "无", "no", "false", "×")


def read_answers(questions: Sequence[Question], record: EvaluationRecord) -> tuple[dict[str, Value | Series], list[Problem]]:
    """The answers to `questions`, and what is wrong with them."""
    values: dict[str, Value | Series] = {}
    problems: list[Problem] = []
    answers = record.answers
    for question in questions:
        name = question.id
        answer = answers.get(name)
        if answer is None:
            continue
        kind = question.type
        # The common ones first.
        if kind == "yes-no" and (answer is True or answer is False):
            values[name] = answer
            continue
        if kind == "number" and type(answer) is Decimal:
            values[name] = exact(answer)
            continue
        if isinstance(answer, tuple):
            series, refused = _series(question, answer, record)
            problems += refused
            if series is not None:
                values[question.id] = series
            continue
        if question.type == "series" and isinstance(answer, str):
            typed = _typed_series(question, answer, record)
            if typed is not None:
                values[name] = typed
            else:
                problems.append(
                    Problem("answer-series", Where("", ("answers", name)), {"text": shown(answer), "kind": _kind(question)})
                )
            continue
        value = _typed(question, answer, record)
        if value is None:
            where = Where("", ("answers", question.id))
            if question.type == "choice":
                problems.append(Problem("answer-choice", where, {"text": answer, "choices": ", ".join(question.choices)}))
            else:
                problems.append(Problem("answer-type", where, {"text": answer, "kind": _kind(question)}))
        else:
            values[question.id] = value
    return values, problems


def _series(question: Question, points: tuple[Point, ...], record: EvaluationRecord) -> tuple[Series | None, list[Problem]]:
    """The numbers of `points`, or None and what is wrong with them."""
    if question.type != "series":
        return None, [Problem("answer-type", Where("", ("answers", question.id)), {"text": "[…]", "kind": _kind(question)})]
    numbers = [_number(question.of, point.value, record) for point in points]
    problems = [
        Problem(
            "answer-type",
            Where("", ("answers", question.id, place, "value")),
            {"text": points[place].value, "kind": Phrase(f"rubric.type-{question.of}")},
        )
        for place, number in enumerate(numbers)
        if number is None
    ]
    dated = tuple((point.date, number) for point, number in zip(points, numbers, strict=True) if number is not None)
    return (None if problems else Series(dated)), problems


def _typed_series(question: Question, text: str, record: EvaluationRecord) -> Series | None:
    """The numbers of a series typed as text: a day and a number each, one below the other or with `；` between; None if any is not understood or a day
    stands twice."""
    points: dict[date, Exact] = {}
    for line in filter(None, map(str.strip, re.split(r"[;；\r\n]", text))):
        parts = re.fullmatch(r"(.*?[0-9日月])\s*(?:[:：,，]\s*|\s)(\S.*)", line)
        day = _date(parts[1].strip()) if parts else None
        number = _number(question.of, parts[2], record) if parts else None
        if not isinstance(day, date) or number is None or day in points:
            return None
        points[day] = number
    return Series(tuple(sorted(points.items()))) if points else None


def _kind(question: Question) -> Phrase:
    """The type asked for, in words."""
    of = (("of", Phrase(f"rubric.type-{question.of}")),) if question.type == "series" else ()
    return Phrase(f"rubric.type-{question.type}", of)


def _typed(question: Question, answer: bool | Decimal | str | date, record: EvaluationRecord) -> Value | None:
    """`answer` as a value of the type asked for, or None."""
    match question.type:
        case "yes-no":
            word = answer.strip().lower() if isinstance(answer, str) else ""
            return True if word in YES else False if word in NO else None
        case "choice":
            return answer if isinstance(answer, str) and answer in question.choices else None
        case "text":
            return answer if isinstance(answer, str) else None
        case "date":
            return _date(answer)
        case "series":
            return None
    return _number(question.type, answer, record)


def _date(answer: bool | Decimal | str | date) -> Value | None:
    if isinstance(answer, str):
        try:
            quantity = parse(answer)
        except QuantityError:
            return None
        # 2023年 is a span, not a day.
        return quantity.latest if quantity.earliest == quantity.latest else None
    return answer if isinstance(answer, date) else None


def _number(kind: str, answer: bool | Decimal | str | date, record: EvaluationRecord) -> Exact | None:
    """A count is whole and not negative; money is in 元."""
    unit: str | None = None
    if isinstance(answer, str):
        try:
            quantity = parse(answer)
        except QuantityError:
            return None
        if quantity.kind != "number" or quantity.number is None or quantity.direction is not None:
            return None
        number, unit = quantity.number, quantity.unit
    elif isinstance(answer, Decimal):
        number = exact(answer)
    else:
        return None
    if kind == "amount":
        if unit is None:
            factor = money_factor(record.budget.unit) if record.budget is not None else 1
            return exact(Fraction(number) * (factor or 1))
        return number if unit == "元" else None
    if unit == "元" or (kind == "count" and (unit == "%" or number < 0 or number.denominator != 1)):
        return None
    return number
