"""docs/published-cases.md is what docs/make_published_cases.py makes of the records, cases and rulesets there are."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_published_cases", ROOT / "docs" / "make_published_cases.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


def test_the_page_is_the_one_that_the_records_make(maker: ModuleType) -> None:
    assert maker.PAGE.read_text(encoding="utf-8") == maker.page(), "run python docs/make_published_cases.py"


def test_every_evaluation_has_a_verdict_or_a_reason_and_only_one(maker: ModuleType) -> None:
    forms = maker.read(maker.RECORDS / "expected.toml")
    skipped = forms.pop("skipped")
    assert set(maker.UNRECORDED) == set(skipped)
    assert set(maker.REASONS) | set(maker.ATTEMPTS) == set(forms) | {"zj-jkq-dzb-2023"}
    assert not set(maker.REASONS) & set(maker.ATTEMPTS)


def test_what_is_called_reproduced_has_the_published_total(maker: ModuleType) -> None:
    found = {name: maker.run(name, attempt) for name, attempt in maker.ATTEMPTS.items()}
    same = {name for name, one in found.items() if one.total == maker.printed(name).total}
    assert same == {name for name, one in found.items() if maker.verdict(name, maker.printed(name), one) == "reproduced"}
    assert same == {"ah-huoqiu-kj-2022", "hb-swfz-2020", "zj-jkq-dzb-2023"}
