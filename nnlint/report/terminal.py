"""Text for people: tables by rich, on whatever standard output is, into which source code can smuggle nothing."""

import io
import os
import sys
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from nnlint.finding import printable

UNLIMITED = 10_000  # columns, where the reader is a program
HANG = 4  # columns
ASCII = str.maketrans({"×": "x", "–": "-", "≥": ">=", "…": "...", **dict.fromkeys("▏▎▍▌▋▊▉█", "#")})


def cell(text: str, style: str = "") -> Text:
    """A table's cell: never read as markup."""
    return Text(printable(text), style)


class FirstThatFits:
    """The first of some renderings that is not wider than the terminal, else the last."""

    def __init__(self, *renderings: RenderableType) -> None:
        self.renderings = renderings

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        unlimited = options.update(max_width=UNLIMITED)
        for rendering in self.renderings[:-1]:
            if Measurement.get(console, unlimited, rendering).maximum <= options.max_width:
                yield rendering
                return
        yield self.renderings[-1]


class Hanging:
    """A text with an indent; where it has no room in one line, what follows the first is indented further.

    It is folded between words; a single word that is too long is cut.
    """

    def __init__(self, text: Text, indent: int) -> None:
        self.text, self.indent = text, indent

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.max_width - self.indent
        if self.text.cell_len > room:
            room -= HANG
        first, *others = self.text.wrap(console, max(room, 1), overflow="ellipsis")
        yield Padding(first, (0, 0, 0, self.indent))
        for line in others:
            yield Padding(line, (0, 0, 0, self.indent + HANG))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self.indent + HANG + 1, self.indent + self.text.cell_len)


def columns(*headers: str) -> Table:
    """A table without rules; a header that begins with `>` is of a column of numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for header in headers:
        if header.startswith(">"):
            table.add_column(header[1:], justify="right", no_wrap=True)
        else:
            table.add_column(header, overflow="fold", min_width=None if header else 1)
    return table


def render(parts: Iterable[RenderableType]) -> str:
    """The parts, one below the other with an empty line between, as wide as the terminal.

    Coloured where standard output is a terminal (and NO_COLOR is not set); in one line each, however long, where it is
    not and COLUMNS is not set.
    """
    is_terminal = sys.stdout.isatty()
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=is_terminal or None,
        width=None if is_terminal or "COLUMNS" in os.environ else UNLIMITED,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for index, part in enumerate(parts):
        if index:
            console.print()
        console.print(part)
    text = "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())
    is_unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    return text if is_unicode else text.translate(ASCII)


def write(text: str) -> None:
    """Print in one piece; a reader that has gone (`| head`) is no error."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
