"""What a rule reports: the end of the flow, and all that flake8 and the command line need of it."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One reported line: where (line from 1, column from 1), which rule, and the words."""

    path: str
    line: int
    column: int
    code: str
    message: str
