"""The command line, in process and as a program."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from nnlint import __version__, cli

SOURCE = "import torch.nn as nn\n\nfc = nn.Linear(25088, 4096)\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["report", "no/such.py"], "nnlint: error: no such file or folder: no/such.py\n"),
        (["report", "--depth=1", "net.py", "--over=1", ""], "nnlint: error: no such file or folder: \n"),
        (["report", "net.pi"], "nnlint: error: no such file or folder: net.pi; did you mean net.py?\n"),
        (["report", "\x1b[31m##x"], "nnlint: error: no such file or folder: \\x1b[31m#\\x23x\n"),
        (["explain", "X"], "nnlint: error: no rule has the code or the name 'X'; there are NNL101, "),
        (
            ["explain", "nnl999"],
            "nnlint: error: no rule has the code or the name 'nnl999'; did you mean NNL901 or NNL902?",
        ),
        (
            ["explain", "layer-budget"],
            "nnlint: error: no rule has the code or the name 'layer-budget'; did you mean layer",
        ),
        (["report", "--over=1X", "."], "nnlint: error: --over: '1X' is not a number of parameters"),
        (
            ["report", "--over=none", "."],
            "nnlint: error: --over: 'none' is not a number of parameters (such as 500k, 10M, 1e6 or 1_000_000)\n",
        ),
        (["report", "--over=", "."], "nnlint: error: --over: '' is not a number of parameters"),
        (["report", "--nnlint-formula=x", "."], "nnlint: error: nnlint-formula: 'x' is neither framework nor textbook"),
        (["report", "--config=no.cfg", "."], "nnlint: error: The specified config file does not exist: no.cfg\n"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").touch()
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(line) and captured.err.count("\n") == 1 and captured.out == ""


def test_a_rule_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "nnl101"]) == 0
    text = capsys.readouterr().out
    assert cli.main(["explain", "layer-over-budget"]) == 0 and capsys.readouterr().out == text
    assert text.startswith("NNL101 layer-over-budget: ") and "Why is this bad" in text
    assert "    classifier = nn.Linear(25088, 4096)\n    -> 3:14 NNL101 Linear has 102,764,544 " in text


def test_the_version_and_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    for flag, words in (("--version", f"nnlint {__version__}\n"), ("--help", "explain")):
        with pytest.raises(SystemExit, match="0"):
            cli.main([flag])
        assert words in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--depth", "--jobs"])
@pytest.mark.parametrize("value", ["-1", "0", "x", "1.5", "", "²"])
def test_what_is_no_number_of_levels_or_processes_is_told_with_the_value(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["report", option, value, "net.py"])
    line = (
        f"nnlint: error: argument {option}: {value!r} is not a whole number of at least 1; see nnlint report --help\n"
    )
    assert capsys.readouterr().err == line


@pytest.mark.parametrize("arguments", [["--help"], ["report", "--help"], ["explain", "--help"]])
def test_the_help_fits_a_terminal(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match="0"):
        cli.main(arguments)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_a_listing_of_nothing_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    (tmp_path / "empty.py").touch()
    for path, text in (("nets", "no Python files\n"), ("empty.py", "no layers and no models in 1 file\n")):
        assert cli.main(["report", path]) == 0
        assert capsys.readouterr().out == text


def run_program(*arguments: str, cwd: Path, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "nnlint", *arguments]
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, encoding="utf-8")


def run(*arguments: str, cwd: Path, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """The same in this process, which has imported what the program needs half a second for."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(cwd)
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = cli.main(list(arguments))
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(arguments, status, *texts)


def test_files_folders_and_standard_input_are_reported(tmp_path: Path) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "net.py").write_text(SOURCE)
    (tmp_path / "empty.py").write_text("")
    done = run_program("report", "empty.py", "nets", "-", "nets/net.py", "--format=json", cwd=tmp_path, stdin=SOURCE)
    files = json.loads(done.stdout)["files"]
    assert [file["path"] for file in files] == ["empty.py", "nets/net.py", "stdin"]
    assert [[layer["parameters"] for layer in file["layers"]] for file in files] == [[], [102_764_544], [102_764_544]]


@pytest.mark.parametrize(
    "arguments", ["-::fc --depth 1", "--depth 1 -::fc", "--depth=1 -::fc --isolated", "--isolated -- -::fc"]
)
def test_a_model_of_standard_input_is_asked_for_before_and_after_the_options(arguments: str, tmp_path: Path) -> None:
    done = run("report", *arguments.split(), cwd=tmp_path, stdin=SOURCE)
    assert done.stdout.splitlines()[-1] == "102,764,544 parameters, 411,058,176 bytes as float32; stdin:3"
    assert (done.returncode, done.stderr) == (0, "")


