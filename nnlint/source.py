"""A file's text and its trees. The only caller of the LibCST parser; what cannot be read or parsed is a value."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, NamedTuple

import libcst as cst

from nnlint.construction import Failure, Place
from nnlint.nesting import TOO_DEEP, obstacle

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


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
    **dict.fromkeys((cst.Name, cst.Integer, cst.Float, cst.SimpleString), ()),
}
_ARE_NODES: dict[type, bool] = {}  # LibCST's nodes are an abstract class: to ask for it anew takes long


class Lines(NamedTuple):
    """Where a function stands, in lines from 1: first: of its first decorator, or itself; body: of its first
    statement; last: of its end."""

    first: int
    body: int
    last: int
    is_indented: bool
    is_async: bool


class Folded(cst.IndentedBlock):
    """The body of a function that is not parsed yet: most are never asked for."""

    __slots__ = ("lines", "source")  # type: ignore[misc]

    source: Source
    lines: Lines


def unfold(function: cst.FunctionDef) -> cst.BaseSuite:
    """A function's body, parsed now where it was not yet."""
    if type(function.body) is Folded:
        object.__setattr__(function, "body", function.body.source.parse_body(function.body.lines))
    return function.body


def docstring(node: cst.CSTNode) -> str | None:
    """The text of a function's or class's documentation, as it stands there: Python 3.13 takes its indentation away."""
    body = getattr(node, "body", None)
    if isinstance(body, Folded):
        return ast.get_docstring(body.source.python_at(body.lines), clean=False)
    return node.get_docstring(clean=False) if isinstance(node, (cst.FunctionDef, cst.ClassDef)) else None


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes right below a node in the order of the text, without those that only lay it out."""
    kind = type(node)
    names = _ORDER.get(kind)
    if names is None:
        names = tuple(f.name for f in fields(kind) if f.name not in _LAYOUT and not f.name.startswith("whitespace"))
        _ORDER[kind] = names
    if kind is cst.FunctionDef:
        unfold(node)  # type: ignore[arg-type]
    found: list[cst.CSTNode] = []
    for name in names:
        value = getattr(node, name)
        if type(value) is list or type(value) is tuple:
            found += [item for item in value if _is_node(type(item))]
        elif value is not None and _is_node(type(value)):
            found.append(value)
    return found


def _is_node(kind: type) -> bool:
    if kind not in _ARE_NODES:
        _ARE_NODES[kind] = issubclass(kind, cst.CSTNode)
    return _ARE_NODES[kind]


def walk(node: cst.CSTNode, closed: Container[type] = ()) -> Iterator[cst.CSTNode]:
    """A node and all below it in the order of the text, without recursion; what is below `closed` kinds is left out."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        if type(node) not in closed:
            stack.extend(reversed(children(node)))


def visit(node: cst.CSTNode, visitor: cst.CSTVisitor) -> None:
    """LibCST's `node.visit(visitor)` without its recursion, which ends the process where trees are deep, and without
    the copy that it makes of every node."""
    stack = [node]
    while stack:
        node = stack.pop()
        if visitor.on_visit(node):
            stack.extend(reversed(children(node)))


_CST_KINDS = {cst.Call: "call", cst.FunctionDef: "function", cst.ClassDef: "class"}
_STRINGS = frozenset({cst.FormattedString, cst.ConcatenatedString})
_AST_KINDS = {ast.Call: "call", ast.FunctionDef: "function", ast.AsyncFunctionDef: "function", ast.ClassDef: "class"}


