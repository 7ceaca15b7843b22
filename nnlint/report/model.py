"""One model as a tree: where its parameters are, like torchinfo, without torch."""

from collections.abc import Iterator
from typing import NamedTuple

from rich.bar import Bar
from rich.console import RenderableType
from rich.filesize import decimal
from rich.text import Text

from nnlint.construction import Node
from nnlint.report.gather import FileReport, model_key
from nnlint.report.listing import MARK, percent, size
from nnlint.report.terminal import cell, columns

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}
INDENT = "  "
BAR = 8  # columns


class Row(NamedTuple):
    """A line of the tree; times: how many of it there are, by the folds around it and its own."""

    node: Node
    level: int
    times: int

    @property
    def total(self) -> int:
        return self.node.total * self.times

    @property
    def own(self) -> int:
        return self.node.own * self.times


def rows(node: Node, depth: int | None, level: int = 0, times: int = 1) -> Iterator[Row]:
    """The lines of a tree down to a level, without modules that own nothing."""
    times *= node.times
    yield Row(node, level, times)
    for child in node.children if depth is None or level < depth else ():
        if child.total or child.tied or not child.is_exact:
            yield from rows(child, depth, level + 1, times)


def report_model(report: FileReport, depth: int | None, dtype: str) -> Iterator[RenderableType]:
    """The parts of the report on the one model in it."""
    width = BYTES[dtype]
    (model,) = report.analysis.models
    tree = (model.tree or Node("", "", 0, model.at_least))._replace(name=model.title, unknown=model.unknown)
    table = columns("module", "class", ">own", ">total", ">share", "", f">{dtype}")
    for row in rows(tree, depth):
        table.add_row(*_cells(row, model.parameters, width))
    yield table
    yield Text("\n").join(_summary(report, model_key(model, report.analysis.path) in report.over, dtype, width))


def _cells(row: Row, whole: int | None, width: int) -> tuple[RenderableType, ...]:
    """whole: the model's parameters, or None where they are not known: then nothing has a share."""
    node, is_exact = row.node, row.node.is_exact
    name = f"{node.name} ×{node.times}" if node.times > 1 else node.name
    note = f" tied to {node.tied}" if node.tied else f" {node.unknown}" if node.unknown and row.level else ""
    at_least = "" if is_exact else "≥ "
    return (
        Text(INDENT * row.level).append_text(cell(name, "bold")),
        cell(node.kind).append_text(cell(note, "dim")),
        "" if node.is_parameter else cell(f"{row.own:,}"),
        cell(size(row.total if is_exact else None, row.total)),
        cell(percent(row.total, whole) if whole else ""),
        Bar(whole, 0, row.total, width=BAR, color="cyan") if whole else "",
        cell(f"{at_least}{decimal(row.total * width)}" if is_exact or row.total else ""),
    )


def _summary(report: FileReport, is_over: bool, dtype: str, width: int) -> Iterator[Text]:
    (model,) = report.analysis.models
    told = f"{size(model.parameters, model.at_least)} parameters"
    if model.at_least:
        at_least = "" if model.parameters is not None else "≥ "
        told += f", {at_least}{model.at_least * width:,} bytes as {dtype}"
    yield cell(f"{told}; {report.analysis.path}:{model.place.line}")
    if model.unknown:
        yield cell(f"not all is known: {model.unknown}")
    if is_over:
        yield Text(f"{MARK} over its budget", "red")
