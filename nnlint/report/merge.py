"""Layers of one file that another file builds: their contexts, brought together at the layer's own place."""

from collections.abc import Sequence
from dataclasses import replace

from nnlint.construction import Analysis, Context
from nnlint.report.gather import layer_key


def merge(analyses: Sequence[Analysis]) -> list[Analysis]:
    """The analyses, with what each file builds of another's layers counted at the other's sites."""
    merged = [replace(a, layers=[replace(site, contexts=list(site.contexts)) for site in a.layers]) for a in analyses]
    sites = {layer_key(site): site for analysis in merged for site in analysis.layers}
    for analysis in analyses:
        for entered in analysis.entered:
            if owned := sites.get(layer_key(entered)):
                owned.contexts.extend(_told_from(context, analysis.path) for context in entered.contexts)
    return merged


def _told_from(context: Context, path: str) -> Context:
    """The context, its root told with the file that it is in."""
    entry = context.entry
    built_by = f"{entry.built_by} of {path}" if entry.built_by else f"{path}:{entry.place.line}"
    return replace(context, entry=entry._replace(built_by=built_by))
