"""What a rule reports: the end of the flow, and all that flake8 and the command line need of it."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One reported line: where (line from 1, column from 1), which rule, and the words."""

    path: str
    line: int
    column: int
    code: str
    message: str


def printable(text: str) -> str:
    """Text from source code or file names, made safe: no control characters, no commands to a CI service's log.

    What terminals act on, and what changes the direction of text, is shown as Python would escape it. GitHub and Azure
    take `::name::` at the start of a line, and `##[name]` and `##vso[name]` anywhere, for commands.
    """
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
    return shown.replace("::", ":\\x3a").replace("##", "#\\x23")
