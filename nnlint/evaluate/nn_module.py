"""torch.nn.Module: what registering, replacing, walking and calling modules does to parameters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from nnlint.evaluate import tensor_shapes
from nnlint.evaluate.entries import (
    refuses_arguments,
)
from nnlint.evaluate.sequential import (
    HOOKED,
    first_of_torch,
    has_own_weight,
    is_sequential,
    runs_as_torch,
)
from nnlint.evaluate.sequential import attributes_of as attributes_of_module
from nnlint.evaluate.tensor_numbers import is_of_integers
from nnlint.evaluate.tensor_shapes import are_different
from nnlint.evaluate.torch_names import REGISTERED
from nnlint.layers import (
    LAYERS,
    SIZES,
    UnknownSizeError,
    Violation,
)
from nnlint.project import STANDARD_LIBRARY
from nnlint.signature import Rest
from nnlint.unknown import Unknown, UnknownValueError, first
from nnlint.values import (
    ABSENT,
    GRADIENT,
    REGISTRIES,
    BoundMethod,
    Buffer,
    Descriptor,
    Device,
    Dict,
    External,
    Function,
    Instance,
    Native,
    RaisedError,
    Set,
    Stream,
    Tensor,
    Value,
    as_text,
    is_plain,
    may_be_absent,
)

Fn = Callable[[Any, list[Value], dict[str, Value]], Value]


def native(fn: Fn) -> Native:
    return Native(fn.__name__.strip("_"), fn)


def is_module(value: Value) -> bool:
    """Whether a value surely is a torch.nn.Module."""
    return isinstance(value, Instance) and any(c.full_name == "torch.nn.Module" for c in value.cls.mro)


MODULE_STEPS = 3  # what making any module costs beside its call, in statements


def prepare(machine: Any, module: Instance) -> None:
    """What Module.__init__ does: empty registries."""
    if machine.patches:
        _check_patches(machine, module)
    machine.step(MODULE_STEPS)
    machine.heap.touch(module)
    for name in REGISTRIES:
        module.attributes[name] = Dict((), machine.heap.clock)
    module.attributes["training"] = True


def _check_patches(machine: Any, module: Instance) -> None:
    """torch's own constructors call those of their bases and parts, which the program may have replaced."""
    if isinstance(machine.patches.get(REGISTERED), Unknown):
        machine.give_up(machine.patches[REGISTERED])
    first_of_all, *bases = (base.full_name for base in module.cls.mro if base.module is None)
    replaced = {name.removesuffix(".__init__") for name in machine.patches if name.endswith(".__init__")}
    is_part_replaced = first_of_all in COMPOSED and any(name.startswith("torch.nn.") for name in replaced)
    if is_part_replaced or not replaced.isdisjoint(bases):
        machine.give_up(Unknown("how a layer of torch is made is replaced"))


# The layers of torch that are made of others, whose constructors they call.
COMPOSED = frozenset(
    f"torch.nn.{name}"
    for name in ("AdaptiveLogSoftmaxWithLoss", "MultiheadAttention", "Transformer", "TransformerDecoder",
                 "TransformerDecoderLayer", "TransformerEncoder", "TransformerEncoderLayer")
)  # fmt: skip


