"""What is known of files, as the command line shows it: the JSON contract and an aligned listing of the same."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

from nnlint.construction import Analysis, LayerSite, Model

VERSION = 1


def merge(analyses: Sequence[Analysis]) -> list[Analysis]:
    """The analyses, with what each file builds of another's layers counted at the other's sites."""
    merged = [replace(a, layers=[replace(site, contexts=list(site.contexts)) for site in a.layers]) for a in analyses]
    sites = {_identity(site): site for analysis in merged for site in analysis.layers}
    for analysis in analyses:
        for entered in analysis.entered:
            if owned := sites.get(_identity(entered)):
                owned.contexts.extend(entered.contexts)
    return merged


def report_json(analyses: Sequence[Analysis], formula: str) -> str:
    """The report as JSON, by the contract in report_schema.json."""
    content = {"version": VERSION, "formula": formula, "files": [_file(analysis) for analysis in merge(analyses)]}
    return json.dumps(content, indent=2) + "\n"


def report_text(analyses: Sequence[Analysis]) -> str:
    """The report as aligned lines, largest first."""
    merged = merge(analyses)
    layers = [(site, analysis) for analysis in merged for site in analysis.layers]
    models = [(model, analysis) for analysis in merged for model in analysis.models]
    errors = [f"{a.path}:{e.line}:{e.column}: {e.message}" for a in merged for e in a.errors]
    sections = [
        _table("layers", [_layer_row(site, analysis.path) for site, analysis in sorted(layers, key=_layer_order)]),
        _table("models", [_model_row(model, analysis.path) for model, analysis in sorted(models, key=_model_order)]),
        "\n".join(["not analysed", *(f"  {line}" for line in errors)]) if errors else "",
    ]
    files = f"{len(merged)} file{'' if len(merged) == 1 else 's'} read"
    return "\n\n".join([*filter(None, sections), files]) + "\n"


def _identity(site: LayerSite) -> tuple[object, ...]:
    return os.path.abspath(site.path), site.place, site.layer, site.class_name


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


def _layer_order(item: tuple[LayerSite, Analysis]) -> tuple[object, ...]:
    site, analysis = item
    return -site.at_least, analysis.path, site.place, site.layer


def _model_order(item: tuple[Model, Analysis]) -> tuple[object, ...]:
    model, analysis = item
    return -model.at_least, analysis.path, model.place, model.kind, model.name


def _layer_row(site: LayerSite, path: str) -> tuple[str, ...]:
    name = (site.class_name or site.layer).rpartition(".")[2]
    where = f"{path}:{site.place.line}:{site.place.column}"
    return _count(site.parameters, site.at_least), name, where, site.scope, site.unknown or ""


def _model_row(model: Model, path: str) -> tuple[str, ...]:
    where = f"{path}:{model.place.line}:{model.place.column}"
    return _count(model.parameters, model.at_least), model.title, where, model.kind, model.unknown or ""


def _count(parameters: int | None, at_least: int) -> str:
    if parameters is not None:
        return f"{parameters:,}"
    return f"at least {at_least:,}" if at_least else "unknown"


def _table(title: str, rows: Sequence[tuple[str, ...]]) -> str:
    """Aligned rows under a title, the first column to the right; "" without rows."""
    return "\n".join([title, *_aligned(rows)]) if rows else ""


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    for number, *cells in rows:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths[1:]))
        yield f"  {number.rjust(widths[0])}  {'  '.join(padded)}".rstrip()
