"""Which Python will run is not known but for this: torch 2.13 needs 3.10 or a later one."""

from __future__ import annotations

from nnlint.unknown import Unknown
from nnlint.values import External, Value

LEAST: dict[str, tuple[int, ...] | int] = {"sys.version_info": (3, 10), "sys.version_info.minor": 10}
VERSIONS: dict[str, Value] = {"sys.version_info.major": 3, "six.PY2": False, "six.PY3": True}
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def item(version: External, index: Value) -> Value:
    """sys.version_info[index]; None where nothing is known of it."""
    if version.name != "sys.version_info":
        return None
    if isinstance(index, slice) and (index.start, index.step) == (None, None) and isinstance(index.stop, int):
        return (3,) if index.stop == 1 else version if index.stop > 1 else None
    return {0: 3, 1: External("sys.version_info.minor")}.get(index) if isinstance(index, int) else None


def compare(sign: str, left: Value, right: Value) -> bool | None:
    """What a comparison with the version surely gives; None where it is not known."""
    if isinstance(right, External) and right.name in LEAST:
        left, sign, right = right, FLIPPED.get(sign, ""), left
    if not isinstance(left, External) or left.name not in LEAST or isinstance(right, Unknown):
        return None
    least = LEAST[left.name]
    if isinstance(least, int):
        return _answer(sign, right < least, right <= least) if isinstance(right, int) else None
    if not isinstance(right, tuple) or not all(isinstance(part, int) for part in right):
        return None
    return _answer(sign, right < least, right <= least)


def _answer(sign: str, is_less: bool, is_not_more: bool) -> bool | None:
    """The same, given whether the other side is less, or not more, than the least version."""
    if sign in ("==", "!=", "<=", ">"):
        return sign in ("!=", ">") if is_less else None
    return sign == ">=" if is_not_more and sign in ("<", ">=") else None
