"""A file's text and its trees. The only caller of the LibCST parser; what cannot be read or parsed is a value."""

from __future__ import annotations

import ast
import gc
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from nnlint.construction import Failure, Place

# LibCST's native parser ends the process on deep nesting, so the depth is measured on Python's own tree first.
DEEPEST = 2_000


class _Finder(cst.CSTVisitor):
    """Collects calls, functions and classes in the order of the text."""

    def __init__(self) -> None:
        self.nodes: list[cst.CSTNode] = []
        self.strings: list[list[cst.CSTNode]] = []  # the calls inside each f-string
        self.inside: cst.CSTNode | None = None

    def visit_Call(self, node: cst.Call) -> None:
        (self.nodes if self.inside is None else self.strings[-1]).append(node)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.nodes.append(node)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.nodes.append(node)

    def visit_FormattedString(self, node: cst.FormattedString) -> None:
        if self.inside is None:
            self.inside = node
            self.strings.append([])

    def leave_FormattedString(self, original_node: cst.FormattedString) -> None:
        if self.inside is original_node:
            self.inside = None

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString) -> None:
        if self.inside is None and node.evaluated_value is None:
            self.inside = node
            self.strings.append([])

    def leave_ConcatenatedString(self, original_node: cst.ConcatenatedString) -> None:
        if self.inside is original_node:
            self.inside = None


_CST_KINDS = {cst.Call: "call", cst.FunctionDef: "function", cst.ClassDef: "class"}
_AST_KINDS = {ast.Call: "call", ast.FunctionDef: "function", ast.AsyncFunctionDef: "function", ast.ClassDef: "class"}


@dataclass
class Source:
    """A parsed file. `path` as given by the user; `tree` is LibCST's."""

    path: str
    text: str
    tree: cst.Module
    python_tree: ast.Module
    _places: dict[cst.CSTNode, Place] | None = field(default=None, repr=False)

    @property
    def nodes(self) -> list[cst.CSTNode]:
        """Calls, functions and classes, in the order of the text (per kind)."""
        return list(self._located())

    def place(self, node: cst.CSTNode) -> Place | None:
        """Where a call, function or class stands; None for one inside an f-string."""
        return self._located().get(node)

    def _located(self) -> dict[cst.CSTNode, Place]:
        # Both trees hold the same calls in the same order, so LibCST's need no position of their own.
        if self._places is None:
            finder = _Finder()
            self.tree.visit(finder)
            lines = self.text.splitlines(keepends=True) if not self.text.isascii() else []
            self._places = {}
            for kind in ("call", "function", "class"):
                ours = [node for node in finder.nodes if _CST_KINDS[type(node)] == kind]
                theirs = [node for node in python_nodes(self.python_tree) if _AST_KINDS[type(node)] == kind]
                theirs.sort(key=lambda n: (n.lineno, n.col_offset, -n.end_lineno, -n.end_col_offset))
                if len(ours) == len(theirs):
                    self._places.update(zip(ours, (python_place(node, lines) for node in theirs)))
            strings = sorted(python_nodes(self.python_tree, ast.JoinedStr), key=lambda n: (n.lineno, n.col_offset))
            if len(strings) == len(finder.strings):
                # Python before 3.12 knows no positions inside an f-string: its calls stand where it begins.
                for calls, string in zip(finder.strings, strings):
                    self._places.update((call, python_place(string, lines)) for call in calls)
        return self._places


def python_nodes(tree: ast.AST, *kinds: type[ast.AST]) -> Iterator[Any]:
    """Nodes of some kinds (calls, functions and classes) of Python's own tree outside f-strings, without recursion."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if type(node) in (kinds or _AST_KINDS):
            yield node
        if not isinstance(node, ast.JoinedStr):
            stack.extend(ast.iter_child_nodes(node))


def python_place(node: Any, lines: list[str]) -> Place:
    """A node's place in characters; `lines` is empty where the text is ASCII, so that bytes are characters."""
    column, end_column = node.col_offset, node.end_col_offset
    if lines:
        column = len(lines[node.lineno - 1].encode()[:column].decode(errors="replace"))
        end_column = len(lines[node.end_lineno - 1].encode()[:end_column].decode(errors="replace"))
    return Place(node.lineno, column + 1, node.end_lineno, end_column + 1)


def depth(tree: ast.AST) -> int:
    """The deepest nesting of nodes, found without recursion."""
    deepest, layer = 0, [tree]
    while layer:
        deepest += 1
        layer = [child for node in layer for child in ast.iter_child_nodes(node)]
    return deepest


def read(path: str) -> str | Failure:
    """The file's text, decoded as Python would."""
    try:
        with open(path, "rb") as file:
            data = file.read()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return io.TextIOWrapper(io.BytesIO(data), encoding, newline=None).read()
    except (OSError, SyntaxError, UnicodeError, ValueError, LookupError) as error:
        return Failure(1, 1, f"cannot be read: {error}")


def parse(path: str, text: str) -> Source | Failure:
    """Parse a file's text; a Failure says why not."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    try:
        python_tree = ast.parse(text)
    except SyntaxError as error:
        return Failure(error.lineno or 1, max(error.offset or 1, 1), f"does not parse: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Failure(1, 1, f"does not parse: {type(error).__name__}: {error}")
    if depth(python_tree) > DEEPEST:
        return Failure(1, 1, f"nested more than {DEEPEST} levels deep")
    collecting = gc.isenabled()
    gc.disable()  # the parser makes no cycles, and the collector would take half of its time
    try:
        return Source(path, text, _parse_cst(text, python_tree), python_tree)
    except Exception as error:
        return Failure(1, 1, f"cannot be parsed by LibCST: {type(error).__name__}")
    finally:
        if collecting:
            gc.enable()


def _parse_cst(text: str, python_tree: ast.Module) -> cst.Module:
    try:
        return cst.parse_module(text)
    except Exception:
        # Valid Python that LibCST refuses: its plain rewriting has the same calls in the same order.
        return cst.parse_module(ast.unparse(python_tree))
