"""Findings (提示): what a reviewer should be told about a record; made when someone asks, and never part of a score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from indicator_rules import messages
from indicator_rules.completion import EntryFacts, Settings, categories_below
from indicator_rules.entries import KINDS, Members
from indicator_rules.evaluation import CriterionResult, Finding
from indicator_rules.exact import Exact, add_all, exact, to_decimal, to_percent, to_text
from indicator_rules.expression import Ref
from indicator_rules.facts import Facts
from indicator_rules.measure import Readers
from indicator_rules.plan import Entries, Plan
from indicator_rules.plan import Finding as Rule
from indicator_rules.record_fields import category_label
from indicator_rules.record_parts import Indicator
from indicator_rules.ruleset import MessagePart
from indicator_rules.scope import RECORD_FIELDS
from indicator_rules.spec_fields import Label
from indicator_rules.value import Absent, Value

YES_NO = {"zh": ("是", "否"), "en": ("yes", "no")}
ENTRY_UNSCORED = "entry-unscored"
"""The code of the finding about an entry that no rule takes."""
UNSCORED = ("not_applicable", "out_of_force")
"""Rows of criteria that nothing was read for."""


def findings(
    plan: Plan,
    readers: Readers,
    facts: Facts,
    results: Sequence[CriterionResult],
    members: Mapping[str, Members],
    chosen_set: int,
    whole: Exact,
    split_equally: set[str],
) -> tuple[Finding, ...]:
    """The ruleset's findings, then the library's own."""
    entries = _entries(plan, facts, members)
    found = [finding for rule in plan.findings for finding in _of_rule(rule, readers, facts, entries)]
    found += _entry_weights(results, members, split_equally)
    found += _weights(plan, members, chosen_set)
    if whole != plan.full_score:
        found.append(own("weights-sum", "", sum=to_text(whole), full=to_text(plan.full_score)))
    found += _completions(entries)
    found += _applies(plan, facts)
    found += _funds(facts)
    found += _not_read(plan, facts, results)
    found += _not_scored(plan, facts)
    return tuple(found)


def _entries(plan: Plan, facts: Facts, members: Mapping[str, Members]) -> list[EntryFacts]:
    """Every entry once, read with the settings of the first criterion that scores it, or the ruleset's own."""
    settings: dict[str, Settings] = {}
    own_settings = Settings.of(plan.completion)
    for criterion in plan.criteria:
        if criterion.entries is not None and criterion.id not in facts.not_applicable:
            of_criterion = Settings.of(criterion.entries.completion)
            for entry in members[criterion.id].applicable:
                settings.setdefault(entry.id, of_criterion)
    year, ratings = facts.record.subject.year, facts.record.assessments.indicators
    return [
        EntryFacts(entry, year, settings.get(entry.id, own_settings), ratings.get(entry.id, ()), plan.rounding.measure)
        for entry in facts.record.indicators
    ]


def _of_rule(rule: Rule, readers: Readers, facts: Facts, entries: Sequence[EntryFacts]) -> Iterator[Finding]:
    when = readers.reader(rule.when)
    for entry in entries if rule.for_entries else (None,):
        facts.entry = entry
        if when(facts) is True:
            texts = {lang: "".join(_part(part, readers, facts, lang) for part in parts) for lang, parts in rule.message.items()}
            yield Finding(rule.id, entry.id if entry is not None else "", texts)
    facts.entry = None


def _part(part: MessagePart, readers: Readers, facts: Facts, lang: str) -> str:
    if part.node is None:
        return part.text
    name = part.node.path.removeprefix("entry.") if isinstance(part.node, Ref) else ""
    if name in Indicator.VALUES and not part.percent and facts.entry is not None:
        # 159万元 and 2023年11月底前 read better as they were typed.
        typed = facts.entry.typed(name)
        if typed is not None:
            return typed
    return _shown(readers.reader(part.node)(facts), lang, percent=part.percent)


def _shown(value: Value, lang: str, *, percent: bool) -> str:
    """A value inside a sentence; a number with no end is a fraction."""
    if isinstance(value, Absent):
        return "—"
    if isinstance(value, bool):
        return YES_NO[lang][not value]
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if percent:
        return to_percent(value)
    number = to_decimal(value)
    return to_text(value) if not hasattr(number, "limit_denominator") else f"{value.numerator}/{value.denominator}"


def own(code: str, subject: str, **values: object) -> Finding:
    """A finding of the library's own."""
    return Finding(code, subject, {lang: messages.text(f"findings.{code}", values, lang) for lang in messages.LANGUAGES})


def _entry_weights(
    results: Sequence[CriterionResult], members: Mapping[str, Members], split_equally: set[str]
) -> Iterator[Finding]:
    for result in results:
        criterion = result.criterion
        if result.row in UNSCORED or criterion.entries is None or criterion.entries.weights == "equal" or not result.entries:
            continue
        label, weight = criterion.label, to_text(result.exact_weight)
        recorded = [exact(entry.weight) for entry in members[criterion.id].every if entry.weight is not None]
        if criterion.id in split_equally:
            yield own("entry-weights-equal", criterion.id, label=label, count=len(result.entries), weight=weight)
        elif recorded and add_all(recorded) != result.exact_weight and not members[criterion.id].by_goal:
            yield own("entry-weights-sum", criterion.id, label=label, sum=to_text(add_all(recorded)), weight=weight)


