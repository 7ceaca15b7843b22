"""torch.nn.utils: what takes a module's parameter away and computes it from others instead."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nnlint.evaluate.nn_module import COMPUTED, forget_name, is_module, prepare, put, registry
from nnlint.evaluate.tensor_shapes import are_different
from nnlint.unknown import Unknown
from nnlint.values import (
    ABSENT,
    GRADIENT,
    NO_ATTRIBUTES,
    TRAINED,
    BoundMethod,
    Dict,
    Function,
    Instance,
    Native,
    Tensor,
    Value,
)

Fn = Callable[[Any, list[Value], dict[str, Value]], Value]
FUNCTIONS: dict[str, Value] = {}
HELD = "parametrizations"
MISSING = {"weight_norm": "AttributeError", "spectral_norm": "KeyError"}  # what is raised where no such parameter is


def function(*names: str) -> Callable[[Fn], Fn]:
    """Register a function of torch.nn.utils under its names; what it cannot follow may have done anything."""

    def register(fn: Fn) -> Fn:
        def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
            module = args[0] if args else kwargs.get("module")
            name = args[1] if len(args) > 1 else kwargs.get("name", kwargs.get("tensor_name", "weight"))
            if is_module(module) and isinstance(name, str):
                if machine.find_attribute(module, name) is ABSENT:
                    raise machine.error(missing, f"a module has no {name!r}")
                result = fn(machine, [module, name, *args[2:]], kwargs)
                if result is not ABSENT:
                    return module
            if module is None or isinstance(module, Tensor):
                raise machine.error(missing, "no Module is given")
            machine.may_raise("a parameter that is not known is computed from others")
            machine.havoc(module, "a parameter that is not known is computed from others")
            return module

        is_pruning = names[0].startswith("prune.") and names[0] != "prune.remove"
        missing = MISSING.get(names[0], "AttributeError" if is_pruning else "ValueError")
        for name in names:
            FUNCTIONS[f"torch.nn.utils.{name}"] = Native(name, run)
        return fn

    return register


def taken(machine: Any, module: Instance, name: str) -> Value:
    """A module's parameter, taken out of it; None where it is not known."""
    held = registry(machine, module, "_parameters")
    parameter = held.get(name)
    if not isinstance(parameter, Tensor):
        return None
    machine.heap.touch(held)
    del held[name]
    machine.heap.touch(module)
    module.attributes[name] = Unknown(f"{name}{COMPUTED}", plain=True)
    return parameter


def taken_back(machine: Any, module: Instance, *names: str) -> list[Value]:
    """The parameters of these names, which a module has for what is to be removed from it: torch raises where it surely
    has not."""
    held = registry(machine, module, "_parameters")
    if held.rest is None and module.open is None and any(name not in held for name in names):
        raise machine.error("ValueError", f"{names[0]} not found in a module")
    return [taken(machine, module, name) for name in names]


def holds_computed(module: Instance) -> bool:
    """Whether a module holds a tensor that weight_norm or pruning computed, and that is not registered."""
    held, buffers = (module.attributes.get(name) for name in ("_parameters", "_buffers"))
    if not isinstance(held, Dict) or not isinstance(buffers, Dict):
        return False
    computed = (name for name, one in module.attributes.items() if type(one) is Unknown and one.why.endswith(COMPUTED))
    return any(f"{name}_g" in held or f"{name}_mask" in buffers for name in computed)


def given_back(machine: Any, module: Instance, name: str, parameter: Tensor) -> None:
    """A parameter back under its own name."""
    machine.heap.touch(module)
    module.attributes.pop(name, None)
    put(machine, module, "_parameters", name, parameter)


def child(machine: Any, module: Instance, name: str, kind: str) -> Instance:
    """The registered child of a name, made where there is none."""
    known = registry(machine, module, "_modules").get(name)
    if isinstance(known, Instance):
        return known
    made = Instance(machine.torch_class(f"torch.nn.{kind}"), machine.heap.clock)
    prepare(machine, made)
    put(machine, module, "_modules", name, made)
    return made


