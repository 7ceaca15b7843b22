"""The command line, in process and as a program."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nnlint import __version__, cli
from nnlint.construction import Analysis, Context, Entry, Failure, LayerSite, Model, Place
from nnlint.report import report_json, report_text

SOURCE = "import torch.nn as nn\n\nfc = nn.Linear(25088, 4096)\n"


def context(count: int | None, at_least: int = 0) -> Context:
    bound = count if count is not None else at_least
    return Context(count, bound, "", None if count is not None else "because", Entry(Place(1, 1, 1, 2), ""))


def site(path: str, line: int, *contexts: Context) -> LayerSite:
    place = Place(line, 13, line, 41)
    names = ("torch.nn.Linear", "Linear")
    return LayerSite(path, place, "torch.nn.Linear", None, names, "VGG.__init__", list(contexts))


def test_the_report_is_the_contract() -> None:
    model = Model(Place(20, 1, 22, 5), "vgg16", "function", "vgg16()", 138_357_544, 138_357_544, None)
    layer = site("vgg.py", 39, context(102_764_544), context(5))
    analysis = Analysis("vgg.py", [layer], [], [model], [Failure(1, 1, "too deep")])
    assert json.loads(report_json([analysis, Analysis("empty.py")], "framework")) == {
        "version": 1,
        "formula": "framework",
        "files": [
            {
                "path": "vgg.py",
                "layers": [
                    {
                        "line": 39,
                        "column": 13,
                        "end_line": 39,
                        "end_column": 41,
                        "layer": "torch.nn.Linear",
                        "class": None,
                        "scope": "VGG.__init__",
                        "counts": [5, 102_764_544],
                        "parameters": 102_764_544,
                        "at_least": 102_764_544,
                        "unknown": None,
                    }
                ],
                "models": [
                    {
                        "line": 20,
                        "name": "vgg16",
                        "kind": "function",
                        "parameters": 138_357_544,
                        "at_least": 138_357_544,
                        "unknown": None,
                    }
                ],
                "errors": [{"line": 1, "column": 1, "message": "too deep"}],
            },
            {"path": "empty.py", "layers": [], "models": [], "errors": []},
        ],
    }


def test_the_schema_states_the_same_keys_as_the_report() -> None:
    schema = json.loads((Path(cli.__file__).parent / "report_schema.json").read_text())
    model = Model(Place(1, 1, 1, 2), "f", "function", "f()", 1, 1, None)
    analysis = Analysis("a.py", [site("a.py", 1, context(1))], [], [model], [Failure(1, 1, "m")])
    report = json.loads(report_json([analysis], "framework"))
    file_schema = schema["properties"]["files"]["items"]
    (file,) = report["files"]
    assert list(report) == schema["required"] and list(file) == file_schema["required"]
    for key, name in (("layers", "layer"), ("models", "model"), ("errors", "error")):
        definition = schema["$defs"][name]
        assert list(file[key][0]) == definition["required"] == list(definition["properties"])


def test_what_one_file_builds_of_another_counts_at_the_others_site() -> None:
    owner = Analysis("nets/mlp.py", [site("nets/mlp.py", 12, context(5))])
    user = Analysis("net.py", entered=[site("nets/mlp.py", 12, context(7), context(None, 9))])
    owned, used = json.loads(report_json([owner, user], "framework"))["files"]
    (layer,) = owned["layers"]
    assert (layer["counts"], layer["parameters"], layer["at_least"]) == ([5, 7], None, 9)
    assert layer["unknown"] == "because" and used["layers"] == []
    assert owner.layers[0].counts == [5], "merging leaves the analyses as they were"
    assert json.loads(report_json([user], "framework"))["files"][0]["layers"] == []


def test_the_listing_is_aligned_and_largest_first() -> None:
    model = Model(Place(20, 1, 22, 5), "vgg16", "function", "vgg16()", None, 0, "the size is not known")
    counts = {3: context(5), 39: context(102_764_544), 4: context(None, 9)}
    layers = [site("vgg.py", line, count) for line, count in counts.items()]
    assert report_text([Analysis("vgg.py", layers, [], [model], [Failure(1, 2, "too deep")])]) == (
        "layers\n"
        "  102,764,544  Linear  vgg.py:39:13  VGG.__init__\n"
        "   at least 9  Linear  vgg.py:4:13   VGG.__init__  because\n"
        "            5  Linear  vgg.py:3:13   VGG.__init__\n"
        "\n"
        "models\n"
        "  unknown  vgg16()  vgg.py:20:1  function  the size is not known\n"
        "\n"
        "not analysed\n"
        "  vgg.py:1:2: too deep\n"
        "\n"
        "1 file read\n"
    )


def test_a_folder_gives_its_python_files_in_order_but_no_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.py", "a/z.py", "a/c.py", ".hidden/x.py", "env/x.py", "__pycache__/x.py", "x.egg/x.py", "a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    found = [Path(path).relative_to(tmp_path).as_posix() for path in cli.expand([str(tmp_path)])]
    assert found == ["b.py", "a/c.py", "a/z.py"]


def test_a_file_named_by_itself_is_read_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("")
    assert list(cli.expand([str(tmp_path / ".hidden"), "-"])) == [str(tmp_path / ".hidden"), "-"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["report", "no/such.py"], "nnlint: error: no such file or folder: no/such.py\n"),
        (["explain", "NNL999"], "nnlint: error: no rule has the code 'NNL999'; there are NNL101, "),
        (["report", "--nnlint-formula=x", "."], "nnlint: error: nnlint-formula: 'x' is neither framework nor textbook"),
        (["report", "--config=no.cfg", "."], "nnlint: error: The specified config file does not exist: no.cfg\n"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(line) and captured.err.count("\n") == 1 and captured.out == ""


def test_a_rule_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "nnl101"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("NNL101 layer-over-budget: ") and "Why is this bad" in text
    assert "    classifier = nn.Linear(25088, 4096)\n    -> 3:14 NNL101 Linear has 102,764,544 " in text


def test_the_version_and_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    for flag, words in (("--version", f"nnlint {__version__}\n"), ("--help", "explain")):
        with pytest.raises(SystemExit, match="0"):
            cli.main([flag])
        assert words in capsys.readouterr().out


def run(*arguments: str, cwd: Path, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "nnlint", *arguments]
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, encoding="utf-8")


def test_files_folders_and_standard_input_are_reported(tmp_path: Path) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "net.py").write_text(SOURCE)
    (tmp_path / "empty.py").write_text("")
    done = run("report", "empty.py", "nets", "-", "nets/net.py", "--format=json", cwd=tmp_path, stdin=SOURCE)
    files = json.loads(done.stdout)["files"]
    assert [file["path"] for file in files] == ["empty.py", "nets/net.py", "stdin"]
    assert [[layer["parameters"] for layer in file["layers"]] for file in files] == [[], [102_764_544], [102_764_544]]


def test_standard_input_that_cannot_be_decoded_is_an_error_in_the_report(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nnlint", "report", "-", "--format=json"]
    done = subprocess.run(command, cwd=tmp_path, input=b"import torch\nx = '\xff'\n", capture_output=True)
    (file,) = json.loads(done.stdout)["files"]
    assert file["path"] == "stdin" and "decode" in file["errors"][0]["message"] and done.stderr == b""


def test_a_file_named_twice_is_read_once_under_its_first_name(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SOURCE)
    done = run("report", "./net.py", "net.py", ".", "--format=json", cwd=tmp_path)
    assert [file["path"] for file in json.loads(done.stdout)["files"]] == ["./net.py"]


def test_the_listing_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SOURCE)
    assert "  102,764,544  Linear  net.py:3:6  <module>\n" in run("report", "net.py", cwd=tmp_path).stdout


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
    (tmp_path / "net.py").write_text(SOURCE * 3000)
    command = f"'{sys.executable}' -m nnlint report net.py | head -n 1"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert (done.stdout, done.stderr) == ("layers\n", "")