def _weights(plan: Plan, members: Mapping[str, Members], chosen_set: int) -> Iterator[Finding]:
    chosen = dict(plan.weights[chosen_set]) if chosen_set >= 0 else {}
    for criterion in plan.criteria:
        weight, rule = criterion.weight.default, criterion.weight
        if rule.from_record and criterion.id not in chosen and criterion.id in members:
            recorded = members[criterion.id].recorded_weight
            weight = weight if recorded is None else recorded
            if (rule.low is not None and weight < rule.low) or (rule.high is not None and weight > rule.high):
                low, high = "0" if rule.low is None else to_text(rule.low), "∞" if rule.high is None else to_text(rule.high)
                yield own("weight-out-of-bounds", criterion.id, label=criterion.label, weight=to_text(weight), low=low, high=high)


def _completions(entries: Sequence[EntryFacts]) -> Iterator[Finding]:
    for entry in entries:
        if entry.note is not None:
            actual = entry.indicator.actual
            yield own(entry.note, entry.id, name=entry.indicator.name, text="" if actual is None else actual.text)
        if _unsigned_zero(entry):
            yield own("zero-target-unsigned", entry.id, name=entry.indicator.name)


def _unsigned_zero(entry: EntryFacts) -> bool:
    """A target of 0 that is taken as ≥ only because nobody typed a sign: 安全事故 0起 surely means ≤."""
    target = entry.indicator.target
    signed = entry.indicator.direction is not None or target is None or target.direction is not None
    return not signed and target is not None and target.number == 0 and entry.direction == ">="


def _applies(plan: Plan, facts: Facts) -> Iterator[Finding]:
    """A ruleset that was named is used, also for a record that it is not for; that should be known."""
    subject, applies = facts.record.subject, plan.applies
    if subject.year not in applies.years or subject.kind not in applies.subjects:
        yield own("not-for-record", "", name=f"{plan.family}@{plan.edition}", year=subject.year, kind=subject.kind)


def _funds(facts: Facts) -> Iterator[Finding]:
    """Rows of funds that do not add up to the budget; only where every row has the amount."""
    funds, budget = facts.record.funds, facts.record.budget
    if not funds or budget is None:
        return
    for name in budget.NAMES:
        amounts = [row.amount(name) for row in funds]
        given = [amount for amount in amounts if amount is not None]
        whole = budget.amount(name)
        if whole is not None and len(given) == len(amounts) and sum(given) != whole:
            label = RECORD_FIELDS[f"budget.{name}"][0][0]
            yield own("funds-disagree", f"budget.{name}", name=label, sum=to_text(add_all(given)), budget=to_text(whole))


def _not_read(plan: Plan, facts: Facts, results: Sequence[CriterionResult]) -> Iterator[Finding]:
    """Assessments and answers that no rule read."""
    record = facts.record
    read = {result.id for result in results if result.criterion.scale.by_person and result.row not in UNSCORED}
    labels = {criterion.id: criterion.label for criterion in plan.criteria}
    for name in sorted(record.assessments.criteria):
        if name not in read:
            yield own("assessment-unused", name, text=labels.get(name, f"criteria.{name}"))
    scales = [(result.criterion.entries, {entry.id for entry in result.entries}) for result in results if result.entries]
    for name in sorted(record.assessments.indicators):
        if not any(name in ids and _entry_reads_person(entries, name, facts) for entries, ids in scales):
            yield own("assessment-unused", name, text=record.indicator_by_id[name].name)
    asked = {question.id for question in plan.questions}
    for name in sorted(record.answers):
        if name not in asked:
            yield own("answer-unused", name, text=f"answers.{name}")
    criteria = {result.id for result in results}
    for section in ("not_applicable", "deductions"):
        for name in sorted(getattr(record, section).criteria):
            if name not in criteria:
                yield own("key-unused", name, text=f"{section}.criteria.{name}")


def _not_scored(plan: Plan, facts: Facts) -> Iterator[Finding]:
    """Entries that no rule takes, under a ruleset that does score entries: somebody thinks that they count."""
    scored = [criterion.entries.categories for criterion in plan.criteria if criterion.entries is not None]
    taken = categories_below(path for paths in (*scored, plan.counted) for path in paths)
    for entry in facts.record.indicators if scored else ():
        if entry.category not in taken:
            category = Label(zh=category_label(entry.category, "zh"), en=entry.category)
            yield own(ENTRY_UNSCORED, entry.id, name=entry.name, category=category)


def _entry_reads_person(entries: Entries | None, name: str, facts: Facts) -> bool:
    indicator = facts.record.indicator_by_id[name]
    if entries is None:
        return False
    settings = Settings.of(entries.completion)
    entry = EntryFacts(indicator, facts.record.subject.year, settings, (), None)
    kind = KINDS.get(entry.direction, "quantitative")
    return any(scale.by_person or kind == "qualitative" for named, scale in entries.scales if named == kind)
