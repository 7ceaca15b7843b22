"""Functions of torch and numpy that construction uses: tensors with their shapes, scalar arithmetic, nn.utils."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from nnlint.evaluate import (
    gradients,
    parametrize,
    tensor_functions,
    tensor_numbers,
    tensor_results,
    tensor_shapes,
    tensor_strides,
)
from nnlint.evaluate import operations as ops
from nnlint.evaluate.devices import default_device
from nnlint.evaluate.nn_layers import MEMO, blank, deep_copy, has_state, restored
from nnlint.evaluate.nn_module import nothing, prepare, put, results
from nnlint.evaluate.tensor_names import RESHAPING, is_name
from nnlint.evaluate.tensor_numbers import holds_integers, typed
from nnlint.layers import UnknownSizeError
from nnlint.layers.arguments import spread
from nnlint.numpy_numbers import NUMPY, NumpyInt, of_numpy
from nnlint.signature import Rest
from nnlint.unknown import Unknown, UnknownValueError, first
from nnlint.values import (
    ABSENT,
    DENSE,
    GRADIENT,
    NO_ATTRIBUTES,
    BoundMethod,
    Buffer,
    Deque,
    Dict,
    External,
    Instance,
    List,
    Native,
    Scalar,
    Set,
    Size,
    Stream,
    Tensor,
    Value,
    has_rest,
    holds_object,
    same,
    type_name,
)

Fn = Callable[[Any, list[Value], dict[str, Value]], Value]
FUNCTIONS: dict[str, Value] = dict(tensor_functions.FUNCTIONS)


def function(*names: str) -> Callable[[Fn], Fn]:
    """Register a function under its dotted names."""

    def register(fn: Fn) -> Fn:
        for name in names:
            FUNCTIONS[name] = Native(name, fn)
        return fn

    return register


def as_shape(machine: Any, sizes: list[Value]) -> Value:
    """The shape that size arguments give: numbers, or one sequence of them."""
    sizes = [machine.as_index(size) for size in sizes]
    if len(sizes) == 1 and isinstance(sizes[0], Tensor) and not sizes[0].is_array:
        return Unknown("a tensor as a size", plain=True)
    if len(sizes) == 1 and not isinstance(sizes[0], (int, Unknown)):
        sizes = [machine.as_index(size) for size in machine.items(sizes[0])]
    elif len(sizes) == 1 and isinstance(sizes[0], Unknown) and not sizes[0].plain:
        return Unknown(sizes[0].why, plain=True)
    if any(type(size) is Rest for size in sizes):
        return Unknown(next(s.unknown.why for s in sizes if type(s) is Rest), plain=True)
    if len(sizes) > tensor_shapes.MOST_DIMENSIONS:
        return Unknown("a tensor of more dimensions than torch's operations take", plain=True)
    if not all(isinstance(size, (int, Unknown)) and (isinstance(size, Unknown) or size >= 0) for size in sizes):
        return Unknown("a shape that is not made of sizes", plain=True)
    return tuple(int(size) if isinstance(size, NumpyInt) else size for size in sizes)


def made_here(fn: Fn) -> Fn:
    """A function that makes a tensor: on the default device, where it is not told another."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        made = fn(machine, args, kwargs)
        is_told = not kwargs.keys().isdisjoint(("device", "**"))
        if isinstance(made, Tensor) and not is_told and not any(isinstance(arg, Tensor) for arg in args):
            made.is_here = True
        if isinstance(made, Tensor) and "dtype" in kwargs:
            made.is_whole = tensor_numbers.is_of_integers(kwargs["dtype"])
        return made

    return run


