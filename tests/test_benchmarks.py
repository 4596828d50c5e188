"""The benchmarks can be run: each is imported, and those that take a size are run at a small one. What they measure is judged where they are run in earnest."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"
SCRIPTS = sorted(FOLDER.glob("*.py"))
NEEDS = {"peers": "zen", "bare": "durable_rules_engine", "run": "durable_rules_engine"}
"""What a script imports that may not be installed."""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_benchmark_is_imported(script: Path) -> None:
    module = NEEDS.get(script.stem)
    if module is not None and importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed here")
    code = f"import sys; sys.path.insert(0, {str(FOLDER)!r}); import {script.stem}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_the_benchmark_of_results_prints_every_step() -> None:
    done = subprocess.run([sys.executable, FOLDER / "results.py", "20"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, 1), done.stderr  # twenty records are too few to judge
    assert done.stdout.count("+ results written") == 2
    assert "Traceback" not in done.stderr
