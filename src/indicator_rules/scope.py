"""Names and types in formulas: a parsed formula → the same tree with every name looked up, and the type of what it gives.

A `Scope` knows the record's fields, the ruleset's inputs and measures and, inside a scale over entries, the fields of an entry; each by id
and by Chinese label. `resolve` refuses what has no meaning (an unknown or ambiguous name, money + ratio, a truth where a number
belongs) with a `FormulaError` that says where in the formula.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from indicator_rules.expression import (
    Aggregate,
    And,
    Arithmetic,
    Call,
    Compare,
    Date,
    Name,
    Negative,
    Node,
    Not,
    Number,
    OneOf,
    Or,
    Ref,
    Text,
    Truth,
)
from indicator_rules.record_fields import CATEGORIES, Suggestions
from indicator_rules.syntax import FormulaError, folded


@dataclass(frozen=True, slots=True)
class Type:
    """What a formula gives. `unit`: `""` a pure number (ratios and counts too), `money`, or None where only the record can tell.
    `choices`: the texts that are possible, where they are a closed set."""

    kind: Literal["number", "truth", "text", "date", "series", "thing"]
    unit: Literal["", "money"] | None = ""
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "number":
            return {"money": "money 金额", "": "number 数值或比率", None: "number 数值"}[self.unit]
        names = {
            "truth": "yes-no 是否",
            "text": "text 文字",
            "date": "date 日期",
            "series": "series 按日期的数",
            "thing": "field 字段",
        }
        return names[self.kind]


NUMBER = Type("number")
MONEY = Type("number", "money")
UNSURE = Type("number", None)
TRUTH = Type("truth")
TEXT = Type("text")
DATE = Type("date")
THING = Type("thing")
"""Something that can only be asked for with `present`."""

KINDS = ("project", "department", "transfer")
PROJECT_TYPES = ("new", "continuing", "one-off", "recurring")

RECORD_FIELDS: dict[str, tuple[tuple[str, ...], Type]] = {
    "budget.expected": (("预期投入",), MONEY),
    "budget.initial": (("年初预算数", "年初预算"), MONEY),
    "budget.added": (("本年追加",), MONEY),
    "budget.adjusted": (("全年预算数",), MONEY),
    "budget.released": (("指标下达",), MONEY),
    "budget.received": (("实际到位",), MONEY),
    "budget.spent": (("实际支出", "全年执行数"), MONEY),
    "budget.carried_in": (("上年结转",), MONEY),
    "budget.carried_out": (("年末结余",), MONEY),
    "year": (("评价年度",), NUMBER),
    "total_weight": (("指标权重合计",), NUMBER),
    "subject.kind": (("评价对象类型",), Type("text", choices=KINDS)),
    "subject.project_type": (("项目性质",), Type("text", choices=PROJECT_TYPES)),
    "subject.region": (("地区",), TEXT),
    "subject.department": (("主管部门",), TEXT),
    "subject.unit": (("实施单位",), TEXT),
    "subject.as_of": (("截止日",), DATE),
}
ENTRY_FIELDS: dict[str, tuple[tuple[str, ...], Type]] = {
    "entry.completion": (("完成率",), NUMBER),
    "entry.actual": (("实际完成值",), UNSURE),
    "entry.target": (("年度指标值",), UNSURE),
    "entry.initial_target": (("年初指标值",), UNSURE),
    "entry.prior": (("上年值",), UNSURE),
    "entry.weight": (("指标权重",), NUMBER),
    "entry.id": (("指标编号",), TEXT),
    "entry.name": (("指标名称",), TEXT),
    "entry.category": (("指标类别",), TEXT),
    "entry.level": (("达成程度",), TEXT),
    "entry.unit": (("计量单位",), TEXT),
    "entry.reason": (("偏差原因",), TEXT),
    "entry.evidence": (("佐证",), TEXT),
    "entry.part_of": (("所属指标",), TEXT),
    "entry.key": (("核心指标",), TRUTH),
    "entry.counts": (("调查份数",), THING),
}
THIS = ("this", "本指标")
"""What stands before a field (`this.id`) to mean the entry that a formula is about, inside an aggregate too."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a formula may use: what is typed → the key paths it can mean."""

    names: dict[str, tuple[str, ...]]
    types: dict[str, Type]
    entry: bool = False
    suggestions: Suggestions = field(default_factory=Suggestions)

    @staticmethod
    def of(fields: dict[str, tuple[tuple[str, ...], Type]]) -> Scope:
        """A scope of fields: key path → its Chinese labels and its type."""
        scope = Scope({}, {})
        for path, (labels, kind) in fields.items():
            scope.add(path, (path, *labels), kind)
        return scope

    def add(self, path: str, names: Iterable[str], kind: Type) -> None:
        """Let `names` mean `path`, too."""
        self.types[path] = kind
        for name in names:
            # A label with full-width digits is found when it is typed without backticks, too.
            for spelling in {name, folded(name)}:
                self.names[spelling] = tuple(dict.fromkeys((*self.names.get(spelling, ()), path)))

    def inside_entry(self) -> Scope:
        """The scope of a formula about an entry: the entry's own fields hide others of the same name, and `this.x` is the same as `x`."""
        return self._with_fields("entry.")

    def inside_aggregate(self) -> Scope:
        """The scope of an aggregate: `x` is a field of the entry counted, `this.x` one of the entry that the whole formula is about."""
        return self._with_fields("this." if self.entry else None)

    def _with_fields(self, this: str | None) -> Scope:
        """The scope in which `x` is a field of an entry, and `this.x` the field of that name below the path `this`, if there is one."""
        inner = Scope(dict(self.names), dict(self.types), entry=True, suggestions=self.suggestions)
        for path, (labels, kind) in ENTRY_FIELDS.items():
            own = path.removeprefix("entry.")
            inner.types[path] = inner.types[f"this.{own}"] = kind
            for name in (own, *labels):
                inner.names[name] = (path,)
                if this is not None:
                    inner.names.update({f"{before}.{name}": (this + own,) for before in THIS})
        return inner

    def with_weight(self) -> Scope:
        """The scope of an award, where `weight` is the weight in force."""
        inner = Scope(dict(self.names), dict(self.types), self.entry, self.suggestions)
        inner.types["weight"] = NUMBER
        for name in ("weight", "分值"):
            inner.names[name] = ("weight",)
        return inner

    def look_up(self, name: Name) -> Ref:
        """What `name` stands for."""
        paths = self.names.get(name.text, ())
        if len(paths) == 1:
            return Ref(paths[0], self.types[paths[0]].kind, at=name.at)
        if paths:
            raise FormulaError("name-ambiguous", name.at, text=name.text, meanings=", ".join(paths))
        if name.text.partition(".")[0] in THIS and name.text not in THIS:
            raise FormulaError("this-without-entry", name.at, text=name.text)
        raise FormulaError("name-unknown", name.at, text=name.text, **self.suggestions(name.text, self.names))

    def resolve(self, node: Node) -> tuple[Node, Type]:
        """The tree with names looked up, and its type."""
        return _Resolver(self).resolve(node)