def test_paths_may_stand_between_options(tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(SOURCE)
    done = run("report", "a.py", "--format", "json", "-", "--over=1", "b.py", "--isolated", cwd=tmp_path, stdin=SOURCE)
    assert [file["path"] for file in json.loads(done.stdout)["files"]] == ["a.py", "stdin", "b.py"]
    shown = run("report", "a.py", "--depth=1", "-::fc", cwd=tmp_path, stdin=SOURCE).stdout
    assert "102,764,544 parameters, " in shown and "1 layer and 0 models in 1 file" in shown


@pytest.mark.parametrize(
    "arguments", ["report a.py --such", "report a.py --depth 1 --such b.py", "report a.py -x", "explain NNL101 NNL102"]
)
def test_what_is_neither_an_option_nor_a_path_is_refused(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(arguments.split())
    assert "nnlint: error: unrecognized arguments: " in capsys.readouterr().err


def test_standard_input_can_be_asked_for_more_than_once(tmp_path: Path) -> None:
    stdin = f"{SOURCE}tail = nn.Linear(1, 2)\n"
    done = run("report", "-::tail", "-", "-::fc", cwd=tmp_path, stdin=stdin)
    totals = [line for line in done.stdout.splitlines() if " bytes as float32" in line or "2 layers and" in line]
    assert [line.split(" ")[0] for line in totals] == ["4", "102,764,544", "2"], done


def test_a_model_that_standard_input_does_not_have(tmp_path: Path) -> None:
    done = run("report", "-::fx", cwd=tmp_path, stdin=SOURCE)
    assert (done.returncode, done.stderr) == (2, "nnlint: error: stdin has no model 'fx'; did you mean fc?\n")
    assert run_program("report", "--over", "-::fc", cwd=tmp_path).returncode == 2  # an option's value is none


def test_standard_input_that_cannot_be_decoded_is_an_error_in_the_report(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nnlint", "report", "-", "--format=json"]
    done = subprocess.run(command, cwd=tmp_path, input=b"import torch\nx = '\xff'\n", capture_output=True)
    (file,) = json.loads(done.stdout)["files"]
    assert file["path"] == "stdin" and "decode" in file["errors"][0]["message"] and done.stderr == b""


def test_the_listing_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SOURCE)
    lines = run("report", "net.py", cwd=tmp_path).stdout.splitlines()
    assert lines[1] == "   102,764,544  100 %  Linear  25088×4096 + 4096  net.py:3:6 <module>"


def test_what_flake8_excludes_and_what_the_command_line_does(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "c.py", "d.py"):
        (tmp_path / name).write_text("")
    (tmp_path / ".flake8").write_text("[flake8]\nexclude = a.py\nextend-exclude =\n    b.py\n")
    for options, left in (([], ["c.py", "d.py"]), (["--exclude=d.py,x"], ["c.py"]), (["--isolated"], list("abcd"))):
        report = json.loads(run("report", ".", "--format=json", *options, cwd=tmp_path).stdout)
        assert [file["path"][0] for file in report["files"]] == [name[0] for name in left]


@pytest.mark.parametrize(
    ("option", "line", "status"),
    [("--max-layer-params=1M", "!  102,764,544", 1), ("--max-layer-params=200M", "   102,764,544", 0)],
)
def test_layers_over_budget_are_marked_and_fail_where_asked(
    option: str, line: str, status: int, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(SOURCE)
    done = run("report", "net.py", option, "--fail-over-budget", cwd=tmp_path)
    assert done.stdout.splitlines()[1].startswith(line) and done.returncode == status
    assert run("report", "net.py", option, cwd=tmp_path).returncode == 0


def test_models_over_budget_fail_too_and_noqa_allows_them(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(f"{SOURCE}\n\ndef net():\n    return nn.Linear(1000, 1000)\n")
    options = ("report", "net.py", "--max-model-params=1M", "--fail-over-budget")
    done = run_program(*options, cwd=tmp_path)
    assert done.returncode == 1 and "!   1,001,000  net()  net.py:6:1 function" in done.stdout
    assert "! over its budget: 0 layers and 1 model\n" in done.stdout
    text = (tmp_path / "net.py").read_text()
    (tmp_path / "net.py").write_text(text.replace("def net():", "def net():  # noqa: NNL102"))
    assert run_program(*options, cwd=tmp_path).returncode == 0


def test_budgets_of_the_configuration_file_and_pragmas_hold(tmp_path: Path) -> None:
    (tmp_path / ".flake8").write_text("[flake8]\nmax-layer-params = 1M\n")
    (tmp_path / "net.py").write_text(SOURCE)
    assert run("report", ".", "--fail-over-budget", cwd=tmp_path).returncode == 1
    assert run("report", ".", "--fail-over-budget", "--isolated", cwd=tmp_path).returncode == 0
    (tmp_path / "net.py").write_text(SOURCE.replace("4096)", "4096)  # nnlint: max-layer-params=200M"))
    assert run("report", ".", "--fail-over-budget", cwd=tmp_path).returncode == 0


def test_the_report_is_the_same_with_any_number_of_jobs(checkout: Path) -> None:
    for folder, *arguments in (["fixtures/models", "--format=json"], ["fixtures/layers", "--max-layer-params=1M"]):
        command = ("report", folder, "--isolated", *arguments)
        one, two = (run_program(*command, f"--jobs={jobs}", cwd=checkout) for jobs in (1, 2))
        assert one.returncode == 0 and one.stdout == two.stdout and one.stdout.count("\n") > 300


def test_where_a_circle_of_imports_was_entered_first_changes_nothing_with_the_jobs(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "from pkg import models\n",
        "pkg/models/__init__.py": "from .net import Net\n",
        "pkg/models/net.py": "from pkg.ops import MLP\n\nclass Net(MLP):\n    pass\n",
        "pkg/ops/__init__.py": "from .boxes import area\nfrom .misc import MLP\n",
        "pkg/ops/boxes.py": "import pkg\n\ndef area():\n    return pkg\n",
        "pkg/ops/misc.py": "from torch import nn\n\nclass MLP(nn.Linear):\n    def __init__(self):\n"
        "        super().__init__(4, 5)\n",
    }
    files |= {f"a{number}.py": "import torch\nfrom pkg.ops import area\n" for number in range(15)}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    one, two, three = (
        run_program("report", ".", "--format=json", f"--jobs={jobs}", cwd=tmp_path).stdout for jobs in (1, 2, 3)
    )
    assert one == two == three and '"name": "Net"' in one


def test_a_process_that_dies_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(20):
        (tmp_path / f"net{number}.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nnlint.report.gather.read_file", lambda *_: os._exit(1))
    assert cli.main(["report", ".", "--jobs=2"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "nnlint: error: a process ended in the middle of a file; --jobs 1 may tell more\n"


def test_only_the_command_line_loads_rich(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SOURCE)
    code = (
        "import sys; from flake8.main.cli import main\n"
        "assert main(['--select=NNL', '--max-layer-params=1M', '-j1', 'net.py']) == 1\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'rich', 'nnlint', 'libcst', 'torch'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert done.stdout.splitlines()[-1] == "['libcst', 'nnlint']"


def test_an_output_that_knows_ascii_only_gets_words_for_the_signs(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(f"{SOURCE}bound = nn.Linear(4096, 8, bias=unknown())\n")
    for path, words in (("net.py", b">= 32,768"), ("net.py", b"25088x4096 + 4096"), ("net.py::fc", b"########")):
        command = [sys.executable, "-m", "nnlint", "report", path]
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True)
        assert words in done.stdout and b"\\u" not in done.stdout, done


def test_the_formula_of_the_configuration_file_and_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("import torch.nn as nn\n\nrnn = nn.LSTM(10, 20)\n")
    (tmp_path / ".flake8").write_text("[flake8]\nnnlint-formula = textbook\nmax-layer-params = 1\n")
    for options, formula, count in (
        ([], "textbook", 2480),
        (["--nnlint-formula=framework"], "framework", 2560),
        (["--isolated"], "framework", 2560),
    ):
        report = json.loads(run("report", "net.py", "--format=json", *options, cwd=tmp_path).stdout)
        assert report["formula"] == formula
        assert report["files"][0]["layers"][0]["counts"] == [count]


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SOURCE * 1500)
    command = f"'{sys.executable}' -m nnlint report net.py | head -n 1"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_what_pythons_parser_warns_of_is_not_repeated(tmp_path: Path) -> None:
    text = "from torch import nn\nwords = '\\d'\n\ndef f():\n    return nn.Linear(len(f'\\d{1}'), 2)\n"
    (tmp_path / "net.py").write_text(text)
    command = [sys.executable, "-W", "always::SyntaxWarning", "-m", "nnlint", "report", "net.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and "3×2 + 2" in done.stdout
