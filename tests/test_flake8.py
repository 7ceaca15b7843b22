"""The plugin in real flake8, as a subprocess."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nnlint import __version__
from nnlint.configuration import Configuration
from nnlint.rules import check_file

Run = Callable[..., "subprocess.CompletedProcess[str]"]
LINE = "nn.Linear(25088, 4096)"
SOURCE = f"import torch.nn as nn\n\nfc = {LINE}\n"
MESSAGE = "NNL101 Linear has 102,764,544 parameters (25088×4096 + 4096), over the budget of 1,000,000"
BUDGET = ("--select=NNL", "--max-layer-params=1M")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(SOURCE)
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "small.py").write_text("import torch.nn as nn\n\nfc = nn.Linear(500, 500)\n")
    (tmp_path / ".flake8").write_text("[flake8]\nselect = NNL\n")
    return tmp_path


def test_a_layer_over_the_budget_of_the_command_line(flake8: Run, project: Path) -> None:
    done = flake8(*BUDGET, "net.py", cwd=project)
    assert (done.stdout, done.stderr, done.returncode) == (f"net.py:3:6: {MESSAGE}\n", "", 1)


def test_without_a_budget_and_within_it_nothing_is_said(flake8: Run, project: Path) -> None:
    for options in ((), ("--max-layer-params=200M",), ("--max-layer-params=none",)):
        done = flake8("--select=NNL", *options, cwd=project)
        assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("name", ["setup.cfg", "tox.ini", ".flake8"])
@pytest.mark.parametrize("option", ["max-layer-params", "max_layer_params"])
def test_the_budget_of_a_configuration_file(name: str, option: str, flake8: Run, project: Path) -> None:
    (project / ".flake8").unlink()
    other = "[metadata]\nname = x\n\n" if name == "setup.cfg" else ""
    text = f"{other}[flake8]\nmax-complexity = 10\nselect = NNL\n{option} = 1M,\n    # edge\n    Conv2d:2M\n"
    (project / name).write_text(text)
    assert flake8(cwd=project).stdout == f"./net.py:3:6: {MESSAGE}\n"


def test_the_command_line_goes_before_the_configuration_file(flake8: Run, project: Path) -> None:
    (project / ".flake8").write_text("[flake8]\nselect = NNL\nmax-layer-params = 1M\n")
    assert flake8("--max-layer-params=none", cwd=project).stdout == ""


def test_budgets_of_paths_are_relative_to_the_configuration_file(flake8: Run, project: Path) -> None:
    text = "[flake8]\nselect = NNL\nmax-layer-params = none\nper-path-max-layer-params =\n    edge/*: 100k, Conv2d:1\n"
    (project / ".flake8").write_text(text)
    expected = "small.py:3:6: NNL101 Linear has 250,500 parameters (500×500 + 500), over the budget of 100,000\n"
    assert flake8(cwd=project).stdout == f"./edge/{expected}"
    assert flake8("--config=../.flake8", "small.py", cwd=project / "edge").stdout == expected
    assert flake8("small.py", cwd=project / "edge").stdout == expected
    assert flake8(f"--config={project / '.flake8'}", str(project / "edge"), cwd=project.parent).stdout == (
        f"{project / 'edge'}/{expected}"
    )


@pytest.mark.parametrize("jobs", ["-j1", "-j2", "-jauto"])
def test_jobs_find_the_same(jobs: str, flake8: Run, project: Path) -> None:
    for index in range(4):
        (project / f"net{index}.py").write_text(SOURCE)
    done = flake8(jobs, *BUDGET, cwd=project)
    assert done.stdout.count(MESSAGE) == 5 and done.stderr == ""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_have_the_options_however_they_are_started(method: str, project: Path) -> None:
    for index in range(4):
        (project / f"net{index}.py").write_text(SOURCE)
    (project / ".flake8").write_text("[flake8]\nselect = NNL\nper-path-max-layer-params = ./net*.py: 1M\n")
    start = project / "start.py"
    start.write_text(
        "import multiprocessing, sys\nfrom flake8.main.cli import main\n"
        f"if __name__ == '__main__':\n    multiprocessing.set_start_method({method!r})\n    sys.exit(main())\n"
    )
    command = [sys.executable, str(start), "-j2", "--exclude=start.py"]
    done = subprocess.run(command, cwd=project, capture_output=True, encoding="utf-8")
    assert done.stdout.count(MESSAGE) == 5 and done.stderr == ""


def test_standard_input_goes_by_its_display_name(flake8: Run, project: Path) -> None:
    assert flake8(*BUDGET, "-", cwd=project, stdin=SOURCE).stdout == f"stdin:3:6: {MESSAGE}\n"
    done = flake8(*BUDGET, "--stdin-display-name=edge/x.py", "-", cwd=project, stdin=SOURCE)
    assert done.stdout == f"edge/x.py:3:6: {MESSAGE}\n"
    options = ("--per-path-max-layer-params=edge/*: none", "--stdin-display-name=edge/x.py")
    assert flake8(*BUDGET, *options, "-", cwd=project, stdin=SOURCE).stdout == ""


@pytest.mark.parametrize(
    "options",
    [
        ("--extend-ignore=NNL1",),
        ("--ignore=NNL101",),
        ("--select=E",),
        ("--per-file-ignores=net.py:NNL101",),
        ("--exclude=net.py",),
    ],
)
def test_flake8s_own_ways_to_silence_a_finding(options: tuple[str, ...], flake8: Run, project: Path) -> None:
    assert flake8(*BUDGET, *options, cwd=project).stdout == ""


COMMENTS = {
    f"fc = {LINE}  # noqa: NNL101\n": False,
    f"fc = {LINE}  # noqa\n": False,
    f"fc = {LINE}  # noqa: NNL102\n": True,
    "fc = nn.Linear(  # noqa: NNL101\n    25088,\n    4096,\n)\n": False,
    f"fc = {LINE}  # nnlint: max-layer-params=120M\n": False,
    f"fc = {LINE}  # nnlint: max-layer-params=100M\n": True,
    f"class Net:  # nnlint: max-layer-params=120M\n    fc = {LINE}\n": False,
}


def test_comments_silence_the_finding_of_their_line(flake8: Run, tmp_path: Path) -> None:
    for index, source in enumerate(COMMENTS):
        (tmp_path / f"net{index}.py").write_text("import torch.nn as nn\n" + source)
    output = flake8(*BUDGET, cwd=tmp_path).stdout
    assert {source: f"net{index}.py:2:6: NNL101" in output for index, source in enumerate(COMMENTS)} == COMMENTS
    assert output.count("\n") == sum(COMMENTS.values())


def test_it_is_selected_by_default_next_to_other_plugins(flake8: Run, project: Path) -> None:
    (project / "net.py").write_text(f"import os\n{SOURCE}")
    done = flake8("--isolated", "--max-layer-params=1M", "--max-complexity=5", "net.py", cwd=project)
    assert [line.split(": ")[1].split()[0] for line in done.stdout.splitlines()] == ["F401", "NNL101"]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--max-layer-params=10X",), "max-layer-params: '10X' is not a number of parameters"),
        (("--max-model-params=-5",), "max-model-params: '-5' is not a number of parameters"),
        (("--nnlint-formula=other",), "nnlint-formula: 'other' is neither framework nor textbook"),
        (("--nnlint-assume=x",), "nnlint-assume: 'x' is not name=value"),
        (("-j2", "--per-path-max-layer-params=edge"), "per-path-max-layer-params: 'edge' is not 'pattern: budget'"),
    ],
)
def test_a_bad_value_ends_with_one_line_after_the_usage(
    options: tuple[str, ...], line: str, flake8: Run, project: Path
) -> None:
    done = flake8(*options, cwd=project)
    usage, error = done.stderr.splitlines()
    assert (usage, done.stdout, done.returncode) == ("usage: flake8 [options] file file ...", "", 2)
    assert error.startswith(f"flake8: error: {line}")


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("max-layer-params = 10M  # agreed", "a comment in a configuration file must stand on a line of its own"),
        ("max-layer-params =", "max-layer-params: '' is empty"),
        ("nnlint-report-unknown = perhaps", "nnlint-report-unknown: 'perhaps' is neither true nor false"),
    ],
)
def test_a_bad_value_of_a_configuration_file_is_named_too(setting: str, line: str, flake8: Run, project: Path) -> None:
    (project / ".flake8").write_text(f"[flake8]\n{setting}\n")
    done = flake8(cwd=project)
    assert line in done.stderr.splitlines()[-1] and done.returncode == 2 and "Traceback" not in done.stderr


def test_unknown_counts_are_reported_when_a_configuration_file_asks(flake8: Run, project: Path) -> None:
    (project / "net.py").write_text("import torch.nn as nn\n\nfc = nn.Linear(int(input()), 1)\n")
    (project / ".flake8").write_text("[flake8]\nselect = NNL\n")
    assert flake8(cwd=project).stdout == ""
    (project / ".flake8").write_text("[flake8]\nselect = NNL\nnnlint-report-unknown = true\n")
    assert flake8(cwd=project).stdout.startswith("./net.py:3:6: NNL901 Linear ")


STRANGE = {
    "empty": b"",
    "mark": b"\xef\xbb\xbf" + SOURCE.encode(),
    "carriage returns and line feeds": SOURCE.replace("\n", "\r\n").encode(),
    "an encoding": b"# coding: latin-1\n# caf\xe9\n" + SOURCE.encode(),
    "another": b"# coding: cp1252\nx = '\x80'\n" + SOURCE.encode(),
    "one that is none": b"# coding: no-such-encoding\n" + SOURCE.encode(),
    "one that is not declared": b"# caf\xe9\n" + SOURCE.encode(),
    "carriage returns": SOURCE.replace("\n", "\r").encode(),
    "no end of line": SOURCE.rstrip().encode(),
    "separators in a string": "变量 = 'ä\u2028\x85'\n".encode() + SOURCE.encode(),
    "tabs": b"if 1:\n\tif 1:\n\t\tx = 1\n" + SOURCE.encode(),
    "form feed": b"\x0c\n" + SOURCE.encode(),
    "long line": b"x = '" + b"a" * 1_000_000 + b"'\n" + SOURCE.encode(),
    "deep signs": b"import torch\nx = " + b"-" * 90 + b"1\n",
    "tuples": b"import torch\n" + b"(" * 150 + b")" * 150 + b"\n",
    "calls": b"import torch\nx = " + b"f(" * 80 + b")" * 80 + b"\n",
}


@pytest.fixture(scope="module")
def strange(flake8: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What one run finds in all of them, each between two files that are not strange."""
    folder = tmp_path_factory.mktemp("strange")
    for index, content in enumerate(STRANGE.values()):
        (folder / f"strange{index:02}.py").write_bytes(content)
        (folder / f"strange{index:02}_.py").write_text(SOURCE)
    done = flake8(*BUDGET, cwd=folder)
    assert done.stderr == "" and "NNL902" not in done.stdout
    return done.stdout


