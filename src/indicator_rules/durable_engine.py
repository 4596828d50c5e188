"""durable-rules behind a fence: the only module that touches its C engine, and the only way it is touched.

In: rules and exact values, as `engine` defines them. Out: the indexes of the rules that the C engine fired. Guaranteed: the
answers of the plain matcher, or `EvaluationError`; from many threads, after fork, after any exception.

What it does against what durable-rules 2.0.28 does wrong (crash, hang or answer wrongly on well-formed input):

- The engine sees integers only. Per slot, k is the most decimals of any cut; `x ≥ cut` is asked as `⌊x·10^k⌋ ≥ cut·10^k`, `x < cut`
  as `⌊x·10^k⌋ < cut·10^k`, and `≤`, `>` as the same two questions about -x (⌊-x⌋ = -⌈x⌉), so two operators are enough. Values are
  clamped to one below the lowest and one above the highest cut, which changes no answer. Where cuts have no finite decimals or
  are too large, the integer is the value's rank among the sorted cuts (2i + 1 on cut i, even between): as exact.
- An engine ruleset has at most `MOST_RULES` rules and as many fields. On the engine's stack (64 places, error 303) every entry
  stands for different rules, and its tables (512 places, a full one hangs) hold at most one entry per rule: neither can fill.
- Names of rules and fields are single letters: the engine compares 32-bit FNV-1a hashes only, and those of one byte all differ.
- The last rule of each engine ruleset is a sentinel that every assert fires: no sentinel, no answer. It also stands for the
  rules without terms.
- A session (one `sid`) is used by one thread at a time: popped from a list, asserted, drained, retracted, pushed back. There is
  no lock that fork could leave locked. After any exception the session is thrown away.
- Deleting a state in which no action ever ran frees uninitialised memory: every session fires its sentinel once before use.
"""

from __future__ import annotations

import json
import struct
import weakref
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from importlib.metadata import version
from string import ascii_letters
from typing import Protocol, TypeAlias, cast

import durable_rules_engine  # a C module without stubs: `_Library` is its type

from indicator_rules.engine import Matcher, Rule, Term, Values
from indicator_rules.errors import EvaluationError
from indicator_rules.exact import Exact, decimal_places
from indicator_rules.table import MOST_TERMS

MOST_RULES = len(ascii_letters) - 1
"""Rules in one engine ruleset, without the sentinel; fields, too. Must stay below the engine's stack of 64."""
MOST_SESSIONS = 64
"""States in one engine ruleset (the engine takes 1,024, each up to 1 MB). More callers at once get a copy of the ruleset."""
MOST_FIRINGS = 4 * MOST_RULES
"""A drain that goes on for longer is not draining."""
MOST_READY = 16
"""Integers of one field whose texts are kept ready: truths, counts and places in a list of texts."""
LARGEST = 2**53 if struct.calcsize("l") == 8 else 2**31
"""Integers stay below this: the engine keeps those of rules in a C `long` (32 bits on Windows)."""

_FIRINGS = range(MOST_FIRINGS)
_SENTINEL = ascii_letters[-1]
_NAMES = ascii_letters[:-1]
_END = f',"{_SENTINEL}":1}}'

Condition: TypeAlias = tuple[int, int, str, int]
"""Slot, sign (+1: the value, -1: the negated value), `$gte` or `$lt`, integer."""
Conjunction: TypeAlias = tuple[Condition, ...]
Source: TypeAlias = tuple[int, int]
"""Slot and sign: what one field of the engine holds."""
_Field: TypeAlias = tuple[int, dict[Exact, str], Callable[[Exact], str]]
"""Slot, what the engine is told of the values met most, and how any other value is told."""


class _Library(Protocol):
    """The seven functions of the C module that are safe in this order; it has some twenty more."""

    error: type[Exception]

    def create_ruleset(self, name: str, definition: str) -> int: ...
    def delete_ruleset(self, handle: int) -> None: ...
    def assert_fact(self, handle: int, fact: str) -> tuple[int, int]: ...
    def retract_fact(self, handle: int, fact: str) -> tuple[int, int]: ...
    def start_action_for_state(self, handle: int, state: int) -> tuple[str, str] | None: ...
    def complete_and_start_action(self, handle: int, state: int) -> str | None: ...
    def delete_state(self, handle: int, sid: str) -> None: ...


_library = cast(_Library, durable_rules_engine)


class DurableEngine:
    """Matches with durable-rules."""

    name = "durable-rules"

    def __init__(self) -> None:
        self.version = version("durable_rules")

    def prepare(self, slots: int, rules: Sequence[Rule]) -> Matcher:
        """A matcher for `rules` over `slots` values. What it holds in the engine is freed with it."""
        grids = _grids(rules)
        indexes: defaultdict[Conjunction, list[int]] = defaultdict(list)
        for index, rule in enumerate(rules):
            indexes[_conjunction(rule, grids)].append(index)
        always = tuple(indexes.pop((), ()))
        hands = _deal(indexes) or ([[]] if always else [])
        parts = [_part(hand, indexes, grids, () if number else always) for number, hand in enumerate(hands)]
        return parts[0] if len(parts) == 1 else _DurableMatcher(parts)


