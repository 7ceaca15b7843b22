"""Reports compared: what counts as the same layer or model, what is certain to have grown, and what fails."""

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from nnlint.cli import main
from nnlint.report.compare import CompareError, compare, excesses, parse_growth, read_report, report_changes
from nnlint.report.terminal import render

PERCENT = Fraction(1, 100)


def layer(count: int | None, line: int = 1, at_least: int = 0, scope: str = "Net.__init__") -> dict[str, Any]:
    bound = at_least if count is None else count
    names = {"layer": "torch.nn.Linear", "class": None, "scope": scope}
    return {**names, "line": line, "column": 1, "parameters": count, "at_least": bound}


def model(name: str, count: int | None, at_least: int = 0, kind: str = "class") -> dict[str, Any]:
    bound = at_least if count is None else count
    return {"name": name, "kind": kind, "line": 3, "parameters": count, "at_least": bound}


def report(
    layers: Sequence[dict[str, Any]] = (), models: Sequence[dict[str, Any]] = (), path: str = "no/such.py"
) -> dict[str, Any]:
    return {"version": 1, "formula": "framework", "files": [{"path": path, "layers": layers, "models": models}]}


def words(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    comparison = compare(before, after)
    return [change.word for change in (*comparison.layers, *comparison.models)]


def test_entries_are_the_same_whatever_their_lines() -> None:
    before = report([layer(5, 10), layer(6, 11)], [model("Net", 11)])
    assert words(before, report([layer(5, 20), layer(6, 30)], [model("Net", 11)], "./no/such.py")) == ["", "", ""]


@pytest.mark.parametrize(
    ("before", "after", "word", "growth"),
    [
        ((5, 0), (6, 0), "grown", 1),
        ((6, 0), (5, 0), "shrunk", -1),
        ((5, 0), (5, 0), "", 0),
        ((5, 0), (None, 7), "grown", 2),
        ((5, 0), (None, 3), "changed", 0),
        ((None, 5), (7, 0), "changed", 0),
        ((None, 5), (None, 7), "changed", 0),
    ],
)
def test_a_lower_bound_is_no_certain_growth(
    before: tuple[int | None, int], after: tuple[int | None, int], word: str, growth: int
) -> None:
    one, other = ([model("Net", count, bound)] for count, bound in (before, after))
    (change,) = compare(report(models=one), report(models=other)).models
    assert (change.word, change.growth) == (word, growth)


def test_scope_layer_order_kind_and_path_tell_entries_apart() -> None:
    assert words(report([layer(5)]), report([layer(5, scope="Other.__init__")])) == ["new", "gone"]
    assert words(report([layer(5)]), report([layer(5), layer(6)])) == ["", "new"]
    assert words(report(models=[model("f", 5)]), report(models=[model("f", 5, kind="function")])) == ["new", "gone"]
    assert words(report([layer(5)]), report([layer(5)], path="other.py")) == ["new", "gone"]


def test_files_that_were_not_read_this_time_are_not_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.py").touch()
    assert words(report([layer(5)], path="there.py"), report([], path="other.py")) == []
    assert words(report([layer(5)], path="gone.py"), report([], path="other.py")) == ["gone"]


def test_growth_is_of_each_known_model_and_of_all_layers_together() -> None:
    before = report([layer(100), layer(100)], [model("A", 100), model("B", 100)])
    after = report([layer(100), layer(110)], [model("A", 105), model("B", 106), model("C", 900)])
    comparison = compare(before, after)
    assert excesses(comparison, 5 * PERCENT) == ["B() no/such.py:3 class"]
    assert excesses(comparison, 6 * PERCENT) == []
    assert excesses(compare(before, report([layer(100), layer(111)])), 5 * PERCENT) == ["all layers together"]
    assert excesses(compare(before, report([layer(100), layer(100), layer(11)])), 5 * PERCENT) != []
    assert excesses(compare(report([layer(None), layer(100)]), report([layer(99), layer(100)])), 5 * PERCENT) == []


def test_percentages() -> None:
    assert [parse_growth(text) for text in ("5%", "5", " 2.5 % ", "0%")] == [
        5 * PERCENT,
        5 * PERCENT,
        PERCENT * 5 / 2,
        0,
    ]
    for text in ("", "x", "-5%", "1/0", "5%%"):
        with pytest.raises(CompareError, match="is no percentage"):
            parse_growth(text)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "is no JSON report of nnlint"),
        ("[]", "is no JSON report of nnlint"),
        ("{}", "is no JSON report of nnlint"),
        ('{"version": 2, "formula": "framework"}', "is a report of version 2"),
        ('{"version": 1, "formula": "textbook"}', "counts by the formula textbook, this report by framework"),
    ],
)
def test_what_cannot_be_compared_is_one_line(content: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(content)
    with pytest.raises(CompareError, match=why):
        read_report(str(tmp_path / "old.json"), "framework")


def test_a_report_without_its_parts_is_refused() -> None:
    with pytest.raises(CompareError, match="does not follow the contract"):
        compare({"files": [{"path": "x", "layers": [{}], "models": []}]}, report())


def test_a_pull_request_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    net = (
        "from torch import nn\n\nclass Net(nn.Module):\n    def __init__(self, width=100):\n"
        "        super().__init__()\n        self.first = nn.Linear(width, 99)\n"
    )
    (tmp_path / "net.py").write_text(net)
    assert main(["report", "--format=json", "."]) == 0
    (tmp_path / "old.json").write_text(capsys.readouterr().out)
    assert main(["report", ".", "--compare=old.json", "--max-growth=0%"]) == 0
    assert capsys.readouterr().out.count("(no change)") == 2
    (tmp_path / "net.py").write_text(
        f"# moved down\n{net.replace('=100', '=120')}        self.last = nn.Linear(9, 9)\n"
    )
    assert main(["report", ".", "--compare=old.json"]) == 0
    text = capsys.readouterr().out
    assert text == (
        "       before   after  growth  model  place\n"
        "grown   9,999  12,069  +2,070  Net()  net.py:4 class\n"
        "\n"
        "       before   after  growth  layer   place\n"
        "grown   9,999  11,979  +1,980  Linear  net.py:7 Net.__init__\n"
        "new                90     +90  Linear  net.py:8 Net.__init__\n"
        "\n"
        "layers before: 9,999 in 1 layer; after: 12,069 in 2 layers (1 grown, 1 new)\n"
        "models before: 9,999 in 1 model; after: 12,069 in 1 model (1 grown)\n"
    )
    assert main(["report", ".", "--compare=old.json", "--max-growth=20%"]) == 1
    assert capsys.readouterr().out.endswith("\n! grown by more than 20%: all layers together, Net() net.py:4 class\n")
    assert main(["report", ".", "--compare=old.json", "--max-growth=21%"]) == 0
    assert json.loads((tmp_path / "old.json").read_text())["version"] == 1


CALLS = """\
from torch import nn


class Net(nn.Module):
    def __init__(self, width=3):
        super().__init__()
        self.first = nn.Linear(width, 1)


def make():
    return Net(10)


def wrapped():
    net = Net(50)
    net.first = nn.Identity()
    return net


def both():
    teacher = Net(20)
    return nn.Sequential(teacher, Net(20))


small = Net(30)
"""


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("small", "small", []),
        ("Net(30)", "Net(40)", ["grown 31 41 +10 Net() net.py:25 call"]),
        ("small = Net(30)\n", "", ["gone 31 -31 Net() net.py:25 call"]),
        ("Net(10)", "Net(15)", ["grown 11 16 +5 make() net.py:10 function"]),
        ("def make():\n    return Net(10)\n", "", ["gone 11 -11 make() net.py:10 function"]),
        ("def make", "# moved down\n\n\ndef make", []),
        ("small = Net(30)\n", "small = make()\n", ["gone 31 -31 Net() net.py:25 call"]),
    ],
)
def test_the_models_of_a_comparison_are_those_of_the_listing(
    before: str,
    after: str,
    shown: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "net.py").write_text(CALLS)
    assert main(["report", "--format=json", "net.py"]) == 0
    (tmp_path / "old.json").write_text(capsys.readouterr().out)
    (tmp_path / "net.py").write_text(CALLS.replace(before, after))
    assert main(["report", "net.py"]) == 0
    listed = re.findall(r" and (\d+) models", capsys.readouterr().out)
    assert main(["report", "net.py", "--compare=old.json"]) == 0
    text = capsys.readouterr().out
    models = [" ".join(line.split()) for line in text.splitlines() if line.endswith((" call", " function", " class"))]
    assert models == shown
    assert re.findall(r"models before: .*; after: .* in (\d+) models", text) == listed