@dataclass(slots=True)
class _Resolver:
    scope: Scope
    in_aggregate: bool = False

    def resolve(self, node: Node) -> tuple[Node, Type]:
        match node:
            case Number():
                return node, Type("number", node.unit)
            case Text():
                return node, Type("text", choices=(node.value,))
            case Date():
                return node, DATE
            case Truth():
                return node, TRUTH
            case Name():
                ref, kind = self.named(node)
                if kind.kind == "series":
                    raise FormulaError("series-alone", node.at, text=node.text)
                return ref, kind
            case Negative():
                operand, kind = self.number(node.operand)
                return replace(node, operand=operand), kind
            case Arithmetic():
                return self.arithmetic(node)
            case Compare():
                return self.compare(node), TRUTH
            case OneOf():
                return self.one_of(node), TRUTH
            case And() | Or():
                return replace(node, operands=tuple(self.truth(operand) for operand in node.operands)), TRUTH
            case Not():
                return replace(node, operand=self.truth(node.operand)), TRUTH
            case Call():
                return self.call(node)
            case Aggregate():
                return self.aggregate(node)
        raise AssertionError(node)

    def named(self, node: Name) -> tuple[Node, Type]:
        ref = self.scope.look_up(node)
        return ref, self.scope.types[ref.path]

    def number(self, node: Node) -> tuple[Node, Type]:
        found, kind = self.resolve(node)
        if kind.kind != "number":
            raise FormulaError("not-a-number-here", node.at, text=str(node), kind=str(kind))
        return found, kind

    def truth(self, node: Node) -> Node:
        found, kind = self.resolve(node)
        if kind.kind != "truth":
            raise FormulaError("not-a-condition", node.at, text=str(node), kind=str(kind))
        return found

    def arithmetic(self, node: Arithmetic) -> tuple[Node, Type]:
        left, left_type = self.resolve(node.left)
        right, right_type = self.resolve(node.right)
        if node.sign == "-" and left_type.kind == right_type.kind == "date":
            return replace(node, left=left, right=right), NUMBER
        for part, kind in ((node.left, left_type), (node.right, right_type)):
            if kind.kind != "number":
                raise FormulaError("not-a-number-here", part.at, text=str(part), kind=str(kind))
        result = replace(node, left=left, right=right)
        if node.sign in "+-":
            return result, self.same_unit(node, left_type, right_type)
        return result, self.scaled(node, left_type, right_type)

    def same_unit(self, node: Arithmetic | Compare, left: Type, right: Type) -> Type:
        if left.unit == right.unit or None in (left.unit, right.unit):
            return left if left.unit is not None else right
        if _is_zero(node.left) or _is_zero(node.right):
            return MONEY
        raise FormulaError("unit-mismatch", node.at, left=f"{node.left} ({left})", right=f"{node.right} ({right})")

    def scaled(self, node: Arithmetic, left: Type, right: Type) -> Type:
        if None in (left.unit, right.unit):
            # 实际完成值 / 年度指标值 of one entry have one unit: a ratio.
            return NUMBER if node.sign == "/" and left.unit == right.unit else UNSURE
        if node.sign == "/" and right.unit == "money":
            if left.unit == "money":
                return NUMBER
            raise FormulaError("unit-mismatch", node.at, left=f"{node.left} ({left})", right=f"{node.right} ({right})")
        if left.unit == right.unit == "money":
            raise FormulaError("unit-mismatch", node.at, left=f"{node.left} ({left})", right=f"{node.right} ({right})")
        return MONEY if "money" in (left.unit, right.unit) else NUMBER

    def compare(self, node: Compare) -> Node:
        left, left_type = self.resolve(node.left)
        right, right_type = self.resolve(node.right)
        self.comparable(node, left_type, right_type)
        return replace(node, left=left, right=right)

    def comparable(self, node: Compare, left: Type, right: Type) -> None:
        if left.kind != right.kind or left.kind == "thing":
            raise FormulaError("cannot-compare", node.at, left=f"{node.left} ({left})", right=f"{node.right} ({right})")
        if left.kind == "number":
            self.same_unit(node, left, right)
        elif left.kind in ("text", "truth") and node.operator not in ("=", "!="):
            raise FormulaError("no-order", node.at, text=str(node.left), operator=node.operator)
        elif left.kind == "text":
            _possible(node.right, right, left, self.scope.suggestions)
            _possible(node.left, left, right, self.scope.suggestions)

    def one_of(self, node: OneOf) -> Node:
        operand, kind = self.resolve(node.operand)
        options: list[Node] = []
        for option in node.options:
            found, option_type = self.resolve(option)
            self.comparable(Compare("=", node.operand, option, at=option.at), kind, option_type)
            options.append(found)
        return replace(node, operand=operand, options=tuple(options))

    def call(self, node: Call) -> tuple[Node, Type]:
        if node.function == "present":
            (asked,) = node.arguments
            found, _ = self.named(asked) if isinstance(asked, Name) else self.resolve(asked)
            return replace(node, arguments=(found,)), TRUTH
        if node.function == "value_at":
            return self.value_at(node)
        resolved = [self.resolve(argument) for argument in node.arguments]
        result = replace(node, arguments=tuple(found for found, _ in resolved))
        kinds = [kind for _, kind in resolved]
        wanted = "date" if node.function in ("months_late", "years_late") else "number"
        if node.function != "first_of":
            for argument, kind in zip(node.arguments, kinds, strict=True):
                if kind.kind != wanted:
                    raise FormulaError(
                        "not-a-number-here" if wanted == "number" else "not-a-date",
                        argument.at,
                        text=str(argument),
                        kind=str(kind),
                    )
        if node.function == "date":
            return result, DATE
        if wanted == "date":
            return result, NUMBER
        return result, self.common(node, kinds)

    def value_at(self, node: Call) -> tuple[Node, Type]:
        """A number of a series, in its unit."""
        of, day = node.arguments
        series, kind = self.named(of) if isinstance(of, Name) else self.resolve(of)
        if kind.kind != "series":
            raise FormulaError("not-a-series", of.at, text=str(of), kind=str(kind))
        found, day_type = self.resolve(day)
        if day_type.kind != "date":
            raise FormulaError("not-a-date", day.at, text=str(day), kind=str(day_type))
        return replace(node, arguments=(series, found)), Type("number", kind.unit)

    def common(self, node: Call, kinds: list[Type]) -> Type:
        first = kinds[0]
        for argument, kind in zip(node.arguments[1:], kinds[1:], strict=True):
            pair = Compare("=", node.arguments[0], argument, at=argument.at)
            if kind.kind != first.kind:
                raise FormulaError("cannot-compare", argument.at, left=f"{pair.left} ({first})", right=f"{argument} ({kind})")
            if first.kind == "number":
                first = self.same_unit(pair, first, kind)
            elif first.kind == "text":
                first = Type("text", choices=(*first.choices, *kind.choices) if first.choices and kind.choices else ())
        return first

    def aggregate(self, node: Aggregate) -> tuple[Node, Type]:
        if self.in_aggregate:
            raise FormulaError("aggregate-nested", node.at, text=node.function)
        inner = _Resolver(self.scope.inside_aggregate(), in_aggregate=True)
        value, kind = (None, NUMBER) if node.value is None else inner.number(node.value)
        where = None if node.where is None else inner.truth(node.where)
        for path in node.categories:
            if path not in CATEGORIES:
                raise FormulaError("category-unknown", node.at, text=path, **self.scope.suggestions(path, CATEGORIES))
        return replace(node, value=value, where=where), kind


def _is_zero(node: Node) -> bool:
    return isinstance(node, Number) and node.value == 0


def _possible(text: Node, kind: Type, other: Type, suggestions: Suggestions) -> None:
    """A literal that the other side can never be is a slip of the pen."""
    if isinstance(text, Text) and other.choices and kind.choices and kind.choices[0] not in other.choices:
        raise FormulaError(
            "choice-unknown",
            text.at,
            text=text.value,
            choices=", ".join(other.choices),
            **suggestions(text.value, other.choices),
        )
