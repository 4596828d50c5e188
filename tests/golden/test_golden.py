"""Outputs as they are printed. `UPDATE_GOLDEN=1 pytest tests/golden` (or `just golden`) rewrites them; the difference is for a person to review."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indicator_rules import messages, render, rubric
from indicator_rules.catalog import Catalog, load
from indicator_rules.rules import Rules

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
EXAMPLES = sorted((CHECKOUT / "docs" / "examples").glob("*.toml"))
RULESET_OF = {"mof-2023": "mof-project-self-evaluation@2020"}
"""Examples that more than one ruleset is for."""
RULESETS = [entry.name for entry in Catalog.builtin().entries]
ENGINE = "plain"
"""Here on every platform, and without a version that would change the provenance."""


def rules_for(example: Path) -> Rules:
    named = RULESET_OF.get(example.stem)
    return load(named, engine=ENGINE) if named else Catalog.builtin().for_record(example, engine=ENGINE)


def agrees(name: str, text: str) -> None:
    file = HERE / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8", newline="\n")
    assert file.exists(), f"{name} is not there: UPDATE_GOLDEN=1 pytest tests/golden"
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", messages.LANGUAGES)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_as_text(example: Path, lang: messages.Language) -> None:
    result = rules_for(example).evaluate(example)
    agrees(f"{example.stem}.{lang}.txt", render.text(result, lang))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_as_json(example: Path) -> None:
    """One file for both languages: JSON holds both."""
    rules = rules_for(example)
    texts = set()
    for lang in messages.LANGUAGES:
        messages.use_language(lang)
        texts.add(rules.evaluate(example).to_json())
    messages.use_language(None)
    (text,) = texts
    agrees(f"{example.stem}.json", text)


@pytest.mark.parametrize("name", RULESETS)
def test_a_plan(name: str) -> None:
    agrees(f"{name}.plan.txt", str(load(name).plan))


@pytest.mark.parametrize("lang", messages.LANGUAGES)
@pytest.mark.parametrize("name", RULESETS)
def test_a_rubric(name: str, lang: messages.Language) -> None:
    rules = load(name)
    agrees(f"{name}.rubric.{lang}.txt", rubric.text(rules.spec, lang) + "\n" + rubric.inputs_text(rules.inputs(), lang))


def test_every_golden_file_is_compared() -> None:
    plans = {f"{name}.plan.txt" for name in RULESETS}
    rubrics = {f"{name}.rubric.{lang}.txt" for name in RULESETS for lang in messages.LANGUAGES}
    examples = {f"{path.stem}{end}" for path in EXAMPLES for end in (".zh.txt", ".en.txt", ".json")}
    assert {path.name for path in HERE.iterdir() if path.suffix in (".txt", ".json")} == plans | rubrics | examples
