"""A short slice of what tests/fuzz.py runs for hours: inputs that nobody wrote, through the plugin and the report."""

from __future__ import annotations

from pathlib import Path

import fuzz
import pytest

NUMBERS = {"tokens": range(150), "splices": range(60), "grammar": range(6)}


@pytest.mark.parametrize("kind", NUMBERS)
def test_nothing_that_nobody_wrote_breaks_anything(tmp_path: Path, kind: str) -> None:
    if kind == "grammar":
        pytest.importorskip("hypothesmith")
    parsed = 0
    for number in NUMBERS[kind]:
        text = fuzz.make(kind, 0, number, fuzz.corpus())
        parsed += fuzz.is_python(text)
        wrong = fuzz.failure(str(tmp_path / "fuzz.py"), text)
        assert wrong is None, f"{kind} 0 {number}: {wrong}\n{text}"
    assert parsed >= len(NUMBERS[kind]) // 20


def test_what_is_wrong_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "from torch import nn\nnn.Linear(1, 1)\n"
    assert fuzz.failure(str(tmp_path / "fuzz.py"), text) is None
    monkeypatch.setattr(fuzz, "MOST_STEPS", -1)
    assert "steps" in (fuzz.failure(str(tmp_path / "fuzz.py"), text) or "")
    monkeypatch.undo()
    monkeypatch.setattr("nnlint.roots.Roots.run", lambda self: 1 // 0)
    assert "ZeroDivisionError" in (fuzz.failure(str(tmp_path / "fuzz.py"), text) or "")
