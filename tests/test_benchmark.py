"""The benchmark measures what it says, and the README shows what it measured. How fast nnlint is, no test says."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import benchmark
import pytest
from benchmark import ALONE, CASES, OFF, ON, PARSER
from benchmark_plot import draw

RESULTS = json.loads((benchmark.RECORDED / "results.json").read_text(encoding="utf-8"))
SVG = "{http://www.w3.org/2000/svg}"
SMALL = "1 × the same block"


def row(name: str, **seconds: float) -> dict[str, Any]:
    times = dict(zip((ALONE, OFF, ON, PARSER), seconds.values()))
    return {"name": name, "files": 2, "seconds": times, "megabytes": dict.fromkeys(times, 20.4)}


@pytest.fixture
def path_of_nnlint(monkeypatch: pytest.MonkeyPatch, checkout: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", str(checkout))


@pytest.mark.usefixtures("path_of_nnlint")
def test_each_tool_does_its_own_work_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("import os\nfrom torch import nn\nnn.Linear(4096, 4096)\n")
    tools = benchmark.commands(sys.executable, sys.executable, [tmp_path / "net.py"])
    outputs = {tool: subprocess.run(command, capture_output=True, text=True) for tool, command in tools.items()}
    codes = {tool: set(re.findall(r" ([A-Z]+\d+) ", done.stdout)) for tool, done in outputs.items()}
    assert codes == {ALONE: {"F401"}, OFF: {"F401"}, ON: {"F401", "NNL101"}, PARSER: set()}
    (tmp_path / "net.py").write_text("def (\n")
    with pytest.raises(RuntimeError, match="ParserSyntaxError"):
        benchmark.measure(tools[PARSER])


@pytest.mark.usefixtures("path_of_nnlint")
def test_a_case_is_measured_with_every_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "MORE_ROUNDS", 1)
    measured = benchmark.measure_case(SMALL, sys.executable, sys.executable, rounds=1)
    assert (measured["name"], measured["files"]) == (SMALL, 1)
    assert list(measured["seconds"]) == list(measured["megabytes"]) == [ALONE, OFF, ON, PARSER]
    assert all(seconds > 0 for seconds in measured["seconds"].values())
    assert all(megabytes > 5 for megabytes in measured["megabytes"].values())


def test_the_cases_that_are_made_are_as_large_as_they_say(tmp_path: Path) -> None:
    for name, number in (("an empty file", 1), ("5 × the same file", 5), ("96 × the same block", 1)):
        (tmp_path / name).mkdir()
        assert len(CASES[name](tmp_path / name)) == number
    assert "depth=96" in (tmp_path / "96 × the same block" / "net.py").read_text()
    library = CASES["standard library"](tmp_path)
    assert len(library) > 100 and not any("torch" in file.read_text("utf-8", "replace") for file in library)


def test_the_readme_and_its_picture_show_what_was_recorded() -> None:
    readme = benchmark.README.read_text(encoding="utf-8")
    assert benchmark.with_table(readme, RESULTS) == readme
    recorded = (benchmark.RECORDED / "speed.svg").read_text(encoding="utf-8")
    assert draw(RESULTS["rows"], ALONE, (OFF, ON, PARSER)) == recorded
    assert "](fixtures/benchmark/speed.svg)" in readme


def test_the_readmes_rows_are_cases_of_the_benchmark() -> None:
    _, _, after = benchmark.README.read_text(encoding="utf-8").partition(benchmark.START)
    told = re.findall(r"^\| (.*?) \| +\d", after.partition(benchmark.END)[0], re.MULTILINE)
    assert told and told == [name for name in CASES if name in told]


def test_results_are_written_between_the_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "README", tmp_path / "README.md")
    monkeypatch.setattr(benchmark, "RECORDED", tmp_path / "recorded")
    (tmp_path / "README.md").write_text(f"before\n{benchmark.START}| old |\n{benchmark.END}after\n", encoding="utf-8")
    results = {"conditions": "Python 3; one round.", "rows": [row("timm", a=2.0, b=2.02, c=5.0, d=1.0)]}
    benchmark.write(results)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"before\n{benchmark.START}| code |") and text.endswith(f"{benchmark.END}after\n")
    expected = "| timm | 2 | 2.00 s | 2.02 s (1.01 ×) | 5.00 s (2.50 ×) | 1.00 s (0.50 ×) | 20 MB | 20 MB |"
    assert expected in text and "| old |" not in text
    assert json.loads((tmp_path / "recorded" / "results.json").read_text(encoding="utf-8")) == results
    with pytest.raises(ValueError, match="marks"):
        benchmark.with_table("no marks\n", results)


def test_the_picture_has_a_bar_for_each_time_and_a_line_for_each_series() -> None:
    series = [row(f"{n} × the same file", a=n / 10, b=n / 10, c=float(n), d=n / 5) for n in (1, 2)]
    drawn = draw([row("a < b", a=1.0, b=1.5, c=3.0, d=2.0), *series], ALONE, (OFF, ON, PARSER))
    tree = ElementTree.fromstring(drawn)
    texts = [element.text for element in tree.iter(f"{SVG}text")]
    assert [text for text in texts if text and text.endswith(" ×")] == ["1.50 ×", "3.00 ×", "2.00 ×"]
    assert "a < b" in texts and "Seconds for n × the same file" in texts
    widths = [float(mark.get("width", 0)) for mark in tree.iter(f"{SVG}rect") if mark.get("height") == "13"]
    assert [round(width / widths[0], 2) for width in widths] == [1.0, 2.0, 1.33]
    assert [len(line.get("points", "").split()) for line in tree.iter(f"{SVG}polyline")] == [2, 2]


def test_a_case_that_there_is_not_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        benchmark.main(["--only", "nothing"])
    assert "there are an empty file, " in capsys.readouterr().err