@pytest.mark.parametrize("name", STRANGE)
def test_strange_files_are_no_trouble_to_themselves_or_others(name: str, strange: str) -> None:
    index = list(STRANGE).index(name)
    assert f"./strange{index:02}_.py:3:6: {MESSAGE}\n" in strange
    assert strange.count(f"./strange{index:02}.py:") == (LINE.encode() in STRANGE[name])


@pytest.mark.parametrize(
    "content",
    [b"import torch\ndef (", b"import torch\n\xff\xfe +", b"if 1:\n        import torch\n\timport torch.nn\n"],
    ids=["a syntax error", "bytes of no encoding", "tabs and spaces"],
)
def test_a_file_that_python_cannot_parse_is_left_to_flake8(content: bytes, flake8: Run, project: Path) -> None:
    (project / "a.py").write_bytes(content)
    done = flake8("--select=NNL,E9", "--max-layer-params=1M", cwd=project)
    assert "./a.py" in done.stdout and "E9" in done.stdout and "Traceback" not in done.stdout + done.stderr
    assert f"./net.py:3:6: {MESSAGE}\n" in done.stdout


def test_a_null_byte_is_no_trouble_to_nnlint(flake8: Run, project: Path) -> None:
    """Python before 3.11.4 has a ValueError for it, with which flake8 itself ends: by its own parser, nnlint or not."""
    (project / "a.py").write_bytes(SOURCE.encode() + b"\x00")
    done = flake8("--select=NNL,E9", "--max-layer-params=1M", cwd=project)
    try:
        ast.parse("\x00")
    except SyntaxError:
        assert "./a.py" in done.stdout and "E9" in done.stdout and f"./net.py:3:6: {MESSAGE}\n" in done.stdout
        assert done.stderr == ""
    except ValueError:
        assert "ast.py" in done.stderr and "nnlint" not in done.stderr
    (finding,) = check_file("a.py", SOURCE + "\x00", Configuration())
    assert finding.code == "NNL902" and "null bytes" in finding.message


