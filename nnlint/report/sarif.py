"""The findings as SARIF 2.1.0, which code-scanning pages show on the lines of a pull request."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from nnlint import __version__
from nnlint.explain import page
from nnlint.finding import Finding, printable
from nnlint.report.contract import dump
from nnlint.report.gather import FileReport
from nnlint.report.selection import Selection
from nnlint.rules import Rule, all_rules

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"1": "warning", "2": "error", "3": "error", "9": "note"}  # by the first digit of a code


def report_sarif(reports: Sequence[FileReport], selection: Selection) -> str:
    """What flake8 would report of the files; what a `# noqa` silences is there too, as suppressed."""
    found = [(finding, False) for report in reports for finding in report.findings]
    found += [(finding, selection.heeds_noqa) for report in reports for finding in report.silenced]
    shown = sorted(each for each in found if selection.shows(each[0].path, each[0].code))
    order = {rule.code: index for index, rule in enumerate(all_rules())}
    run = {
        "tool": {
            "driver": {"name": "nnlint", "version": __version__, "rules": [_rule(rule) for rule in all_rules()]},
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, order[finding.code], silenced) for finding, silenced in shown],
    }
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": page(rule)},
        "defaultConfiguration": {"level": LEVELS[rule.code[3]]},
    }


def _result(finding: Finding, index: int, silenced: bool) -> dict[str, object]:
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": LEVELS[finding.code[3]],
        # `[words](address)` in a message would be a link.
        "message": {"text": printable(finding.message).replace("](", "] (")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _location(finding.path),
                    "region": {"startLine": finding.line, "startColumn": finding.column},
                }
            }
        ],
        "suppressions": [{"kind": "inSource"}] if silenced else [],
    }


def _location(path: str) -> dict[str, str]:
    """Relative to where nnlint was started, which in a CI job is the checkout."""
    if os.path.isabs(path) and os.path.relpath(path).startswith(os.pardir):
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(Path(os.path.relpath(path)).as_posix()), "uriBaseId": "%SRCROOT%"}
