"""Functions of torch and numpy that construction uses: tensors with their shapes, scalar arithmetic, nn.utils."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nnlint.evaluate import operations as ops
from nnlint.evaluate.torch_modules import deep_copy, is_module, prepare, put, registry
from nnlint.signature import Rest
from nnlint.unknown import Unknown
from nnlint.values import Dict, External, Instance, List, Native, Tensor, Value

Fn = Callable[[Any, list[Value], dict[str, Value]], Value]
FUNCTIONS: dict[str, Value] = {}


def function(*names: str) -> Callable[[Fn], Fn]:
    """Register a function under its dotted names."""

    def register(fn: Fn) -> Fn:
        for name in names:
            FUNCTIONS[name] = Native(name, fn)
        return fn

    return register


def as_shape(machine: Any, sizes: list[Value]) -> Value:
    """The shape that size arguments give: numbers, or one sequence of them."""
    if len(sizes) == 1 and not isinstance(sizes[0], (int, Unknown)):
        sizes = machine.items(sizes[0])
    elif len(sizes) == 1 and isinstance(sizes[0], Unknown) and not sizes[0].plain:
        return Unknown(sizes[0].why, plain=True)
    if any(type(size) is Rest for size in sizes):
        return Unknown(next(s.unknown.why for s in sizes if type(s) is Rest), plain=True)
    if not all(isinstance(size, (int, Unknown)) and (isinstance(size, Unknown) or size >= 0) for size in sizes):
        return Unknown("a shape that is not made of sizes", plain=True)
    return tuple(sizes)


@function(
    *(f"torch.{name}" for name in ("empty", "zeros", "ones", "randn", "rand")),
    *(f"numpy.{name}" for name in ("empty", "zeros", "ones")),
)
def _sized(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    sizes = args or ([kwargs["size"]] if "size" in kwargs else [()])
    return Tensor(as_shape(machine, sizes), machine.heap.clock)


@function("torch.full")
def _full(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Tensor(as_shape(machine, [args[0] if args else kwargs.get("size")]), machine.heap.clock)


@function(*(f"torch.{name}_like" for name in ("empty", "zeros", "ones", "randn", "rand", "full")), "torch.clone")
def _like(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    shape = args[0].shape if isinstance(args[0], Tensor) else Unknown("a tensor's shape", plain=True)
    return Tensor(shape, machine.heap.clock)


@function("torch.tensor", "torch.as_tensor", "torch.from_numpy", "numpy.array", "numpy.asarray")
def _tensor(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    data = args[0] if args else kwargs.get("data")
    if isinstance(data, Tensor):
        return Tensor(data.shape, machine.heap.clock, data=data.data)
    if isinstance(data, (int, float)) and not isinstance(data, bool):
        return Tensor((), machine.heap.clock, data=data if isinstance(data, int) else None)
    shape: list[int] = []
    while isinstance(data, (list, tuple)):
        if any(type(item) is Rest for item in data):
            return Tensor(Unknown("a list of unknown length", plain=True), machine.heap.clock)
        shape.append(len(data))
        data = data[0] if data else 0
    if isinstance(data, (int, float)):
        flat = args[0] if args and len(shape) == 1 and all(type(item) is int for item in args[0]) else None
        return Tensor(tuple(shape), machine.heap.clock, data=tuple(flat) if flat is not None else None)
    return Tensor(Unknown("a tensor made of other data", plain=True), machine.heap.clock)


@function("torch.Tensor", "torch.FloatTensor")
def _tensor_of_size(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args and all(isinstance(arg, (int, Unknown)) for arg in args):
        return Tensor(as_shape(machine, args) if not isinstance(args[0], Unknown) else tuple(args), machine.heap.clock)
    return _tensor(machine, args, kwargs)


@function("torch.linspace")
def _linspace(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    start, end = (args + [kwargs.get("start"), kwargs.get("end")])[:2]
    steps = args[2] if len(args) > 2 else kwargs.get("steps")
    if not isinstance(steps, int) or steps > 10_000:
        return Tensor(Unknown("a number of steps that is not known", plain=True), machine.heap.clock)
    # Only what needs no float32 arithmetic is known.
    zero = ops.is_number(start) and ops.is_number(end) and start == 0 and end == 0
    unknown = Unknown("a value of torch.linspace", plain=True)
    return Tensor((steps,), machine.heap.clock, data=tuple([0.0 if zero else unknown] * steps))


@function("torch.arange")
def _arange(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if kwargs and set(kwargs) - {"device", "dtype"}:
        return Tensor(Unknown("torch.arange", plain=True), machine.heap.clock)
    if args and all(isinstance(arg, int) for arg in args):
        return Tensor((len(range(*args)),), machine.heap.clock)
    return Tensor(Unknown("torch.arange", plain=True), machine.heap.clock)


@function(*(f"torch.{name}" for name in ("log", "exp", "sqrt", "abs", "neg", "tanh", "sigmoid", "sin", "cos", "pow")))
def _elementwise(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args and isinstance(args[0], Tensor) and not any(isinstance(arg, Tensor) for arg in args[1:]):
        return Tensor(args[0].shape, machine.heap.clock)
    return Unknown("the values of a tensor", plain=True)


@function("torch.nn.Parameter", "torch.nn.parameter.Parameter")
def _parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    data = args[0] if args else kwargs.get("data")
    if isinstance(data, Tensor):
        return Tensor(data.shape, machine.heap.clock, True, least=data.least)
    if data is None:
        return Tensor((0,), machine.heap.clock, True)
    why = data.why if isinstance(data, Unknown) else "a tensor whose shape is not known"
    return Tensor(Unknown(why, plain=True), machine.heap.clock, True)


FUNCTIONS["torch.nn.Buffer"] = Native("Buffer", lambda machine, args, kwargs: Unknown("a buffer", plain=True))


@function("math.prod", "numpy.prod", "numpy.product")
def _product(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if set(kwargs) - {"start"} or len(args) != 1:
        return Unknown("prod() along an axis", plain=True)
    total = kwargs.get("start", 1)
    for item in machine.iterate(args[0]) if not isinstance(args[0], (int, float)) else iter([args[0]]):
        if type(item) is Rest:
            return Unknown(item.unknown.why, plain=True)
        total = machine.binary("*", total, item)
    return total


def _math(name: str) -> None:
    """A function of math on known numbers."""
    compute = getattr(math, name)

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        unknown = ops.is_unknown((*args, *kwargs.values()))
        if unknown is not None:
            return Unknown(unknown.why, plain=True)
        if not all(ops.is_number(arg) for arg in args):
            return Unknown("math of an object", plain=True)
        large = 1000 if name in ("factorial", "comb") else 10**300
        if any(isinstance(arg, int) and abs(arg) > large for arg in args):
            return Unknown("a value too large to compute", plain=True)
        return compute(*args, **kwargs)

    FUNCTIONS[f"math.{name}"] = Native(name, run)


for _name in (
    *("sqrt", "log", "log2", "log10", "exp", "floor", "ceil", "pow", "cos", "sin", "tanh", "gcd", "lcm", "isqrt"),
    *("fabs", "trunc", "comb", "isclose", "isinf", "isnan", "factorial", "hypot"),
):
    _math(_name)
FUNCTIONS.update(
    {"math.pi": math.pi, "math.e": math.e, "math.inf": math.inf, "numpy.pi": math.pi, "numpy.inf": math.inf}
)


def _numpy_scalar(name: str, fn: Callable[..., float]) -> None:
    """numpy on one number: a float64, of which only what the program can do to it is known."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if len(args) == 1 and isinstance(args[0], (int, float)) and not kwargs:
            return fn(args[0])
        return Unknown(f"numpy.{name} of an array", plain=True)

    FUNCTIONS[f"numpy.{name}"] = Native(name, run)