def _init(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Module.__init__, which takes nothing."""
    module = args[0]
    if isinstance(module, Instance) and refuses_arguments(module.cls, args[1:], kwargs):
        return refuse(machine, module, module.cls.name, Violation("NNL203", "torch.nn.Module takes no arguments"))
    prepare(machine, module)
    if module.cls.find("call_super_init") is not False:
        module.open = Unknown("Module.__init__ calls the next constructor")
    return None


def init_outside(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    prepare(machine, args[0])
    return None


def is_open(module: Instance) -> bool:
    """Whether it may hold more than the program is known to have put there."""
    return module.cls.unknown_base is not None or module.open is not None


def registry(machine: Any, module: Instance, name: str) -> Dict:
    """One of a module's registries; torch raises where __init__ was not called."""
    held = module.attributes.get(name)
    if not isinstance(held, Dict):
        if is_open(module):
            prepare(machine, module)
            return registry(machine, module, name)
        raise machine.error("AttributeError", "cannot assign before Module.__init__() call")
    return held


def forget_name(machine: Any, module: Instance, name: str, but: str) -> None:
    """Take a name out of the attributes and the registries but one."""
    for which in REGISTRIES:
        held = module.attributes.get(which)
        if which != but and isinstance(held, Dict) and name in held:
            machine.heap.touch(held)
            del held[name]
    if name in module.attributes:
        machine.heap.touch(module)
        del module.attributes[name]


def put(machine: Any, module: Instance, which: str, name: Value, value: Value) -> None:
    """Register a value under a name."""
    held, name = registry(machine, module, which), as_text(name)
    if isinstance(value, Tensor):
        value.is_here = False  # with the module it may move
    if isinstance(name, str):
        forget_name(machine, module, name, which)
    machine.set_item(held, name, value)


def _get_attribute(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Module.__getattr__(self, name): what is registered"""
    module, name = args
    found = machine.registered(module, name) if is_module(module) and isinstance(name, str) else Unknown("an attribute")
    if found is not ABSENT:
        return found
    if module.open is not None:
        return machine.doubtful(module.open.part())
    raise machine.error("AttributeError", f"'{module.cls.name}' object has no attribute '{name}'")


def set_state(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Module.__setstate__(self, state)"""
    made, state = args
    if not isinstance(state, Dict) or not all(isinstance(name, str) for name in state):
        machine.havoc(made, "a state that is not known")
        return None
    machine.heap.touch(made)
    made.attributes.update(state)
    made.open = first(made.open, state.rest)
    return None


# Packages whose own names stand for functions, classes and constants, never for a Module.
NAMING_NO_MODULE = STANDARD_LIBRARY | {"numpy", "torch"}


def _is_no_module(value: Unknown) -> bool:
    return is_plain(value) or (isinstance(value, External) and value.name.partition(".")[0] in NAMING_NO_MODULE)


def _set_attribute(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name, value = args
    if isinstance(value, Tensor) and value.is_parameter:
        if isinstance(module.cls.find("register_parameter"), Function):
            machine.call(machine.get_attribute(module, "register_parameter"), [name, value], {})
            return None
        forget_name(machine, module, name, "_parameters")
        check_name(machine, module, "_parameters", name)
        put(machine, module, "_parameters", name, value)
        return None
    _check_replaced(machine, module, name, value)
    if isinstance(value, Buffer):
        given = [] if value.persistent is True else [value.persistent]  # as a method of the program's may not take it
        machine.call(machine.get_attribute(module, "register_buffer"), [name, *value.options, *given], {})
    elif _is_too_early(module) and not is_registered(value) and not is_plain(value):
        machine.may_raise("a module may be set before Module.__init__() is called")
        machine.set_plainly(module, name, value)
    elif is_module(value) or (isinstance(value, Instance) and value.cls.unknown_base is not None):
        put(machine, module, "_modules", name, value)
    elif isinstance(value, Unknown) and not _is_no_module(value):
        if _only_options(value):
            put(machine, module, "_modules", name, value)
        else:
            forget_name(machine, module, name, "")
            machine.set_plainly(module, name, value)
    else:
        for which in REGISTRIES:
            held = module.attributes.get(which)
            if isinstance(held, Dict) and name in held:
                if which == "_buffers":
                    check_buffer(machine, name, value)
                elif value is not None and isinstance(held[name], Unknown):
                    forget_name(machine, module, name, "")
                    break
                else:
                    value = None
                machine.set_item(held, name, value)
                return None
        machine.set_plainly(module, name, value)
    return None


def _is_too_early(module: Instance) -> bool:
    """Whether Module.__init__() surely was not called, so that a module cannot be set and anything else can."""
    return not is_open(module) and not isinstance(module.attributes.get("_modules"), Dict)


def is_registered(value: Value) -> bool:
    """Whether a value surely is a module or a Parameter."""
    if isinstance(value, Unknown):
        return bool(value.options) and all(map(is_registered, value.options))
    return is_module(value) or (isinstance(value, Tensor) and value.is_parameter)


def _check_replaced(machine: Any, module: Instance, name: str, value: Value) -> None:
    """Raise as torch does where no Parameter is to replace one, or no module a module; None replaces both."""
    for which in ("_parameters", "_modules"):
        held = module.attributes.get(which)
        if (
            value is None
            or not isinstance(held, Dict)
            or name not in held
            or (is_module(value) and which == "_modules")
        ):
            continue
        doubt = held[name] if isinstance(held[name], Unknown) else _unsure(value)
        if doubt is None:
            kind = "module" if is_module(value) else "plain value"
            raise machine.error("TypeError", f"cannot assign a {kind} as {name}")
        machine.may_raise(doubt.why)


def _unsure(value: Value) -> Unknown | None:
    """Why it is not known whether a value is a module, a Parameter or None."""
    if isinstance(value, Instance):
        return value.cls.unknown_base
    fits = isinstance(value, Unknown) and (may_be_none(value) or (_only_options(value) and not is_plain(value)))
    return value if fits else None


COMPUTED = " is computed from other parameters"  # of a tensor that is no Parameter, see evaluate/parametrize.py


def may_be_none(value: Value) -> bool:
    """Whether a value that is not known may be None."""
    if not isinstance(value, Unknown) or value.why.endswith(COMPUTED):
        return False
    return not value.options or any(o is None or may_be_none(o) for o in value.options)


def _only_options(value: Unknown) -> bool:
    """Whether an Unknown may be a module or a parameter, as far as its options say."""
    if not value.options:
        return True
    return any(
        is_module(o) or (isinstance(o, Tensor) and o.is_parameter) or (isinstance(o, Unknown) and not is_plain(o))
        for o in value.options
    )


def _delete_attribute(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name = args
    for which in REGISTRIES:
        held = module.attributes.get(which)
        if isinstance(held, Dict) and name in held:
            machine.heap.touch(held)
            del held[name]
            return None
    if name not in module.attributes:
        if module.open is not None or module.cls.unknown_base is not None:
            return None
        raise machine.error("AttributeError", str(name))
    machine.heap.touch(module)
    del module.attributes[name]
    return None


def check_name(machine: Any, module: Instance, which: str, name: Value) -> None:
    """Raise as torch does where a value is not to be registered under a name."""
    name = as_text(name)
    if isinstance(name, Unknown):
        return
    if not isinstance(name, str):
        raise machine.error("TypeError", f"the name {name!r} is not a string")
    if not name or "." in name:
        raise machine.error("KeyError", f"the name {name!r} {'has a dot' if name else 'is empty'}")
    if name in registry(machine, module, which):
        return
    try:
        taken = machine.find_attribute(module, name)
    except RaisedError:
        taken = Unknown(f"whether {name} is an attribute")
    if isinstance(taken, Unknown):
        machine.may_raise(taken.why)
    elif taken is not ABSENT:
        raise machine.error("KeyError", f"attribute '{name}' already exists")


def add_module(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name, child = arguments(("self", "name", "module"), args, kwargs)
    check_name(machine, module, "_modules", name)
    check_child(machine, name, child)
    put(machine, module, "_modules", name, child)
    return None


def check_child(machine: Any, name: Value, child: Value) -> None:
    """Raise as torch does where what is to be registered is neither a Module nor None."""
    if child is not None and is_no_module(child):
        raise machine.error("TypeError", f"{name} is not a Module subclass")
    if isinstance(child, Unknown) and not child.options:
        machine.may_raise("what may be no Module is registered")


def is_no_module(value: Value) -> bool:
    """Whether a value surely is no torch.nn.Module."""
    is_other = isinstance(value, Instance) and not is_module(value) and value.cls.unknown_base is None
    return is_other or not isinstance(value, (Instance, Unknown))


def _register_module(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name, child = arguments(("self", "name", "module"), args, kwargs)
    return machine.call(machine.get_attribute(module, "add_module"), [name, child], {})


def _register_parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name, parameter = arguments(("self", "name", "param"), args, kwargs)
    check_name(machine, module, "_parameters", name)
    if not isinstance(parameter, (Unknown, type(None))) and not (
        isinstance(parameter, Tensor) and parameter.is_parameter
    ):
        raise machine.error("TypeError", f"cannot assign a plain value to parameter {name}")
    put(machine, module, "_parameters", name, parameter)
    return None


def _register_buffer(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name, tensor = arguments(("self", "name", "tensor"), args, kwargs)
    check_name(machine, module, "_buffers", name)
    check_buffer(machine, name, tensor)
    put(machine, module, "_buffers", name, tensor)
    _keep_out(machine, module, name, args[3] if len(args) > 3 else kwargs.get("persistent", True))
    return None


KEPT_OUT = "_non_persistent_buffers_set"  # of torch.nn.Module: the buffers that its state leaves out


def _keep_out(machine: Any, module: Instance, name: Value, persistent: Value) -> None:
    """Note whether the module's state has the buffer of this name."""
    held = module.attributes.get(KEPT_OUT)
    if isinstance(held, Unknown) or (persistent is True and held is None):
        return
    machine.heap.touch(module)
    if not isinstance(persistent, bool) or not isinstance(name, str) or not isinstance(held, (Set, type(None))):
        module.attributes[KEPT_OUT] = Unknown("the buffers that are not persistent", plain=True)
    else:
        names = (held or set()) - {name} if persistent else {*(held or ()), name}
        module.attributes[KEPT_OUT] = Set(names, machine.heap.clock, held.rest if held is not None else None)


def check_buffer(machine: Any, name: Value, value: Value) -> None:
    """A buffer is a tensor or None."""
    if not isinstance(value, (Tensor, Unknown, type(None))) or (isinstance(value, Tensor) and value.is_array):
        raise machine.error("TypeError", f"cannot assign a plain value to buffer {name}")
    if isinstance(value, Unknown) and not value.options:
        machine.may_raise(f"{name}, which may be no tensor")


def arguments(names: tuple[str, ...], args: list[Value], kwargs: dict[str, Value]) -> list[Value]:
    """Values by parameter name; None where not given."""
    return [args[i] if i < len(args) else kwargs.get(name) for i, name in enumerate(names)]


def live(machine: Any, held: Dict) -> Iterator[tuple[str, Value]]:
    """The entries of a registry as they are when they are asked for; a Rest for those that are not known."""
    rest = [] if held.rest is None else [Rest(Unknown(held.rest.why))]
    names = machine.unchanged(held, [*held, *rest])
    return (("", name) if type(name) is Rest else (name, held[name]) for name in names)


def walk(machine: Any, module: Value, prefix: str = "", once: bool = True) -> Iterator[tuple[str, Value]]:
    """named_modules(), while the modules may still change: each module once, or under each of its names; a Rest's
    Unknown where something is not known."""
    seen: dict[int, Value] = {}
    pending: list[tuple[str, Iterator[tuple[str, Value]]]] = [(prefix, iter([("", module)]))]
    while pending:
        above, entries = pending[-1]
        for name, part in entries:
            path = f"{above}.{name}" if above and name != "" else f"{above}{name}"
            machine.step(1 + len(path) // 100)
            if part is None or (once and id(part) in seen):
                continue
            seen[id(part)] = part
            yield path, Rest(part) if isinstance(part, Unknown) else part
            if isinstance(part, Instance):
                if (part is not module and overrides(part, "named_modules")) or overrides(part, "__eq__"):
                    yield path, Rest(Unknown(f"what {part.cls.name} says of itself among others"))
                if part.open is not None:
                    yield path, Rest(part.open)
                held = part.attributes.get("_modules")
                if isinstance(held, Dict):
                    pending.append((path, live(machine, held)))
                    break
        else:
            pending.pop()


def overrides(module: Value, name: str) -> bool:
    """Whether a method is the program's own."""
    if not isinstance(module, Instance):
        return False
    is_of_class = module.cls.module is not None and isinstance(module.cls.find(name), (Function, Descriptor))
    return is_of_class or name in module.attributes


def _without_names(machine: Any, module: Instance, name: str, **given: Value) -> Value:
    """What modules(), children() and parameters() give where their named_...() is the program's own: they go by it."""
    pairs = machine.iterate(machine.call(machine.get_attribute(module, name), [], given))
    return Stream((pair if type(pair) is Rest else machine.get_item(pair, 1) for pair in pairs), machine.heap.clock)


def _modules(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if overrides(args[0], "named_modules"):
        return _without_names(machine, args[0], "named_modules")
    return _unnamed_modules(machine, args, kwargs)


def _listing(pick: Callable[[str, Value], Value]) -> Fn:
    """modules() and named_modules(memo, prefix, remove_duplicate)"""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        given = arguments(("self", "memo", "prefix", "remove_duplicate"), args, kwargs)
        prefix, once = first(given[2], ""), first(given[3], True)
        if given[1] is not None or not isinstance(prefix, str) or not isinstance(once, bool):
            return Unknown("the modules of a module")
        found = walk(machine, args[0], prefix, once)
        items = (value if type(value) is Rest else pick(path, value) for path, value in found)
        return Stream(items, machine.heap.clock)

    return run


_unnamed_modules = _listing(lambda path, module: module)


def _children(named: bool) -> Fn:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        machine.take_apart(args[0])
        if not named and overrides(args[0], "named_children"):
            return _without_names(machine, args[0], "named_children")
        return Stream(children(machine, args[0], named), machine.heap.clock)

    return run


def children(machine: Any, module: Instance, named: bool) -> Iterator[Value]:
    """children() and named_children(), while they may still change"""
    if module.open is not None:
        yield Rest(module.open)
    seen: dict[int, Value] = {}
    for name, child in live(machine, registry(machine, module, "_modules")):
        if type(child) is Rest:
            yield child
        elif isinstance(child, Unknown) and (may_be_absent(child) or any(o is None for o in child.options)):
            yield Rest(Unknown(child.why))
        elif child is not None and id(child) not in seen:
            seen[id(child)] = child
            if overrides(child, "__eq__"):
                yield Rest(Unknown(f"what {child.cls.name} says of itself among others"))
            yield (name, child) if named else child


def _tensors(which: str, named: bool) -> Fn:
    """parameters(recurse), named_parameters(prefix, recurse, remove_duplicate), and the same of buffers"""
    names = ("self", "prefix", "recurse", "remove_duplicate") if named else ("self", "recurse")

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        given = dict(zip(names, arguments(names, args, kwargs)))
        prefix = first(given.get("prefix"), "")
        recurse, once = first(given["recurse"], True), first(given.get("remove_duplicate"), True)
        if not isinstance(prefix, str) or not isinstance(recurse, bool) or not isinstance(once, bool):
            return Unknown("the tensors of a module", plain=which == "_buffers")
        if not named and overrides(args[0], f"named{which}"):
            return _without_names(machine, args[0], f"named{which}", recurse=recurse)
        if overrides(args[0], "_named_members") or (recurse and overrides(args[0], "named_modules")):
            return Unknown("the tensors of a module that lists its modules itself", plain=which == "_buffers")
        modules = walk(machine, args[0], prefix, once) if recurse else iter([(prefix, args[0])])
        return Stream(tensors(machine, modules, which, named, once), machine.heap.clock)

    return run


def tensors(machine: Any, modules: Iterator[tuple[str, Value]], which: str, named: bool, once: bool) -> Iterator[Value]:
    """The parameters or buffers of modules, while they may still change"""
    seen: dict[int, Value] = {}
    for path, module in modules:
        for name, tensor in _held_tensors(machine, module, which):
            if type(tensor) is Rest:
                yield tensor
            elif tensor is not None and not (once and id(tensor) in seen):
                seen[id(tensor)] = tensor
                yield (f"{path}.{name}" if path else name, tensor) if named else tensor


def _held_tensors(machine: Any, module: Value, which: str) -> Iterator[tuple[str, Value]]:
    """A module's own parameters or buffers; a Rest for what is not known of them."""
    if not isinstance(module, Instance):
        yield "", module if type(module) is Rest else Rest(Unknown("an object that is no module"))
        return
    held = module.attributes.get(which)
    if which not in module.attributes and not is_open(module):
        raise machine.error("AttributeError", f"'{module.cls.name}' object has no attribute '{which}'")
    for name, tensor in live(machine, held) if isinstance(held, Dict) else ():
        if isinstance(tensor, (Unknown, Instance)):
            yield name, Rest((tensor if isinstance(tensor, Unknown) else Unknown("no tensor")).part())
        elif isinstance(tensor, Tensor) or type(tensor) is Rest:
            yield name, tensor


def _apply(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """apply(fn): children first, each by its own apply() and as often as it is reached; they may change meanwhile"""
    module, function = arguments(("self", "fn"), args, kwargs)
    own = overrides(module, "children") or overrides(module, "named_children")
    below = machine.call(machine.get_attribute(module, "children"), [], {}) if own else None
    for child in machine.iterate(below) if own else children(machine, module, named=False):
        machine.step()
        if isinstance(child, Instance) and not overrides(child, "apply"):
            _apply(machine, [child, function], {})
        elif isinstance(child, Instance):
            machine.call(machine.get_attribute(child, "apply"), [function], {})
        else:
            unknown = Unknown((child.unknown if type(child) is Rest else child).why)
            machine.forget_after(lambda unknown=unknown: machine.call(function, [unknown], {}), unknown.why)
    machine.call(function, [module], {})
    return module


def _trained(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """requires_grad_(requires_grad=True): of all parameters"""
    given = args[1] if len(args) > 1 else kwargs.get(GRADIENT, True)
    for tensor in machine.iterate(machine.call(machine.get_attribute(args[0], "parameters"), [], {})):
        machine.step()
        machine.train_in_place(tensor.unknown if type(tensor) is Rest else tensor, given)
    return args[0]


def run_own(machine: Any, module: Instance, *names: str) -> None:
    """Methods of these names may run on a module and those below: what the program's own may write is forgotten."""
    for _, part in walk(machine, module):
        found = [part.cls.find(name) for name in names] if isinstance(part, Instance) else []
        called = [method for method in found if isinstance(method, Function)]
        if called:
            machine.forget_own(part, f"{called[0].name}() may run", called)


def _moved(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """cuda(), half(), to(device) and the like; on "meta" parameters are made anew, and are no longer shared"""
    run_own(machine, args[0], "_apply")
    given = (*args[1:], *kwargs.values())
    if any(map(is_of_integers, given)):
        raise machine.error("TypeError", "nn.Module.to only accepts floating point or complex dtypes")
    if any(v.kind == "meta" if isinstance(v, Device) else isinstance(v, str) and v[:4] == "meta" for v in given):
        untie(machine, args[0], "a parameter that was shared is moved to another device")
    return args[0]


def _moved_elsewhere(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """cuda(), to(device) and the like: to what may not be there"""
    machine.may_refuse("a device")
    return _moved(machine, args, kwargs)


def _to_empty(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    untie(machine, args[0], "a parameter that was shared is made anew")
    return _moved_elsewhere(machine, args, {})


def untie(machine: Any, module: Instance, why: str) -> None:
    """The parameters of a module may be replaced, each in its place: where one has more than one, nobody knows."""
    parts = {id(part): part for root in (*machine.made, module) for _, part in walk(machine, root)}
    registries = [part.attributes.get("_parameters") for part in parts.values() if isinstance(part, Instance)]
    places = Counter(id(tensor) for held in registries if isinstance(held, Dict) for tensor in held.values())
    for _, part in walk(machine, module):
        held = part.attributes.get("_parameters") if isinstance(part, Instance) else None
        for name, tensor in list(held.items()) if isinstance(held, Dict) else ():
            if isinstance(tensor, Tensor) and places[id(tensor)] > 1:
                machine.set_item(held, name, Unknown(why))
            elif isinstance(tensor, Tensor) and tensor.attributes.keys() - {GRADIENT}:
                machine.heap.touch(tensor)  # a new one has none of the program's own
                kept = tensor.attributes.items()
                tensor.is_marked, tensor.attributes = True, {key: value for key, value in kept if key == GRADIENT}


def _train(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """train(mode=True): of all modules below too, by their own train() where the program has one"""
    module, mode = arguments(("self", "mode"), args, kwargs)
    if not isinstance(mode, (bool, Unknown, Tensor)) and (mode is not None or len(args) > 1):
        raise machine.error("ValueError", "training mode is expected to be boolean")
    own: tuple[str, ...] = ()
    for path, part in list(walk(machine, module)):
        machine.step()
        if path.startswith(own):
            continue
        if isinstance(part, Instance) and part is not module and isinstance(part.cls.find("train"), Function):
            machine.call(machine.get_attribute(part, "train"), [first(mode, True)], {})
            own += (f"{path}.",)
        elif isinstance(part, Instance):
            machine.heap.touch(part)
            part.attributes["training"] = first(mode, True)
        elif type(part) is Rest:
            for option in filter(is_module, part.unknown.options):
                _train(machine, [option, Unknown(part.unknown.why, plain=True)], {})
    return module


def _evaluate(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """eval()"""
    return machine.call(machine.get_attribute(args[0], "train"), [False], {})


def nothing(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return None


def _hook(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    args[0].attributes[HOOKED] = Unknown("hooks of a module", plain=True)
    return _other_hook(machine, args, kwargs)


def _other_hook(machine: Any, args: list[Value], kwargs: dict[str, Value], of_states: bool = False) -> Value:
    """module.register_..._hook(hook)"""
    given = (*args[1:2], *(value for name, value in kwargs.items() if name == "hook"))
    machine.hooks = (*machine.hooks, *((args[0], hook, of_states) for hook in given))
    return Unknown("a hook's handle", plain=True)


def _load(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """load_state_dict(state, strict=True, assign=False): the names that the state lacks, and those that the module
    lacks"""
    module, state, strict, assign = arguments(("self", "state_dict", "strict", "assign"), args, kwargs)
    check_state(machine, module, state, first(strict, True))
    machine.run_hooks()
    run_own(machine, module, "_load_from_state_dict", "set_extra_state")
    if first(assign, False) is not False:
        untie(machine, module, "a parameter that was shared is assigned")
        _assign(machine, module, state, assign)
    for _, part in walk(machine, module):
        for _, tensor in (*_held_tensors(machine, part, "_parameters"), *_held_tensors(machine, part, "_buffers")):
            if isinstance(tensor, Tensor):
                machine.heap.forget_numbers(tensor)
    return Unknown("what load_state_dict() finds lacking", plain=True)


def _assign(machine: Any, module: Instance, state: Value, assign: Value) -> None:
    """The Parameters that a state holds become those of the module; of its tensors new ones are made."""
    unknown = state if isinstance(state, Unknown) else Unknown("the state of a module")
    held = state if isinstance(state, Dict) else Dict((), machine.heap.clock, unknown)
    # What comes from outside as a whole, as torch.load() gives it, holds none that the program has too.
    rest = held.rest if held.rest is not None and not held.rest.foreign else None
    for path, part in list(walk(machine, module, once=False)):
        own = [name for which in ("_parameters", "_buffers") for name, _ in _held_tensors(machine, part, which)]
        for name in own:
            given = held.get(f"{path}.{name}" if path else name, rest)
            if isinstance(given, Tensor) and given.is_parameter and assign is True:
                machine.set_attribute(part, name, given)
            elif given.is_parameter if isinstance(given, Tensor) else isinstance(given, Unknown) and not given.plain:
                machine.set_attribute(part, name, Unknown("a parameter that is assigned"))


class State(Unknown):
    """What state_dict() gives, of which module; it may be written to."""

    __slots__ = ("module",)

    def __init__(self, module: Instance) -> None:
        super().__init__("the state of a module", plain=True)
        self.module = module


def sizes_of(machine: Any, module: Value, *registries: str) -> dict[str, Value] | None:
    """The shapes of what a module has in these registries for its state, by their paths; None where that is not
    known."""
    held = state_of(machine, module, *registries)
    return None if held is None else {path: tensor.shape for path, tensor in held.items()}


def state_of(machine: Any, module: Value, *registries: str) -> dict[str, Tensor] | None:
    """What a module has in these registries for its state, by the paths; None where that is not known."""
    found: dict[str, Tensor] = {}
    for path, part in walk(machine, module, once=False):
        if not isinstance(part, Instance) or any(isinstance(part.cls.find(name), Function) for name in OF_STATES):
            return None
        if part is not module and isinstance(part.cls.find("state_dict"), Function):
            return None
        left_out = part.attributes.get(KEPT_OUT, Set())
        if not isinstance(left_out, Set) or left_out.rest is not None:
            return None
        for name, tensor in (pair for which in registries for pair in _held_tensors(machine, part, which)):
            if name in left_out:
                continue
            if not isinstance(tensor, Tensor):
                return None
            found[f"{path}.{name}" if path else name] = tensor
    return found


OF_STATES = ("_load_from_state_dict", "_save_to_state_dict", "get_extra_state", "set_extra_state")


def check_state(machine: Any, module: Instance, state: Value, strict: Value) -> None:
    """A state that does not fit a module is refused; whether what another module gave was written to is not known."""
    if isinstance(state, State):
        given = sizes_of(machine, state.module, "_parameters", "_buffers")
    elif isinstance(state, Dict) and state.certain():
        given = {name: tensor.shape if isinstance(tensor, Tensor) else None for name, tensor in state.items()}
    else:
        return
    own = sizes_of(machine, module, "_parameters", "_buffers")
    if own is None or given is None or machine.hooks:
        return
    are_others = any(own[name] != () and are_different(own[name], given[name]) for name in own.keys() & given.keys())
    if not are_others and (strict is False or own.keys() == given.keys()):
        return
    held = sizes_of(machine, module, "_parameters") or {}
    if isinstance(state, Dict) and (are_others or (strict is True and not held.keys() <= given.keys())):
        raise machine.error("RuntimeError", "Error(s) in loading state_dict")
    machine.may_raise("a state that may not fit")
    machine.heap.touch(module)
    module.open = first(module.open, Unknown("a state that may not fit is loaded"))


def _save(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """state_dict()"""
    run_own(machine, args[0], "_save_to_state_dict", "get_extra_state")
    found = _opaque(machine, args, kwargs)
    keeps = kwargs.get("keep_vars", args[3] if len(args) > 3 else False)
    if keeps is not False:
        return Unknown(found.why)  # with the Parameters themselves
    if args[1:] or kwargs:
        return found
    held = None if machine.hooks else state_of(machine, args[0], "_parameters", "_buffers")
    if held is None:
        return State(args[0])
    entries = {path: machine.get_attribute(tensor, "data") for path, tensor in held.items()}
    return Dict(entries, machine.heap.clock, kind="OrderedDict")


def _opaque(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.run_hooks()
    return Unknown("the state of a module", plain=True)


def _call(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module = args[0]
    machine.run_hooks(of_states=False)
    forward = module.cls.find("forward")
    if forward is not ABSENT and not isinstance(forward, Native):
        return machine.call(BoundMethod(forward, module), args[1:], {k: v for k, v in kwargs.items() if k != "**"})
    if module.cls.unknown_base is None and first_of_torch(module.cls) in WITHOUT_FORWARD:
        raise machine.error("NotImplementedError", f'{module.cls.name} is missing the required "forward" function')
    return _forward(machine, args, kwargs)


def _forward(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The framework's forward(): also of a module that has its own, which calls super().forward()"""
    module, inputs = args[0], (*args[1:], *kwargs.values())
    unknown = Unknown("the result of a forward pass", plain=not any(map(is_module, inputs)))
    if not isinstance(module, Instance):
        return unknown
    if not inputs and module.cls.unknown_base is None and "forward" not in module.attributes and not machine.hooks:
        raise machine.error("TypeError", f"{module.cls.name}.forward() missing a required argument")
    inner = [part for _, part in walk(machine, module) if part is not module]
    own = [part for part in inner if isinstance(part, Instance) and has_forward(part)]
    if is_sequential(module) and len(args) == 2 and (own or is_followed(module)):
        return _in_order(machine, module, args[1])
    for part in own:
        machine.forget_own(part, "its forward() runs", [part.cls.find("forward")])
    given = inputs[0] if len(inputs) == 1 else None
    if isinstance(given, Unknown) and not given.plain and may_hand_on(module):
        return Unknown(given.why)
    for tensor in inputs:
        if isinstance(tensor, Tensor):
            machine.heap.forget_numbers(tensor)  # it may be written in place
    is_torchs = all(isinstance(part, Instance) and runs_as_torch(part) for part in inner)
    made = first(result_of(machine, module, args[1:], kwargs) if is_torchs else None, unknown)
    if not isinstance(given, Tensor) or not may_hand_on(module):
        return made
    if given.is_parameter:
        return Unknown(unknown.why, (given, made))
    machine.hand(given)
    return made.viewing(given) if isinstance(made, Tensor) else made


def is_followed(module: Instance) -> bool:
    """Whether all that a Sequential holds is known, and runs one after the other."""
    held = module.attributes.get("_modules")
    return isinstance(held, Dict) and held.certain() and runs_as_torch(module, ("__init__", "forward"))


def has_forward(module: Instance) -> bool:
    """Whether a module's forward() is one of the program's own."""
    return isinstance(module.cls.find("forward"), Function)


WITHOUT_FORWARD = frozenset(
    f"torch.nn.{name}" for name in ("Module", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
)


def _in_order(machine: Any, module: Instance, value: Value) -> Value:
    """Sequential.forward(input); what only calls a Sequential does not take it apart"""
    held = registry(machine, module, "_modules")
    for layer in (layer for _, layer in live(machine, held)) if is_followed(module) else machine.iterate(module):
        if type(layer) is Rest:
            machine.havoc(layer.unknown, layer.unknown.why)
            return Unknown(layer.unknown.why)
        value = machine.call(layer, [value], {})
    return value


def may_hand_on(module: Instance) -> bool:
    """Whether what a module of the framework gives for a tensor may be that tensor itself."""
    hands_on = any(HANDING_ON.match(cls.full_name) for cls in module.cls.mro)
    return hands_on or module.attributes.get("inplace", False) is not False


HANDING_ON = re.compile(r"torch\.nn\.(Identity|Flatten|Sequential|\w*Dropout\w*)$")


def result_of(machine: Any, module: Instance, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What a layer of the framework gives for tensors, or None where a shape is not known."""
    name = first_of_torch(module.cls)
    rule = SIZES.get(name)
    if rule is None or not runs_as_torch(module, ("__init__", "forward")) or not has_own_weight(module):
        return None
    takes_indices, is_whole = name == "torch.nn.Embedding", any(isinstance(a, Tensor) and a.is_whole for a in args)
    if (machine.tries and not is_whole) if takes_indices else (is_whole and name in LAYERS):
        return None  # torch may refuse the dtype
    with suppress(UnknownSizeError, UnknownValueError, tensor_shapes.NotKnown, TypeError, ValueError, IndexError):
        given = {name: shapes_of(value) for name, value in kwargs.items()}
        return results(machine, rule(attributes_of_module(module), *map(shapes_of, args), **given))
    return None


def conv_forward(dimensions: int) -> Fn:
    """convolution._conv_forward(input, weight, bias)"""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        how = {name: machine.get_attribute(args[0], name) for name in ("stride", "padding", "dilation", "groups")}
        if machine.get_attribute(args[0], "padding_mode") != "zeros":
            return Unknown("a convolution that is not padded with zeros", plain=True)
        return machine.call(machine.resolve(f"torch.nn.functional.conv{dimensions}d"), args[1:], {**kwargs, **how})

    return run


def shapes_of(value: Value) -> Any:
    """The shape of a tensor that a layer is given, or a list of those in a tuple."""
    if isinstance(value, (tuple, list)) and any(isinstance(item, Tensor) for item in value):
        return list(map(shapes_of, value))
    if isinstance(value, (tuple, list, range)):
        raise UnknownSizeError  # numbers are no tensor's shape here: torch refuses them
    if not isinstance(value, Tensor):
        return value
    if value.is_array or not isinstance(value.shape, tuple) or not all(type(size) is int for size in value.shape):
        raise UnknownSizeError
    return value.shape


def results(machine: Any, found: Any, base: Tensor | None = None, is_whole: bool = False) -> Value:
    """The tensors of shapes that a rule says: of a list several, of a dict by name. base: what they are views of;
    is_whole: they surely are of whole numbers."""
    if isinstance(found, (dict, list)):
        machine.step(len(found))
    if isinstance(found, dict):
        tensors = [results(machine, shape, None, is_whole or name == "indices") for name, shape in found.items()]
        named = machine.call(machine.resolve("collections.namedtuple"), ["return_types", " ".join(found)], {})
        return machine.call(named, tensors, {})
    if isinstance(found, list):
        return tuple(results(machine, part, base, is_whole) for part in found)
    if found is None:
        return None
    made = Tensor(tensor_shapes.checked(found), machine.heap.clock)
    made.is_whole = is_whole
    return made if base is None else made.viewing(base)


def _get_submodule(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value = args[0]
    if not isinstance(args[1], str):
        return Unknown("a submodule whose name is not known")
    for name in filter(None, args[1].split(".")):
        value = machine.get_attribute(value, name)
        if is_no_module(value):
            raise machine.error("AttributeError", f"`{name}` is not an nn.Module")
    return value


def _get_parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """module.get_parameter("a.b.weight")"""
    if not isinstance(args[1], str):
        return Unknown("a parameter whose name is not known")
    path, _, name = args[1].rpartition(".")
    found = machine.get_attribute(_get_submodule(machine, [args[0], path], {}), name)
    if not isinstance(found, Unknown) and not (isinstance(found, Tensor) and found.is_parameter):
        raise machine.error("AttributeError", f"`{name}` is not an nn.Parameter")
    return found


def _set_submodule(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """module.set_submodule("a.b.c", child, strict=False)"""
    module, path, child, strict = arguments(("self", "target", "module", "strict"), args, kwargs)
    if not isinstance(path, str):
        machine.havoc(module, "a submodule whose name is not known")
        return None
    above, _, name = path.rpartition(".")
    if is_no_module(child):
        raise machine.error("ValueError", "`module` is not an nn.Module")
    parent = _get_submodule(machine, [module, above], {})
    held = machine.find_attribute(parent, name)
    if is_no_module(held) and (held is not ABSENT or first(strict, False) is True):
        raise machine.error("AttributeError", f"`{name}` is not an nn.Module")
    machine.set_attribute(parent, name, child)
    return None


def _text(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Module.__repr__: what the module says of itself, then its children; the program's own methods may do more."""
    module = args[0]
    machine.step()
    if isinstance(module.cls.find("extra_repr"), Function):
        machine.call(machine.get_attribute(module, "extra_repr"), [], {})
    held = module.attributes.get("_modules")
    for child in list(held.values()) if isinstance(held, Dict) else ():
        for option in filter(is_module, child.options if isinstance(child, Unknown) else ()):
            machine.forget_after(partial(machine.text, option, "r"), child.why)
        machine.text(child, "r")
    return _extra_text(machine, args, kwargs)


def _extra_text(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Unknown("the text of a module", plain=True)


def from_pretrained(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Embedding.from_pretrained(weights): as many rows and columns as the weights have"""
    names = PRETRAINED.get(args[0].full_name, ())
    given = {**dict(zip(names, args[1:])), **kwargs}
    weights = given.pop("embeddings", None)
    freeze = given.pop("freeze", True)
    shape = weights.shape if isinstance(weights, Tensor) else None
    if isinstance(shape, tuple) and len(shape) != 2:
        raise machine.error("AssertionError", "Embeddings parameter is expected to be 2-dimensional")
    if not isinstance(shape, tuple) or not names or "**" in given:
        return Unknown("an embedding of weights that are not known")
    if not given.keys() <= set(names):
        raise machine.error("TypeError", "from_pretrained() got an unexpected keyword argument")
    made = machine.call(args[0], [], {"num_embeddings": shape[0], "embedding_dim": shape[1], **given})
    is_frozen = machine.truth(freeze)
    machine.train(machine.get_attribute(made, "weight"), is_frozen if isinstance(is_frozen, Unknown) else not is_frozen)
    return made


PRETRAINED = {
    "torch.nn.Embedding": (
        "embeddings", "freeze", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse",
    ),
    "torch.nn.EmbeddingBag": (
        "embeddings", "freeze", "max_norm", "norm_type", "scale_grad_by_freq", "mode", "sparse",
        "include_last_offset", "padding_idx",
    ),
}  # fmt: skip


def synchronized(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """SyncBatchNorm.convert_sync_batchnorm(module): batch norms become SyncBatchNorm, with the same parameters"""
    return _synchronize(machine, args[1] if len(args) > 1 else kwargs.get("module"))


def _synchronize(machine: Any, module: Value) -> Value:
    machine.step()
    if not isinstance(module, Instance) or not is_module(module):
        machine.havoc(module, "batch norms in a module that is not known become others")
        return module
    if any(base.full_name in BATCH_NORMS for base in module.cls.mro):
        made = Instance(machine.torch_class("torch.nn.SyncBatchNorm"), machine.heap.clock)
        made.attributes.update(module.attributes)
        made.open = module.open
        for which in REGISTRIES:
            made.attributes[which] = Dict(registry(machine, module, which), machine.heap.clock)
        return made
    for name, child in list(registry(machine, module, "_modules").items()):
        if child is not None:
            put(machine, module, "_modules", name, _synchronize(machine, child))
    return module


BATCH_NORMS = tuple(f"torch.nn.{name}" for name in ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"))


MODULE_METHODS: dict[str, Fn] = {
    "__init__": _init,
    "__getattr__": _get_attribute,
    "__setattr__": _set_attribute,
    "__setstate__": set_state,
    "__delattr__": _delete_attribute,
    "__call__": _call,
    "__repr__": _text,
    "extra_repr": _extra_text,
    "forward": _forward,
    "add_module": add_module,
    "register_module": _register_module,
    "register_parameter": _register_parameter,
    "register_buffer": _register_buffer,
    "modules": _modules,
    "named_modules": _listing(lambda path, module: (path, module)),
    "children": _children(False),
    "named_children": _children(True),
    "parameters": _tensors("_parameters", named=False),
    "named_parameters": _tensors("_parameters", named=True),
    "buffers": _tensors("_buffers", named=False),
    "named_buffers": _tensors("_buffers", named=True),
    "apply": _apply,
    "train": _train,
    "eval": _evaluate,
    "get_submodule": _get_submodule,
    "register_forward_hook": _hook,
    "register_forward_pre_hook": _hook,
    "get_parameter": _get_parameter,
    "set_submodule": _set_submodule,
    **dict.fromkeys(["half", "float", "double", "bfloat16", "cpu", "share_memory", "_apply"], _moved),
    **dict.fromkeys(["to", "cuda", "type", "ipu", "mtia", "xpu"], _moved_elsewhere),
    "requires_grad_": _trained,
    "to_empty": _to_empty,
    "state_dict": _save,
    **dict.fromkeys(
        [
            "zero_grad",
            "compile",
            "_load_from_state_dict",
            "_save_to_state_dict",
            "set_extra_state",
            "get_extra_state",
            "_maybe_warn_non_full_backward_hook",
        ],
        nothing,
    ),
    **dict.fromkeys(["get_buffer", "_get_name", "_version"], _opaque),
    "load_state_dict": _load,
    **dict.fromkeys(
        [
            "register_full_backward_hook",
            "register_full_backward_pre_hook",
            "register_backward_hook",
        ],
        _other_hook,
    ),
    **dict.fromkeys(
        [
            "register_state_dict_pre_hook",
            "register_state_dict_post_hook",
            "register_load_state_dict_pre_hook",
            "register_load_state_dict_post_hook",
            "_register_state_dict_hook",
            "_register_load_state_dict_pre_hook",
        ],
        partial(_other_hook, of_states=True),
    ),
}

# Those of them that write to their module.
WRITING_METHODS = frozenset(
    MODULE_METHODS[name]
    for name in ("__init__", "__setattr__", "__setstate__", "__delattr__", "add_module", "register_module",
                 "register_parameter", "register_buffer", "apply", "set_submodule")
)  # fmt: skip

# Attributes of the framework's classes of which nothing is known but that they are there; no module, nor a Parameter.
THERE = (
    "T_destination _forward_hooks _backward_hooks _backward_pre_hooks _compiled_call_impl _forward_hooks_always_called "
    "_forward_hooks_with_kwargs _forward_pre_hooks _forward_pre_hooks_with_kwargs _is_full_backward_hook "
    "_load_state_dict_post_hooks _load_state_dict_pre_hooks _non_persistent_buffers_set _state_dict_hooks "
    "_state_dict_pre_hooks _get_backward_hooks _get_backward_pre_hooks _call_impl _slow_forward _wrapped_call_impl "
    "_named_members _replicate_for_data_parallel __annotations__ __constants__"
)
THERE_IN = {
    "torch.nn.Conv1d torch.nn.Conv2d torch.nn.Conv3d": "_reversed_padding_repeated_twice",
    "torch.nn.ConvTranspose1d torch.nn.ConvTranspose2d torch.nn.ConvTranspose3d": "_conv_forward _output_padding "
    "_reversed_padding_repeated_twice",
    "torch.nn.RNNBase": "_all_weights _flat_weight_refs _flat_weights _flat_weights_names _init_flat_weights "
    "_update_flat_weights _weights_have_changed all_weights check_forward_args check_hidden_size check_input "
    "get_expected_cell_size get_expected_hidden_size permute_hidden",
    "torch.nn.MultiheadAttention": "_qkv_same_embed_dim merge_masks",
    "torch.nn.TransformerEncoderLayer torch.nn.TransformerDecoderLayer": "_ff_block _sa_block activation "
    "activation_relu_or_gelu",
    "torch.nn.TransformerEncoder": "use_nested_tensor",
    "torch.nn.Transformer": "generate_square_subsequent_mask",
    "torch.nn.Sequential": "_get_item_by_idx",
    "torch.nn.ModuleList torch.nn.ParameterList": "_get_abs_string_index _size",
    "torch.nn.ParameterDict": "_key_to_attr _keys fromkeys __reversed__ __ror__",
    "torch.nn.DataParallel": "device_ids gather output_device parallel_apply replicate scatter src_device_obj",
    "torch.nn.Upsample": "name",
    "torch.nn.UpsamplingNearest2d torch.nn.UpsamplingBilinear2d": "align_corners mode recompute_scale_factor",
    "torch.nn.ZeroPad1d torch.nn.ZeroPad2d torch.nn.ZeroPad3d": "value",
    "torch.nn.Hardtanh torch.nn.ReLU6": "max_val min_val",
    "torch.nn.PairwiseDistance": "norm",
    "torch.nn.modules.instancenorm._InstanceNorm": "_apply_instance_norm _get_no_batch_dim _handle_no_batch_input",
}

# The methods of layers that change no sizes, by the classes that bring them.
KEEPING_SIZES = {
    "reset_parameters": "AdaptiveLogSoftmaxWithLoss Bilinear Embedding EmbeddingBag GroupNorm LayerNorm LazyLinear "
    "Linear PReLU RMSNorm RNNBase RNNCellBase modules.batchnorm._NormBase modules.conv._ConvNd",
    "_reset_parameters": "MultiheadAttention Transformer",
    "reset_running_stats": "modules.batchnorm._NormBase",
    "_check_input_dim": "modules.batchnorm._NormBase modules.padding._CircularPadNd",
    "_fill_padding_idx_with_zero": "Embedding EmbeddingBag",
    "flatten_parameters": "RNNBase",
}


MAY_RAISE = ("TypeError", "ValueError", "RuntimeError", "AssertionError", "KeyError", "IndexError", "ZeroDivisionError")


def refuse(machine: Any, module: Instance, name: str, violation: Violation, arguments: Iterable[Value] = ()) -> None:
    """A constructor call that raises, with the reason noted."""
    machine.judge(module, name, violation, arguments)
    words = f"{name} cannot be built: {violation.message}"
    if not machine.goes_on:
        kinds = [violation.error] if violation.error else ["TypeError"] if violation.code == "NNL203" else MAY_RAISE
        raised = tuple(machine.error(kind, words).value for kind in kinds)
        raise RaisedError(raised[0] if len(raised) == 1 else Unknown(words, raised))
    prepare(machine, module)
    module.open = Unknown(words)
