"""Whole models: what nnlint states for the fixtures is what torch gives, recorded and, where it is there, live."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
RECORDED = json.loads((CHECKOUT / "fixtures" / "model_totals.json").read_text(encoding="utf-8"))


def recorder():
    """tests/record_models.py as a module; skips where torch is missing, unless NNLINT_REQUIRE_TORCH is set."""
    if not os.environ.get("NNLINT_REQUIRE_TORCH"):
        pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location("record_models", Path(__file__).parent / "record_models.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reported() -> dict[str, int | None]:
    done = subprocess.run(
        [sys.executable, "-m", "nnlint", "report", "--format", "json", "fixtures/models"],
        cwd=CHECKOUT, stdout=subprocess.PIPE, encoding="utf-8", check=True,
    )  # fmt: skip
    return {
        f"{file['path']}::{model['name']}": model["parameters"]
        for file in json.loads(done.stdout)["files"]
        for model in file["models"]
        if model["kind"] in ("class", "function")
    }


@pytest.mark.parametrize("name", RECORDED)
def test_a_models_total_is_torchs(name: str, reported: dict[str, int | None]) -> None:
    assert reported[name] == RECORDED[name]


def test_the_recorded_totals_are_what_torch_gives_today() -> None:
    assert recorder().totals() == RECORDED


MODELS = sorted((CHECKOUT / "fixtures" / "models").glob("*.py"))
LAYERS = CHECKOUT / "fixtures" / "layers"
BUDGETS = {**dict.fromkeys([*MODELS, LAYERS / "framework.py"], 1_000_000), LAYERS / "every_layer.py": 1_000}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", BUDGETS, ids=[path.stem for path in BUDGETS])
def test_the_marks_are_the_layers_over_the_budget_that_torch_builds(path: Path) -> None:
    built = recorder().largest_layers(path)
    over = sorted((line, layer, count) for (line, layer), count in built.items() if count > BUDGETS[path])
    marks = re.compile(r"# NNL101 (\w+) has ([\d,]+) parameters")
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    marked = [(number, m[1], int(m[2].replace(",", ""))) for number, line in lines for m in marks.finditer(line)]
    assert sorted(marked) == over