def _sized(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if not args and kwargs.keys().isdisjoint(("size", "**")):
        raise machine.error("TypeError", "a tensor is made of a size")
    sizes = args or [kwargs.get("size", Unknown("a size", plain=True))]
    made = Tensor(as_shape(machine, sizes), machine.heap.clock)
    made.strides = DENSE if kwargs.keys() <= {"size", "dtype", "device", "requires_grad", "pin_memory"} else None
    return made


function(*(f"torch.{name}" for name in ("empty", "zeros", "ones", "randn", "rand")))(made_here(_sized))


@function("numpy.empty", "numpy.zeros", "numpy.ones", "numpy.full")
def _array(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if any(map(_is_object, (*args[1:], kwargs.get("dtype")))):
        return Unknown("an array of objects")
    shape = as_shape(machine, [args[0] if args else kwargs.get("shape")])
    return Tensor(shape, machine.heap.clock, is_array=True)


def _is_object(dtype: Value) -> bool:
    """Whether a dtype is the one of an array that holds any objects."""
    name = dtype if isinstance(dtype, str) else dtype.name if isinstance(dtype, (External, Native)) else ""
    return name in ("O", "object", "numpy.object_")


@function("numpy.array", "numpy.asarray")
def _array_of(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if any(map(holds_object, args)) or any(map(_is_object, (*args[1:], kwargs.get("dtype")))):
        return Unknown("an array of objects")
    made = _tensor(machine, args, kwargs)
    array = Tensor(made.shape, machine.heap.clock, data=made.data, is_array=True)
    return array.viewing(args[0]) if args and isinstance(args[0], Tensor) else array


@function("torch.Size")
def _shape(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args and isinstance(args[0], int):
        raise machine.error("TypeError", "'int' object is not iterable")
    return as_size(as_shape(machine, [args[0] if args else ()]))


def as_size(shape: Value) -> Value:
    """A tensor's shape as the program has it."""
    return Size(shape) if isinstance(shape, tuple) else shape


@function("torch.broadcast_shapes")
def _broadcast_shapes(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The shape that tensors of these shapes widen to."""
    shapes = [as_shape(machine, [shape]) for shape in args]
    unknown = next((shape for shape in shapes if isinstance(shape, Unknown)), None)
    if unknown is not None:
        return unknown
    return as_size(shaped(machine, lambda: functools.reduce(tensor_shapes.broadcast, shapes, ())))


@function("torch.eye")
@made_here
def _eye(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    rows = args[0] if args else kwargs.get("n")
    columns = args[1] if len(args) > 1 else kwargs.get("m", rows)
    return Tensor(as_shape(machine, [rows, columns]), machine.heap.clock)


def _drawn(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Numbers that nobody knows, of the size that is given by name or behind the numbers that say which."""
    size = kwargs.get("size", next((arg for arg in args[1:] if isinstance(arg, (tuple, List))), None))
    if size is None:
        return Tensor(Unknown("the size of a tensor", plain=True), machine.heap.clock)
    return Tensor(as_shape(machine, [size]), machine.heap.clock)


def _of_length(place: int, name: str) -> Fn:
    """A vector as long as an argument says."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        size = args[place] if len(args) > place else kwargs.get(name, Unknown("the size of a tensor", plain=True))
        return Tensor(as_shape(machine, [(size,)]), machine.heap.clock)

    return run


def _of_integers(fn: Fn) -> Fn:
    """A function that makes a tensor of whole numbers, where it is not told another dtype."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        made = fn(machine, args, kwargs)
        made.is_whole = True
        return made

    return run


function("torch.normal")(made_here(_drawn))
function("torch.randint")(made_here(_of_integers(_drawn)))
function("torch.randperm")(made_here(_of_integers(_of_length(0, "n"))))
function("torch.logspace")(made_here(_of_length(2, "steps")))


def _joined(names: tuple[str, ...], join_shapes: Callable[..., tensor_shapes.Shape]) -> None:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        parts = args[0] if args else kwargs.get("tensors")
        dim = args[1] if len(args) > 1 else kwargs.get("dim", kwargs.get("axis", 0))
        shape: Value = Unknown("the shape of a tensor", plain=True)
        if isinstance(parts, (list, tuple)) and all(
            isinstance(part, Tensor) and type(part.shape) is tuple for part in parts
        ):
            shape = shaped(machine, lambda: join_shapes([part.shape for part in parts], dim))
        made = Tensor(shape, machine.heap.clock)
        made.is_whole = isinstance(parts, (list, tuple)) and bool(parts) and all(map(holds_integers, parts))
        return made

    for name in names:
        FUNCTIONS[f"torch.{name}"] = Native(f"torch.{name}", run)


def shaped(machine: Any, compute: Callable[[], tensor_shapes.Shape], is_array: bool = False) -> Value:
    """The shape that is computed, or an Unknown; raises in the program what torch surely does."""
    try:
        return tensor_shapes.checked(compute())
    except (tensor_shapes.NotKnown, UnknownValueError) as error:
        if isinstance(error, tensor_shapes.Refused) and not is_array:
            raise machine.error(error.kind, str(error)) from None
    return Unknown("the shape of a tensor", plain=True)


_joined(("cat", "concat", "concatenate"), tensor_shapes.cat)
_joined(("stack",), tensor_shapes.stack)


def _by_rule(name: str, rule: tensor_results.Rule) -> Fn:
    """A function, or a method with its tensor as the first argument, that a rule tells of."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        given = {tensor_results.SPELLED.get(word, word): value for word, value in kwargs.items()}
        listed = args[0] if args and isinstance(args[0], (list, tuple)) else ()
        tensors = [value for value in (*args, *listed, *given.values()) if isinstance(value, Tensor)]
        base = tensors[0] if tensors and name in tensor_results.VIEWS else None
        are_whole = bool(tensors) and all(map(holds_integers, tensors)) and not any(type(arg) is float for arg in args)
        if name == "meshgrid":  # each is a view of one of those that it is given
            for tensor in tensors:
                machine.heap.forget_numbers(tensor)
        is_whole = name in tensor_results.OF_INTEGERS or (are_whole and name in tensor_results.OF_SAME_TYPE)
        with suppress(tensor_shapes.NotKnown, UnknownSizeError, UnknownValueError, TypeError, ValueError):
            try:
                return results(machine, rule(*args, **given), base, is_whole)
            except tensor_shapes.Refused as refused:
                raise machine.error(refused.kind, str(refused)) from None
        if base is not None:
            machine.heap.forget_numbers(base)
        return Unknown(f"what torch.{name} gives", plain=True)

    return run


for _each in tensor_results.RULES.keys() & tensor_functions.OTHERS:
    FUNCTIONS[f"torch.{_each}"] = Native(f"torch.{_each}", _by_rule(_each, tensor_results.RULES[_each]))
for _each, _rule in tensor_results.FUNCTIONAL.items():
    FUNCTIONS[f"torch.nn.functional.{_each}"] = Native(f"torch.nn.functional.{_each}", _by_rule(_each, _rule))
for _each, _rule in tensor_results.LINALG.items():
    FUNCTIONS[f"torch.linalg.{_each}"] = Native(f"torch.linalg.{_each}", _by_rule(_each, _rule))


def may_be_parameter(value: Value) -> bool:
    """Whether what a tensor is taken for may be a parameter."""
    return value.is_parameter if isinstance(value, Tensor) else isinstance(value, Unknown) and not value.plain


def _shape_method(name: str) -> None:
    """torch.name(tensor, ...), which is tensor.name(...)"""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        kwargs = dict(kwargs)
        value = args[0] if args else kwargs.pop("input", None)
        if not isinstance(value, Tensor):
            options = value.options or (value,) if isinstance(value, Unknown) else ()
            may_be_itself = name == "flatten" and any(map(may_be_parameter, options))
            return Unknown("a tensor", plain=not may_be_itself, foreign=True)
        return reshaped(machine, value, name, args[1:], kwargs)

    FUNCTIONS[f"torch.{name}"] = Native(f"torch.{name}", run)


def reshaped(machine: Any, value: Tensor, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A tensor of the same numbers in another shape."""
    given = [*args, *kwargs.values()]
    sizes = given[0] if len(given) == 1 and isinstance(given[0], (list, tuple)) else given
    if (
        not value.is_array
        and name != "squeeze"
        and any(size is None or isinstance(size, (str, float)) for size in sizes)
    ):
        raise machine.error("TypeError", f"{name}() takes whole numbers")
    if name == "flatten" and value.is_parameter and (given or not _has_many(value)):
        given_as = typed(Tensor(value.shape, machine.heap.clock), value).viewing(value)
        made = reshaped(machine, given_as, name, args, kwargs)
        return perhaps_itself(value, made) if isinstance(made, Tensor) else made
    if (value.is_array and (name in tensor_shapes.NOT_OF_ARRAYS or kwargs)) or not isinstance(value.shape, tuple):
        shape: Value = Unknown(f"{name}() of a tensor", plain=True)
    else:
        of_shape = tensor_shapes.METHODS[name]
        in_order = partial(tensor_shapes.in_order, name, args, kwargs)
        shape = shaped(machine, lambda: of_shape(value.shape, in_order()), value.is_array)
    made = typed(Tensor(shape, machine.heap.clock, is_array=value.is_array), value).viewing(value)
    if name == "view" and isinstance(shape, Unknown):
        made.is_whole = False  # it may be one of another dtype
    if name == "view" and not machine.tries and tensor_strides.refuses(value, shape):
        raise machine.error("RuntimeError", "view size is not compatible with input tensor's size and stride")
    if value.strides is not None and isinstance(shape, tuple):
        made.strides = tensor_strides.after(value, name, tensor_shapes.in_order(name, args, kwargs))
    return made


for _each in ("reshape", "permute", "transpose", "t", "unsqueeze", "squeeze", "flatten", "tile", "swapaxes"):
    _shape_method(_each)


def _as_method(name: str) -> None:
    """torch.name(tensor, ...), which is tensor.name(...)."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        kwargs = dict(kwargs)
        value, *others = args or [kwargs.pop("input", None)]
        if not isinstance(value, Tensor):
            return Unknown(f"what torch.{name} gives", plain=True)
        return machine.call(tensor_attribute(machine, value, name), others, kwargs)

    FUNCTIONS[f"torch.{name}"] = Native(f"torch.{name}", run)


for _each in ("numel", "prod", "sum", "mean", "max", "min"):
    _as_method(_each)


@function("torch.full")
@made_here
def _full(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    size = args[0] if args else kwargs.get("size")
    if isinstance(size, (int, float)):
        raise machine.error("TypeError", f"full(): argument 'size' must be tuple of ints, not {type_name(size)}")
    made = Tensor(as_shape(machine, [size]), machine.heap.clock)
    made.is_whole = type(args[1] if len(args) > 1 else kwargs.get("fill_value")) in (int, bool)
    return made


@function(*(f"torch.{name}_like" for name in ("empty", "zeros", "ones", "randn", "rand", "full")), "torch.clone")
def _like(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if not isinstance(args[0], Tensor):
        return Tensor(Unknown("a tensor's shape", plain=True), machine.heap.clock)
    made = typed(Tensor(args[0].shape, machine.heap.clock), args[0])
    if not kwargs.keys().isdisjoint(("dtype", "**")):
        made.is_whole = tensor_numbers.is_of_integers(kwargs.get("dtype"))
    return made


@function("torch.as_tensor", "torch.from_numpy")
def _as_tensor(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    made = _new_tensor(machine, args, kwargs)
    data = args[0] if args else kwargs.get("data")
    return perhaps_itself(data, made.viewing(data)) if isinstance(data, Tensor) else made


@function("torch.autograd.Variable")
def _variable(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    data = args[0] if args else kwargs.get("data")
    if not isinstance(data, Tensor):
        return Unknown("a Variable", plain=isinstance(data, Unknown) and data.plain)
    return perhaps_itself(data, Tensor(data.shape, machine.heap.clock, data=data.data).viewing(data))


@function("torch.tensor")
def _new_tensor(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Tensor:
    made = made_here(_tensor)(machine, args, kwargs)
    assert isinstance(made, Tensor)
    return made


def _tensor(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Tensor:
    data = args[0] if args else kwargs.get("data")
    if "ndmin" in kwargs or len(args) > 1:
        made = _tensor(machine, [data], {})
        return Tensor(made.shape if "ndmin" not in kwargs else Unknown("ndmin", plain=True), machine.heap.clock)
    if "dtype" in kwargs:
        return converted(machine, _tensor(machine, [data], {}), kwargs["dtype"])
    if isinstance(data, Tensor):
        return Tensor(data.shape, machine.heap.clock, data=data.data)
    shape: list[int] = []
    items: list[Value] = [data]
    while items and isinstance(items[0], (list, tuple)):
        size = len(items[0])
        if any(isinstance(item, (list, tuple)) and has_rest(item) for item in items):
            return Tensor(Unknown("a list of unknown length", plain=True), machine.heap.clock)
        is_regular = all(isinstance(item, (list, tuple)) and len(item) == size for item in items)
        if not is_regular or len(items) * size > ops.ITEMS:
            return Tensor(Unknown("a tensor made of parts that differ", plain=True), machine.heap.clock)
        shape.append(size)
        items = [part for item in items for part in item]
        machine.step(len(items) // 10)
    if not all(map(_is_scalar, items)):
        return Tensor(Unknown("a tensor made of other data", plain=True), machine.heap.clock)
    numbers = tensor_numbers.of_one_type(items) if len(shape) < 2 else None
    data = None if numbers is None else tuple(numbers) if shape else numbers[0]
    made = Tensor(tuple(shape), machine.heap.clock, data=data)
    made.is_whole = bool(items) and all(map(holds_integers, items))
    return made


def _is_scalar(value: Value) -> bool:
    """Whether a value surely is a number, or a tensor of no dimensions."""
    return isinstance(value, (int, float, Scalar)) or (isinstance(value, Tensor) and value.shape == ())


def _of_type(dtype: str) -> Fn:
    """torch.LongTensor(2, 3) and the like: of a size, or of the numbers that are given."""
    kind = External(f"torch.{dtype}")

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        sizes = [machine.as_index(arg) for arg in args] if len(args) > 1 else args
        if args and all(isinstance(size, (int, Unknown)) for size in sizes):
            is_unseen = len(args) == 1 and isinstance(args[0], Unknown)  # a size, or all the numbers
            shape = Unknown(args[0].why, plain=True) if is_unseen else as_shape(machine, sizes)
            made = Tensor(shape, machine.heap.clock)
        elif args and type(args[0]) is Size:
            made = Tensor(tuple(args[0]), machine.heap.clock)
        elif args and isinstance(args[0], Tensor) and not args[0].is_array and not _may_be_of(args[0], dtype):
            made = Tensor(Unknown("a tensor of another type", plain=True), machine.heap.clock)
        else:
            made = converted(machine, _tensor(machine, args, kwargs), kind)
            made = made.viewing(args[0]) if args and isinstance(args[0], Tensor) else made
        made.is_whole = tensor_numbers.is_of_integers(kind)
        return made

    return run


def _may_be_of(value: Tensor, dtype: str) -> bool:
    return dtype == "float32" and not holds_integers(value)


TYPED = {
    "Tensor": "float32", "FloatTensor": "float32", "DoubleTensor": "float64", "HalfTensor": "float16",
    "BFloat16Tensor": "bfloat16", "LongTensor": "int64", "IntTensor": "int32", "ShortTensor": "int16",
    "CharTensor": "int8", "ByteTensor": "uint8", "BoolTensor": "bool",
}  # fmt: skip
for _each, _sign in TYPED.items():
    function(f"torch.{_each}")(_of_type(_sign))


@function("torch.scalar_tensor")
@made_here
def _scalar_tensor(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    number = args[0] if args else kwargs.get("s")
    made = Tensor((), machine.heap.clock, data=number if type(number) in (int, float) else None)
    return converted(machine, made, kwargs.get("dtype", External("torch.float32")))


@function("numpy.linspace")
def _array_of_steps(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    made = _linspace(machine, args, kwargs)
    return Tensor(made.shape, machine.heap.clock, data=made.data, is_array=True)


@function("torch.linspace")
def _linspace(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Tensor:
    start, end = (args + [kwargs.get("start"), kwargs.get("end")])[:2]
    steps = args[2] if len(args) > 2 else kwargs.get("steps")
    if not isinstance(steps, int) or steps > 10_000:
        return Tensor(Unknown("a number of steps that is not known", plain=True), machine.heap.clock)
    machine.step(steps // 10)
    # Only what needs no float32 arithmetic is known.
    zero = ops.is_number(start) and ops.is_number(end) and start == 0 and end == 0
    unknown = Scalar("a value of torch.linspace") if "dtype" not in kwargs else Unknown("a value", plain=True)
    return Tensor((steps,), machine.heap.clock, data=tuple([0.0 if zero else unknown] * steps))


@function("torch.arange")
@made_here
def _arange(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if kwargs and set(kwargs) - {"device", "dtype"}:
        return Tensor(Unknown("torch.arange", plain=True), machine.heap.clock)
    if args and all(isinstance(arg, int) for arg in args):
        if args[2:] == [0]:
            raise machine.error("RuntimeError", "step must be nonzero")
        numbers = range(*args)
        if (numbers.stop - numbers.start) * numbers.step < 0:
            raise machine.error("RuntimeError", "the bounds of torch.arange do not go with the step")
        if len(numbers) > MOST_NUMBERS or abs(numbers.stop) > tensor_numbers.WHOLE:
            made = Tensor((len(numbers),), machine.heap.clock)
        else:
            machine.step(len(numbers) // 10)
            made = Tensor((len(numbers),), machine.heap.clock, data=tuple(numbers))
        made.is_whole = True
        return converted(machine, made, kwargs.get("dtype"))
    return Tensor(Unknown("torch.arange", plain=True), machine.heap.clock)


# By dtype: the bits in all, those behind the point, the largest exponent, and the digits that are surely kept.
FLOATING = {"float16": (16, 10, 16, 3), "bfloat16": (16, 7, 128, 2), "float32": (32, 23, 128, 6),
            "float64": (64, 52, 1024, 15)}  # fmt: skip
WHOLE = {"uint8": (8, 0), "int8": (8, 1), "int16": (16, 1), "int32": (32, 1), "int64": (64, 1)}  # and bits of the sign
SAME_DTYPES = {"half": "float16", "float": "float32", "double": "float64", "short": "int16", "int": "int32",
               "long": "int64"}  # fmt: skip


@function("torch.finfo", "torch.iinfo")
def _limits(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The limits of a dtype."""
    dtype = first(*args[:1], kwargs.get("type"))
    short = dtype.name.removeprefix("torch.") if isinstance(dtype, (External, Native)) else ""
    name = SAME_DTYPES.get(short, short)
    limits: dict[str, Value] = {}
    if name in FLOATING:
        bits, digits, exponent, decimals = FLOATING[name]
        largest, tiny = (2.0 - 2.0**-digits) * 2.0 ** (exponent - 1), 2.0 ** (2 - exponent)
        limits = {"bits": bits, "eps": 2.0**-digits, "max": largest, "min": -largest, "tiny": tiny,
                  "smallest_normal": tiny, "resolution": float(f"1e-{decimals}"), "dtype": name}  # fmt: skip
    elif name in WHOLE:
        bits, sign = WHOLE[name]
        limits = {"bits": bits, "max": 2 ** (bits - sign) - 1, "min": -(2 ** (bits - 1)) * sign, "dtype": name}
    if not limits:
        return Unknown("the limits of a dtype", plain=True)
    return machine.call(machine.resolve("types.SimpleNamespace"), [], limits)


MOST_NUMBERS = 10_000  # the largest tensor whose numbers are followed


def numbers_of(value: Value) -> list[Any] | None:
    """The numbers of a tensor of rank 0 or 1, or a plain number; None where they are not known."""
    if isinstance(value, Tensor) and value.data is not None:
        single = isinstance(value.data, tensor_numbers.Interval) or not isinstance(value.data, tuple)
        items = (value.data,) if single else value.data
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        items = (value,)
    else:
        return None
    return [None if isinstance(item, Unknown) or _is_too_large(item) else item for item in items]


def _is_too_large(number: Any) -> bool:
    return isinstance(number, int) and abs(number) > tensor_shapes.LARGEST


def from_numbers(machine: Any, shape: Value, numbers: list[Any]) -> Tensor:
    """A tensor of rank 0 or 1 of numbers; None for one that is not known."""
    machine.step(len(numbers))
    items = tuple(Unknown("the value of a tensor", plain=True) if n is None else n for n in numbers)
    return Tensor(shape, machine.heap.clock, data=items if shape else items[0])


def converted(machine: Any, value: Tensor, dtype: Value) -> Tensor:
    """A tensor with its numbers as another dtype has them; None stands for no other."""
    numbers = numbers_of(value)
    if dtype is None or numbers is None:
        made = Tensor(value.shape, machine.heap.clock, False, value.data, value.least, value.is_array)
        like = value if dtype is None else dtype
        made.is_whole = holds_integers(like) if isinstance(like, Tensor) else tensor_numbers.is_of_integers(like)
        return made
    name = dtype.name.removeprefix("torch.") if isinstance(dtype, External) else ""
    return from_numbers(machine, value.shape, [tensor_numbers.convert(number, name) for number in numbers])


OF_INTEGERS = frozenset({"&", "|", "^", "<<", ">>"})
KEEPING_WHOLE = OF_INTEGERS | {"+", "-", "*", "**", "//", "%", "@"}


def arithmetic(machine: Any, sign: str, left: Value, right: Value) -> Value:
    """left + right and the like, where one side is a tensor."""
    tensors = [side for side in (left, right) if isinstance(side, Tensor)]
    if not all(isinstance(side, (Tensor, int, float)) for side in (left, right)):
        return Unknown("tensor arithmetic", plain=True)
    are_integers = holds_integers(left) and holds_integers(right)
    stays_whole = sign in KEEPING_WHOLE and are_integers
    if sign == "@" and not any(tensor.is_array for tensor in tensors):
        product = Tensor(shaped(machine, lambda: tensor_results.matmul(left, right)), machine.heap.clock)
        product.is_whole = stays_whole
        return product
    shape, is_array = tensors[0].shape, all(tensor.is_array for tensor in tensors)
    if tensors[0].is_array and not is_array:
        return Unknown("an array with a tensor", plain=True)  # by the sign a tensor, or no operation of the two
    if len(tensors) == 2 and not same(shape, tensors[1].shape):
        one, other = shape, tensors[1].shape
        if not isinstance(one, tuple) or not isinstance(other, tuple):
            return Unknown("tensor arithmetic", plain=True)
        shape = shaped(machine, lambda: tensor_shapes.broadcast(one, other), is_array)
    if sign == "@":
        shape = Unknown("a product of tensors", plain=True)
    ones, others = numbers_of(left), numbers_of(right)
    if sign in ("//", "%") and (others is None or 0 in others):
        machine.may_raise("whole numbers are divided by 0")
    if sign in OF_INTEGERS and not are_integers:
        machine.may_raise(f"{sign} of numbers that are not whole")
    if ones is None or others is None or not isinstance(shape, tuple) or len(shape) > 1:
        unseen = Tensor(shape, machine.heap.clock, is_array=is_array)
        unseen.is_whole = stays_whole
        return unseen
    count = max(len(ones), len(others))
    ones, others = (side * count if len(side) == 1 else side for side in (ones, others))
    made = from_numbers(machine, shape, [tensor_numbers.combine(sign, a, b) for a, b in zip(ones, others)])
    made.is_array, made.is_whole = is_array, stays_whole
    return made


def comparison(machine: Any, left: Value, right: Value) -> Value:
    """left < right and the like, where one side is a tensor: a tensor of what is true of each number."""
    sides = (left, right)
    if any(side.is_array if isinstance(side, Tensor) else not isinstance(side, (int, float)) for side in sides):
        return Unknown("a comparison of tensors", plain=True)
    made = Tensor(shaped(machine, lambda: tensor_results.widened(left, right)), machine.heap.clock)
    made.is_whole = True
    return made


def augment(machine: Any, sign: str, left: Tensor, right: Value) -> Tensor:
    """left += right and the like, in place"""
    gradients.check_leaf(machine, left)
    result = machine.binary(sign, left, right)
    if isinstance(right, Tensor) and sign != "@":
        check_fit(machine, left, right)
    if tensor_numbers.are_whole(left.data) and (sign == "/" or isinstance(right, float)):
        raise machine.error("TypeError" if left.is_array else "RuntimeError", "a tensor of whole numbers stays one")
    machine.may_refuse(f"{sign}=")
    machine.heap.touch(left)
    machine.heap.forget_numbers(left)
    if isinstance(result, Tensor) and not left.sharing:
        left.data = result.data
    return left


def check_fit(machine: Any, value: Tensor, other: Tensor) -> None:
    """What is written into a tensor in place has to widen to its shape."""
    shapes = value.shape, other.shape
    if not all(type(shape) is tuple and all(type(size) is int for size in shape) for shape in shapes):
        if not same(*shapes):
            machine.may_raise("a tensor that may not fit is written")
        return
    sizes, given = (shape[::-1] for shape in shapes)
    if len(given) > len(sizes) or any(size not in (1, held) for size, held in zip(given, sizes)):
        raise machine.error("ValueError" if value.is_array else "RuntimeError", "what is written does not fit")


def elementwise(machine: Any, name: str, value: Tensor, is_plain: bool = True) -> Value:
    """A function of each number of a tensor, or of an array; not plain: other arguments say more of it."""
    numbers = numbers_of(value)
    known = name in tensor_numbers.MONOTONE or name in tensor_numbers.WHOLE_BY
    if numbers is None or not known or not is_plain or not isinstance(value.shape, tuple):
        made = Tensor(value.shape, machine.heap.clock, is_array=value.is_array)
        made.is_whole = name in KEEPING_TYPE and holds_integers(value)
        return made
    made = from_numbers(machine, value.shape, [tensor_numbers.apply(name, number) for number in numbers])
    made.is_array = value.is_array
    return made


def _elementwise(name: str) -> None:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if len(args) == 1 and isinstance(args[0], Tensor) and not kwargs:
            return elementwise(machine, name, args[0])
        if args and isinstance(args[0], Tensor) and not any(isinstance(arg, Tensor) for arg in args[1:]):
            return elementwise(machine, name, args[0], is_plain=False)
        return Unknown("the values of a tensor", plain=True)

    FUNCTIONS[f"torch.{name}"] = Native(f"torch.{name}", run)


ELEMENTWISE = (*tensor_numbers.MONOTONE, *tensor_numbers.WHOLE_BY, "abs", "neg", "tanh", "sigmoid", "sin", "cos")
for _each in ELEMENTWISE:
    _elementwise(_each)


def _operation(name: str, sign: str) -> None:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if len(args) == 2 and not kwargs and any(isinstance(arg, Tensor) for arg in args):
            return arithmetic(machine, sign, *args)
        return Unknown("the values of a tensor", plain=True)

    FUNCTIONS[f"torch.{name}"] = Native(f"torch.{name}", run)


OPERATIONS = {
    "pow": "**", "div": "/", "divide": "/", "true_divide": "/", "mul": "*", "multiply": "*", "add": "+", "sub": "-",
    "subtract": "-",
}  # fmt: skip
for _each, _sign in OPERATIONS.items():
    _operation(_each, _sign)


def _rank_is_one(value: Value) -> bool:
    return isinstance(value, Tensor) and isinstance(value.shape, tuple) and len(value.shape) == 1


@function("torch.diff")
def _diff(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What each number of a vector adds to the one before."""
    numbers = numbers_of(args[0]) if args and _rank_is_one(args[0]) else None
    if numbers is None or len(args) != 1 or kwargs:
        return Unknown("torch.diff of values that are not known", plain=True)
    steps = [tensor_numbers.combine("-", after, before) for before, after in itertools.pairwise(numbers)]
    return from_numbers(machine, (len(steps),), steps)


def _accumulated(name: str, sign: str) -> None:
    """torch.cumsum and torch.cumprod: of each number of a vector and all before it"""
    otherwise = FUNCTIONS[name]

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        value = args[0] if args else kwargs.get("input")
        dim = args[1] if len(args) > 1 else kwargs.get("dim")
        numbers = numbers_of(value) if _rank_is_one(value) else None
        if numbers is None or type(dim) is not int or dim not in (0, -1) or len(args) + len(kwargs) != 2:
            return machine.call(otherwise, args, kwargs)
        assert isinstance(value, Tensor)
        combine = partial(tensor_numbers.combine, sign)
        return from_numbers(machine, value.shape, list(itertools.accumulate(numbers, combine)))

    FUNCTIONS[name] = Native(name, run)


_accumulated("torch.cumsum", "+")
_accumulated("torch.cumprod", "*")


@function("torch.unique")
def _unique(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The distinct numbers in order, and how often each stands there where return_counts asks for it."""
    numbers = numbers_of(args[0]) if args else None
    counted = kwargs.get("return_counts", False)
    sure = numbers is not None and all(isinstance(n, (int, float)) for n in numbers)
    if not sure or numbers is None or len(args) > 1 or set(kwargs) - {"return_counts"} or counted not in (True, False):
        return Unknown("torch.unique of values that are not known", plain=True)
    counts = Counter(numbers)
    distinct = sorted(counts)
    values = from_numbers(machine, (len(distinct),), list(distinct))
    return (values, from_numbers(machine, (len(distinct),), [counts[n] for n in distinct])) if counted else values


@function("torch.nn.Parameter", "torch.nn.parameter.Parameter")
def _parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    data = args[0] if args else kwargs.get("data")
    if isinstance(data, (int, float, list, tuple)) or (isinstance(data, Tensor) and data.is_array):
        raise machine.error("AttributeError", "only a tensor can be detached")
    if isinstance(data, Tensor):
        requires_grad = args[1] if len(args) > 1 else kwargs.get(GRADIENT, True)
        if not isinstance(requires_grad, (bool, Unknown)):
            raise machine.error("TypeError", "requires_grad must be a bool")
        if requires_grad is True and holds_integers(data):
            raise machine.error("RuntimeError", "only tensors of floating point can require gradients")
        made = Tensor(data.shape, machine.heap.clock, True, least=data.least).viewing(data)
        made.strides = data.strides
        if requires_grad is not True or "**" in kwargs:
            made.attributes = {GRADIENT: False} if requires_grad is False else NO_ATTRIBUTES
        return made
    if data is None:
        return Tensor((0,), machine.heap.clock, True)
    why = data.why if isinstance(data, Unknown) else "a tensor whose shape is not known"
    return Tensor(Unknown(why, plain=True), machine.heap.clock, True)


@function("torch.nn.Buffer", "torch.nn.parameter.Buffer")
def _buffer(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if len(args) > 1:
        raise machine.error("TypeError", "Buffer() takes `persistent` by its name only")
    data = args[0] if args else kwargs.get("data")
    shape = data.shape if isinstance(data, Tensor) else (0,) if data is None else Unknown("a buffer", plain=True)
    made = Tensor(shape, machine.heap.clock)
    return Buffer(made.viewing(data) if isinstance(data, Tensor) else made, kwargs.get("persistent", True))


@function("numpy.prod", "numpy.product")
def _numpy_product(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if kwargs or len(args) != 1:
        return Unknown("prod() along an axis", plain=True)
    given = [(args[0],)] if isinstance(args[0], (int, float)) else args
    found = of_numpy(_product(machine, given, {}))
    return machine.binary("*", found, 1) if isinstance(found, NUMPY) else found


@function("math.prod")
def _product(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    total = kwargs.get("start", 1)
    for item in machine.iterate(args[0]):
        if type(item) is Rest:
            return Unknown(item.unknown.why, plain=True)
        if not isinstance(item, (int, float, Unknown, Tensor, Instance)):
            return Unknown("prod() of what is no number", plain=True)
        machine.step()
        total = machine.binary("*", total, item)
    return total


def _math(name: str) -> None:
    """A function of math on known numbers."""
    compute = getattr(math, name)

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        args = [machine.as_number(arg) for arg in args]
        unknown = ops.is_unknown((*args, *kwargs.values()))
        if unknown is not None:
            return Unknown(unknown.why, plain=True)
        if any(isinstance(arg, (Instance, Tensor)) for arg in args):
            return machine.doubtful(Unknown("math of an object", plain=True))
        large = 1000 if name in ("factorial", "comb") else 10**300
        whole = [arg for arg in args if isinstance(arg, int)]
        machine.step(len(args) // 10)
        if any(abs(arg) > large for arg in whole) or (
            name == "lcm" and sum(arg.bit_length() for arg in whole) > ops.BITS
        ):
            return Unknown("a value too large to compute", plain=True)
        return compute(*args, **kwargs)

    FUNCTIONS[f"math.{name}"] = Native(name, run)


for _name in (
    *("sqrt", "log", "log2", "log10", "exp", "floor", "ceil", "pow", "cos", "sin", "tanh", "gcd", "lcm", "isqrt"),
    *("tan", "acos", "asin", "atan", "atan2", "cosh", "sinh", "degrees", "radians", "erf", "erfc", "expm1", "log1p"),
    *("copysign", "fmod", "fabs", "trunc", "comb", "isclose", "isinf", "isnan", "factorial", "hypot"),
):
    _math(_name)
FUNCTIONS["math.tau"] = math.tau
FUNCTIONS["torch.newaxis"] = FUNCTIONS["numpy.newaxis"] = None
FUNCTIONS.update(
    {
        f"{module}.{name}": getattr(math, name)
        for module in ("math", "numpy", "torch")
        for name in ("pi", "e", "inf", "nan")
    }
)


def _numpy_scalar(name: str, fn: Callable[..., float]) -> None:
    """numpy on one number: a float64, of which only what the program can do to it is known."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if len(args) == 1 and isinstance(args[0], (int, float)) and not kwargs:
            try:
                return of_numpy(fn(args[0]))
            except (ValueError, OverflowError):  # numpy gives nan or an infinity
                return Unknown(f"numpy.{name} beyond its range", plain=True)
        return Unknown(f"numpy.{name} of an array", plain=True)

    FUNCTIONS[f"numpy.{name}"] = Native(name, run)


for _name in ("sqrt", "log", "log2", "log10", "exp"):
    _numpy_scalar(_name, getattr(math, _name))


def _numpy_rounding(name: str, fn: Callable[[float], int]) -> None:
    """numpy.ceil and numpy.floor: of a whole number an int64 since numpy 2.1, a float64 before."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if len(args) != 1 or not isinstance(args[0], (int, float)) or not math.isfinite(args[0]) or kwargs:
            return Unknown(f"numpy.{name} of an array", plain=True)
        number = args[0]
        if not isinstance(number, int):
            return of_numpy(float(fn(number)))
        return Unknown(f"numpy.{name} of a whole number", (of_numpy(int(number)), of_numpy(float(number))), plain=True)

    FUNCTIONS[f"numpy.{name}"] = Native(name, run)


_numpy_rounding("ceil", math.ceil)
_numpy_rounding("floor", math.floor)
for _name in ("int32", "int64", "int_", "intp"):
    _numpy_scalar(_name, int)
_numpy_scalar("float64", float)
_numpy_scalar("abs", abs)


# -- torch.nn.utils and its like: they give the module back -------------------------------------------------------


@function("torch.compile")
def _compile(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The module itself stands for the compiled one too, which alone has the name by which that leads to it."""
    module = first(*args[:1], kwargs.get("model"), Unknown("a decorator with arguments"))
    if isinstance(module, Instance):
        machine.heap.touch(module)
        why = "whether it is the compiled module"  # plain: the module itself registers nothing under this name
        module.attributes["_orig_mod"] = Unknown(why, (ABSENT, module), plain=True)
    return module


@function("torch.jit.script", "torch.jit.script_if_tracing")
def _same_module(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return args[0] if args else kwargs.get("module", Unknown("a decorator with arguments"))


FUNCTIONS.update(parametrize.FUNCTIONS)


@function("torch.nn.utils.skip_init")
def _skip_init(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """skip_init(cls, ...): the module that cls(...) is, with numbers of no meaning"""
    return machine.call(args[0], args[1:], kwargs)


@function("copy.deepcopy")
def _deepcopy(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value = args[0] if args else kwargs["x"]
    memo = args[1] if len(args) > 1 else kwargs.get("memo")
    if memo is None:
        return deep_copy(machine, value, {})
    machine.lose_construction()
    known = machine.memos.get(id(memo))
    if isinstance(memo, Dict) and not (known is not None and known[2]):
        is_new = memo.rest is None and not memo  # or what it knew was taken out
        if memo or not (is_new or (known is not None and memo.rest is MEMO)):
            return Unknown("a copy by a memo that the program writes to")
        known = None if is_new else known
        machine.heap.touch(memo)
        memo.rest = MEMO
    if known is None:
        known = machine.memos[id(memo)] = memo, {}, False
    return deep_copy(machine, value, known[1])


@function("copy.copy")
def _copy(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value, clock = args[0] if args else kwargs["x"], machine.heap.clock
    if isinstance(value, Instance) and value.cls is machine.classes["mappingproxy"]:
        value = value.payload
    if isinstance(value, Instance):
        hook = value.cls.find("__copy__")
        if hook is not ABSENT:
            return machine.call(BoundMethod(hook, value), [], {})
        if value.cls.find("__members__") is not ABSENT:
            return value
        if value.is_its_own():
            return machine.doubtful(Unknown("a copy of a dict that is its own __dict__"))
        made = blank(machine, value)
        if not isinstance(made, Instance):
            return made
        made.payload = _copy(machine, [value.payload], {})
        if has_state(value.cls):
            return restored(machine, value, made, lambda state: state)
        made.attributes.update(value.attributes)
        made.open = value.open
        return made
    if isinstance(value, List):
        return Deque(value, clock, value.most) if isinstance(value, Deque) else List(value, clock)
    if isinstance(value, Dict):
        return Dict(value, clock, value.rest, value.kind, value.factory)
    if isinstance(value, Set):
        return Set(value, clock, value.rest)
    if isinstance(value, Tensor):
        copied = Tensor(value.shape, clock, value.is_parameter, value.data, value.least).viewing(value)
        copied.is_marked, copied.attributes = value.is_marked, value.attributes
        return copied
    if isinstance(value, Unknown) and value.options:
        return machine.each_option(value, lambda option: _copy(machine, [option], {}))
    return Unknown("a copy of an iterator") if isinstance(value, Stream) else value


@function("torch.nn.utils.parameters_to_vector")
def _as_vector(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """All numbers of tensors, one after the other."""
    total: Value = 0
    is_empty = True
    for tensor in machine.iterate(args[0] if args else kwargs["parameters"]):
        is_empty = False
        if not isinstance(tensor, (Tensor, Unknown, Rest)):
            raise machine.error("AttributeError", "what is no tensor has no view()")
        size = tensor.numel() if isinstance(tensor, Tensor) else Unknown("the size of a tensor", plain=True)
        total = machine.binary("+", total, size)
    if is_empty:
        raise machine.error("ValueError", "torch.cat() of no tensors")
    return Tensor((total,), machine.heap.clock)


@function("torch.optim.swa_utils.AveragedModel")
def _averaged(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A module with a copy of another, and a buffer"""
    given = {**dict(zip(("model", "device", "avg_fn", "multi_avg_fn"), args)), **kwargs}
    averaging = [given.get(name) for name in ("avg_fn", "multi_avg_fn")]
    if None not in averaging:
        if any(isinstance(fn, Unknown) for fn in averaging):
            return Unknown("an AveragedModel that may be given two ways to average")
        raise machine.error("AssertionError", "only one of avg_fn and multi_avg_fn should be provided")
    made = Instance(machine.torch_class("torch.nn.Module"), machine.heap.clock)
    prepare(machine, made)
    put(machine, made, "_modules", "module", deep_copy(machine, given.get("model"), {}))
    put(machine, made, "_buffers", "n_averaged", Tensor((), machine.heap.clock))
    made.attributes["update_parameters"] = Native("update_parameters", nothing)
    for name in ("avg_fn", "multi_avg_fn", "use_buffers"):
        made.attributes[name] = Unknown(f"{name} of an AveragedModel", plain=True)
    return made


@function("torch.nn.DataParallel", "torch.nn.parallel.DataParallel", "torch.nn.parallel.DistributedDataParallel")
def _wrapped(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.may_refuse("DataParallel")
    module = args[0] if args else kwargs.get("module")
    made = Instance(machine.torch_class("torch.nn.Module"), machine.heap.clock)
    prepare(machine, made)
    put(machine, made, "_modules", "module", module)
    return made


# -- tensors -------------------------------------------------------------------------------------------------------

SAME_SHAPE = frozenset(
    [
        "float",
        "half",
        "double",
        "bfloat16",
        "to",
        "cuda",
        "cpu",
        "contiguous",
        "clone",
        "copy",
        "detach",
        "normal_",
        "uniform_",
        "zero_",
        "fill_",
        "ones_",
        "mul_",
        "add_",
        "div_",
        "sub_",
        "copy_",
        "abs",
        "exp",
        "log",
        "sqrt",
        "bool",
        "int",
        "long",
        "short",
        "trunc_normal_",
        "clamp",
        "clamp_",
        "type_as",
    ]
)


def _dtype_in(given: list[Value]) -> Value:
    """The dtype among what tensor.to(...) is given, or an Unknown that may be one."""
    return next((value for value in given if isinstance(value, (Unknown, Tensor))), None)


# What gives the tensor itself where it has nothing to convert.
MAY_BE_ITSELF = frozenset(
    ["to", "cpu", "cuda", "float", "half", "double", "bfloat16", "int", "long", "contiguous", "type_as", "type", "conj",
     "conj_physical", "dequantize", "positive", "resolve_conj", "resolve_neg", "sum_to_size", "to_dense"]
)  # fmt: skip

# What a tensor has that is no method, and the methods among what is asked by `is_`.
PROPERTIES = frozenset(
    {GRADIENT, "device", "dtype", "grad", "grad_fn", "layout", "names", "itemsize", "nbytes", "output_nr",
     "retains_grad", "volatile", "name", "grad_dtype", "_backward_hooks", "_cdata", "_grad", "_grad_fn",
     "_has_symbolic_sizes_strides", "_post_accumulate_grad_hooks", "_python_dispatch", "_version"}
)  # fmt: skip
VIEWING = frozenset({"imag", "real", "H", "mH", "flat", "base"})  # those that may be written to in its place
ASKING = frozenset(
    {"is_coalesced", "is_complex", "is_conj", "is_contiguous", "is_distributed", "is_floating_point", "is_inference",
     "is_neg", "is_nonzero", "is_pinned", "is_same_size", "is_set_to", "is_shared", "is_signed"}
)  # fmt: skip


def tensor_attribute(machine: Any, value: Tensor, name: str) -> Value:
    """tensor.name: shapes and numbers are known, everything else is an Unknown that is no module."""
    if name == "__dict__":
        machine.mark(value)
    if name in value.attributes and (name != GRADIENT or machine.patches.get(GRADIENT) is None):
        return machine.read(value.attributes[name])
    if name == "requires_grad_":
        return Native(name, lambda m, args, kwargs: _train(m, value, first(*args[:1], kwargs.get(GRADIENT), True)))
    if not value.is_array and not is_name(name):
        if value.is_marked:
            return Unknown(f"{name} of a tensor")
        raise machine.error("AttributeError", f"'Tensor' object has no attribute '{name}'")
    if name == "shape":
        return value.shape if value.is_array else as_size(value.shape)
    if name in ("numel", "nelement"):
        count = value.numel()
        return Native(
            name, lambda m, args, kwargs: Unknown(count.why, plain=True) if isinstance(count, Unknown) else count
        )
    if name in ("dim", "ndimension"):
        return Native(name, lambda m, args, kwargs: _rank(value))
    if name == "ndim":
        return _rank(value)
    if name == "size":
        return value.numel() if value.is_array else Native(name, lambda m, args, kwargs: _size(m, value, args, kwargs))
    if name in ("sum", "mean") and not value.is_array and value.data is None:
        return Native(name, lambda m, args, kwargs: _summed(m, value, name, args, kwargs))
    if name in ("prod", "sum", "max", "min") and isinstance(value.data, tuple):
        return Native(name, lambda m, args, kwargs: _reduced(m, value, name, args, kwargs))
    if name in ("cumsum", "cumprod") and value.data is not None and not value.is_array:
        return Native(name, lambda m, args, kwargs: m.call(FUNCTIONS[f"torch.{name}"], [value, *args], kwargs))
    if name == "split" and _rank_is_one(value):
        return Native(name, lambda m, args, kwargs: _split(m, value, args, kwargs))
    if name == "item" and isinstance(value.numel(), int) and value.numel() != 1:
        many = machine.error("RuntimeError", "a tensor of several elements is no number")
        return Native(name, lambda m, args, kwargs: _raise(many))
    if name == "item":
        return Native(name, lambda m, args, kwargs: _only_value(m, value))
    if name == "tolist":
        return Native(name, lambda m, args, kwargs: _values(m, value))
    if name in tensor_numbers.WHOLE_BY or name in tensor_numbers.MONOTONE:
        return Native(name, lambda m, args, kwargs: elementwise(m, name, value, not args and not kwargs))
    if name in ("int", "long", "float", "double") and value.data is not None:
        return Native(name, lambda m, args, kwargs: converted(m, value, External(f"torch.{name}")).viewing(value))
    if value.is_parameter and (name in MAY_BE_ITSELF or name == "real"):
        other = Tensor(value.shape, machine.heap.clock, False, value.data, value.least).viewing(value)
        either = perhaps_itself(value, other)
        return either if name == "real" else Native(name, lambda m, args, kwargs: either)
    if name in ("data", "weight") or name in SAME_SHAPE:
        if name == "data":
            shared = Tensor(value.shape, machine.heap.clock, False, value.data, value.least)
            return typed(shared, value).viewing(value)
        if name.endswith("_"):
            return Native(name, lambda m, args, kwargs: _write_in_place(m, value, name, args))
        if name in ("to", "type_as"):
            return Native(
                name, lambda m, args, kwargs: converted(m, value, _dtype_in([*args, *kwargs.values()])).viewing(value)
            )
        return Native(name, lambda m, args, kwargs: _of_same_shape(m, value, name, (*args, *kwargs)))
    if name == "device" and value.is_here and value.birth >= machine.heap.since:
        return default_device(machine)
    if name in VIEWING:
        machine.hand(value)
        machine.heap.forget_numbers(value)
        return Unknown(f"{name} of a tensor", plain=True)
    if name == "_base":
        return Unknown("_base of a tensor")  # a parameter, perhaps
    if name in ("grad", "_grad") and value.is_marked:
        return Unknown("grad of a tensor")  # what the program has set, perhaps
    if name in PROPERTIES or (name.startswith("is_") and name not in ASKING):
        return Unknown(f"{name} of a tensor", plain=True)
    if name in tensor_shapes.METHODS:
        return Native(name, lambda m, args, kwargs: reshaped(m, value, name, args, kwargs))
    if name in ("T", "mT"):
        is_matrix = isinstance(value.shape, tuple) and len(value.shape) == 2
        shape = value.shape[::-1] if is_matrix else Unknown(f"{name} of a tensor", plain=True)
        made = typed(Tensor(shape, machine.heap.clock, is_array=value.is_array), value).viewing(value)
        made.strides = tensor_strides.after(value, "t", ()) if is_matrix else None
        return made
    if name in ("new_zeros", "new_ones", "new_empty", "new_full") and not value.is_array:
        return Native(
            name, lambda m, args, kwargs: _new_like(m, value, args[:1] if name == "new_full" else args, kwargs)
        )
    if name in RESHAPING and not value.is_array:
        return BoundMethod(FUNCTIONS["torch.Tensor"].attributes[name], value)
    if name == "resize" and value.is_array:
        return Native(name, lambda m, args, kwargs: _reshape(m, value, name))
    if name.endswith("_") and not name.endswith("__") and not value.is_array:
        return Native(name, lambda m, args, kwargs: _write_in_place(m, value, name, []))
    if name in tensor_results.RULES and not value.is_array:
        rule = _by_rule(name, tensor_results.RULES[name])
        return Native(name, lambda m, args, kwargs: rule(m, [value, *args], kwargs))
    if (name in tensor_functions.UNARY or name in OPERATIONS or name in ELEMENTWISE) and not value.is_array:
        return Native(name, lambda m, args, kwargs: m.call(FUNCTIONS[f"torch.{name}"], [value, *args], kwargs))
    if name == "numpy" and not value.is_array:
        return Native(name, lambda m, args, kwargs: _as_array(m, value))
    if name in ("register_hook", "register_post_accumulate_grad_hook"):
        return Native(name, lambda m, args, kwargs: _hook(m, value, name, first(*args, *kwargs.values())))
    return Native(name, lambda m, args, kwargs: _unknown_method(m, value, name))


def _new_like(machine: Any, value: Tensor, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """tensor.new_zeros(...): of its dtype, where it is not told another"""
    made = _sized(machine, args, kwargs)
    is_told = not kwargs.keys().isdisjoint(("dtype", "**"))
    if isinstance(made, Tensor):
        made.is_whole = tensor_numbers.is_of_integers(kwargs.get("dtype")) if is_told else holds_integers(value)
    return made


def _as_array(machine: Any, value: Tensor) -> Value:
    """tensor.numpy(): an array in the same memory"""
    if value.is_parameter:
        return _unknown_method(machine, value, "numpy")  # which torch refuses where it requires a gradient
    machine.may_refuse("numpy()")
    return typed(Tensor(value.shape, machine.heap.clock, data=value.data, is_array=True), value).viewing(value)


KEEPING_TYPE = frozenset(
    {"abs", "neg", "floor", "ceil", "round", "trunc", "clone", "contiguous", "copy", "cpu", "cuda", "detach"}
)


def _of_same_shape(machine: Any, value: Tensor, name: str, given: Iterable[Value]) -> Tensor:
    """A method that gives a tensor of the same shape: its own numbers, or others."""
    data = value.data if name in ("to", "cuda", "cpu", "clone", "copy", "detach", "contiguous") else None
    made = Tensor(value.shape, machine.heap.clock, False, data, value.least, value.is_array)
    if name in ("bool", "int", "long", "short"):
        made.is_whole = True
    elif name in KEEPING_TYPE:
        made.is_whole = holds_integers(value)
    if name == "contiguous" and not given:  # not of another memory format
        made.strides = DENSE
    elif name == "detach":
        made.strides = value.strides
    return made if name in ("clone", "copy") else made.viewing(value)


def _hook(machine: Any, value: Tensor, name: str, hook: Value) -> Value:
    """tensor.register_hook(hook): it runs when gradients are computed"""
    machine.hooks = (*machine.hooks, (value, hook, False))
    return _unknown_method(machine, value, name)


def _unknown_method(machine: Any, value: Tensor, name: str) -> Value:
    """A method of which is not known what it gives: unless it only computes, it may write, or give a view."""
    if name not in (tensor_functions.OF_ARRAYS if value.is_array else tensor_functions.COMPUTING):
        machine.hand(value)
        machine.heap.forget_numbers(value)
    if name == "backward":
        machine.run_hooks()
    return Unknown(f"{name}() of a tensor", plain=True)


def perhaps_itself(value: Tensor, made: Tensor) -> Value:
    """What gives a tensor that it makes, or the one that it is given: of a parameter that is told."""
    return Unknown("it may be the parameter itself", (value, made)) if value.is_parameter else made.viewing(value)


def _size(machine: Any, value: Tensor, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """tensor.size(dim=None)"""
    dim = args[0] if args else kwargs.get("dim")
    return as_size(value.shape) if dim is None else machine.get_item(value.shape, dim)


def _raise(error: Exception) -> Value:
    raise error


def _train(machine: Any, value: Tensor, given: Value) -> Value:
    """tensor.requires_grad_(requires_grad=True)"""
    machine.train(value, given)
    return value


def _write_in_place(machine: Any, value: Tensor, name: str, given: list[Value]) -> Value:
    """A method that writes other numbers into a tensor, which those that are given have to fit."""
    if name == "detach_" and value.is_parameter:
        machine.train(value, False)
    if name not in gradients.KEEPING:
        gradients.check_leaf(machine, value)
    machine.heap.forget_numbers(value)
    for other in (other for other in given if isinstance(other, Tensor)):
        check_fit(machine, value, other)
    return value


def _reshape(machine: Any, value: Tensor, name: str) -> Value:
    """A method that gives a tensor another shape in place."""
    if name not in gradients.KEEPING:
        gradients.check_leaf(machine, value)
    machine.heap.forget_numbers(value)
    machine.heap.forget_shape(value, f"{name}() of a tensor")
    return value


def _unbound(name: str) -> Fn:
    """torch.Tensor.name(tensor, ...), which is tensor.name(...)"""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if args and isinstance(args[0], Tensor) and not args[0].is_array:
            return _reshape(machine, args[0], name)
        return machine.call(External(f"torch.Tensor.{name}"), args, kwargs)

    return run


FUNCTIONS["torch.Tensor"].attributes = {each: Native(each, _unbound(each)) for each in sorted(RESHAPING)}


def _reduced(machine: Any, value: Tensor, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The product, sum or extreme of known whole numbers."""
    machine.charge(value)
    whole = bool(value.data) and all(isinstance(item, int) for item in value.data)
    exact = whole or (name in ("max", "min") and all(type(item) is float for item in value.data))
    if args or kwargs or not value.data or not exact:
        return Unknown(f"{name}() of a tensor", plain=True)
    if name == "prod" and sum(item.bit_length() for item in value.data) > ops.BITS:
        return Unknown("a value too large to compute", plain=True)
    function: Any = {"prod": math.prod, "sum": sum, "max": max, "min": min}[name]
    result = function(value.data)
    return of_numpy(result) if value.is_array else Tensor((), machine.heap.clock, data=result)


def _summed(machine: Any, value: Tensor, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """sum(dim=None, keepdim=False) or mean() of numbers that are not known"""
    if name == "mean" and holds_integers(value) and kwargs.keys().isdisjoint(("dtype", "**")):
        raise machine.error("RuntimeError", "integers have no mean in torch")
    if name == "mean" and not value.is_parameter:
        machine.may_raise("integers have no mean in torch")
    if not isinstance(value.shape, tuple) or len(args) > 2 or kwargs.keys() - {"dim", "keepdim"}:
        return Tensor(Unknown(f"{name}() of a tensor", plain=True), machine.heap.clock)
    given = dict(zip(("dim", "keepdim"), args)) | kwargs
    made = Tensor(shaped(machine, lambda: tensor_shapes.summed(value.shape, **given)), machine.heap.clock)
    return typed(made, value)


def _has_many(value: Tensor) -> bool:
    """Whether a tensor has more than one dimension."""
    return isinstance(value.shape, tuple) and len(value.shape) > 1


def _rank(value: Tensor) -> Value:
    return len(value.shape) if isinstance(value.shape, tuple) else Unknown(value.shape.why, plain=True)


def _values(machine: Any, value: Tensor) -> Value:
    machine.charge(value)
    unknown = Unknown("the value of a tensor", plain=True)
    if isinstance(value.data, tuple) and not isinstance(value.data, tensor_numbers.Interval):
        items = [unknown if isinstance(item, tensor_numbers.Interval) else item for item in value.data]
        return List(items, machine.heap.clock)
    if value.data is not None:
        return unknown if isinstance(value.data, tensor_numbers.Interval) else value.data
    shape = value.shape
    if isinstance(shape, tuple) and len(shape) == 1 and isinstance(shape[0], int) and shape[0] <= 10_000:
        machine.step(shape[0] // 10)
        return List([_number(value)] * shape[0], machine.heap.clock)
    return Unknown("the values of a tensor", plain=True)


def _only_value(machine: Any, value: Tensor) -> Value:
    """tensor.item()"""
    values = _values(machine, value)
    found = values[0] if isinstance(values, List) else values
    return found if value.data is not None or not isinstance(found, Unknown) else _number(value)


def _number(value: Tensor) -> Unknown:
    """One of the numbers of a tensor, which is not known."""
    why = "the value of a tensor"
    return Unknown(why, plain=True) if value.is_whole else Scalar(why)


def tensor_item(machine: Any, value: Tensor, index: Value) -> Value:
    """tensor[index]"""
    if not isinstance(value.shape, tuple):
        unknown = Unknown("an item of a tensor", plain=True)
        if value.is_array:  # it may be a number
            return unknown
        machine.may_raise("an index that may not fit a tensor")
        return typed(Tensor(unknown, machine.heap.clock), value).viewing(value)
    if type(index) is not int or not value.shape:
        taken = _by_indices(machine, value, index)
        shape = shaped(machine, lambda: tensor_shapes.item(value.shape, taken), value.is_array)
        is_part = type(index) is slice and len(value.shape) == 1 and isinstance(value.data, tuple)
        bounds = (index.start, index.stop, index.step) if is_part else ()
        is_known = all(bound is None or type(bound) is int for bound in bounds)
        data = value.data[index] if is_part and is_known and (index.step is None or index.step > 0) else None
        if isinstance(shape, Unknown) or _may_refuse(index):
            machine.may_raise("an index that may not fit a tensor")
        part = Tensor(shape, machine.heap.clock, data=data, is_array=value.is_array)
        part.strides = tensor_strides.of_item(value, index)
        return typed(part, value).viewing(value)
    check_index(machine, value, index)
    data = value.data[index] if isinstance(value.data, tuple) else None
    if value.is_array and len(value.shape) == 1 and isinstance(data, (int, float)):
        return of_numpy(data)
    return typed(Tensor(value.shape[1:], machine.heap.clock, data=data, is_array=value.is_array), value).viewing(value)


def check_index(machine: Any, value: Tensor, index: int) -> None:
    """Raises IndexError where a tensor of one dimension or more surely has no such item."""
    size = value.shape[0]
    if isinstance(size, int) and not -size <= index < size:
        raise machine.error("IndexError", f"index {index} is out of bounds for dimension 0 with size {size}")


def _may_refuse(index: Value) -> bool:
    """Whether a tensor may refuse an index for what it holds: another tensor, or a step that goes back."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, Tensor) or (isinstance(part, slice) and part.step is not None) for part in parts)


def _by_indices(machine: Any, value: Tensor, index: Value) -> Value:
    """What stands in tensor[...], with a vector that surely is one of indices as the list of as many."""
    if isinstance(index, tuple):
        return tuple(_by_indices(machine, value, part) for part in index)
    length = index.shape[0] if isinstance(index, Tensor) and _rank_is_one(index) else None
    if type(length) is not int or not holds_integers(index) or length > ops.ITEMS:
        return index
    is_mask = not tensor_numbers.are_whole(index.data) and isinstance(value.shape, tuple) and length in value.shape
    return index if is_mask else [0] * length


def tensor_items(machine: Any, value: Tensor) -> Iterator[Value]:
    """for item in tensor"""
    if not isinstance(value.shape, tuple):
        return iter([Rest(Unknown(value.shape.why, plain=True))])
    if not value.shape:
        raise machine.error("TypeError", "iteration over a 0-d tensor")
    if isinstance(value.shape[0], Unknown):
        return iter([Rest(Unknown(value.shape[0].why, plain=True))])
    if value.shape[0] > ops.ITEMS:
        return iter([Rest(Unknown("a tensor too large to iterate over", plain=True))])
    machine.step(value.shape[0] // 2)
    return (tensor_item(machine, value, index) for index in range(value.shape[0]))  # as they are when it comes to each


def _split(machine: Any, value: Tensor, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """tensor.split(size or sizes) along the only dimension"""
    sizes = args[0] if args else kwargs.get("split_size")
    unknown = Unknown("split() of a tensor", plain=True)
    if len(args) > 1 or set(kwargs) - {"split_size"} or not isinstance(value.shape, tuple) or len(value.shape) != 1:
        return unknown
    whole = value.shape[0]
    if isinstance(sizes, int) and sizes > 0 and isinstance(whole, int) and whole <= ops.ITEMS:
        sizes = [min(sizes, whole - start) for start in range(0, whole, sizes)]
    if not isinstance(sizes, (list, tuple)) or not all(isinstance(size, int) for size in sizes) or sum(sizes) != whole:
        return unknown
    parts, start = [], 0
    for size in sizes:
        machine.step()
        data = value.data[start : start + size] if isinstance(value.data, tuple) else None
        parts.append(typed(Tensor((size,), machine.heap.clock, data=data), value).viewing(value))
        start += size
    return tuple(parts)


def _ntuple(times: Value) -> Value:
    """torch.nn.modules.utils._ntuple(times)"""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        given = args[0] if args else Unknown("nothing")
        is_known = isinstance(times, int) and times <= ops.ITEMS and not isinstance(given, (Instance, str))
        return spread(given, times) if is_known else Unknown("as many of a value", plain=True)

    return Native("_ntuple", run)


for _times, _each in enumerate(("_single", "_pair", "_triple", "_quadruple"), 1):
    FUNCTIONS[f"torch.nn.modules.utils.{_each}"] = _ntuple(_times)
    for _package in ("timm.layers.", "timm.layers.helpers.", "timm.models.layers.", "timm.models.layers.helpers."):
        FUNCTIONS[f"{_package}to_{_times}tuple"] = _ntuple(_times)
FUNCTIONS["torch.nn.modules.utils._ntuple"] = Native("_ntuple", lambda machine, args, kwargs: _ntuple(args[0]))


@function("torch.nn.init._calculate_fan_in_and_fan_out")
def _fans(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What goes into and out of each output: (in, out) times the size of the kernel."""
    shape = args[0].shape if args and isinstance(args[0], Tensor) else None
    if not isinstance(shape, tuple) or any(isinstance(size, Unknown) for size in shape):
        return (Unknown("fan_in of a tensor", plain=True), Unknown("fan_out of a tensor", plain=True))
    if len(shape) < 2:
        raise machine.error("ValueError", "fan in and fan out need a tensor of two dimensions or more")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


# Functions that give a tensor of the shape they get; those of dropout give the same one where nothing is dropped, and
# those that end with an underscore always.
ALIKE = frozenset(
    ["relu", "relu_", "relu6", "elu", "selu", "celu", "leaky_relu", "gelu", "silu", "mish", "hardswish", "hardsigmoid",
     "hardtanh", "sigmoid", "tanh", "softmax", "log_softmax", "softmin", "softplus", "softsign", "logsigmoid",
     "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "normalize", "batch_norm", "instance_norm",
     "layer_norm", "group_norm", "rms_norm", "local_response_norm", "prelu", "rrelu", "threshold", "tanhshrink",
     "hardshrink", "softshrink", "feature_alpha_dropout", "elu_", "selu_", "celu_", "leaky_relu_", "hardtanh_",
     "rrelu_", "threshold_"]
)  # fmt: skip


def _functional(name: str) -> None:
    """torch.nn.functional.relu and the like"""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        value = args[0] if args else kwargs.get("input")
        inplace = kwargs.get("inplace", False)
        is_itself = name.endswith("_") or inplace is True
        is_given = any(isinstance(given, Unknown) or (isinstance(given, int) and given) for given in args[1:])
        is_unsure = inplace is not False or is_given
        perhaps = "dropout" in name or is_unsure
        if isinstance(value, Unknown) and (is_itself or perhaps):
            return value if is_itself else Unknown(value.why, plain=value.plain)
        if not isinstance(value, Tensor):
            return Unknown("a tensor", plain=True)
        made = Tensor(value.shape, machine.heap.clock)
        if is_itself or perhaps:
            machine.heap.forget_numbers(value)
        return value if is_itself else perhaps_itself(value, made) if perhaps else made

    FUNCTIONS[f"torch.nn.functional.{name}"] = Native(f"torch.nn.functional.{name}", run)


for _each in ALIKE:
    _functional(_each)


def _functional_pool(name: str) -> None:
    """torch.nn.functional.max_pool2d and the like"""
    kind = "".join(part.capitalize() for part in name[:-2].split("_")) + name[-2:]

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        module = machine.call(machine.resolve(f"torch.nn.{kind}"), args[1:], kwargs)
        return machine.call(module, args[:1] or [kwargs.get("input")], {})

    FUNCTIONS[f"torch.nn.functional.{name}"] = Native(f"torch.nn.functional.{name}", run)


for _dimension in (1, 2, 3):
    for _each in ("max_pool", "avg_pool", "adaptive_max_pool", "adaptive_avg_pool"):
        _functional_pool(f"{_each}{_dimension}d")


__all__ = ["FUNCTIONS", "External", "arithmetic", "tensor_attribute", "tensor_item", "tensor_items"]
