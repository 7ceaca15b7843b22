"""One model as a tree, on the command line."""

import json
from pathlib import Path

import pytest

from nnlint.cli import DTYPES, main
from nnlint.construction import Analysis, Model, Node, Place
from nnlint.report.gather import FileReport
from nnlint.report.model import BYTES, report_model, rows
from nnlint.report.terminal import render

SOURCE = """\
from torch import nn


class Net(nn.Module):
    def __init__(self, width=1000, depth=2):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(width, width), nn.ReLU()) for _ in range(depth)])
        self.head = nn.Linear(width, 10)


class Open(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.first = nn.Linear(4, 5)
        self.last = nn.Linear(5, size)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "net.py").write_text(SOURCE)


def run(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert main(["report", *arguments]) == status
    return capsys.readouterr().out


def test_a_model_is_a_tree(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "net.py::Net") == (
        "module      class             own      total  share            float32\n"
        "Net()       Net                 0  2,012,010  100 %  ████████   8.0 MB\n"
        "  blocks    ModuleList          0  2,002,000  100 %  ███████▉   8.0 MB\n"
        "    0–1 ×2  Sequential          0  2,002,000  100 %  ███████▉   8.0 MB\n"
        "      0     Linear      2,002,000  2,002,000  100 %  ███████▉   8.0 MB\n"
        "  head      Linear         10,010     10,010   <1 %             40.0 kB\n"
        "\n"
        "2,012,010 parameters, 8,048,040 bytes as float32; net.py:4\n"
    ).replace("  <1 %             40.0 kB", "  <1 %            40.0 kB")


def test_arguments_depth_and_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, "net.py::Net(10, depth=3)", "--depth=1", "--dtype=int8").splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["module", "Net(10,", "blocks", "head"]
    assert lines[-1] == "440 parameters, 440 bytes as int8; net.py:4"
    assert tuple(BYTES) == DTYPES
    assert "440 parameters, 880 bytes as float16; " in run(capsys, "net.py::Net(10, depth=3)", "--dtype=float16")


LONG = """\
from torch import nn


class DeformableEncoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.projection = nn.Linear(1000, 1000)


class Wrapper(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([DeformableEncoderLayer()])
        self.shared = self.layers[0].projection
"""


@pytest.mark.parametrize(
    ("width", "header", "folded"),
    [
        (105, "module class own total share float32", "shared Linear tied to layers.0.projection"),
        (95, "module class own total share float32", "shared Linear tied to"),
        (80, "module class own total share float32", "shared Linear tied to"),
        (72, "module class own total share", "shared Linear tied to"),
        (60, "module, class own total share", "shared Linear tied to"),
    ],
)
def test_a_narrow_terminal_costs_bars_and_then_bytes_but_neither_a_number_nor_a_word(
    width: int, header: str, folded: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("long.py").write_text(LONG)
    monkeypatch.setenv("COLUMNS", str(width))
    first, *lines = run(capsys, "long.py::Wrapper").splitlines()
    assert (" ".join(first.split()), "█" in lines[0]) == (header, width > 90)
    words = " ".join(" ".join(lines).split())
    assert words.count("1,001,000") == 6 and "DeformableEncoderLayer" in words and folded in words
    assert "layers.0.projection" in words and max(map(len, [first, *lines])) <= width


def test_what_has_no_room_even_alone_is_cut_and_what_follows_is_indented(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("long.py").write_text(LONG)
    monkeypatch.setenv("COLUMNS", "50")
    lines = run(capsys, "long.py::Wrapper").splitlines()
    assert lines[3:7] == [
        "    0                          0  1,001,000  100 %",
        "        DeformableEn…",
        "      projection       1,001,000  1,001,000  100 %",
        "          Linear",
    ]


def test_what_is_not_known_is_a_lower_bound_without_shares(capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, "net.py::Open")
    assert "%" not in text and "  first  Linear" in text
    assert text.endswith(
        "≥ 25 parameters, ≥ 100 bytes as float32; net.py:11\nnot all is known: size is a parameter without a default\n"
    )


def test_several_models_and_files_in_one_report(capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, "net.py::Net", "net.py", "net.py::Open(3)")
    assert text.index("Net()") < text.index("Open(3)") < text.index("place, and where") < text.index("in 1 file")


def test_a_model_over_budget_is_marked_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--max-model-params=1M", "--fail-over-budget")
    assert run(capsys, "net.py::Net", *options, status=1).endswith("\n! over its budget\n")
    assert "budget" not in run(capsys, "net.py::Net(10)", *options)


def test_the_json_of_a_model_is_the_contract_for_what_it_builds(capsys: pytest.CaptureFixture[str]) -> None:
    (file,) = json.loads(run(capsys, "net.py::Net(width=3)", "--format=json"))["files"]
    assert [(model["name"], model["kind"], model["parameters"]) for model in file["models"]] == [("Net", "class", 64)]
    assert [(layer["line"], layer["counts"]) for layer in file["layers"]] == [(7, [12]), (8, [40])]


VARIETY = """\
from functools import partial

from elsewhere import Base
from torch import nn

LIMIT = 4
flag = int(input())


def size(scale=1):
    return 3 * scale


def name():
    return f"net{input()}"


class Config:
    width = 3


class Made:
    def __init__(self, width=3):
        self.width = width

    def __call__(self):
        return nn.Linear(self.width, 1)

    @classmethod
    def built(cls):
        return cls()()

    def forward(self):
        return 1


class Open(Base):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)

    def forward(self, x):
        return self.fc(x)


