"""Functions of torch and numpy that construction uses: what makes tensors and computes with them, and scalars."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from nnlint.evaluate import (
    gradients,
    module_functions,
    tensor_functions,
    tensor_numbers,
    tensor_results,
    tensor_shapes,
    tensor_strides,
)
from nnlint.evaluate import operations as ops
from nnlint.evaluate.nn_module import results
from nnlint.evaluate.tensor_numbers import holds_integers, typed
from nnlint.layers import UnknownSizeError
from nnlint.layers.arguments import spread
from nnlint.numpy_numbers import NUMPY, NumpyInt, of_numpy
from nnlint.signature import Rest
from nnlint.unknown import Unknown, UnknownValueError, first
from nnlint.values import (
    DENSE,
    GRADIENT,
    NO_ATTRIBUTES,
    Buffer,
    External,
    Instance,
    List,
    Native,
    Scalar,
    Size,
    Tensor,
    Value,
    has_rest,
    holds_object,
    same,
    type_name,
)

Fn = Callable[[Any, list[Value], dict[str, Value]], Value]
FUNCTIONS: dict[str, Value] = {**tensor_functions.FUNCTIONS, **module_functions.FUNCTIONS}


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


def sized(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if not args and kwargs.keys().isdisjoint(("size", "**")):
        raise machine.error("TypeError", "a tensor is made of a size")
    sizes = args or [kwargs.get("size", Unknown("a size", plain=True))]
    made = Tensor(as_shape(machine, sizes), machine.heap.clock)
    made.strides = DENSE if kwargs.keys() <= {"size", "dtype", "device", "requires_grad", "pin_memory"} else None
    return made


function(*(f"torch.{name}" for name in ("empty", "zeros", "ones", "randn", "rand")))(made_here(sized))


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


def by_rule(name: str, rule: tensor_results.Rule) -> Fn:
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
    FUNCTIONS[f"torch.{_each}"] = Native(f"torch.{_each}", by_rule(_each, tensor_results.RULES[_each]))
for _each, _rule in tensor_results.FUNCTIONAL.items():
    FUNCTIONS[f"torch.nn.functional.{_each}"] = Native(f"torch.nn.functional.{_each}", by_rule(_each, _rule))
for _each, _rule in tensor_results.LINALG.items():
    FUNCTIONS[f"torch.linalg.{_each}"] = Native(f"torch.linalg.{_each}", by_rule(_each, _rule))


def perhaps_itself(value: Tensor, made: Tensor) -> Value:
    """What gives a tensor that it makes, or the one that it is given: of a parameter that is told."""
    return Unknown("it may be the parameter itself", (value, made)) if value.is_parameter else made.viewing(value)


def _has_many(value: Tensor) -> bool:
    """Whether a tensor has more than one dimension."""
    return isinstance(value.shape, tuple) and len(value.shape) > 1


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
        return machine.call(machine.get_attribute(value, name), others, kwargs)

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
    if sign == "@" and holds_integers(left) != holds_integers(right):
        machine.may_refuse("@")
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


KEEPING_TYPE = frozenset(
    {"abs", "neg", "floor", "ceil", "round", "trunc", "clone", "contiguous", "copy", "cpu", "cuda", "detach"}
)


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


def rank_is_one(value: Value) -> bool:
    return isinstance(value, Tensor) and isinstance(value.shape, tuple) and len(value.shape) == 1


@function("torch.diff")
def _diff(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What each number of a vector adds to the one before."""
    numbers = numbers_of(args[0]) if args and rank_is_one(args[0]) else None
    if numbers is None or len(args) != 1 or kwargs:
        return Unknown("torch.diff of values that are not known", plain=True)
    steps = [tensor_numbers.combine("-", after, before) for before, after in itertools.pairwise(numbers)]
    return from_numbers(machine, (len(steps),), steps)


def _of_vector(name: str, word: str, compute: Callable[[list[Any]], Iterable[Any]]) -> None:
    """A function that computes as many numbers from those of a vector, along its only dimension."""
    otherwise = FUNCTIONS[name]

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        value = args[0] if args else kwargs.get("input")
        dim = args[1] if len(args) > 1 else kwargs.get(word)
        if word == "dims" and isinstance(dim, (list, tuple)) and len(dim) == 1:
            dim = dim[0]
        numbers = numbers_of(value) if rank_is_one(value) else None
        if numbers is None or type(dim) is not int or dim not in (0, -1) or len(args) + len(kwargs) != 2:
            return machine.call(otherwise, args, kwargs)
        assert isinstance(value, Tensor)
        return typed(from_numbers(machine, value.shape, list(compute(numbers))), value)

    FUNCTIONS[name] = Native(name, run)


def _accumulated(sign: str) -> Callable[[list[Any]], Iterable[Any]]:
    """Each number and all before it."""
    return lambda numbers: itertools.accumulate(numbers, partial(tensor_numbers.combine, sign))


_of_vector("torch.cumsum", "dim", _accumulated("+"))
_of_vector("torch.cumprod", "dim", _accumulated("*"))
_of_vector("torch.flip", "dims", reversed)


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


@function("torch.nn.Parameter")
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


FUNCTIONS["torch.nn.parameter.Parameter"] = FUNCTIONS["torch.nn.Parameter"]  # the class itself


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
