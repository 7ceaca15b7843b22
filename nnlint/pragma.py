"""Budgets written in the code itself: `# nnlint: max-layer-params=120M` on a call, class or def."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from nnlint.budget import Budget, OptionError, parse_budget

LAYER, MODEL = OPTIONS = ("max-layer-params", "max-model-params")
COMMENT = re.compile(r"#\s*nnlint:(?P<content>[^#]*)")
SETTING = re.compile(rf"(?P<option>{'|'.join(OPTIONS)})\s*=\s*(?P<value>.*?)[\s,]*(?={'|'.join(OPTIONS)}|$)")


class PragmaError(NamedTuple):
    """A pragma that is not understood: line and column from 1, and why."""

    line: int
    column: int
    message: str


class Extent(NamedTuple):
    """The lines, from 1 and inclusive, that the pragma on a line speaks for."""

    first: int
    last: int
    budgets: dict[str, Budget]


@dataclass(frozen=True)
class Pragmas:
    """The pragmas of one file, innermost first, and those that are not understood."""

    extents: tuple[Extent, ...] = ()
    errors: tuple[PragmaError, ...] = ()

    def budgets(self, option: str, line: int) -> list[Budget]:
        """What pragmas say on `option` for what stands on `line`, innermost first."""
        return [e.budgets[option] for e in self.extents if e.first <= line <= e.last and option in e.budgets]


def read_pragmas(text: str) -> Pragmas:
    """The pragmas of a file's text; none where Python does not understand the text."""
    if "nnlint:" not in text:
        return Pragmas()
    try:
        tree = ast.parse(text)
        comments = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT]
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError, MemoryError):
        return Pragmas()
    extents: list[Extent] = []
    errors: list[PragmaError] = []
    bodies = _extents(tree)
    for comment in comments:
        line, column = comment.start
        alone = not comment.line[:column].strip()
        for match in COMMENT.finditer(comment.string):
            try:
                budgets = parse_pragma(match["content"].strip())
            except OptionError as error:
                errors.append(PragmaError(line, column + match.start() + 1, f"pragma not understood: {error}"))
            else:
                first, last = (line, line) if alone else bodies.get(line, (line, line))
                extents.append(Extent(first, last, budgets))
    return Pragmas(tuple(sorted(extents, key=lambda extent: (extent.last - extent.first, extent.first))), tuple(errors))


def parse_pragma(content: str) -> dict[str, Budget]:
    """The budgets of `max-layer-params=120M, max-model-params=none`, by option."""
    budgets: dict[str, Budget] = {}
    end = 0
    for match in SETTING.finditer(content):
        if match.start() != end or match["option"] in budgets:
            break
        budgets[match["option"]] = parse_budget(match["option"], match["value"])
        end = match.end()
    if not budgets or end != len(content):
        raise OptionError("nnlint", content, "is not max-layer-params=NUMBER or max-model-params=NUMBER")
    return budgets


def _extents(tree: ast.Module) -> dict[int, tuple[int, int]]:
    """For each line of a class's or function's head, the first and last line of the whole."""
    return {
        line: (node.lineno, node.end_lineno or node.lineno)
        for node in _definitions(tree)
        for line in range(node.lineno, max(node.lineno + 1, node.body[0].lineno))
    }


def _definitions(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
