"""How long proofs take, and how much they leave undecided: `python benchmarks/proofs.py [--json]`.

`compare --witness` of two rulesets of 19 criteria, one cut changed, in a fresh process; every question on every built-in ruleset, in this one. Exit code 1 if a target is
missed: 5 s, 60 s, 5 % undecided.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

from workloads import ZHANJIANG

from indicator_rules import Catalog, Rules

PAIR, ALL, UNDECIDED = 5.0, 60.0, 0.05


def of_a_pair() -> float:
    """Seconds of the command."""
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "changed.toml"
        text = (
            ZHANJIANG.read_text(encoding="utf-8")
            .replace('full_at = "100%"', 'full_at = "95%"')
            .replace("at_least = 90", "at_least = 91")
        )
        changed.write_text(text, encoding="utf-8")
        began = time.perf_counter()
        program = "from indicator_rules.cli.commands import main; main()"
        words = [sys.executable, "-c", program, "compare", str(ZHANJIANG), str(changed), "--witness"]
        subprocess.run(words, check=True, capture_output=True)
        return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    pair = of_a_pair()
    verdicts: Counter[str] = Counter()
    undecided: list[str] = []
    began = time.perf_counter()
    for entry in Catalog.builtin().entries:
        rules = Rules.from_path(entry.path)
        for answer in rules.prove(Decimal(0)):
            verdicts[answer.verdict] += 1
            undecided += [f"{rules.name}: {answer.text('en')}"] if answer.verdict == "undecided" else []
    every = time.perf_counter() - began
    share = verdicts["undecided"] / verdicts.total()
    if as_json:
        print(json.dumps({"pair": pair, "builtin": every, "verdicts": verdicts, "undecided": undecided}, ensure_ascii=False))
    else:
        print(f"compare --witness, 19 criteria: {pair:.2f} s (target {PAIR:g})")
        print(f"prove --jump 0, all built-in rulesets: {every:.2f} s (target {ALL:g})")
        print(
            ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
            + f"; {share:.1%} undecided (target {UNDECIDED:.0%})"
        )
        print("\n".join(undecided))
    return int(pair > PAIR or every > ALL or share > UNDECIDED)


if __name__ == "__main__":
    raise SystemExit(main())