def hold(
    machine: Any,
    module: Instance,
    name: str,
    originals: dict[str, Tensor],
    own: Instance | None = None,
    buffers: tuple[str, ...] = (),
) -> None:
    """module.parametrizations.name, with the original parameters, and behind the others the module that computes the
    parameter from them: one of the program's own, or one of torch's, which owns buffers alone."""
    holder = child(machine, child(machine, module, HELD, "ModuleDict"), name, "ModuleList")
    for key, parameter in originals.items():
        put(machine, holder, "_parameters", key, parameter)
    place = str(len(registry(machine, holder, "_modules")))
    if own is None:
        owner = child(machine, holder, place, "Module")
        for buffer in buffers:
            shape = Unknown("a buffer of a parametrization", plain=True)
            put(machine, owner, "_buffers", buffer, Tensor(shape, machine.heap.clock))
    else:
        put(machine, holder, "_modules", place, own)


def _norm(machine: Any, weight: Tensor, dim: Value) -> Tensor:
    """g of weight = g * v / |v|: the norm along `dim`, or one number with dim=None."""
    shape: Value = Unknown("weight_norm along a dimension that is not known", plain=True)
    if dim is None or dim == -1:
        shape = ()
    elif type(dim) is not int:
        raise machine.error("TypeError", "weight_norm() takes a dimension")
    elif isinstance(weight.shape, tuple):
        rank = len(weight.shape)
        if not -rank <= dim < rank:
            raise machine.error("IndexError", f"dimension {dim} is out of range")
        shape = tuple(size if axis == dim % rank else 1 for axis, size in enumerate(weight.shape))
    return _trained_as(weight, Tensor(shape, machine.heap.clock, True))


def _dim(args: list[Value], kwargs: dict[str, Value]) -> Value:
    dim = args[2] if len(args) > 2 else kwargs.get("dim", 0)
    return ABSENT if isinstance(dim, Unknown) else dim


def _anew(machine: Any, weight: Tensor) -> Tensor:
    return _trained_as(weight, Tensor(weight.shape, machine.heap.clock, True, least=weight.least))


def _trained_as(weight: Tensor, made: Tensor) -> Tensor:
    """A new parameter made of another. Some functions of torch make all of them trained, some as that one was."""
    made.attributes = TRAINED if weight.attributes.get(GRADIENT) is True else NO_ATTRIBUTES
    return made


