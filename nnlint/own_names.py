"""Which of the names that a function binds may stand for a class, read from what its text binds them to."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from nnlint.source import FunctionNode

# Python's own functions that give no class but one that they are given.
HARMLESS = frozenset(
    {"abs", "all", "any", "bool", "dict", "divmod", "enumerate", "filter", "float", "frozenset", "getattr", "hasattr",
     "id", "int", "isinstance", "issubclass", "iter", "len", "list", "map", "max", "min", "next", "print", "range",
     "repr", "reversed", "round", "set", "slice", "sorted", "str", "sum", "super", "tuple", "zip"}
)  # fmt: skip
Given = dict[str, list[ast.expr | None]]  # what each name is bound to; None: anything
MakesObjects = Callable[[str], bool]  # whether calls of what a dotted name of the module stands for give no class


def perhaps_classes(function: FunctionNode | ast.Lambda, makes_objects: MakesObjects) -> set[str] | None:
    """The names among a function's own that may stand for a class when it is run with arguments that are not known;
    None where any name may. What the attributes of objects hold is taken to be objects."""
    if any(isinstance(node, (ast.Global, ast.Nonlocal)) for node in ast.walk(function)):
        return None
    given = bindings(function)

    def makes_object(dotted: str) -> bool:
        return dotted.partition(".")[0] not in given and makes_objects(dotted)

    named = {id(value): set(names(value, makes_object)) for values in given.values() for value in values if value}
    known = HARMLESS | given.keys()  # what is neither is a name from around the function, or a special one
    found = {name for name, values in given.items() if any(v is None or not named[id(v)] <= known for v in values)}
    grown = True
    while grown:
        before = len(found)
        found |= {name for name, values in given.items() if any(v and found & named[id(v)] for v in values)}
        grown = len(found) > before
    return found | (set(names(function, lambda dotted: False)) - given.keys())


def names(node: ast.AST, makes_objects: MakesObjects) -> Iterator[str]:
    """The names in a text from which its value may come, and the special names of attributes."""
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Call) and makes_objects(dotted_in_python(part.func)):
            continue
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            yield part.id
        elif isinstance(part, ast.Attribute) and part.attr.startswith("__"):
            yield part.attr
        pending.extend(ast.iter_child_nodes(part))


def dotted_in_python(node: ast.expr) -> str:
    """a.b.c as text, or "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted_in_python(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def bindings(function: FunctionNode | ast.Lambda) -> Given:
    """What a function, and those in it, bind each name to."""
    given: Given = {}

    def bind(target: ast.AST | None, value: ast.expr | None) -> None:
        for part in ast.walk(target) if target is not None else ():
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                given.setdefault(part.id, []).append(value)

    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                bind(target, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
            bind(node.target, node.value)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            bind(node.target, node.iter)
        elif isinstance(node, ast.withitem):
            bind(node.optional_vars, node.context_expr)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            given.setdefault(node.name, [])
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            given.setdefault(node.name, []).append(None)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            given.setdefault(node.rest, []).append(None)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node is not function:
            given.setdefault(node.name, []).append(None)
        elif isinstance(node, ast.alias):
            given.setdefault((node.asname or node.name).partition(".")[0], []).append(None)
        elif isinstance(node, ast.arguments):
            is_own = node is function.args
            for name, default in parameters(node):
                given.setdefault(name, []).extend([default] if is_own and default is not None else [])
                if not is_own:
                    given[name].append(None)
    first = [*function.args.posonlyargs, *function.args.args][:1]
    decorators = [] if isinstance(function, ast.Lambda) else function.decorator_list
    if first and any("classmethod" in ast.unparse(decorator) for decorator in decorators):
        given[first[0].arg].append(None)
    return given


def parameters(node: ast.arguments) -> Iterator[tuple[str, ast.expr | None]]:
    """Each parameter and its default, if it has one."""
    positional = [*node.posonlyargs, *node.args]
    without: list[ast.expr | None] = [None] * (len(positional) - len(node.defaults))
    pairs = [*zip(positional, [*without, *node.defaults]), *zip(node.kwonlyargs, node.kw_defaults)]
    yield from ((parameter.arg, default) for parameter, default in pairs)
    yield from ((parameter.arg, None) for parameter in (node.vararg, node.kwarg) if parameter is not None)
