"""Functions of numpy on arrays of a few numbers, from which sizes are computed: their numbers are followed as those of
tensors are (see tensor_numbers), whose bounds hold for float64 too."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any

from nnlint.evaluate.torch_functions import FUNCTIONS, arithmetic, converted, elementwise, from_numbers, numbers_of
from nnlint.unknown import Unknown
from nnlint.values import External, List, Native, Tensor, Value

Fn = Callable[[Any, list[Value], dict[str, Value]], Value]
OPERATIONS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "true_divide": "/", "power": "**"}
ROUNDING = {"round": "round", "around": "round", "rint": "round", "floor": "floor", "ceil": "ceil", "trunc": "trunc"}


def as_array(value: Value) -> Value:
    """A tensor, or several, as arrays."""
    if isinstance(value, tuple):
        return tuple(map(as_array, value))
    if isinstance(value, Tensor):
        value.is_array = True
    return value


def of_torch(name: str) -> Fn:
    """A function that torch has under the same name."""
    fn: Fn = FUNCTIONS[f"torch.{name}"].fn
    return lambda machine, args, kwargs: as_array(fn(machine, args, kwargs))


def on_arrays(fn: Callable[[Any, Tensor], Value], scalar: Value) -> Fn:
    """A function of one array; scalar: what it is for a number."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if len(args) == 1 and isinstance(args[0], Tensor) and not kwargs:
            return as_array(fn(machine, args[0]))
        if len(args) > 1 and isinstance(args[-1], Tensor):
            return machine.write_out(args[-1], "numpy")
        if scalar is None:
            return Unknown("a function of numpy", plain=True)
        return scalar.fn(machine, args, kwargs)

    return run


def _rounded(name: str) -> Callable[[Any, Tensor], Value]:
    def run(machine: Any, value: Tensor) -> Value:
        numbers = numbers_of(value)
        if numbers is not None and all(isinstance(number, int) for number in numbers):
            return Tensor(value.shape, machine.heap.clock, data=value.data)
        return elementwise(machine, name, value)

    return run


def _elementwise(name: str) -> Callable[[Any, Tensor], Value]:
    return lambda machine, value: elementwise(machine, name, value)


def _operation(sign: str) -> Fn:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if len(args) == 3:
            return machine.write_out(args[2], "numpy")
        if len(args) != 2 or kwargs or not any(isinstance(arg, Tensor) for arg in args):
            return Unknown("arithmetic of numpy", plain=True)
        return as_array(arithmetic(machine, sign, *args))

    return run


def _cumsum(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    given = List(numbers_of(args[0]) or ()) if args and isinstance(args[0], Tensor) else args[0] if args else None
    is_known = isinstance(given, (list, tuple)) and given and all(type(item) is int for item in given)
    if not is_known or len(args) != 1 or kwargs:
        return Unknown("numpy.cumsum of values that are not known", plain=True)
    assert isinstance(given, (list, tuple))
    return as_array(from_numbers(machine, (len(given),), list(accumulate(given))))


def astype(machine: Any, value: Tensor, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """array.astype(dtype)"""
    dtype = args[0] if args else kwargs.get("dtype")
    name = (dtype if isinstance(dtype, str) else str(getattr(dtype, "name", ""))).rpartition(".")[2].rstrip("_")
    if name == "float32":  # its numbers are no floats
        return Tensor(value.shape, machine.heap.clock, is_array=True)
    made = as_array(converted(machine, value, External(f"torch.{name}")))
    return made.viewing(value) if "copy" in kwargs else made


def _arange(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    is_known = bool(args) and not kwargs and all(type(arg) is int for arg in args) and len(args) < 3
    if not is_known or not range(*args):
        return Unknown("numpy.arange", plain=True)
    return of_torch("arange")(machine, args, kwargs)


def _functions() -> dict[str, Fn]:
    made: dict[str, Fn] = {"arange": _arange, "unique": of_torch("unique")}
    made.update((name, _operation(sign)) for name, sign in OPERATIONS.items())
    for name, rounding in ROUNDING.items():
        made[name] = on_arrays(_rounded(rounding), FUNCTIONS.get(f"numpy.{name}"))
    for name in ("log", "log2", "exp", "sqrt"):
        made[name] = on_arrays(_elementwise(name), FUNCTIONS[f"numpy.{name}"])
    return {**made, "cumsum": _cumsum}


NUMPY_FUNCTIONS: dict[str, Value] = {f"numpy.{name}": Native(f"numpy.{name}", fn) for name, fn in _functions().items()}
