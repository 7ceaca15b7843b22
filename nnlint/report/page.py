"""The report as one page of HTML: a treemap of the models' parameters, and tables of models and layers."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files

from nnlint.construction import LayerSite, Model, Node
from nnlint.finding import printable
from nnlint.report.gather import FileReport, layer_key, model_key
from nnlint.report.listing import Listing, list_files, percent, say_found, say_over, size
from nnlint.rules.wording import layer_name


def report_page(reports: Sequence[FileReport]) -> str:
    """The page; it holds all that it needs and may load nothing."""
    listing = list_files(reports)
    style, script, page = (_read(f"page.{kind}") for kind in ("css", "js", "html"))
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'"
    content = {
        "summary": say_found(listing, len(listing.layers), len(listing.models)),
        "over": say_over(listing) if listing.over else "",
        "models": [_model(listing, model, path) for model, path in listing.models],
        "layers": [_layer(listing, site, path) for site, path in listing.layers],
        "errors": [printable(error) for error in listing.errors],
    }
    # In a script element only `<` could end the data.
    data = json.dumps(content, separators=(",", ":")).replace("<", "\\u003c").replace("##", "#\\u0023")
    for name, text in (("policy", policy), ("style", style), ("script", script), ("data", data)):
        page = page.replace("{{" + name + "}}", text, 1)
    return page


def _read(name: str) -> str:
    return files("nnlint.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _model(listing: Listing, model: Model, path: str) -> dict[str, object]:
    tree = model.tree or Node("", "", model.at_least, model.at_least)
    named = tree._replace(name=model.title, unknown=model.unknown, total=model.at_least)
    return {
        "parameters": size(model.parameters, model.at_least),
        "at_least": model.at_least,
        "title": printable(model.title),
        "kind": model.kind,
        "place": printable(f"{path}:{model.place.line}"),
        "unknown": printable(model.unknown or ""),
        "over": model_key(model, path) in listing.over,
        "tree": _node(named),
    }


def _node(node: Node) -> dict[str, object]:
    return {
        "name": printable(node.name),
        "kind": printable(node.kind),
        "total": node.total,
        "times": node.times,
        "exact": node.is_exact,
        "children": [_node(child) for child in node.children if child.total],
    }


def _layer(listing: Listing, site: LayerSite, path: str) -> dict[str, object]:
    largest = max(site.kept_contexts(), key=lambda context: context.at_least)
    return {
        "parameters": size(site.parameters, site.at_least),
        "at_least": site.at_least,
        "share": percent(site.at_least, listing.whole),
        "name": printable(layer_name(site)),
        "arithmetic": largest.arithmetic,
        "place": printable(f"{path}:{site.place.line}"),
        "scope": printable(site.scope),
        "built_by": printable(largest.entry.built_by),
        "unknown": printable(site.unknown or ""),
        "over": layer_key(site) in listing.over,
    }