_numpy_scalar("sqrt", math.sqrt)
_numpy_scalar("ceil", lambda x: float(math.ceil(x)))
_numpy_scalar("floor", lambda x: float(math.floor(x)))
for _name in ("int32", "int64", "int_", "intp"):
    _numpy_scalar(_name, int)
_numpy_scalar("float64", float)
_numpy_scalar("abs", abs)


# -- torch.nn.utils and its like: they give the module back -------------------------------------------------------


@function(
    "torch.compile", "torch.nn.utils.spectral_norm", "torch.jit.script", "torch.nn.utils.fuse_conv_bn_eval",
    "torch.nn.utils.parametrizations.orthogonal", "torch.jit.script_if_tracing", "torch.nn.utils.skip_init_",
)  # fmt: skip
def _same_module(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return args[0] if args else kwargs.get("module", Unknown("a decorator with arguments"))


FUNCTIONS["torch.nn.utils.parametrizations.spectral_norm"] = Native("spectral_norm", _same_module)


@function("torch.nn.utils.weight_norm", "torch.nn.utils.parametrizations.weight_norm")
def _weight_norm(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """weight = g * v / |v|: v as large as the weight, and a norm g along `dim` (one number with dim=None)."""
    module: Any = args[0] if args else kwargs.get("module")
    name = args[1] if len(args) > 1 else kwargs.get("name", "weight")
    dim = args[2] if len(args) > 2 else kwargs.get("dim", 0)
    if not is_module(module) or not isinstance(name, str):
        machine.havoc(module, "weight_norm of a module that is not known")
        return module
    weight = registry(machine, module, "_parameters").get(name)
    if not isinstance(weight, Tensor):
        machine.havoc(module, "weight_norm of a parameter that is not known")
        return module
    if dim is None or dim == -1:
        shape: Value = ()
    elif isinstance(weight.shape, tuple) and isinstance(dim, int) and dim < len(weight.shape):
        shape = tuple(size if axis == dim else 1 for axis, size in enumerate(weight.shape))
    else:
        shape = Unknown("weight_norm along a dimension that is not known", plain=True)
    held = registry(machine, module, "_parameters")
    machine.heap.touch(held)
    del held[name]
    held[f"{name}_g"] = Tensor(shape, machine.heap.clock, True)
    held[f"{name}_v"] = Tensor(weight.shape, machine.heap.clock, True, least=weight.least)
    module.attributes[name] = Unknown("a parametrized weight", plain=True)
    return module


@function("copy.deepcopy")
def _deepcopy(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return deep_copy(machine, args[0], {})


@function("copy.copy")
def _copy(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value = args[0]
    if isinstance(value, List):
        return List(value, machine.heap.clock)
    if isinstance(value, Dict):
        return Dict(value, machine.heap.clock, value.rest, value.kind, value.factory)
    if isinstance(value, Instance):
        made = Instance(value.cls, machine.heap.clock, value.payload)
        made.attributes.update(value.attributes)
        made.open = value.open
        return made
    return value


@function("torch.nn.DataParallel", "torch.nn.parallel.DataParallel", "torch.nn.parallel.DistributedDataParallel")
def _wrapped(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
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
        "detach",
        "requires_grad_",
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
        "int",
        "long",
        "trunc_normal_",
        "clamp",
        "clamp_",
        "type_as",
    ]
)


def tensor_attribute(machine: Any, value: Tensor, name: str) -> Value:
    """tensor.name: shapes and numbers are known, everything else is an Unknown that is no module."""
    if name == "shape":
        return value.shape
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
        return Native(name, lambda m, args, kwargs: m.get_item(value.shape, args[0]) if args else value.shape)
    if name in ("prod", "sum", "max", "min") and isinstance(value.data, tuple):
        return Native(name, lambda m, args, kwargs: _reduced(m, value, name, args, kwargs))
    if name in ("item", "tolist"):
        return Native(name, lambda m, args, kwargs: _values(m, value))
    if name in ("data", "weight") or name in SAME_SHAPE:
        if name == "data":
            return Tensor(value.shape, machine.heap.clock, False, value.data, value.least)
        if name.endswith("_"):
            return Native(name, lambda m, args, kwargs: value)
        data = value.data if name in ("to", "cuda", "cpu", "clone", "detach", "contiguous") else None
        return Native(name, lambda m, args, kwargs: Tensor(value.shape, m.heap.clock, False, data, value.least))
    if name in ("requires_grad", "device", "dtype", "is_leaf", "grad"):
        return Unknown(f"{name} of a tensor", plain=True)
    return Native(name, lambda m, args, kwargs: Unknown(f"{name}() of a tensor", plain=True))


def _reduced(machine: Any, value: Tensor, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The product, sum or extreme of known whole numbers."""
    if args or kwargs or not value.data or not all(isinstance(item, int) for item in value.data):
        return Unknown(f"{name}() of a tensor", plain=True)
    function: Any = {"prod": math.prod, "sum": sum, "max": max, "min": min}[name]
    return Tensor((), machine.heap.clock, data=function(value.data))


def _rank(value: Tensor) -> Value:
    return len(value.shape) if isinstance(value.shape, tuple) else Unknown(value.shape.why, plain=True)


def _values(machine: Any, value: Tensor) -> Value:
    if isinstance(value.data, tuple):
        return List(value.data, machine.heap.clock)
    if value.data is not None:
        return value.data
    shape = value.shape
    if isinstance(shape, tuple) and len(shape) == 1 and isinstance(shape[0], int) and shape[0] <= 10_000:
        return List([Unknown("the value of a tensor", plain=True)] * shape[0], machine.heap.clock)
    return Unknown("the values of a tensor", plain=True)


def tensor_item(machine: Any, value: Tensor, index: Value) -> Value:
    """tensor[index]"""
    if isinstance(value.data, tuple) and isinstance(index, int) and -len(value.data) <= index < len(value.data):
        return Tensor((), machine.heap.clock, data=value.data[index])
    return Unknown("an item of a tensor", plain=True)


def is_initialiser(name: str) -> bool:
    """torch.nn.init.*: writes values, never shapes."""
    return name.startswith(("torch.nn.init.", "torch.nn.functional."))


__all__ = ["FUNCTIONS", "External", "is_initialiser", "tensor_attribute", "tensor_item"]
