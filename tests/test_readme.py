"""The README's examples are run as they stand, and their output compared.

A ```python or ```ini block whose first line is `# NAME` is a file; a ```console block is commands (`$ `), each with the
whole output that it gives; a ```sh block is a command of the checkout, held against what .ci/run executes.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
from check_wild import FLOORS
from time_report import MODELS, seconds
from time_report import commands as commands_of

CHECKOUT = Path(__file__).parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_figures_of_public_packages_are_the_floors_that_are_checked() -> None:
    for package, (exact, largest) in FLOORS.items():
        truth = json.loads((CHECKOUT / "fixtures" / "wild" / f"{package}.json").read_text())
        lines = {(site["file"], site["line"], site["layer"]) for site in truth["sites"]}
        row = f"| {package} {truth['version']} | {len(truth['models'])} | {exact} | {len(lines)} | {largest} |"
        assert row in README.splitlines()


class Command(NamedTuple):
    line: str
    output: str


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(README) if name == language]


def commands() -> list[Command]:
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, output = part.partition("\n")
            found.append(Command(line, output))
    return found


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the README's Python files; its .flake8 is an example too, but not for the other examples."""
    folder = tmp_path_factory.mktemp("readme")
    for block in blocks("python"):
        name = block.split("\n", 1)[0].removeprefix("# ")
        (folder / name).write_text(block, encoding="utf-8")
    return folder


def run(line: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    own = {"PATH": path, "PYTHONPATH": str(CHECKOUT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "120", "NO_COLOR": "1"}
    environment = {**os.environ, **own}
    done = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
    done.stdout += done.stderr
    return done


@pytest.mark.parametrize("command", commands(), ids=[command.line for command in commands()])
def test_a_command_of_the_readme_prints_what_the_readme_shows(command: Command, examples: Path) -> None:
    assert run(command.line, examples).stdout == command.output


def test_the_readmes_configuration_file_is_one(examples: Path, tmp_path: Path) -> None:
    (ini,) = blocks("ini")
    (tmp_path / ".flake8").write_text(ini, encoding="utf-8")
    (tmp_path / "edge").mkdir()
    (tmp_path / "tests").mkdir()
    layers = ["nn.Linear(500, 499)", "nn.Linear(500, 500)", "nn.Conv1d(500, 500, 1)", "nn.Linear(4000, 4000)"]
    code = "\n".join(["from torch import nn", *layers, ""])
    for name in ("edge/a.py", "tests/a.py", "a.py"):
        (tmp_path / name).write_text(code, encoding="utf-8")
    found = [line.split(" ")[0] for line in run("flake8 --select=NNL", tmp_path).stdout.splitlines()]
    assert sorted(found) == ["./a.py:5:1:", "./edge/a.py:3:1:", "./edge/a.py:4:1:", "./edge/a.py:5:1:"]


def test_the_worked_examples_of_the_formulas_are_counted_so(examples: Path) -> None:
    rows = re.findall(r"^\| `(nn\..*?)` \| .*?([\d,]+) \| .*?([\d,]+) \|$", README, re.MULTILINE)
    assert len(rows) == 5
    for formula, column in (("textbook", 1), ("framework", 2)):
        lines = ["from torch import nn", *(row[0] for row in rows), ""]
        (examples / "rows.py").write_text("\n".join(lines), encoding="utf-8")
        output = run(f"flake8 --max-layer-params=0 --nnlint-formula={formula} rows.py", examples).stdout
        counts = dict(re.findall(r"^rows\.py:(\d+):1: NNL101 .* has ([\d,]+) parameters", output, re.MULTILINE))
        assert [counts.get(str(number), "0") for number in range(2, 2 + len(rows))] == [row[column] for row in rows]


def test_the_arithmetic_of_the_worked_examples_is_right() -> None:
    sums = re.findall(r"([\d·()+/ ]+) = ([\d,]+) \|", README)
    assert len(sums) >= 8
    for terms, result in sums:
        assert eval(terms.replace("·", "*")) == int(result.replace(",", "")), terms


def test_the_main_command_finds_layers_over_budget() -> None:
    command = "flake8 --select=NNL --max-layer-params=1M fixtures"
    assert command in blocks("sh")[0]
    done = run(command, CHECKOUT)
    assert done.returncode == 1
    assert "NNL101" in done.stdout


def test_continuous_integration_runs_the_readmes_commands() -> None:
    script = (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8")
    for line in "".join(blocks("sh")).splitlines():
        words = line.replace("'.[test]'", "")
        assert words in script, line


def test_the_commands_for_a_pull_request_fail_on_what_grew(tmp_path: Path) -> None:
    (text,) = blocks("shell")
    record, compare = text.splitlines()
    (tmp_path / "src").mkdir()
    net = "from torch import nn\n\n\ndef net(width=100):\n    return nn.Linear(width, 10)\n"
    (tmp_path / "src" / "net.py").write_text(net, encoding="utf-8")
    for width, status, told in ((100, 0, "no change"), (104, 0, "1 grown"), (106, 1, "grown by more than 5%: all")):
        if width == 100:
            assert run(f"{record} && test -s main.json", tmp_path).returncode == 0
        (tmp_path / "src" / "net.py").write_text(f"# moved\n{net.replace('=100', f'={width}')}", encoding="utf-8")
        done = run(compare, tmp_path)
        assert (done.returncode, told in done.stdout) == (status, True), done.stdout


def test_the_models_whose_times_the_readme_shows_are_reported() -> None:
    shown = re.findall(r"^\| `(\w+\.py::\w+)` \| [\d.]+ s \|", README, re.MULTILINE)
    assert shown == list(MODELS)
    for model in shown:
        done = run(f"nnlint report {model} --isolated --depth 1", CHECKOUT / "fixtures" / "models")
        assert re.search(r"^[\d,]+ parameters, ", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_a_model_is_shown_before_torch_would_be_imported() -> None:
    its = commands_of(MODELS[0])
    assert any(seconds(its["nnlint"]) < seconds(its["import torch"]) for _ in range(3))


def test_every_code_of_the_readme_is_explained(examples: Path) -> None:
    if not shutil.which("nnlint", path=str(Path(sys.executable).parent)):
        pytest.skip("nnlint is not installed as a command here")
    for code in sorted(set(re.findall(r"^\| (NNL\d{3}) ", README, re.MULTILINE))):
        assert run(f"nnlint explain {code}", examples).returncode == 0, code


def test_every_option_of_the_readme_is_flake8s_and_the_other_way_round(examples: Path) -> None:
    told = set(re.findall(r"^\| `([a-z-]+)` \|", README, re.MULTILINE))
    shown = run("flake8 --help", examples).stdout
    known = set(re.findall(r"--([a-z-]*(?:nnlint|layer-params|model-params)[a-z-]*)", shown))
    assert told == known
