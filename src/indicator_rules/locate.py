"""Where each key path stands in a file: line and column, for problems only.

In: problems with key paths, and the bytes of the TOML or JSON file that they are about. Out: the same problems with line and column (from 1,
in characters), in file order. A key that the file lacks gets the place of the nearest table that it has. Nothing here decides what a
file means, and a file that cannot be followed leaves its problems as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from indicator_rules.errors import KeyPath, Problem

Place: TypeAlias = tuple[int, int]


@dataclass(slots=True)
class _Node:
    place: Place
    children: dict[str | int, _Node] = field(default_factory=dict)
    is_table_array: bool = False

    def child(self, key: str | int, place: Place) -> _Node:
        return self.children.setdefault(key, _Node(place))

    def last(self) -> _Node:
        """Where the keys of `[t.sub]` go: into the last row, if `t` is an array of tables."""
        if not self.is_table_array:
            return self
        return next(child for key, child in reversed(self.children.items()) if isinstance(key, int))


def locate(problems: Iterable[Problem], data: bytes) -> list[Problem]:
    """The problems with the line and column of their key paths, in file order."""
    found = list(problems)
    if not any(problem.where.path and problem.where.line is None for problem in found):
        return found
    text = data.decode("utf-8-sig", errors="replace")
    if _is_hopeless(text):
        return found
    try:
        is_json = found[0].where.file.lower().endswith(".json")
        root = _json_places(text)[0] if is_json else _toml_places(text)
    except RecursionError:
        return found
    located = [problem if problem.where.line is not None else _placed(problem, root) for problem in found]
    return sorted(located, key=lambda problem: (problem.where.line or 0, problem.where.column or 0))


def places(paths: Iterable[KeyPath], data: bytes, file: str) -> list[Place] | list[tuple[None, None]]:
    """Line and column of each key path; of the nearest table that the file has, where it lacks the key."""
    wanted, text = list(paths), data.decode("utf-8-sig", errors="replace")
    if _is_hopeless(text):
        return [(None, None)] * len(wanted)
    try:
        root = _json_places(text)[0] if file.lower().endswith(".json") else _toml_places(text)
    except RecursionError:
        return [(None, None)] * len(wanted)
    return [_nearest(root, path) for path in wanted]


MOST_ITEMS = 500_000


def _is_hopeless(text: str) -> bool:
    """Whether a file has so many lines and items that following it takes longer than anybody waits. No file that people write has a tenth of that."""
    return text.count("\n") + text.count(",") > MOST_ITEMS


def repeated_json_keys(text: str) -> list[tuple[str, Place]]:
    """Keys that a JSON object holds twice, with the place of the second."""
    return _json_places(text)[1]


def _placed(problem: Problem, root: _Node) -> Problem:
    line, column = _nearest(root, problem.where.path)
    return problem.at(line=line, column=column)


def _nearest(node: _Node, path: KeyPath) -> Place:
    for part in path:
        below = node.children.get(part)
        if below is None:
            break
        node = below
    return node.place


# --- TOML ---------------------------------------------------------------------------------------------------------------


def _toml_places(text: str) -> _Node:
    from tree_sitter import Language, Parser
    from tree_sitter_toml import language

    lines = text.encode().split(b"\n")
    root = _Node((1, 1))
    _Toml(lines).document(Parser(Language(language())).parse(text.encode()).root_node, root)
    return root


class _Toml:
    """A walk over the syntax tree; nodes of tree-sitter are untyped here."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines
        self.seen = (0, 0, 0)
        """Row, bytes and characters up to the last place asked for: going on from there, a long line is read once."""

    def place(self, node: Any) -> Place:
        row, column = node.start_point
        seen_row, seen, characters = self.seen
        if row != seen_row or column < seen:
            seen = characters = 0
        characters += len(self.lines[row][seen:column].decode(errors="replace"))
        self.seen = row, column, characters
        return row + 1, characters + 1

    def document(self, node: Any, root: _Node) -> None:
        for child in node.children:
            if child.type == "pair":
                self.pair(child, root)
            elif child.type in ("table", "table_array_element"):
                self.table(child, root)
            elif child.type == "ERROR":
                self.document(child, root)

    def table(self, node: Any, root: _Node) -> None:
        header = next((child for child in node.children if child.type in ("bare_key", "quoted_key", "dotted_key")), None)
        if header is None:
            return
        place = self.place(header)
        *outer, last = self.keys(header)
        table = root
        for key in outer:
            table = table.child(key, place).last()
        table = table.child(last, place)
        if node.type == "table_array_element":
            table.is_table_array = True
            table = table.child(len(table.children), place)
        else:
            table.place = place
        for child in node.children:
            if child.type == "pair":
                self.pair(child, table)

    def pair(self, node: Any, table: _Node) -> None:
        key, value = node.children[0], node.children[-1]
        place = self.place(key)
        for part in self.keys(key):
            table = table.child(part, place)
        self.value(value, table)

    def value(self, node: Any, into: _Node) -> None:
        if node.type == "inline_table":
            for child in node.children:
                if child.type == "pair":
                    self.pair(child, into)
        elif node.type == "array":
            items = (child for child in node.children if child.type not in ("[", "]", ",", "comment", "ERROR"))
            for position, child in enumerate(items):
                self.value(child, into.child(position, self.place(child)))

    def keys(self, node: Any) -> list[str]:
        if node.type == "dotted_key":
            return [key for child in node.children if child.type != "." for key in self.keys(child)]
        text: str = node.text.decode(errors="replace")
        return [_unquoted(text)] if node.type == "quoted_key" else [text]


def _unquoted(text: str) -> str:
    import tomli

    try:
        return next(iter(tomli.loads(f"{text} = 0")))
    except tomli.TOMLDecodeError:
        return text


# --- JSON ---------------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r'[{}\[\]:,]|"(?:[^"\\]|\\.)*"|[^\s{}\[\]:,"]+', re.DOTALL)


def _json_places(text: str) -> tuple[_Node, list[tuple[str, Place]]]:
    """Every value of a JSON text that is known to be well formed, and the keys written twice."""
    import json

    root = _Node((1, 1))
    repeated: list[tuple[str, Place]] = []
    open_nodes: list[tuple[_Node, bool]] = []  # with whether it is a list
    waiting: _Node | None = root  # the value that comes next
    line, line_start, seen = 1, 0, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", seen, match.start())
        line_start = text.rfind("\n", 0, match.start()) + 1 if "\n" in text[seen : match.start()] else line_start
        seen = match.start()
        symbol, place = match[0], (line, match.start() - line_start + 1)
        if symbol in "]}":
            open_nodes.pop()
        if symbol in "]},:":
            continue
        if waiting is None:
            node, is_list = open_nodes[-1]
            key: str | int = len(node.children) if is_list else json.loads(symbol)
            if key in node.children:
                repeated.append((str(key), place))
            waiting = node.children[key] = _Node(place)
            if not is_list:
                continue
        node, waiting = waiting, None
        if symbol in "[{":
            open_nodes.append((node, symbol == "["))
    return root, repeated