config = Config()
pair = nn.Linear(1, 2), nn.Linear(2, 3)
made = Made(4)
part = partial(nn.Linear, 3, 2)
either = nn.Linear(1, 2) if flag else nn.Linear(2, 3)
first, second = pair
opened: nn.Module = Open()
"""


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("made", "5 parameters, 20 bytes as float32; variety.py:48"),
        ("Made.built", "4 parameters, 16 bytes as float32; variety.py:30"),
        ("part", "8 parameters, 32 bytes as float32; variety.py:49"),
        ("second", "9 parameters, 36 bytes as float32; variety.py:51"),
        ("either", "≥ 4 parameters, ≥ 16 bytes as float32; variety.py:50"),
        ("Open", "≥ 16 parameters, ≥ 64 bytes as float32; variety.py:37"),
        ("opened", "≥ 16 parameters, ≥ 64 bytes as float32; variety.py:52"),
    ],
)
def test_what_gives_a_model_is_one_and_its_place_is_where_it_is_written(
    name: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("variety.py").write_text(VARIETY)
    assert told in run(capsys, f"variety.py::{name}").splitlines()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("net.py::Nett", "net.py has no model 'Nett'; did you mean Net?"),
        ("net.py::Net(x)", "'x' is no Python literal (a number, a quoted string, a tuple, True, None, ...)"),
        ("nets.py::Net", "no such file or folder: nets.py; did you mean ./net.py?"),
        (".::Net", ". is a folder: name the file that has Net"),
        ("net.py::Net(width=2, width=3)", "Net() is given width twice"),
        ("variety.py::size", "size() returns no Module"),
        ("variety.py::size(2)", "size(2) returns no Module"),
        ("variety.py::name", "name() returns no Module"),
        ("variety.py::Config", "Config is no Module"),
        ("variety.py::config", "config is no model"),
        ("variety.py::LIMIT", "LIMIT is no model"),
        ("variety.py::pair(1)", "pair is no model"),
        ("variety.py::flag", "flag is no model"),
        ("variety.py::Made.forward", "Made.forward is a method: it needs an object"),
        ("variety.py::Made.__init__(1)", "Made.__init__ is a method: it needs an object"),
        ("variety.py::either(1)", "either is a model already: it takes no arguments here"),
        ("latin.py::Net", "latin.py:1:1: cannot be read: invalid or missing encoding declaration"),
        ("torn.py::Net", "torn.py:2:5: does not parse: invalid syntax"),
    ],
)
def test_what_cannot_be_shown_is_one_line(path: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("variety.py").write_text(VARIETY)
    Path("latin.py").write_bytes(b"x = '\xff'\nimport torch\n")
    Path("torn.py").write_text("import torch\ndef (\n")
    assert main(["report", path]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.replace("./", "")) == ("", f"nnlint: error: {line}\n".replace("./", ""))


RAISING = """\
from torch import nn


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        if width < 4:
            raise ValueError(f"width {width} is too small")
        assert width < 9
        self.fc = nn.Linear(width, 10)


def grouped(width=10):
    return nn.Conv2d(width, 30, 3, groups=3)


def checked(width):
    assert width > 10, "too narrow"
    return nn.Linear(width, 3)
