"""Numbers of numpy's: they compute as Python's do, and stay numpy's own, which isinstance() tells apart from an int."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any


class NumpyInt(int):
    """A number of whichever of numpy's integer types; it is no int."""


class NumpyFloat(float):
    """A numpy.float64, which is a float, but not of the type float."""


NUMPY = (NumpyInt, NumpyFloat)


def of_numpy(number: Any) -> Any:
    """A number of Python's as numpy has it."""
    if isinstance(number, int):
        return NumpyInt(number)
    return NumpyFloat(number) if isinstance(number, float) else number


def _keeping(compute: Callable[..., Any], is_reflected: bool = False) -> Callable[..., Any]:
    def run(one: Any, *others: Any) -> Any:
        if not all(isinstance(other, (int, float)) for other in others):
            return NotImplemented
        numbers = [_plain(number) for number in (one, *others)]
        return of_numpy(compute(*(numbers[::-1] if is_reflected else numbers)))

    return run


def _plain(number: Any) -> Any:
    return int(number) if isinstance(number, int) else float(number)


for _kind in NUMPY:
    for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
        setattr(_kind, f"__{_name}__", _keeping(getattr(operator, _name)))
        setattr(_kind, f"__r{_name}__", _keeping(getattr(operator, _name), is_reflected=True))
    for _name in ("neg", "pos", "abs"):
        setattr(_kind, f"__{_name}__", _keeping(getattr(operator, _name)))
