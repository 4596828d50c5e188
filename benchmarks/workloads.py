"""What is measured: two rubrics, each with records that are read anew, so that nothing which a record keeps is paid for outside the clock."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from indicator_rules import EvaluationRecord, Rules, read_record

ROOT = Path(__file__).resolve().parent.parent
ZHANJIANG = ROOT / "rulesets" / "zhanjiang-etdz-project" / "2023.toml"
RECORD = ROOT / "docs" / "examples" / "zhanjiang-2023.toml"
CRITERIA = 20


class Workload(NamedTuple):
    """A ruleset and the plain data of its records."""

    name: str
    rules: Rules
    data: list[Mapping[str, Any]]

    def records(self, number: int) -> list[EvaluationRecord]:
        """`number` typed records that nothing has evaluated yet."""
        return [read_record(self.data[place % len(self.data)]) for place in range(number)]


def zhanjiang() -> Workload:
    """The published self-evaluation: 19 criteria, 13 entries."""
    return Workload("19 criteria (Zhanjiang)", Rules.from_path(ZHANJIANG, engine="durable-rules"), [_toml(RECORD)])


def bands() -> Workload:
    """20 criteria of four bands each, over 100 records that lie on and around the cuts."""
    data = {
        "schema": 1,
        "ruleset": {
            "family": "bench-bands", "edition": "2023", "title": "二十项四档", "full_score": 100, "status": "example",
            "applies": {"years": [2023]},
        },
        "inputs": {name: {"label": f"第{name}项比率", "type": "number"} for name in NAMES},
        "scales": {
            "four": {
                "kind": "bands",
                "bands": [
                    {"at_least": "90%", "award": "100%"},
                    {"at_least": "80%", "award": "80%"},
                    {"at_least": "60%", "award": "60%"},
                    {"award": "0%"},
                ],
            }
        },
        "criteria": {f"c_{name}": {"label": f"指标{name}", "weight": 5, "measure": name, "scale": {"kind": "bands", "use": "four"}} for name in NAMES},
        "grades": [
            {"label": "优", "at_least": 90}, {"label": "良", "at_least": 80}, {"label": "中", "at_least": 60}, {"label": "差"},
        ],
    }  # fmt: skip
    random = Random(1)
    records = [
        {
            "subject": {"name": "某项目", "kind": "project", "year": 2023},
            "answers": {name: Decimal(random.choice(RATES)) for name in NAMES},
        }
        for _ in range(100)
    ]
    return Workload("20 criteria x 4 bands", Rules.from_data(data, engine="durable-rules"), records)


NAMES = [f"r{number:02d}" for number in range(CRITERIA)]
RATES = ["0.6", "0.599", "0.8", "0.799", "0.9", "0.8999", "0.95", "1", "0.35", "0.7125", "0.85", "0.92", "0.97"]


def _toml(path: Path) -> Mapping[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