@function("weight_norm", "weight_norm.weight_norm")
def _weight_norm(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name, dim = args[0], args[1], _dim(args, kwargs)
    weight = taken(machine, module, name) if dim is not ABSENT else None
    if weight is None:
        return ABSENT
    put(machine, module, "_parameters", f"{name}_g", _norm(machine, weight, dim))
    put(machine, module, "_parameters", f"{name}_v", _anew(machine, weight))
    return None


@function("parametrizations.weight_norm")
def _parametrized_weight_norm(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name, dim = args[0], args[1], _dim(args, kwargs)
    weight = taken(machine, module, name) if dim is not ABSENT else None
    if weight is None:
        return ABSENT
    hold(machine, module, name, {"original0": _norm(machine, weight, dim), "original1": _anew(machine, weight)})
    return None


@function("remove_weight_norm", "weight_norm.remove_weight_norm")
def _remove_weight_norm(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name = args[:2]
    gain, weight = taken_back(machine, module, f"{name}_g", f"{name}_v")
    if not isinstance(gain, Tensor) or not isinstance(weight, Tensor):
        return ABSENT
    machine.heap.touch(module)
    del module.attributes[f"{name}_g"], module.attributes[f"{name}_v"]
    given_back(machine, module, name, _anew(machine, weight))
    return None


def _renamed(buffers: tuple[str, ...], machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The parameter as it is, under another name, and buffers besides"""
    module, name = args[:2]
    if f"{name}_orig" in registry(machine, module, "_parameters"):
        if buffers == ("mask",) and f"{name}_mask" in registry(machine, module, "_buffers"):
            return None  # a further pruning changes the mask alone
        raise machine.error("RuntimeError", "Cannot register two spectral_norm hooks on the same parameter")
    weight = taken(machine, module, name)
    if weight is None:
        return ABSENT
    put(machine, module, "_parameters", f"{name}_orig", weight)
    for buffer in buffers:
        shape = weight.shape if buffer == "mask" else Unknown("a vector of spectral_norm", plain=True)
        put(machine, module, "_buffers", f"{name}_{buffer}", Tensor(shape, machine.heap.clock))
    return None


def _renamed_back(buffers: tuple[str, ...], machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name = args[:2]
    (weight,) = taken_back(machine, module, f"{name}_orig")
    if not isinstance(weight, Tensor):
        return ABSENT
    machine.heap.touch(module)
    del module.attributes[f"{name}_orig"]
    for buffer in buffers:
        forget_name(machine, module, f"{name}_{buffer}", "")
    given_back(machine, module, name, weight if buffers == ("mask",) else _anew(machine, weight))
    return None


def _pruned(is_structured: bool, machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """prune.l1_unstructured(module, name, amount) and others that take an amount: a part, or how many"""
    module, name = args[:2]
    amount = args[2] if len(args) > 2 else kwargs.get("amount")
    weight = registry(machine, module, "_parameters").get(name)
    if not isinstance(amount, (int, float, Unknown, Instance)):
        raise machine.error("TypeError", "the amount to prune is no number")
    if isinstance(amount, (int, float)) and (amount < 0 or (not isinstance(amount, int) and amount > 1)):
        raise machine.error("ValueError", "amount should either be a float in the range [0, 1] or an integer")
    if isinstance(weight, Tensor) and isinstance(weight.shape, tuple):
        if is_structured and len(weight.shape) < 2:
            raise machine.error("ValueError", "Structured pruning can only be applied to multidimensional tensors")
        size = weight.numel()
        if not is_structured and isinstance(amount, int) and isinstance(size, int) and amount > size:
            raise machine.error("ValueError", "amount should be smaller than the number of parameters")
    return _renamed(("mask",), machine, args, kwargs)


def _iterated(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """spectral_norm(module, name, n_power_iterations)"""
    _check_iterations(machine, args, kwargs)
    return _renamed(("u", "v"), machine, args, kwargs)


def _check_iterations(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> None:
    count = args[2] if len(args) > 2 else kwargs.get("n_power_iterations", 1)
    if isinstance(count, (int, float)) and count <= 0:
        raise machine.error("ValueError", f"Expected n_power_iterations to be positive, but got {count}")


PRUNINGS = ("identity", "custom_from_mask")
MEASURED = ("l1_unstructured", "random_unstructured")
STRUCTURED = ("ln_structured", "random_structured")
function("spectral_norm", "spectral_norm.spectral_norm")(_iterated)
function("remove_spectral_norm", "spectral_norm.remove_spectral_norm")(partial(_renamed_back, ("u", "v")))
function(*(f"prune.{name}" for name in PRUNINGS))(partial(_renamed, ("mask",)))
function(*(f"prune.{name}" for name in MEASURED))(partial(_pruned, False))
function(*(f"prune.{name}" for name in STRUCTURED))(partial(_pruned, True))
function("prune.remove")(partial(_renamed_back, ("mask",)))


@function("parametrizations.orthogonal")
def _orthogonal(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    weight = registry(machine, args[0], "_parameters").get(args[1])
    if isinstance(weight, Tensor) and isinstance(weight.shape, tuple) and len(weight.shape) < 2:
        raise machine.error("ValueError", "Expected a matrix or batch of matrices.")
    by_itself = kwargs.get("use_trivialization", True)
    return ABSENT if isinstance(by_itself, Unknown) else _parametrized(machine, args, ("base",) if by_itself else ())


@function("parametrizations.spectral_norm")
def _parametrized_spectral_norm(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    weight = registry(machine, args[0], "_parameters").get(args[1])
    if not isinstance(weight, Tensor) or not isinstance(weight.shape, tuple):
        return ABSENT
    _check_iterations(machine, args, kwargs)
    return _parametrized(machine, args, ("_u", "_v") if len(weight.shape) > 1 else ())


def _parametrized(machine: Any, args: list[Value], buffers: tuple[str, ...]) -> Value:
    """The parameter as it is, inside of the module's parametrizations"""
    module, name = args[:2]
    weight = taken(machine, module, name)
    if weight is None:
        return ABSENT
    hold(machine, module, name, {"original": weight}, buffers=buffers)
    return None


@function("parametrize.register_parametrization")
def _register(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """One of the program's own: a registered module; with a right_inverse the original may be of another shape"""
    module, name = args[:2]
    own = args[2] if len(args) > 2 else kwargs.get("parametrization")
    known = registry(machine, module, "_modules").get(HELD)
    is_again = isinstance(known, Instance) and name in registry(machine, known, "_modules")
    if not isinstance(own, Instance) or not is_module(own):
        return ABSENT
    inverse = own.cls.find("right_inverse")
    if inverse is not ABSENT and (not isinstance(inverse, Function) or is_again):
        return ABSENT
    weight = None if is_again else taken(machine, module, name)
    if weight is None and not is_again:
        return ABSENT
    shape = weight.shape if weight is not None else None
    if isinstance(inverse, Function) and weight is not None:
        given = Tensor(weight.shape, machine.heap.clock)
        invert = partial(machine.call, BoundMethod(inverse, own), [given], {})
        inverted = machine.unless_raised("NotImplementedError", invert, lambda: given)
        if not isinstance(inverted, Tensor) or not isinstance(inverted.shape, tuple):
            return ABSENT
        machine.heap.touch(weight)
        weight.shape, weight.least = inverted.shape, None
    hold(machine, module, name, {} if weight is None else {"original": weight}, own)
    unsafe = args[3] if len(args) > 3 else kwargs.get("unsafe", False)
    holder = child(machine, child(machine, module, HELD, "ModuleDict"), name, "ModuleList")
    holder.attributes["unsafe"] = unsafe if not is_again else holder.attributes["unsafe"]
    if unsafe is not False or weight is None:
        machine.forget_own(own, "its forward() may run", [own.cls.find("forward")])
        return None
    found = machine.call(own, [_anew(machine, weight)], {})
    if isinstance(found, Tensor) and are_different(found.shape, shape):
        raise machine.error("ValueError", "Registering a parametrization may not change the shape of the tensor")
    machine.doubtful(found)
    return None


@function("parametrize.remove_parametrizations")
def _remove(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name = args[:2]
    held = registry(machine, module, "_modules").get(HELD)
    holder = registry(machine, held, "_modules").get(name) if isinstance(held, Instance) else None
    originals = registry(machine, holder, "_parameters") if isinstance(holder, Instance) else Dict()
    weight = originals.get("original", originals.get("original1"))
    if not isinstance(held, Instance) or not isinstance(holder, Instance) or not isinstance(weight, Tensor):
        return ABSENT
    leaves = args[2] if len(args) > 2 else kwargs.get("leave_parametrized", True)
    if leaves is False and "original" not in originals:
        raise machine.error("ValueError", "Cannot leave unparametrized a tensor that is parametrized by several")
    if leaves is not False and holder.attributes.get("unsafe", False) is not False:
        machine.heap.touch(weight)
        weight.shape, weight.least = Unknown("what parametrizations made of a parameter", plain=True), None
    holders = registry(machine, held, "_modules")
    machine.heap.touch(holders)
    del holders[name]
    if not holders:
        forget_name(machine, module, HELD, "")
    given_back(machine, module, name, weight if "original" in originals else _anew(machine, weight))
    return None
