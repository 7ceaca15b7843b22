"""One model as a tree: where its parameters are, like torchinfo, without torch."""

from collections.abc import Iterator
from typing import NamedTuple

from rich.bar import Bar
from rich.cells import cell_len
from rich.console import RenderableType
from rich.filesize import decimal
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from nnlint.construction import Node
from nnlint.report.gather import FileReport, LayerKey, model_key
from nnlint.report.listing import MARK, counted, percent, say_where, size
from nnlint.report.terminal import FirstThatFits, Hanging, cell, columns

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}
INDENT = 2  # columns
BAR = 8  # columns
NOTE = 24  # columns that a class and what is said of it have at least, where there is no room for one line


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
    lines = [_line(row, model.parameters, width) for row in rows(tree, depth)]
    yield FirstThatFits(*_tables(lines, dtype))
    yield Text("\n").join(_summary(report, model_key(model, report.analysis.path) in report.over, dtype, width))


class Line(NamedTuple):
    """What a row shows; kind: the class, and what is to be said of the module."""

    level: int
    name: Text
    kind: Text
    own: Text
    total: Text
    share: Text
    bar: RenderableType
    size: Text


def _line(row: Row, whole: int | None, width: int) -> Line:
    """whole: the model's parameters, or None where they are not known: then nothing has a share."""
    node, is_exact = row.node, row.node.is_exact
    name = f"{node.name} ×{node.times}" if node.times > 1 else node.name
    note = f" tied to {node.tied}" if node.tied else f" {node.unknown}" if node.unknown and row.level else ""
    at_least = "" if is_exact else "≥ "
    return Line(
        row.level,
        cell(name, "bold"),
        cell(node.kind).append_text(cell(note, "dim")),
        cell("" if node.is_parameter else f"{row.own:,}"),
        cell(size(row.total if is_exact else None, row.total)),
        cell(percent(row.total, whole) if whole else ""),
        Bar(whole, 0, row.total, width=BAR, color="cyan") if whole else "",
        cell(f"{at_least}{decimal(row.total * width)}" if is_exact or row.total else ""),
    )


def _tables(lines: list[Line], dtype: str) -> Iterator[Table]:
    """The tree in ever fewer columns of the terminal: with what is said of classes folded between words, without bars,
    without sizes in bytes, and at last with each class behind its module's name."""
    longest = max(cell_len(word) for line in lines for word in line.kind.plain.split() or [""])
    folded = max(longest, NOTE)
    yield _table(lines, dtype)
    yield _table(lines, dtype, folded)
    yield _table(lines, dtype, folded, has_bars=False)
    yield _table(lines, dtype, folded, has_bars=False, has_sizes=False)
    yield _narrow_table(lines)


def _table(
    lines: list[Line], dtype: str, folded: int | None = None, has_bars: bool = True, has_sizes: bool = True
) -> Table:
    headers = ("module", "class", ">own", ">total", ">share")
    table = columns(*headers, *([""] if has_bars else []), *([f">{dtype}"] if has_sizes else []))
    table.columns[1].max_width = folded
    for line in lines:
        name = Padding(line.name, (0, 0, 0, INDENT * line.level))
        last = [*([line.bar] if has_bars else []), *([line.size] if has_sizes else [])]
        table.add_row(name, line.kind, line.own, line.total, line.share, *last)
    return table


def _narrow_table(lines: list[Line]) -> Table:
    table = columns("module, class", ">own", ">total", ">share")
    for line in lines:
        named = Hanging(Text(" ").join([line.name, line.kind]), INDENT * line.level)
        table.add_row(named, line.own, line.total, line.share)
    return table


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
    layers = [key for key in report.over if isinstance(key, LayerKey)]
    if layers:
        yield Text(f"{MARK} {counted(len(layers), 'layer')} over budget", "red")
        yield from say_where(layers)
