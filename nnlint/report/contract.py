"""The JSON report, by the contract in schema.json."""

import json
from collections.abc import Sequence
from typing import Any

from nnlint.construction import Analysis, LayerSite, Model
from nnlint.report.merge import merge

VERSION = 1


def report_content(analyses: Sequence[Analysis], formula: str) -> dict[str, Any]:
    """The report as the contract has it."""
    return {"version": VERSION, "formula": formula, "files": [_file(analysis) for analysis in merge(analyses)]}


def report_json(analyses: Sequence[Analysis], formula: str) -> str:
    """The report as JSON."""
    return dump(report_content(analyses, formula))


def dump(content: object) -> str:
    """JSON text in which no string can give commands to a CI service's log (see terminal.printable)."""
    return json.dumps(content, indent=2).replace("##", "#\\u0023") + "\n"


def _file(analysis: Analysis) -> dict[str, object]:
    layers = sorted(analysis.layers, key=lambda site: (site.place, site.layer, site.class_name or ""))
    models = sorted(analysis.models, key=lambda model: (model.place, model.kind, model.name))
    return {
        "path": analysis.path,
        "layers": [_layer(site) for site in layers],
        "models": [_model(model) for model in models],
        "errors": [{"line": e.line, "column": e.column, "message": e.message} for e in analysis.errors],
    }


def _layer(site: LayerSite) -> dict[str, object]:
    return {
        **site.place._asdict(),
        "layer": site.layer,
        "class": site.class_name,
        "scope": site.scope,
        "counts": site.counts,
        "parameters": site.parameters,
        "at_least": site.at_least,
        "unknown": site.unknown,
    }


def _model(model: Model) -> dict[str, object]:
    return {
        "line": model.place.line,
        "name": model.name,
        "kind": model.kind,
        "parameters": model.parameters,
        "at_least": model.at_least,
        "unknown": model.unknown,
    }
