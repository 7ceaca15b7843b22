"""The attributes, methods and items of tensors, as the program finds them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from nnlint.evaluate import (
    gradients,
    tensor_functions,
    tensor_numbers,
    tensor_results,
    tensor_shapes,
    tensor_strides,
)
from nnlint.evaluate import operations as ops
from nnlint.evaluate.devices import default_device
from nnlint.evaluate.tensor_names import RESHAPING, is_name
from nnlint.evaluate.tensor_numbers import holds_integers, typed
from nnlint.evaluate.torch_functions import (
    ELEMENTWISE,
    FUNCTIONS,
    KEEPING_TYPE,
    OPERATIONS,
    Fn,
    as_size,
    by_rule,
    check_fit,
    converted,
    elementwise,
    perhaps_itself,
    rank_is_one,
    reshaped,
    shaped,
    sized,
)
from nnlint.numpy_numbers import of_numpy
from nnlint.signature import Rest
from nnlint.unknown import Unknown, first
from nnlint.values import (
    DENSE,
    GRADIENT,
    BoundMethod,
    External,
    List,
    Native,
    Scalar,
    Tensor,
    Value,
)

SAME_SHAPE = frozenset(
    ["float", "half", "double", "bfloat16", "to", "cuda", "cpu", "contiguous", "clone", "copy", "detach", "normal_",
     "uniform_", "zero_", "fill_", "ones_", "mul_", "add_", "div_", "sub_", "copy_", "abs", "exp", "log", "sqrt",
     "bool", "int", "long", "short", "trunc_normal_", "clamp", "clamp_", "type_as"]
)  # fmt: skip


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
    if name in ("cumsum", "cumprod", "flip") and value.data is not None and not value.is_array:
        return Native(name, lambda m, args, kwargs: m.call(FUNCTIONS[f"torch.{name}"], [value, *args], kwargs))
    if name == "split" and rank_is_one(value):
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
        rule = by_rule(name, tensor_results.RULES[name])
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
    made = sized(machine, args, kwargs)
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


def _size(machine: Any, value: Tensor, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """tensor.size(dim=None)"""
    dim = args[0] if args else kwargs.get("dim")
    return as_size(value.shape) if dim is None else machine.get_item(value.shape, dim)


def _raise(error: Exception) -> Value:
    raise error


def _train(machine: Any, value: Tensor, given: Value) -> Value:
    """tensor.requires_grad_(requires_grad=True)"""
    machine.train_in_place(value, given)
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
for made in ("torch.Tensor", "torch.nn.Parameter"):
    FUNCTIONS[made].attributes |= dict.fromkeys(("__name__", "__qualname__"), made.rpartition(".")[2])


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
    length = index.shape[0] if isinstance(index, Tensor) and rank_is_one(index) else None
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
