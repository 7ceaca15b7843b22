"""Arithmetic on the numbers in small tensors, where a size is computed with torch.

torch computes in float32 or float64, by kernels that round differently. So a number is an interval that surely holds
torch's result; it becomes a known number again where rounding gives the same for the whole interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from nnlint.numpy_numbers import NumpyInt
from nnlint.values import External, Native, Tensor, Value

ERROR = 2.0**-20  # relative, per operation: float32 has 2**-24
WHOLE = 2**24  # the whole numbers that float32 holds exactly
EXPONENT = 24  # of the largest power of a whole number that is followed
PARTS = 2**8  # of these parts of a number, float32 holds so many exactly as well


class Interval(NamedTuple):
    """A number of which only bounds are known."""

    low: float
    high: float


Number = float | Interval | None  # None: not known


def interval(number: float | Interval) -> Interval:
    """A number as an interval, wide enough for its rounding to float32."""
    if isinstance(number, Interval):
        return number
    if is_exact(number):
        return Interval(float(number), float(number))
    return Interval(*_wider(float(number), float(number)))


def _wider(low: float, high: float) -> tuple[float, float]:
    slack = max(abs(low), abs(high)) * ERROR
    return low - slack, high + slack


def combine(sign: str, left: Number, right: Number) -> Number:
    """left + right and the like, or None where that is not surely known."""
    if left is None or right is None:
        return None
    if sign in _EXACT and is_exact(left) and is_exact(right):
        exact = _EXACT[sign](left, right)  # type: ignore[arg-type]
        if is_exact(exact):
            return exact
        if is_whole(left) and is_whole(right):
            return None
    if sign == "/" and is_exact(left) and is_whole(right) and right in _HALVING:
        return float(left) / right  # type: ignore[arg-type, operator]
    if sign == "**" and type(left) is int and type(right) is int:
        power = left**right if 0 <= right <= EXPONENT else None
        return power if is_whole(power) else None
    if sign == "//":
        return left // right if is_whole(left) and is_whole(right) and right else None  # type: ignore[operator]
    one, other = interval(left), interval(right)
    try:
        return _combined(sign, one, other)
    except (ArithmeticError, ValueError):
        return None


def is_whole(number: Number) -> bool:
    """Whether a number is known, and one that float32 holds exactly."""
    return isinstance(number, (int, float)) and float(number).is_integer() and abs(number) <= WHOLE


def is_exact(number: Number) -> bool:
    """Whether a number is known, and one that float32 holds exactly: whole, or of few binary digits beside."""
    return is_whole(number) or (isinstance(number, float) and is_whole(number * PARTS))


def of_one_type(items: list[Value]) -> list[int] | list[float] | None:
    """Numbers as a tensor holds them that is made of them; None where that is not surely known."""
    if all(type(item) in (int, NumpyInt) for item in items):
        return list(map(int, items)) if all(abs(item) <= WHOLE for item in items) else None
    are_exact = all(type(item) in (int, float) and abs(item) <= WHOLE and is_exact(item) for item in items)
    return list(map(float, items)) if are_exact else None


def are_whole(data: object) -> bool:
    """Whether the numbers of a tensor are known, and of an integer type."""
    return type(data) is int or (type(data) is tuple and bool(data) and all(type(item) is int for item in data))


_HALVING = frozenset(2**power for power in range(1, 24))  # to divide by these changes no digit
_EXACT: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}


def _combined(sign: str, one: Interval, other: Interval) -> Number:
    if sign == "/" and other.low <= 0 <= other.high:
        return None
    if sign == "**" and one.low <= 0:
        return None
    compute: dict[str, Callable[[float, float], float]] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        "**": math.pow,
    }
    if sign not in compute:
        return None
    ends = [compute[sign](a, b) for a in one for b in other]
    if not all(map(math.isfinite, ends)):
        return None
    return Interval(*_wider(min(ends), max(ends)))


MONOTONE: dict[str, Callable[[float], float]] = {"log": math.log, "log2": math.log2, "exp": math.exp, "sqrt": math.sqrt}
WHOLE_BY: dict[str, Callable[[float], float]] = {
    "round": lambda x: float(round(x)),
    "floor": lambda x: float(math.floor(x)),
    "ceil": lambda x: float(math.ceil(x)),
    "trunc": lambda x: float(math.trunc(x)),
}


def apply(name: str, number: Number) -> Number:
    """log(number) and the like; round, floor, ceil and trunc give a known number where the interval agrees."""
    if number is None:
        return None
    low, high = interval(number)
    try:
        if name in WHOLE_BY:
            ends = WHOLE_BY[name](low), WHOLE_BY[name](high)
            return ends[0] if ends[0] == ends[1] and abs(ends[0]) <= WHOLE else None
        ends = MONOTONE[name](low), MONOTONE[name](high)
    except (ArithmeticError, ValueError):
        return None
    return Interval(*_wider(*ends)) if all(map(math.isfinite, ends)) else None


# Narrower ones overflow within the numbers that are followed.
WHOLE_TYPES = frozenset({"int", "int32", "int64", "long"})
INTEGERS = WHOLE_TYPES | {"bool", "int8", "int16", "short", "uint8"}
FLOATING_TYPES = frozenset({"float", "float32", "double", "float64"})


def is_of_integers(dtype: Value) -> bool:
    """Whether a dtype is surely one of whole numbers, or of truth values."""
    return isinstance(dtype, (External, Native)) and dtype.name.removeprefix("torch.") in INTEGERS


def holds_integers(value: Value) -> bool:
    """Whether a number, or what a tensor holds, surely is of a type of whole numbers."""
    return value.is_whole or are_whole(value.data) if isinstance(value, Tensor) else isinstance(value, int)


def typed(made: Tensor, base: Tensor) -> Tensor:
    """A new tensor, which is of the dtype of another."""
    made.is_whole = holds_integers(base)
    return made


def convert(number: Number, dtype: str) -> Number:
    """A number as torch converts it to a dtype, named without its module; None where that is not known."""
    if number is None:
        return None
    if dtype in WHOLE_TYPES:
        cut = apply("trunc", number)
        return int(cut) if isinstance(cut, (int, float)) else None
    if dtype not in FLOATING_TYPES:
        return None
    return float(number) if not isinstance(number, Interval) and is_whole(number) else interval(number)