@dataclass
class Source:
    """A parsed file. `path` as given by the user; `tree` is LibCST's, with functions' bodies parsed when asked for.

    Python's own trees are built anew for each question, which is fast: kept, they would take most of the memory.
    """

    path: str
    text: str
    tree: cst.Module
    folded: dict[cst.CSTNode, Lines] = field(default_factory=dict, repr=False)
    _places: dict[cst.CSTNode, Place] = field(default_factory=dict, repr=False)
    _pending: list[tuple[cst.CSTNode, Lines | None]] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self._pending.append((self.tree, None))

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def speaks_of_gradients(self) -> bool:
        """Whether its text says anything of how gradients are recorded."""
        return any(mode in self.text for mode in ("no_grad", "inference_mode", "grad_mode", "grad_enabled"))

    def fold(self, functions: list[Lines]) -> None:
        """Leave the bodies of these functions, of which the tree has only marks, until they are asked for."""
        for node in walk(self.tree, {cst.FunctionDef, cst.SimpleStatementLine, cst.Lambda}):
            index = _mark_of(node) if isinstance(node, cst.FunctionDef) else None
            if index is not None:
                folded = Folded(node.body.body)  # type: ignore[attr-defined]
                object.__setattr__(folded, "source", self)
                object.__setattr__(folded, "lines", functions[index])
                object.__setattr__(node, "body", folded)
                self.folded[node] = functions[index]

    def parse_body(self, where: Lines) -> cst.BaseSuite:
        """The body of a function, from its own lines; raises a LibCST error where not even a rewriting is parsed."""
        lines = self._lines_of(where.body, where.last)
        head = "async def _():" if where.is_async else "def _():"
        try:
            parsed = cst.parse_module("\n".join([head, *lines, ""]))
        except Exception:
            parsed = cst.parse_module(rewritten(self.python_at(where)))
        definition = parsed.body[0]
        assert isinstance(definition, cst.FunctionDef)
        self._pending.append((definition.body, where))
        return definition.body

    def python_of(self, function: cst.CSTNode) -> FunctionNode | ast.Lambda:
        """Python's own tree of a function or a lambda."""
        if function in self.folded:
            return self.python_at(self.folded[function])
        is_lambda = isinstance(function, cst.Lambda)
        text = self.tree.code_for_node(function)
        statement = ast.parse(f"({text})" if is_lambda else text).body[0]
        python = statement.value if isinstance(statement, ast.Expr) else statement
        assert isinstance(python, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        return python

    def python_at(self, where: Lines) -> FunctionNode:
        """Python's own tree of a function whose body is parsed apart, with its places in the file."""
        above = [""] * (where.first - 1)
        if where.is_indented:
            above[-1] = "if True:"
        statement = ast.parse("\n".join([*above, *self._lines_of(where.first, where.last)])).body[0]
        function = statement.body[0] if isinstance(statement, ast.If) else statement
        assert isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        return function

    def _lines_of(self, first: int, last: int) -> list[str]:
        """The lines of a function, without the backslash by which its last one may go on in an empty one."""
        *lines, end = self._lines[first - 1 : last]
        return [*lines, end.removesuffix("\\")]

    def python_tree(self) -> ast.Module:
        """Python's own tree of the whole file."""
        return ast.parse(self.text)

    def place(self, node: cst.CSTNode) -> Place | None:
        """Where a call, function or class stands; None for one that Python's own tree does not have."""
        while node not in self._places and self._pending:
            self._locate(*self._pending.pop())
        return self._places.get(node)

    def _locate(self, top: cst.CSTNode, where: Lines | None) -> None:
        """Find the places in the body of a function, or in the file outside of the bodies that are parsed apart.

        Both trees hold the same calls in the same order, so LibCST's need no position of their own.
        """
        nodes: dict[str, list[cst.CSTNode]] = {kind: [] for kind in _CST_KINDS.values()}
        strings: list[list[cst.CSTNode]] = []  # the calls inside each f-string
        for node in self._walk_region(top):
            if type(node) in _STRINGS:
                inside = list(walk(node))
                if any(type(part) is cst.FormattedString for part in inside):
                    strings.append([part for part in inside if type(part) is cst.Call])
            elif type(node) in _CST_KINDS:
                nodes[_CST_KINDS[type(node)]].append(node)
        lines = self._lines if not self.text.isascii() else []
        parts = self.python_tree().body if where is None else self.python_at(where).body
        closed = {folded.body for folded in self.folded.values()} if where is None else set()
        python = list(python_nodes(parts, closed))
        for kind, found in nodes.items():
            located = [node for node in python if _AST_KINDS[type(node)] == kind]
            located.sort(key=lambda n: (n.lineno, n.col_offset, -n.end_lineno, -n.end_col_offset))
            if len(found) == len(located):
                self._places.update(zip(found, (python_place(node, lines) for node in located)))
        joined = list(python_nodes(parts, closed, ast.JoinedStr))
        joined.sort(key=lambda n: (n.lineno, n.col_offset))
        if len(joined) == len(strings):
            # Python before 3.12 knows no positions inside an f-string: its calls stand where it begins.
            for calls, string in zip(strings, joined):
                self._places.update((call, python_place(string, lines)) for call in calls)

    def _walk_region(self, top: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes below one, without the bodies that were parsed apart."""
        stack = [top]
        while stack:
            node = stack.pop()
            yield node
            if node in self.folded:
                assert isinstance(node, cst.FunctionDef)
                stack.extend(part for part in (node.returns, node.params, *reversed(node.decorators)) if part)
            elif type(node) not in _STRINGS:
                stack.extend(reversed(children(node)))


def python_nodes(parts: Iterable[ast.AST], closed: Container[int], *kinds: type[ast.AST]) -> Iterator[Any]:
    """Nodes of some kinds (calls, functions and classes) of Python's own trees outside f-strings, without recursion;
    what is in the body of a function that begins on a line that is `closed` is left out."""
    stack = list(parts)
    while stack:
        node = stack.pop()
        if type(node) in (kinds or _AST_KINDS):
            yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and body_start(node) in closed:
            stack.extend(part for part in (node.args, node.returns, *node.decorator_list) if part)
        elif not isinstance(node, ast.JoinedStr):
            stack.extend(ast.iter_child_nodes(node))


def python_place(node: Any, lines: list[str]) -> Place:
    """A node's place in characters; `lines` is empty where the text is ASCII, so that bytes are characters."""
    column, end_column = node.col_offset, node.end_col_offset
    if lines:
        column = len(lines[node.lineno - 1].encode()[:column].decode(errors="replace"))
        end_column = len(lines[node.end_lineno - 1].encode()[:end_column].decode(errors="replace"))
    return Place(node.lineno, column + 1, node.end_lineno, end_column + 1)


def parse(path: str, text: str) -> Source | Failure:
    """Parse a file's text; a Failure says why not."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    try:
        python_tree = ast.parse(text)
    except SyntaxError as error:
        return Failure(error.lineno or 1, max(error.offset or 1, 1), f"does not parse: {error.msg}")
    except RecursionError:
        return Failure(1, 1, TOO_DEEP)
    except (ValueError, MemoryError) as error:
        return Failure(1, 1, f"does not parse: {type(error).__name__}: {error}")
    reason = obstacle(text, python_tree)
    if reason is not None:
        return Failure(1, 1, reason)
    try:
        return parse_folded(path, text, python_tree) or Source(path, text, _parse_cst(text, python_tree))
    except Exception as error:
        return Failure(1, 1, f"cannot be parsed by LibCST: {type(error).__name__}")


def _parse_cst(text: str, python_tree: ast.Module) -> cst.Module:
    try:
        return cst.parse_module(text)
    except Exception:
        return cst.parse_module(rewritten(python_tree))


def rewritten(tree: ast.AST) -> str:
    """Valid Python that LibCST refuses, written plainly: the same calls in the same order."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            node.simple = int(isinstance(node.target, ast.Name))  # `(name): int = 1`, which LibCST never takes
    return ast.unparse(tree)


def parse_expression(text: str) -> cst.BaseExpression | None:
    """An expression's tree, as in an annotation that is a string; None for what is none, or is nested too deeply."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return cst.parse_expression(text.strip()) if obstacle(text, tree) is None else None
    except Exception:
        return None


# -- functions whose bodies are parsed when they are asked for ---------------------------------------------------

_MARK = "_nnlint_body_"


def parse_folded(path: str, text: str, python_tree: ast.Module) -> Source | None:
    """A file's text with a mark in place of each function's body; None where that is not to be had."""
    if _MARK in text:
        return None
    functions: list[Lines] = []
    kept, done, lines = [], 0, text.split("\n")
    for function in outermost_functions(python_tree):
        start, end = body_start(function), function.end_lineno
        indent = lines[start - 1][: function.body[0].col_offset]
        assert end is not None
        if start > max(done, function.lineno) and not indent.strip() and start > last_header_line(function):
            kept += [*lines[done : start - 1], f"{indent}{_MARK}{len(functions)}"]
            done = end
            first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
            is_async = isinstance(function, ast.AsyncFunctionDef)
            functions.append(Lines(first, start, end, bool(function.col_offset), is_async))
    try:
        tree = cst.parse_module("\n".join([*kept, *lines[done:]]))
    except Exception:
        return None
    source = Source(path, text, tree)
    source.fold(functions)
    return source


def outermost_functions(tree: ast.Module) -> Iterator[FunctionNode]:
    """The functions that are in no other, in the order of the text."""
    found: list[FunctionNode] = []
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.append(node)
        else:
            stack.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr))
    return iter(sorted(found, key=lambda function: function.lineno))


def body_start(function: FunctionNode) -> int:
    """The line on which a function's body begins."""
    first = function.body[0]
    decorators: list[ast.expr] = getattr(first, "decorator_list", [])
    return min([first.lineno, *(decorator.lineno for decorator in decorators)])


def last_header_line(function: FunctionNode) -> int:
    """The last line that a function's parameters and annotations reach."""
    parts = [*ast.iter_child_nodes(function.args), *([function.returns] if function.returns else [])]
    ends: list[int] = [getattr(part, "end_lineno", None) or 0 for part in parts]
    return max(function.lineno, *ends, 0)


def _mark_of(function: cst.FunctionDef) -> int | None:
    """Which body a function's mark stands for."""
    statement = function.body.body[0] if function.body.body else None
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    if isinstance(small, cst.Expr) and isinstance(small.value, cst.Name) and small.value.value.startswith(_MARK):
        return int(small.value.value.removeprefix(_MARK))
    return None
