"""Calls in a file that may raise without harm: under `try`, or where a test expects the exception."""

import re
from collections.abc import Iterator

import libcst as cst

from nnlint.source import walk

# pytest, unittest, nose, contextlib and what teams call their own; a name is enough to stay silent.
_EXPECTS = re.compile(r"raises|xfail|expected_?failure|suppress", re.IGNORECASE)


def excused_calls(tree: cst.CSTNode) -> set[cst.CSTNode]:
    """The calls that may raise without harm, wherever they are called from."""
    expected = set(_expected_names(tree))
    return {
        call
        for node in walk(tree)
        for part in _excused_parts(node, expected)
        for call in walk(part)
        if isinstance(call, cst.Call)
    }


def _excused_parts(node: cst.CSTNode, expected: set[str]) -> list[cst.CSTNode]:
    if isinstance(node, (cst.Try, cst.TryStar)):
        return [node.body] if node.handlers else []
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


def _names(*nodes: cst.CSTNode) -> Iterator[str]:
    return (name.value for node in nodes for name in walk(node) if isinstance(name, cst.Name))
