"""Calls in a file that may raise without harm: under `try`, or where a test expects the exception."""

from collections.abc import Iterator

import libcst as cst

from nnlint.source import walk

# pytest, unittest, nose and contextlib; a name is enough to stay silent.
_EXPECTS = ("raises", "assertRaises", "assertRaisesRegex", "assert_raises", "xfail", "expectedFailure", "suppress")


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
    return []


def _expects(node: cst.CSTNode) -> bool:
    return any(isinstance(found, cst.Name) and found.value in _EXPECTS for found in walk(node))


def _expected_names(tree: cst.CSTNode) -> Iterator[str]:
    """`pytest.raises(ValueError, build, 3)`: what `build` does is expected to raise."""
    for node in walk(tree):
        if isinstance(node, cst.Call) and _expects(node.func):
            yield from (name.value for arg in node.args for name in walk(arg) if isinstance(name, cst.Name))
