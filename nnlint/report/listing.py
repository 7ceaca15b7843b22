"""Every layer and model of the files, largest first, as a table."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from rich.console import RenderableType
from rich.text import Text

from nnlint.construction import LayerSite, Model
from nnlint.report.gather import FileReport, LayerKey, ModelKey, layer_key, model_key
from nnlint.report.merge import merge
from nnlint.report.terminal import FirstThatFits, cell, columns
from nnlint.rules.wording import layer_name, nearest_path

MARK = "!"


class Listing(NamedTuple):
    """What the files hold. layers, models: with their files' paths, largest first, without the calls whose result is
    their function's, which is listed; whole: the sum over the layers, each site once at its largest; over: what is over
    its budget."""

    layers: list[tuple[LayerSite, str]]
    models: list[tuple[Model, str]]
    whole: int
    over: frozenset[LayerKey | ModelKey]
    errors: list[str]
    files: int


def list_files(reports: Sequence[FileReport]) -> Listing:
    """The listing of all the files together."""
    merged = merge([report.analysis for report in reports])
    return Listing(
        sorted(((site, a.path) for a in merged for site in a.layers), key=_layer_order),
        sorted(((m, a.path) for a in merged for m in a.models if not m.returned), key=_model_order),
        sum(site.at_least for a in merged for site in a.layers),
        frozenset().union(*(report.over for report in reports)),
        [f"{a.path}:{e.line}:{e.column}: {e.message}" for a in merged for e in a.errors],
        len(merged),
    )


def report_text(listing: Listing, over: float = -1) -> Iterator[RenderableType]:
    """The parts of the listing; only what is larger than `over`."""
    layers = [_layer_row(listing, *item) for item in listing.layers if item[0].at_least > over]
    models = [_model_row(listing, *item) for item in listing.models if item[0].at_least > over]
    if layers:
        yield _table(("layer", "arithmetic", "place, and where it is largest"), layers)
    if models:
        yield _table(("model", "", "place"), models)
    if listing.errors:
        yield Text("\n").join([Text("not analysed"), *(cell(f"  {line}") for line in listing.errors)])
    yield Text("\n").join(_summary(listing, len(layers), len(models)))


def counted(number: int, noun: str) -> str:
    """ "1 layer", "2 layers"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(parameters: int | None, at_least: int) -> str:
    """ "1,000", "≥ 1,000" or "unknown"."""
    if parameters is not None:
        return f"{parameters:,}"
    return f"≥ {at_least:,}" if at_least else "unknown"


def percent(part: int, whole: int) -> str:
    """A share in words; "<1 %" is more than nothing."""
    share = 100 * part / whole if whole else 0
    return "<1 %" if 0 < share < 1 else f"{share:.0f} %"


def _summary(listing: Listing, layers: int, models: int) -> Iterator[Text]:
    yield Text(say_found(listing, layers, models))
    if listing.over:
        yield Text(f"{MARK} {say_over(listing)}", "red")
        marked = {layer_key(site) for site, _ in listing.layers} | {model_key(*item) for item in listing.models}
        yield from say_where(listing.over - marked)


def report_over(listing: Listing) -> Iterator[RenderableType]:
    """What is over its budget, where nothing else marks it."""
    if listing.over:
        yield Text("\n").join([Text(f"{MARK} {say_over(listing)}", "red"), *say_where(listing.over)])


def say_where(over: Collection[LayerKey | ModelKey]) -> Iterator[Text]:
    """Layers and models that are over their budgets, a line each."""
    for key in sorted(over, key=lambda key: (key.path, key.place, *map(str, key[2:]))):
        name = (key.class_name or key.layer).rpartition(".")[2] if isinstance(key, LayerKey) else f"{key.name}()"
        yield cell(f"  {name} at {nearest_path(key.path)}:{key.place.line}", "red")


def say_found(listing: Listing, layers: int, models: int) -> str:
    """How many of the layers and models are shown."""
    if not listing.files:
        return "no Python files"
    numbers = (layers, len(listing.layers), "layer"), (models, len(listing.models), "model")
    told = [counted(of, noun) if shown == of else f"{shown:,} of {counted(of, noun)}" for shown, of, noun in numbers]
    is_empty = not listing.layers and not listing.models
    return f"{'no layers and no models' if is_empty else ' and '.join(told)} in {counted(listing.files, 'file')}"


def say_over(listing: Listing) -> str:
    """How many of them are over their budgets."""
    layers = sum(isinstance(key, LayerKey) for key in listing.over)
    return f"over its budget: {counted(layers, 'layer')} and {counted(len(listing.over) - layers, 'model')}"


def _layer_order(item: tuple[LayerSite, str]) -> tuple[object, ...]:
    site, path = item
    return -site.at_least, path, site.place, site.layer, site.class_name or ""


def _model_order(item: tuple[Model, str]) -> tuple[object, ...]:
    model, path = item
    return -model.at_least, path, model.place, model.kind, model.name


class _Row(NamedTuple):
    mark: str
    parameters: str
    share: str
    name: str
    arithmetic: str
    where: str


def _layer_row(listing: Listing, site: LayerSite, path: str) -> _Row:
    largest = max(site.kept_contexts(), key=lambda context: context.at_least)
    built_by = f", built by {largest.entry.built_by}" if largest.entry.built_by else ""
    return _Row(
        MARK if layer_key(site) in listing.over else "",
        size(site.parameters, site.at_least),
        percent(site.at_least, listing.whole),
        layer_name(site),
        largest.arithmetic,
        f"{path}:{site.place.line}:{site.place.column} {site.scope}{built_by}{_reason(site)}",
    )


def _model_row(listing: Listing, model: Model, path: str) -> _Row:
    return _Row(
        MARK if model_key(model, path) in listing.over else "",
        size(model.parameters, model.at_least),
        "",
        model.title,
        "",
        f"{path}:{model.place.line}:{model.place.column} {model.kind}{_reason(model)}",
    )


def _reason(entry: LayerSite | Model) -> str:
    return f"; {entry.unknown}" if entry.unknown else ""


def _table(headers: tuple[str, str, str], rows: Sequence[_Row]) -> RenderableType:
    """One line for each row where there is room for that, else the place below."""
    numbers = ["", ">parameters", *([">share"] if any(row.share for row in rows) else [])]
    shown = [header for header in headers if header]
    wide, narrow = columns(*numbers, *shown), columns(*numbers, ", ".join(shown))
    for row in rows:
        style = "bold red" if row.mark else ""
        cells = [cell(row.mark, style), cell(row.parameters, style), *([cell(row.share)] if row.share else [])]
        name = cell(row.name, "bold")
        arithmetic = [cell(row.arithmetic)] if headers[1] else []
        wide.add_row(*cells, name, *arithmetic, cell(row.where))
        narrow.add_row(*cells, Text("\n").join([Text("  ").join([name, *arithmetic]), cell(row.where)]))
    return FirstThatFits(wide, narrow)