"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Net(3)", "Net(3) cannot be built: ValueError: width 3 is too small"),
        ("Net(9)", "Net(9) cannot be built: AssertionError: width < 9"),
        ("checked(1)", "checked(1) cannot be built: AssertionError: too narrow"),
        (
            "grouped",
            "grouped() cannot be built: ValueError: Conv2d cannot be built: groups=3 does not divide in_channels=10",
        ),
    ],
)
def test_what_raises_cannot_be_built(name: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("raising.py").write_text(RAISING)
    assert main(["report", f"raising.py::{name}"]) == 2
    assert capsys.readouterr() == ("", f"nnlint: error: {line}\n")


def test_what_only_may_raise_is_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    Path("raising.py").write_text(RAISING)
    for name, told in (("Net", "50"), ("Net(8)", "90"), ("checked", "≥ 3"), ("grouped(3)", "300")):
        assert f"\n{told} parameters, " in run(capsys, f"raising.py::{name}")


SCRIPT = """\
import sys

from torch import nn

model = None
shared = nn.Linear(1, 2)
kept = nn.Linear(2, 3)

if "__main__" == __name__:
    shared = nn.Linear(3, 4)
    model = nn.Linear(4, 5)
    for width in range(3):
        last = nn.Sequential(nn.Linear(width, 10))
    last.append(nn.Linear(10, 1))
    del kept
    sys.exit()
"""


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("model", "25 parameters, 100 bytes as float32; script.py:11"),
        ("last", "41 parameters, 164 bytes as float32; script.py:13"),
        ("shared", "4 parameters, 16 bytes as float32; script.py:6"),
        ("kept", "9 parameters, 36 bytes as float32; script.py:7"),
    ],
)
def test_a_variable_of_a_script_is_a_model_as_the_script_leaves_it(
    name: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("script.py").write_text(SCRIPT)
    assert told in run(capsys, f"script.py::{name}").splitlines()
    both = run(capsys, "script.py::last", f"script.py::{name}", "script.py::last")
    assert told in both.splitlines() and both.count("41 parameters") == 2 + (name == "last")


def test_a_script_that_does_not_come_to_its_end_leaves_no_count(capsys: pytest.CaptureFixture[str]) -> None:
    body = SCRIPT.replace("sys.exit()", "raise ValueError('no data')")
    Path("script.py").write_text(body)
    told = "unknown parameters; script.py:11\nnot all is known: the script raises ValueError: no data\n"
    assert run(capsys, "script.py::model").endswith(told)
    assert main(["report", "script.py::modell"]) == 2
    assert capsys.readouterr().err.endswith("script.py has no model 'modell'; did you mean model?\n")


def test_names_from_source_are_only_text() -> None:
    hostile = "\x1b[31m[bold]::error::##[debug]"
    node = Node(hostile, hostile, 5, 5, None, hostile)
    tree = Node("", hostile, 0, 5, None, children=(node, node._replace(tied=None, unknown=hostile)))
    model = Model(Place(1, 1, 1, 2), hostile, "class", hostile, None, 5, hostile, tree=tree)
    text = render(report_model(FileReport(Analysis(hostile, models=[model])), None, "int8"))
    assert text.count("[bold]") == 10 and not any(harmful in text for harmful in ("\x1b", "::", "##"))


def test_folds_multiply_what_is_in_them() -> None:
    leaf = Node("0", "Linear", 5, 5)
    inner = Node("0–1", "Sequential", 0, 5, times=2, children=(leaf,))
    outer = Node("", "Net", 0, 30, children=(Node("a–c", "Sequential", 0, 10, times=3, children=(inner,)),))
    assert [(row.level, row.own, row.total) for row in rows(outer, None)] == [
        (0, 0, 30),
        (1, 0, 30),
        (2, 0, 30),
        (3, 30, 30),
    ]
    assert len(list(rows(outer, 1))) == 2


def test_what_is_over_budget_is_named_below_the_tree_and_the_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parts.py").write_text(
        "from torch import nn\n\n\nclass Mlp(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
        "        self.fc = nn.Linear(n, n)\n"
    )
    (tmp_path / "script.py").write_text("from parts import Mlp\n\n\ndef net():\n    return Mlp(2000)\n")
    (tmp_path / "variables.py").write_text("from parts import Mlp\n\nsmall = Mlp(20)\nlarge = Mlp(2000)\n")
    text = (tmp_path / "parts.py").read_text()
    (tmp_path / "whole.py").write_text(f"{text}\n\nown, other = Mlp(3000), Mlp(30)\nlast = Mlp(3)\n")
    told = {}
    for path in (
        "script.py::net",
        "variables.py::small",
        "variables.py::large",
        "whole.py::last",
        "whole.py::own",
        "parts.py::Mlp(2000)",
        "parts.py::Mlp(3)",
        "script.py",
    ):
        status = main(["report", path, "--fail-over-budget", "--max-layer-params=1M", "--isolated"])
        told[path] = status, capsys.readouterr().out.splitlines()[-2:]
    line = "  Linear at parts.py:7"
    assert told["variables.py::small"][0] == told["whole.py::last"][0] == 0
    assert told["variables.py::large"] == told["script.py::net"]
    assert told["whole.py::own"] == (1, ["! 1 layer over budget", "  Linear at whole.py:7"])
    assert told["script.py::net"] == told["parts.py::Mlp(2000)"] == (1, ["! 1 layer over budget", line])
    assert told["script.py"] == (1, ["! over its budget: 1 layer and 0 models", line])
    assert told["parts.py::Mlp(3)"] == (0, ["", "12 parameters, 48 bytes as float32; parts.py:4"])


def test_a_class_that_a_package_hands_on_stands_where_it_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "conv.py").write_text("from torch import nn\n\n\nclass Conv2D(nn.Conv2d):\n    pass\n")
    (tmp_path / "nets" / "__init__.py").write_text("import os\n\nfrom .conv import Conv2D\n")
    (tmp_path / "use.py").write_text("from nets import Conv2D\n\nlayer = Conv2D(512, 512, 3)\n")
    assert main(["report", "nets/__init__.py::Conv2D(1, 1, 1)", "--isolated"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("; nets/__init__.py:3")
    for name, over in (("nets.Conv2D", False), ("nets.conv.Conv2D", False), ("net.Conv2D", True)):
        arguments = ["report", "use.py", "--fail-over-budget", f"--max-layer-params=1M, {name}:5M", "--isolated"]
        assert main(arguments) == over
