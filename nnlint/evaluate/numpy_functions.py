"""Functions of numpy on arrays of a few numbers, from which sizes are computed: their numbers are followed as those of
tensors are (see tensor_numbers), whose bounds hold for float64 too."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import accumulate
from typing import Any

from nnlint.evaluate import operations as ops
from nnlint.evaluate.tensor_numbers import of_one_type
from nnlint.evaluate.tensor_results import RULES, shape_of
from nnlint.evaluate.tensor_shapes import METHODS, NotKnown, Shape, cat, checked, stack, whole
from nnlint.evaluate.torch_functions import (
    FUNCTIONS,
    MOST_NUMBERS,
    arithmetic,
    converted,
    elementwise,
    from_numbers,
    numbers_of,
)
from nnlint.numpy_numbers import NumpyInt, of_numpy
from nnlint.unknown import Unknown, UnknownValueError
from nnlint.values import GRADIENT, External, List, Native, Tensor, Value

Fn = Callable[[Any, list[Value], dict[str, Value]], Value]
OPERATIONS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "true_divide": "/", "power": "**", "mod": "%",
    "remainder": "%", "floor_divide": "//",
}  # fmt: skip
NAMED = {"shape", "dtype", "fill_value"}  # what numpy.full and the like are followed with
REDUCTIONS: dict[str, Callable[[list[int]], int]] = {"sum": sum, "max": max, "min": min, "amax": max, "amin": min}
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


def of_tensor(machine: Any, fn: Callable[[Any, Tensor], Value], value: Tensor) -> Value:
    """A function of numpy's of one of torch's tensors, which gives such a one again."""
    if value.is_parameter and value.attributes.get(GRADIENT) is not False:
        return Unknown("numpy refuses a tensor that requires a gradient", plain=True)
    machine.may_refuse("numpy")
    return fn(machine, value)


def on_arrays(fn: Callable[[Any, Tensor], Value], scalar: Value) -> Fn:
    """A function of one array; scalar: what it is for a number."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if len(args) == 1 and isinstance(args[0], Tensor) and not kwargs:
            if not args[0].is_array:
                return of_tensor(machine, fn, args[0])
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


def _on_numbers(machine: Any, sign: str, left: Value, right: Value) -> Value:
    """numpy.mod(7, 2) and the like; by 0 and beyond its range numpy gives what Python does not."""
    if (sign in ("/", "//", "%") and right == 0) or sign == "**":
        return Unknown("arithmetic of numpy", plain=True)
    found = machine.binary(sign, of_numpy(left), of_numpy(right))
    is_far = isinstance(found, int) and not -(2**63) <= found < 2**63
    return Unknown("a number beyond numpy's range", plain=True) if is_far else found


def _operation(sign: str) -> Fn:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if len(args) == 3:
            return machine.write_out(args[2], "numpy")
        if len(args) == 2 and not kwargs and all(ops.is_number(arg) for arg in args):
            return _on_numbers(machine, sign, *args)
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
    """numpy.arange(stop, dtype=None), numpy.arange(start, stop, dtype=None)"""
    is_known = bool(args) and all(type(arg) is int for arg in args) and len(args) < 3
    if not is_known or kwargs.keys() - {"dtype"} or not range(*args):
        return Unknown("numpy.arange", plain=True)
    made = of_torch("arange")(machine, args, {})
    return astype(machine, made, [kwargs["dtype"]], {}) if kwargs.get("dtype") is not None else made


