"""One model as a user asks for it: `resnet50`, or `Net(width=2, depth=18)` with arguments that are literals."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple

from nnlint.errors import UsageError


class WantedError(UsageError):
    """What was asked for is no model, or cannot be called so."""


class Wanted(NamedTuple):
    """text: as it was asked for; name: dotted; arguments are Python's own values."""

    text: str
    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}  # noqa: RUF012


def parse_wanted(text: str) -> Wanted:
    """A name, or a call with literals. Raises WantedError."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise WantedError(f"{text!r} is neither a name nor a call") from None
    called = node.func if isinstance(node, ast.Call) else node
    name = ast.unparse(called)
    if not all(part.isidentifier() for part in name.split(".")):
        raise WantedError(f"{text!r} is neither a name nor a call")
    if not isinstance(node, ast.Call):
        return Wanted(name, name)
    args = tuple(_literal(arg) for arg in node.args)
    kwargs: dict[str, Any] = {}
    for keyword, value in map(_keyword, node.keywords):
        if keyword in kwargs:
            raise WantedError(f"{name}() is given {keyword} twice")
        kwargs[keyword] = value
    return Wanted(" ".join(text.split()), name, args, kwargs)


def _keyword(keyword: ast.keyword) -> tuple[str, Any]:
    if keyword.arg is None:
        raise WantedError(f"'**{ast.unparse(keyword.value)}': write each argument by itself")
    return keyword.arg, _literal(keyword.value)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        why = "is no Python literal (a number, a quoted string, a tuple, True, None, ...)"
        raise WantedError(f"{ast.unparse(node)!r} {why}") from None


def near(name: str, known: Iterable[str]) -> str:
    """What to say of a name that is not known, after the fact that it is not."""
    names = sorted(set(known))
    found = get_close_matches(name, names, 3, 0.5)
    if found:
        return f"; did you mean {' or '.join(found)}?"
    return f"; there are {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}" if names else ""
