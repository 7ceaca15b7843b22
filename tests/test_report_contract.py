"""The JSON report: the contract, its schema, and what one file builds of another's layers."""

import json
from pathlib import Path

import jsonschema
import pytest
from report_samples import context, site, vgg

import nnlint.report
from nnlint.analyse import analyse
from nnlint.cli import main
from nnlint.construction import Analysis
from nnlint.report.contract import report_json

SCHEMA = json.loads((Path(nnlint.report.__file__).parent / "schema.json").read_text(encoding="utf-8"))


def test_the_report_is_the_contract() -> None:
    assert json.loads(report_json([vgg(), Analysis("empty.py")], "framework")) == {
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


def test_the_schema_is_a_schema_and_takes_the_reports_of_real_files(
    checkout: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert main(["report", "--format=json", "--isolated", "fixtures/layers", "fixtures/models/gpt.py"]) == 0
    report = json.loads(capsysbinary.readouterr().out)
    assert sum(len(file["layers"]) for file in report["files"]) > 100
    jsonschema.validate(report, SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 2},
        {"formula": "other"},
        {"extra": 1},
        {"files": [{"path": "a.py", "layers": [], "models": [], "errors": [{"line": 0, "column": 1, "message": ""}]}]},
        {"files": [{"path": "a.py", "layers": [], "models": [{"line": 1}], "errors": []}]},
    ],
)
def test_the_schema_refuses_what_is_not_the_contract(wrong: dict[str, object]) -> None:
    report = json.loads(report_json([vgg()], "framework"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**report, **wrong}, SCHEMA, jsonschema.Draft202012Validator)


def test_what_one_file_builds_of_another_counts_at_the_others_site() -> None:
    owner = Analysis("nets/mlp.py", [site("nets/mlp.py", 12, context(5))])
    user = Analysis("net.py", entered=[site("nets/mlp.py", 12, context(7), context(None, 9))])
    owned, used = json.loads(report_json([owner, user], "framework"))["files"]
    (layer,) = owned["layers"]
    assert (layer["counts"], layer["parameters"], layer["at_least"]) == ([5, 7], None, 9)
    assert layer["unknown"] == "because" and used["layers"] == []
    assert owner.layers[0].counts == [5], "merging leaves the analyses as they were"
    assert json.loads(report_json([user], "framework"))["files"][0]["layers"] == []


def test_a_site_that_only_another_file_leads_to_is_listed_where_it_stands(tmp_path: Path) -> None:
    net = "from torch import nn\nclass Net(nn.Module):\n    def __init__(self, deep=False):\n"
    net += "        super().__init__()\n        made = nn.Conv2d\n"
    net += "        if deep:\n            self.a = made(3, 8, 3)\n"
    (tmp_path / "net.py").write_text(net)
    (tmp_path / "build.py").write_text("from net import Net\ndef deep():\n    return Net(deep=True)\n")
    paths = [str(tmp_path / name) for name in ("build.py", "net.py")]
    build, owner = json.loads(report_json([analyse(path) for path in paths], "framework"))["files"]
    (layer,) = owner["layers"]
    assert (layer["line"], layer["layer"], layer["counts"]) == (7, "torch.nn.Conv2d", [224])
    assert build["layers"] == [] and owner["path"] == paths[1]