def test_the_findings_do_not_depend_on_the_order_of_hashes(flake8: Run) -> None:
    def findings(seed: str) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONHASHSEED", seed)
            return flake8("-j1", "--isolated", "--select=NNL", "--max-layer-params=0", "fixtures/layers").stdout

    first = findings("0")
    assert first.count("\n") > 200 and first == findings("4242")


EVERY_OPTION = """\
max-layer-params = 1M,
    # a comment on a line of its own
    Conv2d: none
max-model-params = 2k
per-path-max-layer-params =
    ./edge/*: 1
nnlint-assume = width=2000
nnlint-layers = mylib.Fused=torch.nn.Linear
nnlint-search-path = ../lib
nnlint-formula = textbook
nnlint-report-unknown = yes
"""
EVERY_EFFECT = """\
from mylib import Fused
from outside import SIZE
from torch import nn


def head(width):
    nn.Linear(width, 1000)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(1000, 1000, 2)
        self.b = Fused(1000, 1000)
        self.c = nn.LSTM(SIZE, 500)
        self.d = nn.Linear(10, int(input()))
"""


@pytest.mark.parametrize("name", ["setup.cfg", "tox.ini", ".flake8"])
@pytest.mark.parametrize("sign", ["-", "_"])
def test_every_option_in_every_configuration_file(name: str, sign: str, flake8: Run, project: Path) -> None:
    names = re.compile(r"^[a-z-]+(?= =)", re.MULTILINE)
    (project / ".flake8").unlink()
    options = names.sub(lambda match: match[0].replace("-", sign), EVERY_OPTION)
    (project / name).write_text(f"[flake8]\nselect = NNL\n{options}")
    (project.parent / "lib").mkdir(exist_ok=True)
    (project.parent / "lib" / "outside.py").write_text("SIZE = 500\n")
    (project / "net.py").write_text(EVERY_EFFECT)
    expected = [
        "./edge/small.py:3:6: NNL101 Linear has 250,500 parameters",
        "./net.py:7:5: NNL101 Linear has 2,001,000 parameters",
        "./net.py:10:1: NNL102 Net() builds at least 7,004,000 parameters",
        "./net.py:14:18: NNL101 Linear has 1,001,000 parameters",
        "./net.py:15:18: NNL101 LSTM has 2,002,000 parameters",
        "./net.py:16:18: NNL901 Linear has a number of parameters that is not statically known",
    ]
    found = flake8(cwd=project).stdout.splitlines()
    assert [line[: len(start)] for line, start in zip(found, expected)] == expected and len(found) == len(expected)


def test_nothing_is_analysed_where_no_code_of_nnlint_is_selected(project: Path) -> None:
    code = "import sys; from flake8.main.cli import main; main(sys.argv[1:]); print('nnlint.analyse' in sys.modules)"
    for options, analysed in (("--select=E9,F", False), ("--extend-ignore=NNL", False), ("--select=NNL9", True)):
        command = [sys.executable, "-c", code, "-j1", "--isolated", options, "net.py"]
        done = subprocess.run(command, cwd=project, capture_output=True, encoding="utf-8")
        assert done.stdout.splitlines()[-1] == str(analysed), done.stdout


def test_the_version_is_shown(flake8: Run) -> None:
    assert re.search(rf"\bnnlint: {re.escape(__version__)}\b", flake8("--version").stdout.replace("\n", " "))


def test_the_options_are_in_the_help(flake8: Run) -> None:
    text = flake8("--help").stdout
    for option in ("--max-layer-params", "--max-model-params", "--per-path-max-layer-params", "--nnlint-assume"):
        assert option in text
