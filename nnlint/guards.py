"""Calls in a file that may raise without harm: under `try`, where a test expects the exception, or where the code asks
which torch it runs on."""

import re
from collections.abc import Iterator

import libcst as cst

from nnlint.source import walk

# pytest, unittest, nose, contextlib and what teams call their own; a name is enough to stay silent.
_EXPECTS = re.compile(r"raises|xfail|expected_?failure|suppress", re.IGNORECASE)
# What asks for the torch at hand; a name that is assigned such an answer asks too.
_VERSION = re.compile(r"version|signature|argspec|find_spec", re.IGNORECASE)
_TORCH = (["torch"], ["nn"], ["functional"], ["F"])


def excused_calls(tree: cst.CSTNode) -> set[cst.CSTNode]:
    """The calls that may raise without harm, wherever they are called from."""
    expected, asking = set(_expected_names(tree)), set(_asking_names(tree))
    managers = {n.name.value for n in walk(tree) if isinstance(n, (cst.FunctionDef, cst.ClassDef)) and _is_manager(n)}
    return {
        call
        for node in walk(tree)
        for part in (*_excused_parts(node, expected), *_of_a_version(node, asking), *_managed(node, managers))
        for call in walk(part)
        if isinstance(call, cst.Call)
    }


def _excused_parts(node: cst.CSTNode, expected: set[str]) -> list[cst.CSTNode]:
    if isinstance(node, (cst.Try, cst.TryStar)):
        return [node.body] if node.handlers or _swallows(node.finalbody) else []
    if isinstance(node, cst.With):
        return [node.body] if any(_expects(item.item) for item in node.items) else []
    if isinstance(node, cst.Call):
        return list(node.args) if _expects(node.func) else []
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        marked = node.name.value in expected or any(map(_expects, node.decorators))
        return [node] if marked else []
    if isinstance(node, cst.Assign):
        targets = [target.target for target in node.targets]
        marked = any(isinstance(target, cst.Name) and target.value in expected for target in targets)
        return [node.value] if marked else []
    return []


def _swallows(final: cst.Finally | None) -> bool:
    """Whether a `finally` leaves its block by itself, and what was raised with it."""
    kinds = (cst.Return, cst.Break, cst.Continue)
    return final is not None and any(isinstance(found, kinds) for found in walk(final))


def _of_a_version(node: cst.CSTNode, asking: set[str]) -> list[cst.CSTNode]:
    """What runs on one torch and not on another: both sides of a condition, and what follows one that returns."""
    if isinstance(node, (cst.If, cst.IfExp)):
        return [node] if _asks(node.test, asking) else []
    if isinstance(node, (cst.IndentedBlock, cst.Module)):
        leaving = (
            index
            for index, statement in enumerate(node.body)
            if isinstance(statement, cst.If) and _asks(statement.test, asking) and _leaves(statement.body)
        )
        return list(node.body[next(leaving, len(node.body)) :])
    return []


def _leaves(body: cst.BaseSuite) -> bool:
    return any(isinstance(found, (cst.Return, cst.Raise, cst.Continue, cst.Break)) for found in walk(body))


def _asks(test: cst.CSTNode, asking: set[str]) -> bool:
    for node in walk(test):
        if isinstance(node, cst.Name) and (node.value in asking or _VERSION.search(node.value)):
            return True
        if isinstance(node, cst.Call) and [*_names(node.func)] == ["hasattr"] and _last_names(node) in _TORCH:
            return True
    return False


def _last_names(call: cst.Call) -> list[str]:
    """The last name in the first argument."""
    return [*_names(*call.args[:1])][-1:]


def _asking_names(tree: cst.CSTNode) -> Iterator[str]:
    for node in walk(tree):
        if isinstance(node, cst.Assign) and _asks(node.value, set()):
            yield from _names(*(target.target for target in node.targets))


def _expects(node: cst.CSTNode) -> bool:
    return any(isinstance(found, cst.Name) and _EXPECTS.search(found.value) for found in walk(node))


def _expected_names(tree: cst.CSTNode) -> Iterator[str]:
    """The names of which a test expects that they raise: `pytest.raises(ValueError, build, 3)`, and all that a function
    names that expects anything, in its decorators too: `parametrize("case", CASES)`."""
    for node in walk(tree):
        if isinstance(node, cst.Call) and _expects(node.func):
            yield from _names(*node.args)
        elif isinstance(node, cst.FunctionDef) and _expects(node.body):
            yield from _names(node.body, *node.decorators)


def _is_manager(node: cst.FunctionDef | cst.ClassDef) -> bool:
    """Whether it is a context manager that may swallow what its block raises; one may decorate a function too."""
    if isinstance(node, cst.ClassDef):
        return any(isinstance(f, cst.FunctionDef) and f.name.value == "__exit__" for f in node.body.body)
    handles = any(isinstance(found, cst.Try) and found.handlers for found in walk(node.body))
    return handles and "contextmanager" in _names(*node.decorators)


def _managed(node: cst.CSTNode, managers: set[str]) -> list[cst.CSTNode]:
    if not isinstance(node, cst.FunctionDef):
        return []
    return [node] if not managers.isdisjoint(_names(*node.decorators)) else []


def _names(*nodes: cst.CSTNode) -> Iterator[str]:
    return (name.value for node in nodes for name in walk(node) if isinstance(name, cst.Name))
