"""A file's text and its trees. The only caller of the LibCST parser; what cannot be read or parsed is a value."""

from __future__ import annotations

import ast
import gc
from collections.abc import Container, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import libcst as cst

from nnlint.construction import Failure, Place

# LibCST's native parser ends the process on deep nesting, so the depth is measured on Python's own tree first.
DEEPEST = 2_000


# What only lays out the text, and the fields whose order in the text is not the order of the class.
_LAYOUT = frozenset(
    {
        "lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace", "comma", "semicolon", "colon", "dot", "equal",
        "operator", "asynchronous", "star", "relative", "indent", "newline", "header", "footer", "leading_lines",
        "lines_after_decorators", "trailing_whitespace",
    }
)  # fmt: skip
_ORDER: dict[type[cst.CSTNode], tuple[str, ...]] = {
    cst.FunctionDef: ("decorators", "name", "type_parameters", "params", "returns", "body"),
    cst.ClassDef: ("decorators", "name", "type_parameters", "bases", "keywords", "body"),
    cst.Parameters: ("posonly_params", "params", "star_arg", "kwonly_params", "star_kwarg"),
    cst.IfExp: ("body", "test", "orelse"),
    cst.MatchCase: ("pattern", "guard", "body"),
    cst.ExceptHandler: ("type", "name", "body"),
    cst.ExceptStarHandler: ("type", "name", "body"),
    cst.Arg: ("keyword", "value"),
    cst.TypeAlias: ("name", "type_parameters", "value"),
}


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes right below a node in the order of the text, without those that only lay it out."""
    kind = type(node)
    names = _ORDER.get(kind)
    if names is None:
        names = tuple(f.name for f in fields(kind) if f.name not in _LAYOUT and not f.name.startswith("whitespace"))
        _ORDER[kind] = names
    found: list[cst.CSTNode] = []
    for name in names:
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            found.append(value)
        elif type(value) in (list, tuple):
            found.extend(item for item in value if isinstance(item, cst.CSTNode))
    return found


def walk(node: cst.CSTNode, closed: Container[type] = ()) -> Iterator[cst.CSTNode]:
    """A node and all below it in the order of the text, without recursion; what is below `closed` kinds is left out."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        if type(node) not in closed:
            stack.extend(reversed(children(node)))


_CST_KINDS = {cst.Call: "call", cst.FunctionDef: "function", cst.ClassDef: "class"}
_STRINGS = frozenset({cst.FormattedString, cst.ConcatenatedString})
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
            nodes: dict[str, list[cst.CSTNode]] = {kind: [] for kind in _CST_KINDS.values()}
            strings: list[list[cst.CSTNode]] = []  # the calls inside each f-string
            for node in walk(self.tree, _STRINGS):
                if type(node) in _STRINGS:
                    inside = list(walk(node))
                    if any(type(part) is cst.FormattedString for part in inside):
                        strings.append([part for part in inside if type(part) is cst.Call])
                elif type(node) in _CST_KINDS:
                    nodes[_CST_KINDS[type(node)]].append(node)
            lines = self.text.splitlines(keepends=True) if not self.text.isascii() else []
            self._places = {}
            python = list(python_nodes(self.python_tree))
            for kind, ours in nodes.items():
                theirs = [node for node in python if _AST_KINDS[type(node)] == kind]
                theirs.sort(key=lambda n: (n.lineno, n.col_offset, -n.end_lineno, -n.end_col_offset))
                if len(ours) == len(theirs):
                    self._places.update(zip(ours, (python_place(node, lines) for node in theirs)))
            joined = sorted(python_nodes(self.python_tree, ast.JoinedStr), key=lambda n: (n.lineno, n.col_offset))
            if len(joined) == len(strings):
                # Python before 3.12 knows no positions inside an f-string: its calls stand where it begins.
                for calls, string in zip(strings, joined):
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
