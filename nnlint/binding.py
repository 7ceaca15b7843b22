"""Where a module's own code, not that of its functions and classes, gives a name its value."""

import ast
from collections.abc import Iterator

from nnlint.construction import Place
from nnlint.source import Source, python_place

Binding = ast.stmt | ast.NamedExpr
CLOSED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


MAIN_TESTS = ("__name__ == '__main__'", "'__main__' == __name__")


def binding_place(source: Source, name: str, is_script: bool = False) -> Place | None:
    """The call that gives a name its value, or else the statement; of several the last that calls anything, or else
    the last. None where nothing does. is_script: what runs in a script only counts too."""
    found = bindings_of(source.python_tree(), name, is_script)
    bindings = sorted(found, key=lambda node: (calls(node), node.lineno))
    if not bindings:
        return None
    value = getattr(bindings[-1], "value", None)
    lines = source.text.split("\n") if not source.text.isascii() else []
    return python_place(value if isinstance(value, ast.Call) else bindings[-1], lines)


def bindings_of(tree: ast.Module, name: str, is_script: bool) -> Iterator[Binding]:
    """The assignments of every form, loops, `with` and imports that bind a name."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If) and not is_script and ast.unparse(node.test) in MAIN_TESTS:
            stack.extend(node.orelse)
        elif not isinstance(node, CLOSED):
            stack.extend(ast.iter_child_nodes(node))
        if isinstance(node, (ast.stmt, ast.NamedExpr)) and name in bound_by(node):
            yield node


def bound_by(node: Binding) -> Iterator[str]:
    """The names that a statement binds by itself."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    for target in targets_of(node):
        yield from (found.id for found in ast.walk(target) if isinstance(found, ast.Name) and is_stored(found))


def targets_of(node: Binding) -> list[ast.expr]:
    """What a statement assigns to."""
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.AsyncFor)):
        return [node.target]
    if isinstance(node, (ast.With, ast.AsyncWith)):
        return [item.optional_vars for item in node.items if item.optional_vars is not None]
    return []


def is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def calls(node: Binding) -> bool:
    """Whether what a statement binds comes from a call."""
    values = [getattr(node, "value", None), getattr(node, "iter", None), *getattr(node, "items", [])]
    return any(isinstance(found, ast.Call) for value in values if value is not None for found in ast.walk(value))
