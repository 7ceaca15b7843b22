"""Layers of one file that another file builds: their contexts, brought together at the layer's own place."""

from collections.abc import Sequence
from dataclasses import replace

from nnlint.construction import Analysis, Context
from nnlint.report.gather import layer_key, real_path


def merge(analyses: Sequence[Analysis]) -> list[Analysis]:
    """The analyses, with what each file builds of another's layers counted at the other's sites: those that only other
    files lead to are among them."""
    merged = [replace(a, layers=[replace(site, contexts=list(site.contexts)) for site in a.layers]) for a in analyses]
    sites = {layer_key(site): site for analysis in merged for site in analysis.layers}
    owners = {real_path(analysis.path): analysis for analysis in merged}
    for analysis in analyses:
        for entered in analysis.entered:
            key = layer_key(entered)
            if key not in sites and key.path in owners:
                owner = owners[key.path]
                sites[key] = replace(entered, path=owner.path, contexts=[])
                owner.layers.append(sites[key])
            if owned := sites.get(key):
                owned.contexts.extend(_told_from(context, analysis.path) for context in entered.contexts)
    for analysis in merged:
        analysis.layers.sort(key=lambda site: (site.place, site.layer, site.class_name or ""))
    return merged


def _told_from(context: Context, path: str) -> Context:
    """The context, its root told with the file that it is in."""
    entry = context.entry
    built_by = f"{entry.built_by} of {path}" if entry.built_by else f"{path}:{entry.place.line}"
    return replace(context, entry=entry._replace(built_by=built_by))