def test_over_shortens_a_comparison_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = report([layer(100), layer(2000)], [model("A", 100), model("B", 3000), model("C", 0)])
    after = report([layer(1000), layer(1000)], [model("A", 1000), model("B", 900), model("C", 1001)])
    text = render(report_changes(compare(before, after), 1000))
    assert [line.split()[:3] for line in text.splitlines() if line.endswith(("class", "__init__"))] == [
        ["shrunk", "3,000", "900"],
        ["grown", "0", "1,001"],
        ["shrunk", "2,000", "1,000"],
    ]
    assert "(1 grown, 1 shrunk; 1 of 2 shown)\n" in text and "(2 grown, 1 shrunk; 2 of 3 shown)\n" in text
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("")
    (tmp_path / "old.json").write_text(json.dumps(report([layer(100), layer(2000)])))
    assert main(["report", "net.py", "--compare=old.json", "--over=1k"]) == 0
    shown = capsys.readouterr().out
    assert "2,000" in shown and " 100 " not in shown


def test_a_comparison_says_what_is_over_its_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "budgeted.py").write_text("from torch import nn\n\n\ndef net():\n    return nn.Linear(10, 10)\n")
    assert main(["report", "budgeted.py", "--format=json", "--isolated"]) == 0
    (tmp_path / "old.json").write_text(capsys.readouterr().out)
    options = ["report", "budgeted.py", "--compare=old.json", "--fail-over-budget", "--isolated"]
    assert main([*options, "--max-layer-params=100", "--max-model-params=100"]) == 1
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "! over its budget: 1 layer and 1 model", "  net() at budgeted.py:4", "  Linear at budgeted.py:5",
    ]  # fmt: skip
    assert main([*options, "--max-layer-params=110"]) == 0
    assert "budget" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ([".", "--max-growth=5%"], "--max-growth goes with --compare"),
        ([".", "--max-growth="], "--max-growth goes with --compare"),
        ([".", "--compare="], " cannot be read: No such file or directory"),
        ([".", "--compare=old.json", "--format=json"], "--compare goes with --format text"),
        (["net.py::Net", "--compare=old.json"], "--compare takes files and folders, not a single model"),
        ([".", "--compare=old.json"], "old.json cannot be read: No such file or directory"),
    ],
)
def test_options_that_do_not_go_together_are_errors(
    options: list[str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", *options]) == 2
    assert capsys.readouterr().err == f"nnlint: error: {line}\n"
