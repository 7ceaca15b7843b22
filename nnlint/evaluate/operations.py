"""Arithmetic and comparison on values; every result that can grow is checked before it is computed."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from nnlint.signature import Rest
from nnlint.unknown import Unknown
from nnlint.values import CONSTANTS, Device, Dict, External, Instance, Set, Tensor, Value, has_rest, is_foreign

BITS = 4096  # the most that an integer may have
ITEMS = 100_000  # the most items that a repetition may give

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "<<": operator.lshift, ">>": operator.rshift, "&": operator.and_,
    "|": operator.or_, "^": operator.xor,
}  # fmt: skip
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def grows_too_large(sign: str, left: Value, right: Value) -> bool:
    """Whether a result could be too large to compute."""
    if isinstance(left, int) and isinstance(right, int):
        if sign == "**":
            return right > 0 and left.bit_length() * right > BITS
        if sign == "<<":
            return right > 0 and left.bit_length() + right > BITS
        return left.bit_length() + right.bit_length() > BITS
    if sign == "*":
        for one, other in ((left, right), (right, left)):
            if isinstance(one, int) and isinstance(other, (str, bytes, list, tuple)):
                return len(other) * max(one, 0) > ITEMS
    if sign == "+" and isinstance(left, (str, bytes, list, tuple)) and isinstance(right, (str, bytes, list, tuple)):
        return len(left) + len(right) > ITEMS
    return False


def is_unknown(value: Value) -> Unknown | None:
    """The Unknown in a value, looking into containers; None where all is known."""
    if type(value) is tuple and CONSTANTS.issuperset(map(type, value)):
        return None
    return _find_unknown(value, 0, [3 * ITEMS])


def _find_unknown(value: Value, depth: int, left: list[int]) -> Unknown | None:
    if isinstance(value, Unknown):
        return value
    if type(value) is Rest:
        return value.unknown
    if isinstance(value, (str, bytes, int, float)) or value is None:
        return None
    if depth > 6:
        return Unknown("a deeply nested value")
    left[0] -= len(value) if isinstance(value, (dict, tuple, list, set, frozenset)) else 0
    if left[0] < 0:
        return Unknown("a value too large to compute")
    if isinstance(value, (Dict, Set)) and value.rest is not None:
        return value.rest
    if isinstance(value, dict):
        value = [*value.values(), *value]
    if isinstance(value, (tuple, list, set, frozenset)):
        for item in value:
            if (unknown := _find_unknown(item, depth + 1, left)) is not None:
                return unknown
    return None


def format_is_small(spec: str) -> bool:
    """Whether a format specification asks for no huge width or precision."""
    digits = ""
    for character in spec + " ":
        if character.isdigit():
            digits += character
        elif digits:
            if len(digits) > 4:
                return False
            digits = ""
    return True


def plain_unknown(*values: Value) -> Unknown:
    """The Unknown that an operation on these gives; numbers and strings make no modules, and objects that nothing else
    has hold of give no others."""
    why = next((u.why for v in values if (u := is_unknown(v)) is not None), "a value that is not known")
    plain = any(isinstance(v, (int, float, str, Tensor)) or (isinstance(v, Unknown) and v.plain) for v in values)
    return Unknown(why, plain=plain, foreign=all(map(is_foreign, values)))


def identical(left: Value, right: Value) -> bool | Unknown:
    """left is right"""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Device) and (other is None or isinstance(other, (bool, str, int))):
            return False
        if isinstance(one, Unknown):
            if one is other and not isinstance(one, External):
                return Unknown(one.why, plain=True)
            if isinstance(one, External) and isinstance(other, External):
                return one.name == other.name or Unknown(one.why, plain=True)
            if one.options:
                found = {repr(identical(option, other)): identical(option, other) for option in one.options}
                if len(found) == 1:
                    return next(iter(found.values()))
            return Unknown(one.why, plain=True)
    if left is None or right is None or isinstance(left, (bool, type(...))) or isinstance(right, (bool, type(...))):
        return left is right
    if isinstance(left, (int, float, str, tuple)) and isinstance(right, (int, float, str, tuple)):
        # CPython's interning is no semantics to rely on.
        are_unlike = left != right and (left == left or right == right)  # not a number is unlike itself, too
        return False if type(left) is not type(right) or are_unlike else Unknown("an identity of constants")
    return left is right


def is_number(value: Value) -> bool:
    return isinstance(value, (int, float, complex))


def is_sequence(value: Value) -> bool:
    return isinstance(value, (list, tuple))


def is_repeatable(value: Value) -> bool:
    """Whether a number times the value is the value, so many times over."""
    held = value.payload if isinstance(value, Instance) else value
    return isinstance(held, (str, bytes, list, tuple))


__all__ = ["BITS", "COMPARISONS", "ITEMS", "OPERATORS", "has_rest"]