def _filled_with(fill: float | None) -> Fn:
    """numpy.zeros(shape, dtype=None) and the like; fill: what they hold, where it is not the second argument"""
    make = FUNCTIONS["numpy.empty"].fn

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        made = make(machine, args, kwargs)
        *given, dtype = [*args[1:], kwargs.get("dtype")] if len(args) < (2 if fill is not None else 3) else args[1:]
        number = fill if fill is not None else given[0] if given else kwargs.get("fill_value")
        shape, held = made.shape, of_one_type([number])
        length = shape[0] if isinstance(shape, tuple) and len(shape) == 1 else None
        if held is None or type(length) is not int or length > MOST_NUMBERS or kwargs.keys() - NAMED:
            return made
        made.data = tuple(held * length)
        machine.step(length // 10)
        return made if dtype is None else astype(machine, made, [dtype], {})

    return run


def _reduced(name: str, compute: Callable[[list[int]], int]) -> Fn:
    """numpy.sum(values) and the like, of whole numbers that are known; what else they are given is not followed."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        given = args[0] if len(args) == 1 and not kwargs else None
        numbers = numbers_of(given) if isinstance(given, Tensor) and given.is_array else given
        if isinstance(numbers, (list, tuple)) and numbers and all(type(item) in (int, NumpyInt) for item in numbers):
            machine.step(len(numbers))
            found = compute([int(item) for item in numbers])
            return NumpyInt(found) if abs(found) < 2**63 else Unknown("a number too large for numpy", plain=True)
        return machine.call(External(f"numpy.{name}"), args, kwargs)

    return run


def shaped_by(name: str, compute: Callable[..., Value]) -> Fn:
    """A function that gives an array, or several, of the shape that is computed from those of what it is given: lists
    as arrays. Where that is not known, it is code that is not followed."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        given = [_seen_as_tensor(machine, arg) for arg in args]
        with suppress(NotKnown, UnknownValueError, TypeError, ValueError):
            shape = compute(*given, **kwargs)
            shapes = shape if isinstance(shape, list) else [shape]
            if () in shapes:
                raise NotKnown  # a number, which is no array
            made = [Tensor(checked(one), machine.heap.clock, is_array=True) for one in shapes]
            return List(made, machine.heap.clock) if isinstance(shape, list) else made[0]
        return machine.call(External(f"numpy.{name}"), args, kwargs)

    return run


def _seen_as_tensor(machine: Any, value: Value) -> Value:
    """An array, also in a list, as a tensor: what is written to it is written to no array."""
    if isinstance(value, Tensor) and value.is_array:
        return Tensor(value.shape, machine.heap.clock)
    if isinstance(value, (list, tuple)) and any(isinstance(item, Tensor) for item in value):
        return [_seen_as_tensor(machine, item if isinstance(item, Tensor) else _made(machine, item)) for item in value]
    return value


def _made(machine: Any, value: Value) -> Value:
    """numpy.array(value)"""
    return FUNCTIONS["numpy.array"].fn(machine, [value], {})


def _of_sizes(*sizes: Value) -> Shape:
    """random.rand(2, 3)"""
    return tuple(map(whole, sizes))


def _of_size(low: Value = None, high: Value = None, size: Value = None) -> Shape:
    """random.uniform(low, high, size)"""
    return _of_only_size(size)


def _of_only_size(size: Value = None) -> Shape:
    """random.random(size)"""
    return () if size is None else tuple(map(whole, size if isinstance(size, (list, tuple)) else (size,)))


def _square(n: Value, m: Value = None) -> Shape:
    """eye(N, M=None)"""
    return whole(n), whole(n if m is None else m)


def _like(array: Value, *, dtype: Value = None) -> Shape:
    return shape_of(array)


def _filled(array: Value, fill_value: Value, *, dtype: Value = None) -> Shape:
    return shape_of(array)


def _expanded(array: Value, axis: Value) -> Shape:
    return METHODS["unsqueeze"](shape_of(array), [axis])


def _transposed(array: Value, axes: Value = None) -> Shape:
    shape = shape_of(array)
    return shape[::-1] if axes is None else METHODS["permute"](shape, [axes])


def _joined(arrays: Value, axis: Value = 0) -> Shape:
    return cat([shape_of(array) for array in arrays], axis)


def _stacked(arrays: Value, axis: Value = 0) -> Shape:
    return stack([shape_of(array) for array in arrays], axis)


def _mesh(*arrays: Value, indexing: Value = "xy") -> Value:
    return RULES["meshgrid"](*arrays, indexing=indexing)


def _argsort(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """numpy.argsort(vector, axis=-1): of numbers of which no two are equal, and all are known"""
    array, axis = args[0] if args else None, args[1] if len(args) == 2 and not kwargs else kwargs.get("axis", -1)
    numbers = numbers_of(array) if isinstance(array, Tensor) else array
    is_known = isinstance(numbers, (list, tuple)) and all(type(n) in (int, float) and n == n for n in numbers)
    is_vector = type(axis) is int and axis in (0, -1) and len(args) + len(kwargs) < 3 and kwargs.keys() <= {"axis"}
    if not is_known or not is_vector or len(set(numbers or ())) < len(numbers or ()):
        return machine.call(External("numpy.argsort"), args, kwargs)
    assert isinstance(numbers, (list, tuple))
    machine.step(len(numbers))
    return as_array(from_numbers(machine, (len(numbers),), sorted(range(len(numbers)), key=numbers.__getitem__)))


SHAPES: dict[str, Callable[..., Value]] = {
    "concatenate": _joined, "stack": _stacked, "meshgrid": _mesh, "eye": _square, "identity": _square,
    "expand_dims": _expanded, "transpose": _transposed,
    **dict.fromkeys(("zeros_like", "ones_like", "empty_like"), _like), "full_like": _filled,
    **{name: RULES[name] for name in ("outer", "einsum", "matmul", "hstack", "vstack", "maximum", "minimum")},
    **dict.fromkeys(("random.rand", "random.randn"), _of_sizes),
    **dict.fromkeys(("random.uniform", "random.normal", "random.randint"), _of_size),
    **dict.fromkeys(("random.random", "random.random_sample", "random.standard_normal"), _of_only_size),
}  # fmt: skip


def _functions() -> dict[str, Fn]:
    made: dict[str, Fn] = {"arange": _arange, "unique": of_torch("unique"), "argsort": _argsort}
    made.update(zeros=_filled_with(0.0), ones=_filled_with(1.0), full=_filled_with(None))
    made.update((name, _reduced(name, compute)) for name, compute in REDUCTIONS.items())
    made.update((name, shaped_by(name, compute)) for name, compute in SHAPES.items())
    for name in ("sin", "cos", "tan", "tanh", "arcsin", "arccos", "arctan", "sinh", "cosh"):
        made[name] = on_arrays(_elementwise(name), None)
    made.update((name, _operation(sign)) for name, sign in OPERATIONS.items())
    for name, rounding in ROUNDING.items():
        made[name] = on_arrays(_rounded(rounding), FUNCTIONS.get(f"numpy.{name}"))
    for name in ("log", "log2", "exp", "sqrt"):
        made[name] = on_arrays(_elementwise(name), FUNCTIONS[f"numpy.{name}"])
    return {**made, "cumsum": _cumsum}


NUMPY_FUNCTIONS: dict[str, Value] = {f"numpy.{name}": Native(f"numpy.{name}", fn) for name, fn in _functions().items()}
