"""Numbers of numpy's: they compute as Python's do, and stay numpy's own, which isinstance() tells apart from an int."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from nnlint.unknown import Unknown


class NumpyInt(int):
    """A number of whichever of numpy's integer types; it is no int."""


class NumpyFloat(float):
    """A numpy.float64, which is a float, but not of the type float."""


class NumpyBool(int):
    """A numpy.bool, which a comparison with a number of numpy's gives; it is neither a bool nor an int."""


NUMPY = (NumpyInt, NumpyFloat, NumpyBool)
FALSE, TRUE = NumpyBool(0), NumpyBool(1)


def of_numpy(number: Any) -> Any:
    """A number of Python's as numpy has it; or a pair of them."""
    if isinstance(number, tuple):
        return tuple(map(of_numpy, number))
    if isinstance(number, bool):
        return TRUE if number else FALSE
    if isinstance(number, int):
        return NumpyInt(number)
    return NumpyFloat(number) if isinstance(number, float) else number


def _keeping(compute: Callable[..., Any], is_reflected: bool = False) -> Callable[..., Any]:
    def run(one: Any, *others: Any) -> Any:
        if not all(isinstance(other, (int, float)) for other in others):
            return NotImplemented
        if all(isinstance(number, (bool, NumpyBool)) for number in (one, *others)):
            return Unknown("what numpy makes of truth values", plain=True)
        numbers = [_plain(number) for number in (one, *others)]
        return of_numpy(compute(*(numbers[::-1] if is_reflected else numbers)))

    return run


def _plain(number: Any) -> Any:
    return int(number) if isinstance(number, int) else float(number)


def _power(base: float, exponent: float) -> float:
    if isinstance(base, int) and isinstance(exponent, int) and exponent < 0:
        raise ValueError("integers to negative integer powers are not allowed")
    return operator.pow(base, exponent)  # type: ignore[no-any-return]


_BINARY: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in ("add", "sub", "mul", "truediv", "floordiv", "mod")},
    "pow": _power,
    "divmod": divmod,
}
_OF_INTEGERS = {name.strip("_"): getattr(operator, name) for name in ("and_", "or_", "xor", "lshift", "rshift")}
for _kind in NUMPY:
    for _name, _compute in {**_BINARY, **({} if _kind is NumpyFloat else _OF_INTEGERS)}.items():
        setattr(_kind, f"__{_name}__", _keeping(_compute))
        setattr(_kind, f"__r{_name}__", _keeping(_compute, is_reflected=True))
    for _name in ("neg", "pos", "abs", *(() if _kind is NumpyFloat else ("invert",))):
        setattr(_kind, f"__{_name}__", _keeping(getattr(operator, _name)))