@dataclass(frozen=True, slots=True)
class _Grid:
    """How one slot's values become integers: times `scale`, rounded down; or as a rank among `cuts` where `scale` is None."""

    cuts: tuple[Exact, ...]
    scale: int | None

    def integer(self, cut: Exact) -> int:
        return int(cut * self.scale) if self.scale else 2 * bisect_left(self.cuts, cut) + 1

    def field(self, slot: int, sign: int, name: str) -> _Field:
        """How the engine is told the value of `slot`, or with `sign` −1 the negated value."""
        text, cuts = f',"{name}":', self.cuts
        known: dict[Exact, str] = {}
        scale = self.scale
        if scale is None:

            def ranked(value: Exact) -> str:
                place = bisect_left(cuts, value)
                return f"{text}{sign * (2 * place + (place < len(cuts) and cuts[place] == value))}"

            return slot, known, ranked
        ends = sign * self.integer(cuts[0]), sign * self.integer(cuts[-1])
        least, most, factor = min(ends) - 1, max(ends) + 1, sign * scale
        ready = [f"{text}{number}" for number in range(least, most + 1)] if most - least < MOST_READY else []

        def rounded(value: Exact) -> str:
            if type(value) is Fraction:
                numerator, denominator = value.as_integer_ratio()
                number = numerator * factor // denominator
            else:
                number = int(value) * factor
            number = least if number < least else most if number > most else number  # noqa: FURB136 (twice as fast)
            return ready[number - least] if ready else f"{text}{number}"

        near = sorted({sign * number // scale for number in (least, most)})
        if near[-1] - near[0] < MOST_READY:
            known |= {value: rounded(value) for value in range(near[0] - 1, near[-1] + 2)}
        return slot, known, rounded


def _grids(rules: Sequence[Rule]) -> dict[int, _Grid]:
    """A grid for every slot that a rule asks about."""
    cuts: defaultdict[int, set[Exact]] = defaultdict(set)
    for rule in rules:
        for slot, _, cut in rule:
            cuts[slot].add(cut)
    return {slot: _Grid(tuple(sorted(values)), _scale(values)) for slot, values in cuts.items()}


def _scale(cuts: Iterable[Exact]) -> int | None:
    """The power of ten that makes all cuts integers, or None if there is none or the engine could not hold them."""
    most = 0
    for cut in cuts:
        places = decimal_places(cut)
        if places is None:
            return None
        most = max(most, places)
    scale = 10**most
    return scale if all(abs(cut) * scale < LARGEST - 1 for cut in cuts) else None


def _conjunction(rule: Rule, grids: dict[int, _Grid]) -> Conjunction:
    """The rule as the engine is asked it, in one order, so that equal rules are asked once."""
    conditions = {condition for term in rule for condition in _conditions(term, grids[term[0]])}
    if len(conditions) > MOST_TERMS:
        raise EvaluationError(f"a guard of {len(conditions)} terms reached the engine, which takes {MOST_TERMS}")
    return tuple(sorted(conditions))


def _conditions(term: Term, grid: _Grid) -> tuple[Condition, ...]:
    slot, operator, cut = term
    integer = grid.integer(cut)
    match operator:
        case ">=":
            return ((slot, 1, "$gte", integer),)
        case "<":
            return ((slot, 1, "$lt", integer),)
        case "<=":
            return ((slot, -1, "$gte", -integer),)
        case ">":
            return ((slot, -1, "$lt", -integer),)
        case "=":
            return ((slot, 1, "$gte", integer), (slot, -1, "$gte", -integer))


def _sources(conjunction: Conjunction) -> set[Source]:
    return {(slot, sign) for slot, sign, _, _ in conjunction}


def _deal(conjunctions: Iterable[Conjunction]) -> list[list[Conjunction]]:
    """Few engine rulesets, with rules over the same slots in the same one, so that an assert sends each value once."""
    hands: list[list[Conjunction]] = []
    held: set[Source] = set()
    for conjunction in sorted(conjunctions, key=lambda conjunction: [slot for slot, _, _, _ in conjunction]):
        sources = _sources(conjunction)
        if not hands or len(hands[-1]) == MOST_RULES or len(held | sources) > MOST_RULES:
            hands.append([])
            held = set()
        hands[-1].append(conjunction)
        held |= sources
    return hands


def _part(
    hand: Sequence[Conjunction], indexes: dict[Conjunction, list[int]], grids: dict[int, _Grid], always: tuple[int, ...]
) -> _Part:
    """One engine ruleset: its definition, what its rules' names stand for and the fields it reads."""
    sources = sorted(set().union(*map(_sources, hand)))
    fields = dict(zip(sources, _NAMES, strict=False))
    definition: dict[str, object] = {}
    rules: dict[str, tuple[int, ...]] = {}
    for name, conjunction in zip(_NAMES, hand, strict=False):
        terms = [{operator: {fields[slot, sign]: integer}} for slot, sign, operator, integer in conjunction]
        definition[name] = {"all": [{"m": terms[0] if len(terms) == 1 else {"$and": terms}}]}
        rules[name] = tuple(indexes[conjunction])
    definition[_SENTINEL] = {"all": [{"m": {"$gte": {_SENTINEL: 1}}}]}  # last, for the engine fires in this order
    rules[_SENTINEL] = always
    told = [grids[slot].field(slot, sign, name) for (slot, sign), name in fields.items()]
    return _Part(json.dumps(definition, separators=(",", ":")), rules, told)


@dataclass(slots=True, eq=False)
class _Copy:
    """One ruleset in the engine."""

    handle: int
    deletable: set[str] = field(default_factory=set)
    """Session ids in which the sentinel has fired: the engine can delete these states, and would crash on others."""


@dataclass(frozen=True, slots=True, eq=False)
class _Session:
    """One state of a ruleset in the engine, with the calls that it is used by."""

    copy: _Copy
    sid: str
    head: str
    tell: Callable[[str], object]
    start: Callable[[], tuple[str, str] | None]
    proceed: Callable[[], str | None]
    forget: Callable[[], object]


class _Part:
    """One engine ruleset of a matcher, with its idle sessions."""

    def __init__(self, definition: str, rules: dict[str, tuple[int, ...]], fields: Sequence[_Field]) -> None:
        self._definition = definition
        self._rules = rules
        self._fields = fields
        self._copies: list[_Copy] = []
        self._unopened: list[tuple[_Copy, str]] = []
        self._idle: list[_Session] = []
        weakref.finalize(self, _drop, self._copies).atexit = False  # at exit other threads may still be matching
        self._idle.append(self._open())

    def match(self, values: Values) -> list[int]:
        """The rules that the engine fires."""
        facts = ""
        for slot, known, told in self._fields:
            value = values[slot]
            if value is not None:
                # Looking a fraction up takes longer than telling it.
                facts += told(value) if type(value) is Fraction or value not in known else known[value]
        try:
            session = self._idle.pop()
        except IndexError:
            session = self._open()
        try:
            hits = self._fire(session, facts)
        except BaseException as error:
            self._discard(session)
            if isinstance(error, (_library.error, KeyError)):
                raise EvaluationError(f"durable-rules failed: {error}") from error
            raise
        self._idle.append(session)
        return hits

    def _fire(self, session: _Session, facts: str) -> list[int]:
        """The rules that fire; `facts` are the rest of a message between a session's `head` and the sentinel."""
        rules, proceed = self._rules, session.proceed
        session.tell(f"{session.head}{facts}{_END}")
        started = session.start()
        if started is None:
            raise EvaluationError("durable-rules fired no rule, not even the one that always holds")
        name = started[1][2]  # messages are `{"a":{"m":{…}}}`
        hits = [*rules[name]]
        for _ in _FIRINGS:
            message = proceed()
            if message is None:
                break
            name = message[2]
            hits += rules[name]
        if name != _SENTINEL:
            raise EvaluationError("durable-rules stopped before its last rule")
        session.forget()
        return hits

    def _open(self) -> _Session:
        """A new session, its sentinel fired once; in a further copy of the ruleset when those at hand are full."""
        while True:
            try:
                copy, sid = self._unopened.pop()
                break
            except IndexError:
                copy = _Copy(_library.create_ruleset("rules", self._definition))
                self._copies.append(copy)
                self._unopened.extend((copy, str(number)) for number in range(MOST_SESSIONS))
        head = f'{{"sid":"{sid}","id":"f"'
        _, state = _library.assert_fact(copy.handle, head + _END)
        session = _Session(
            copy,
            sid,
            head,
            tell=partial(_library.assert_fact, copy.handle),
            start=partial(_library.start_action_for_state, copy.handle, state),
            proceed=partial(_library.complete_and_start_action, copy.handle, state),
            forget=partial(_library.retract_fact, copy.handle, head + "}"),
        )
        if session.start() is None or session.proceed() is not None:
            raise EvaluationError("durable-rules does not fire the rule that always holds")
        session.forget()
        copy.deletable.add(sid)
        return session

    def _discard(self, session: _Session) -> None:
        """Rid the engine of a session in unknown condition; its id can be opened afresh."""
        session.copy.deletable.discard(session.sid)
        with suppress(_library.error):
            _library.delete_state(session.copy.handle, session.sid)
            self._unopened.append((session.copy, session.sid))


class _DurableMatcher:
    """Rules dealt to engine rulesets, no rule to two."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._parts = tuple(parts)

    def match(self, values: Values) -> list[int]:
        hits: list[int] = []
        for part in self._parts:
            hits += part.match(values)
        return hits


def _drop(copies: Sequence[_Copy]) -> None:
    """Free what a part held in the engine; nobody can be using it any more. Where a state stays, its ruleset has to."""
    for copy in copies:
        with suppress(_library.error):
            for sid in copy.deletable:
                _library.delete_state(copy.handle, sid)
            _library.delete_ruleset(copy.handle)
