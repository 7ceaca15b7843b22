"""torch.nn.Module and its containers: what registering, replacing and copying modules does to parameters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

from nnlint.evaluate import operations as ops
from nnlint.evaluate import tensor_shapes
from nnlint.evaluate.entries import (
    refused_arguments,
    refused_entries,
    refused_iterable,
    refused_name,
    refused_pairs,
    refuses_arguments,
)
from nnlint.evaluate.items import UnknownSlice
from nnlint.evaluate.sequential import HOOKED, Budget, is_as_built, is_sequential, layers_of
from nnlint.evaluate.sequential import attributes_of as attributes_of_module
from nnlint.evaluate.tensor_numbers import are_whole
from nnlint.evaluate.torch_names import REGISTERED
from nnlint.layers import (
    LAYERS,
    PLAIN,
    PLAIN_BASES,
    PLAIN_OUTSIDE,
    SIZES,
    Child,
    Children,
    Clones,
    GivenTensor,
    Layer,
    UnknownSizeError,
    Violation,
    arithmetic,
    build,
    check_plain,
    stored,
)
from nnlint.layers import find as find_layer
from nnlint.layers.table import Reference, signature
from nnlint.signature import BindError, Rest
from nnlint.unknown import Unknown, UnknownValueError, first
from nnlint.values import (
    ABSENT,
    CONSTANTS,
    BoundMethod,
    Class,
    Deque,
    Descriptor,
    Device,
    Dict,
    External,
    Function,
    Instance,
    List,
    Native,
    RaisedError,
    Set,
    Stream,
    Tensor,
    Value,
    is_plain,
    may_be_absent,
)

Fn = Callable[[Any, list[Value], dict[str, Value]], Value]
REGISTRIES = ("_parameters", "_buffers", "_modules")


def native(fn: Fn) -> Native:
    return Native(fn.__name__.strip("_"), fn)


def is_module(value: Value) -> bool:
    """Whether a value surely is a torch.nn.Module."""
    return isinstance(value, Instance) and any(c.full_name == "torch.nn.Module" for c in value.cls.mro)


MODULE_STEPS = 3  # what making any module costs beside its call, in statements


def prepare(machine: Any, module: Instance) -> None:
    """What Module.__init__ does: empty registries."""
    if machine.patches and isinstance(machine.patches.get(REGISTERED), Unknown):
        machine.give_up(machine.patches[REGISTERED])
    machine.step(MODULE_STEPS)
    machine.heap.touch(module)
    for name in REGISTRIES:
        module.attributes[name] = Dict((), machine.heap.clock)
    module.attributes["training"] = True


def _init(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Module.__init__, which takes nothing."""
    module = args[0]
    if isinstance(module, Instance) and refuses_arguments(module.cls, args[1:], kwargs):
        return refuse(machine, module, module.cls.name, Violation("NNL203", "torch.nn.Module takes no arguments"))
    prepare(machine, module)
    if module.cls.find("call_super_init") is not False:
        module.open = Unknown("Module.__init__ calls the next constructor")
    return None


def _init_outside(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    prepare(machine, args[0])
    return None


def registry(machine: Any, module: Instance, name: str) -> Dict:
    """One of a module's registries; torch raises where __init__ was not called."""
    held = module.attributes.get(name)
    if not isinstance(held, Dict):
        if module.cls.unknown_base is not None or module.open is not None:
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
    held = registry(machine, module, which)
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


def _set_state(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Module.__setstate__(self, state)"""
    made, state = args
    if not isinstance(state, Dict) or not all(isinstance(name, str) for name in state):
        machine.havoc(made, "a state that is not known")
        return None
    machine.heap.touch(made)
    made.attributes.update(state)
    made.open = first(made.open, state.rest)
    return None


def _set_attribute(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name, value = args
    if isinstance(value, Tensor) and value.is_parameter:
        if isinstance(module.cls.find("register_parameter"), Function):
            machine.call(machine.get_attribute(module, "register_parameter"), [name, value], {})
            return None
        forget_name(machine, module, name, "_parameters")
        check_name(machine, module, "_parameters", name)
        put(machine, module, "_parameters", name, value)
    elif name in module.attributes.get("_parameters", ()) and is_module(value):
        raise machine.error("TypeError", f"cannot assign a module as parameter '{name}'")
    elif is_module(value) or (isinstance(value, Instance) and value.cls.unknown_base is not None):
        put(machine, module, "_modules", name, value)
    elif isinstance(value, Unknown) and not is_plain(value) and not isinstance(value, External):
        if _only_options(value):
            put(machine, module, "_modules", name, value)
        else:
            forget_name(machine, module, name, "")
            machine.set_plainly(module, name, value)
    else:
        for which in REGISTRIES:
            held = module.attributes.get(which)
            if isinstance(held, Dict) and name in held:
                if value is not None and which != "_buffers":
                    if not may_be_none(value):
                        raise machine.error("TypeError", f"cannot assign a plain value as {name}")
                    machine.may_raise(value.why)
                    value = None
                elif which == "_buffers":
                    check_buffer(machine, name, value)
                machine.set_item(held, name, value)
                return None
        machine.set_plainly(module, name, value)
    return None


def may_be_none(value: Value) -> bool:
    """Whether a value that is not known may be None."""
    return isinstance(value, Unknown) and (not value.options or any(o is None or may_be_none(o) for o in value.options))


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


def _add_module(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, name, child = arguments(("self", "name", "module"), args, kwargs)
    check_name(machine, module, "_modules", name)
    if child is not None and is_no_module(child):
        raise machine.error("TypeError", f"{name} is not a Module subclass")
    put(machine, module, "_modules", name, child)
    return None


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
    module, name, tensor = arguments(("self", "name", "tensor", "persistent"), args, kwargs)[:3]
    check_name(machine, module, "_buffers", name)
    check_buffer(machine, name, tensor)
    put(machine, module, "_buffers", name, tensor)
    return None


def check_buffer(machine: Any, name: Value, value: Value) -> None:
    """A buffer is a tensor or None."""
    if not isinstance(value, (Tensor, Unknown, type(None))) or (isinstance(value, Tensor) and value.is_array):
        raise machine.error("TypeError", f"cannot assign a plain value to buffer {name}")


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
                if part.open is not None:
                    yield path, Rest(part.open)
                held = part.attributes.get("_modules")
                if isinstance(held, Dict):
                    pending.append((path, live(machine, held)))
                    break
        else:
            pending.pop()


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


def _children(named: bool) -> Fn:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        machine.take_apart(args[0])
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
    for name, tensor in live(machine, held) if isinstance(held, Dict) else ():
        if isinstance(tensor, (Unknown, Instance)):
            yield name, Rest((tensor if isinstance(tensor, Unknown) else Unknown("no tensor")).part())
        elif isinstance(tensor, Tensor) or type(tensor) is Rest:
            yield name, tensor


def _apply(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """apply(fn): children first, each by its own apply() and as often as it is reached; they may change meanwhile"""
    module, function = arguments(("self", "fn"), args, kwargs)
    own = isinstance(module.cls.find("children"), Function)
    below = machine.call(machine.get_attribute(module, "children"), [], {}) if own else None
    for child in machine.iterate(below) if own else children(machine, module, named=False):
        machine.step()
        if isinstance(child, Instance) and isinstance(child.cls.find("apply"), Native):
            _apply(machine, [child, function], {})
        elif isinstance(child, Instance):
            machine.call(machine.get_attribute(child, "apply"), [function], {})
        else:
            unknown = Unknown((child.unknown if type(child) is Rest else child).why)
            machine.forget_after(lambda unknown=unknown: machine.call(function, [unknown], {}), unknown.why)
    machine.call(function, [module], {})
    return module


def _itself(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
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
    if any(v.kind == "meta" if isinstance(v, Device) else isinstance(v, str) and v[:4] == "meta" for v in given):
        untie(machine, args[0], "a parameter that was shared is moved to another device")
    return args[0]


def _to_empty(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    untie(machine, args[0], "a parameter that was shared is made anew")
    return _moved(machine, args, {})


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


def _train(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """train(mode=True): of all modules below too, by their own train() where the program has one"""
    module, mode = arguments(("self", "mode"), args, kwargs)
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


def _nothing(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return None


def _hook(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    args[0].attributes[HOOKED] = True
    return _other_hook(machine, args, kwargs)


def _other_hook(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """module.register_..._hook(hook)"""
    given = (*args[1:2], *(value for name, value in kwargs.items() if name == "hook"))
    machine.hooks = (*machine.hooks, *((args[0], hook) for hook in given))
    return Unknown("a hook's handle", plain=True)


def _load(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """load_state_dict(state, strict=True, assign=False): the names that the state lacks, and those that the module
    lacks"""
    module, _, _, assign = arguments(("self", "state_dict", "strict", "assign"), args, kwargs)
    machine.run_hooks()
    run_own(machine, module, "_load_from_state_dict", "set_extra_state")
    if first(assign, False) is not False:
        untie(machine, module, "a parameter that was shared is assigned")
    for _, part in walk(machine, module):
        for _, tensor in (*_held_tensors(machine, part, "_parameters"), *_held_tensors(machine, part, "_buffers")):
            if isinstance(tensor, Tensor):
                machine.heap.forget_numbers(tensor)
    return Unknown("what load_state_dict() finds lacking", plain=True)


def _save(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """state_dict()"""
    run_own(machine, args[0], "_save_to_state_dict", "get_extra_state")
    return _opaque(machine, args, kwargs)


def _opaque(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.run_hooks()
    return Unknown("the state of a module", plain=True)


def _call(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module = args[0]
    machine.run_hooks()
    forward = module.cls.find("forward")
    if forward is not ABSENT and not isinstance(forward, Native):
        return machine.call(BoundMethod(forward, module), args[1:], {k: v for k, v in kwargs.items() if k != "**"})
    if module.cls.unknown_base is None and first_of_torch(module.cls) in WITHOUT_FORWARD:
        raise machine.error("NotImplementedError", f'{module.cls.name} is missing the required "forward" function')
    inputs = (*args[1:], *kwargs.values())
    own = [part for _, part in walk(machine, module) if isinstance(part, Instance) and has_forward(part)]
    if own and is_sequential(module) and len(args) == 2:
        return _in_order(machine, module, args[1])
    for part in own:
        machine.forget_own(part, "its forward() runs", [part.cls.find("forward")])
    given = inputs[0] if len(inputs) == 1 else None
    if isinstance(given, Unknown) and not given.plain and may_hand_on(module):
        return Unknown(given.why)
    if isinstance(given, Tensor):
        machine.heap.forget_numbers(given)  # it may be written in place
    shape = shape_after(module, given) if isinstance(given, Tensor) else None
    unknown = Unknown("the result of a forward pass", plain=True)
    made = unknown if shape is None else Tensor(shape, machine.heap.clock)
    is_parameter = isinstance(given, Tensor) and given.is_parameter
    return Unknown(unknown.why, (given, made)) if is_parameter and may_hand_on(module) else made


def has_forward(module: Instance) -> bool:
    """Whether a module's forward() is one of the program's own."""
    return isinstance(module.cls.find("forward"), Function)


def first_of_torch(cls: Class) -> str:
    """The nearest of a module class's bases that is torch's."""
    return next(base.full_name for base in cls.mro if base.module is None)


WITHOUT_FORWARD = frozenset(
    f"torch.nn.{name}" for name in ("Module", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
)


def _in_order(machine: Any, module: Instance, value: Value) -> Value:
    """Sequential.forward(input), where modules of the program's own are among its layers"""
    for layer in machine.iterate(module):
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


def shape_after(module: Value, given: Tensor) -> tuple[int, ...] | None:
    """The shape of what a module of the framework gives for a tensor, where both are known."""
    if not isinstance(given.shape, tuple) or not all(type(size) is int for size in given.shape):
        return None
    shape: tuple[int, ...] = given.shape
    for _, layer in layers_of(module, "", Budget()) if is_sequential(module) else [("", module)]:
        if not isinstance(layer, Instance):
            return None
        if layer.cls.full_name == "torch.nn.Flatten":
            start, end = layer.attributes["start_dim"], layer.attributes["end_dim"]
            rule = partial(flatten, start, end)
        elif is_as_built(layer) and layer.cls.full_name in SIZES:
            rule = partial(SIZES[layer.cls.full_name], attributes_of_module(layer))
        else:
            return None
        try:
            shape = rule(shape)
        except (UnknownSizeError, tensor_shapes.NotKnown, UnknownValueError, TypeError):
            return None
    return shape


def flatten(start: Value, end: Value, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tensor_shapes.METHODS["flatten"](shape, [start, end])


def _forward(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Unknown("the result of a forward pass", plain=True)


def _get_submodule(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value = args[0]
    if not isinstance(args[1], str):
        return Unknown("a submodule whose name is not known")
    for name in filter(None, args[1].split(".")):
        value = machine.get_attribute(value, name)
    return value


def _set_submodule(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """module.set_submodule("a.b.c", child)"""
    module, path, child = arguments(("self", "target", "module"), args[:3], kwargs)
    if not isinstance(path, str):
        machine.havoc(module, "a submodule whose name is not known")
        return None
    parent, _, name = path.rpartition(".")
    machine.set_attribute(_get_submodule(machine, [module, parent], {}), name, child)
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


def _from_pretrained(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Embedding.from_pretrained(weights): as many rows and columns as the weights have"""
    weights = args[1] if len(args) > 1 else kwargs.get("embeddings")
    shape = weights.shape if isinstance(weights, Tensor) else None
    if not isinstance(shape, tuple) or len(shape) != 2 or args[0].module is not None:
        return Unknown("an embedding of weights that are not known")
    return machine.call(args[0], [], {"num_embeddings": shape[0], "embedding_dim": shape[1]})


def _synchronized(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
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
    "__setstate__": _set_state,
    "__delattr__": _delete_attribute,
    "__call__": _call,
    "__repr__": _text,
    "extra_repr": _extra_text,
    "forward": _forward,
    "add_module": _add_module,
    "register_module": _register_module,
    "register_parameter": _register_parameter,
    "register_buffer": _register_buffer,
    "modules": _listing(lambda path, module: module),
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
    "get_parameter": _get_submodule,
    "set_submodule": _set_submodule,
    **dict.fromkeys(
        [
            "to",
            "cuda",
            "cpu",
            "half",
            "float",
            "double",
            "bfloat16",
            "type",
            "ipu",
            "mtia",
            "_apply",
            "xpu",
            "share_memory",
        ],
        _moved,
    ),
    "requires_grad_": _itself,
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
        _nothing,
    ),
    **dict.fromkeys(["get_buffer", "_get_name", "_version"], _opaque),
    "load_state_dict": _load,
    **dict.fromkeys(
        [
            "register_full_backward_hook",
            "register_full_backward_pre_hook",
            "register_backward_hook",
            "register_state_dict_pre_hook",
            "register_state_dict_post_hook",
            "register_load_state_dict_pre_hook",
            "register_load_state_dict_post_hook",
            "_register_state_dict_hook",
            "_register_load_state_dict_pre_hook",
        ],
        _other_hook,
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
    "torch.nn.Conv1d torch.nn.Conv2d torch.nn.Conv3d": "_conv_forward _reversed_padding_repeated_twice",
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

# -- containers --------------------------------------------------------------------------------------------------


def _sequential(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, *given = args
    prepare(machine, module)
    named = given[0] if len(given) == 1 and isinstance(given[0], Dict) and given[0].kind == "OrderedDict" else None
    entries = list(named.items()) if named is not None else [("0", item) for item in given]
    violation = refused_arguments("Sequential", given, kwargs) or refused_entries("Sequential", entries)
    if violation is not None:
        return refuse(machine, module, "Sequential", violation)
    if named is None:
        fill(machine, module, given, 0)
    else:
        register(machine, module, named)
    machine.judge_sequential(module)
    return None


def register(machine: Any, module: Instance, named: Dict) -> None:
    """Register the entries of a dict under their own names."""
    if named.rest is not None and registry(machine, module, "_modules"):  # one of those there may be replaced
        machine.havoc(module, named.rest.why)
    for name, child in named.items():
        _add_module(machine, [module, name, child], {})
    if named.rest is not None:
        held = registry(machine, module, "_modules")
        machine.heap.touch(held)
        held.rest = named.rest


def fill(machine: Any, module: Instance, items: Iterable[Value], start: int) -> None:
    """Register items under "0", "1", ..."""
    held = registry(machine, module, "_modules")
    for index, item in enumerate(items, start):
        if item is not None and type(item) is not Rest and is_no_module(item):
            raise machine.error("TypeError", f"{index} is not a Module subclass")
        put(machine, module, "_modules", str(index), item.unknown if type(item) is Rest else item)
        if type(item) is Rest:
            machine.heap.touch(held)
            held.rest = Unknown(item.unknown.why, (ABSENT,))  # length unknown; the items are registered above


def _module_list(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module = args[0]
    prepare(machine, module)
    (given,) = arguments(("self", "modules"), args, kwargs)[1:]
    violation = refused_arguments("ModuleList", args[1:], kwargs) or refused_iterable(given)
    if violation is None and given is not None:
        items = machine.items(given)
        violation = refused_entries("ModuleList", (("0", item) for item in items))
    if violation is not None:
        return refuse(machine, module, "ModuleList", violation)
    if given is not None:
        fill(machine, module, items, 0)
    machine.judge(module, "ModuleList", None, ())
    return None


def _module_dict(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module = args[0]
    prepare(machine, module)
    (given,) = arguments(("self", "modules"), args, kwargs)[1:]
    violation = refused_arguments("ModuleDict", args[1:], kwargs) or refused_pairs(given)
    if violation is None:
        flat = entries_of(machine, given)
        violation = refused_entries("ModuleDict", flat.items())
    if violation is not None:
        return refuse(machine, module, "ModuleDict", violation)
    register(machine, module, flat)
    machine.judge(module, "ModuleDict", None, ())
    return None


def entries_of(machine: Any, given: Value) -> Dict:
    """The modules that a ModuleDict is given, by name."""
    flat = Dict((), machine.heap.clock)
    if given is not None:
        machine.update_dict(flat, given.attributes["_modules"] if is_module(given) else given)
    return flat


def _update(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    register(machine, args[0], entries_of(machine, args[1]))
    return None


def _append(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    held = registry(machine, args[0], "_modules")
    fill(machine, args[0], [args[1]], len(held))
    return args[0]


def _extend(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """extend(modules), or +=; a Sequential's extend appends one by one, and may replace one of that name each time"""
    held = registry(machine, args[0], "_modules")
    if is_sequential(args[0]) and not is_numbered(held):
        machine.havoc(args[0], "a Sequential with names of its own is extended")
    else:
        fill(machine, args[0], machine.iterate(args[1]), len(held))
    return args[0]


def is_numbered(held: Dict) -> bool:
    """Whether the entries of a container are called "0", "1", ..."""
    return list(held) == list(map(str, range(len(held))))


def reorder(machine: Any, module: Instance, items: list[Value]) -> None:
    held = registry(machine, module, "_modules")
    machine.heap.touch(held)
    held.clear()
    for index, item in enumerate(items):
        held[str(index)] = item


def certain(machine: Any, module: Instance) -> bool:
    """Whether a container's entries are all known to be there."""
    held = registry(machine, module, "_modules")
    return module.open is None and held.certain()


def doubt(machine: Any, module: Instance) -> Unknown:
    held = registry(machine, module, "_modules")
    return Unknown(first(held.rest, module.open, Unknown("an entry that may be absent")).why)


def _insert(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, index, child = args
    items = list(registry(machine, module, "_modules").values())
    if is_sequential(module) and is_no_module(child):
        raise machine.error("AssertionError", "module should be of type Module")
    if not isinstance(index, int) or not certain(machine, module):
        machine.havoc(module, "a module is inserted at a place that is not known")
        return module
    if is_sequential(module) and not -len(items) <= index <= len(items):
        raise machine.error("IndexError", f"index {index} is out of range")
    if not is_sequential(module) and index < 0:
        raise machine.error("KeyError", str(index))
    if index > len(items) or not is_numbered(registry(machine, module, "_modules")):
        machine.havoc(module, "a module is inserted at a place that is not there")
        return module
    items.insert(index, child)
    reorder(machine, module, items)
    return module


def _length(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if not certain(machine, args[0]):
        return Unknown(doubt(machine, args[0]).why, plain=True)
    return len(registry(machine, args[0], "_modules"))


def _iterate(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    more = [] if args[0].open is None else [Rest(args[0].open)]
    values = machine.iterate(_entries("values")(machine, args, kwargs))
    return Stream(chain(values, more), machine.heap.clock)


def _entries(which: str) -> Fn:
    """keys(), values() or items()"""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        held = registry(machine, args[0], "_modules")
        return machine.call(machine.get_attribute(held, which), [], {})

    return run


def _iterate_keys(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Stream(machine.iterate(registry(machine, args[0], "_modules")), machine.heap.clock)


def _item(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, index = args
    held = registry(machine, module, "_modules")
    if isinstance(index, Unknown) or not certain(machine, module):
        if isinstance(index, int) and index >= 0 and held.rest is None and module.open is None:
            sure = list(held.values())[: index + 1]
            if len(sure) > index and not any(map(may_be_absent, sure)):
                return sure[index]
        why = index.why if isinstance(index, Unknown) else doubt(machine, module).why
        if isinstance(index, (slice, UnknownSlice)):
            machine.lose_track(held, why)
            return Unknown(why)
        return machine.any_of(held, why)
    values = list(held.values())
    if isinstance(index, slice) and module.cls.module is not None:
        clock, named = machine.heap.clock, list(held.items())[index]
        given = Dict(named, clock, None, "OrderedDict") if is_sequential(module) else List(values[index], clock)
        return machine.call(module.cls, [given], {})
    if isinstance(index, slice):
        made = Instance(module.cls, machine.heap.clock)
        prepare(machine, made)
        if module.cls.full_name == "torch.nn.Sequential":
            for name, child in list(held.items())[index]:
                put(machine, made, "_modules", name, child)
        else:
            fill(machine, made, values[index], 0)
        return made
    return held[name_at(machine, module, index)]


def name_at(machine: Any, module: Instance, index: int) -> str:
    """The name of a container's entry: a ModuleList takes it that they are called "0", "1", ..."""
    held = registry(machine, module, "_modules")
    names: list[str] = list(held) if is_sequential(module) else list(map(str, range(len(held))))
    if not -len(names) <= index < len(names):
        raise machine.error("IndexError", f"index {index} is out of range")
    if names[index] not in held:
        raise machine.error("KeyError", names[index])
    return names[index]


def _set_item(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, index, child = args
    held = registry(machine, module, "_modules")
    if not isinstance(index, int) or not certain(machine, module):
        machine.havoc(module, "a module whose place is not known is replaced")
        return None
    if -len(held) <= index < len(held) and not is_sequential(module):
        machine.set_attribute(module, str(index % len(held)), child)
    else:
        machine.set_attribute(module, name_at(machine, module, index), child)
    return None


def _delete_item(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, index = args
    held = registry(machine, module, "_modules")
    if not isinstance(index, (int, slice)) or not certain(machine, module):
        machine.havoc(module, "a module whose place is not known is deleted")
        return None
    places = range(len(held))[index] if isinstance(index, slice) else [index]
    deleted = {name_at(machine, module, place) for place in places}
    reorder(machine, module, [child for name, child in held.items() if name not in deleted])
    return None


def _pop(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    found = _item(machine, args, {})
    _delete_item(machine, args, {})
    return found


def _key_item(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return machine.get_item(registry(machine, args[0], "_modules"), args[1])


def _set_key(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _add_module(machine, args, {})


def _delete_key(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.delete_item(registry(machine, args[0], "_modules"), args[1])
    return None


def _pop_key(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    found = _key_item(machine, args, kwargs)
    _delete_key(machine, args, kwargs)
    return found


def _contains(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return machine.contains(registry(machine, args[0], "_modules"), args[1])


def _joined(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    one, other = args
    if is_sequential(one):
        check_sequential(machine, other)
    container = next(base for base in one.cls.mro if base.full_name in ("torch.nn.Sequential", "torch.nn.ModuleList"))
    made = Instance(container, machine.heap.clock)
    prepare(machine, made)
    fill(machine, made, [*machine.items(one), *machine.items(other)], 0)
    return made


def check_sequential(machine: Any, other: Value) -> None:
    """Raise as torch does where something else is added to a Sequential."""
    if not isinstance(other, Unknown) and not (isinstance(other, Instance) and may_be_sequential(other)):
        raise machine.error("ValueError", "only objects of Sequential class are added to one")


def may_be_sequential(module: Instance) -> bool:
    return is_sequential(module) or module.cls.unknown_base is not None


def _extended(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """sequential += other"""
    check_sequential(machine, args[1])
    return _extend(machine, args, kwargs)


def _repeated(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Sequential * times: the same modules again and again"""
    one, times = args
    if not isinstance(times, int) or not certain(machine, one) or times > ops.ITEMS:
        return Unknown("a Sequential is repeated a number of times that is not known")
    if times <= 0:
        raise machine.error("ValueError", f"Non-positive multiplication factor {times}")
    made = Instance(machine.torch_class("torch.nn.Sequential"), machine.heap.clock)
    prepare(machine, made)
    fill(machine, made, machine.items(one) * times, 0)
    return made


def _repeat(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """sequential *= times"""
    more = _repeated(machine, args, kwargs)
    if not isinstance(more, Instance):
        machine.havoc(args[0], more.why)
        return args[0]
    return _extend(machine, [args[0], List(machine.items(more)[len(machine.items(args[0])) :])], {})


def _clear(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    held = registry(machine, args[0], "_modules")
    machine.heap.touch(held)
    held.clear()
    held.rest = None
    return None


def _noted(fn: Fn) -> Fn:
    """A method that takes a container apart."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        machine.take_apart(args[0])
        return fn(machine, args, kwargs)

    return run


SEQUENCE: dict[str, Fn] = {
    "append": _append, "extend": _extend, "insert": _insert, "__len__": _length, "__iter__": _iterate,
    "__getitem__": _item, "__setitem__": _set_item, "__delitem__": _delete_item, "pop": _pop, "__iadd__": _extend,
    "__add__": _joined,
}  # fmt: skip
CONTAINERS: dict[str, dict[str, Fn]] = {
    "Sequential": {
        "__init__": _sequential, **{name: _noted(fn) for name, fn in SEQUENCE.items()},
        "__iadd__": _noted(_extended), "__mul__": _noted(_repeated),
        "__rmul__": _noted(_repeated), "__imul__": _noted(_repeat),
    },
    "ModuleList": {"__init__": _module_list, **SEQUENCE},
    "ModuleDict": {
        "__init__": _module_dict, "update": _update, "__getitem__": _key_item, "__setitem__": _set_key,
        "__delitem__": _delete_key, "__contains__": _contains, "__len__": _length, "__iter__": _iterate_keys,
        "keys": _entries("keys"), "values": _entries("values"), "items": _entries("items"), "pop": _pop_key,
        "clear": _clear,
    },
}  # fmt: skip


# -- ParameterList, ParameterDict: values by key, tensors become Parameters ---------------------------------------


def parameter(machine: Any, value: Value) -> Value:
    """A tensor as these containers keep it; what is not known may be one."""
    if isinstance(value, Unknown) and value.options:
        return Unknown(value.why, tuple(parameter(machine, option) for option in value.options))
    if isinstance(value, Unknown) and value.plain:
        return Unknown(value.why, foreign=True)
    if isinstance(value, Tensor) and not value.is_parameter and not value.is_array:
        if are_whole(value.data):
            raise machine.error("RuntimeError", "only tensors of floating point can require gradients")
        return Tensor(value.shape, machine.heap.clock, True, least=value.least).viewing(value)
    return value


def keep(machine: Any, module: Instance, name: str, value: Value) -> None:
    """Set a value as an attribute; a tensor becomes a Parameter, and is registered."""
    kept = parameter(machine, value)
    if isinstance(kept, Unknown):
        check_name(machine, module, "_parameters", name)
        put(machine, module, "_parameters", name, kept)
    else:
        machine.set_attribute(module, name, kept)


def _parameter_list(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    prepare(machine, args[0])
    args[0].attributes["_size"] = 0
    (given,) = arguments(("self", "values"), args, kwargs)[1:]
    violation = refused_arguments("ParameterList", args[1:], kwargs) or refused_iterable(given)
    if violation is not None:
        return refuse(machine, args[0], "ParameterList", violation)
    machine.judge(args[0], "ParameterList", None, ())
    if given is not None:
        _extend_parameters(machine, [args[0], given], {})
    return None


def size_of(module: Instance) -> Value:
    """How many entries a ParameterList says that it has."""
    return module.attributes.get("_size", Unknown("the length of a ParameterList", plain=True))


def _extend_parameters(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, given = args
    if isinstance(given, Tensor):
        raise machine.error("TypeError", "ParameterList.extend should be called with an iterable, but got Tensor")
    for item in machine.iterate(given):
        _append_parameter(machine, [module, item.unknown if type(item) is Rest else item], {})
        if type(item) is Rest:
            held = registry(machine, module, "_parameters")
            machine.heap.touch(held)
            held.rest = Unknown(item.unknown.why, (ABSENT,))
            module.attributes["_size"] = Unknown(item.unknown.why, plain=True)
    return module


def _append_parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, value = args
    size = size_of(module)
    machine.heap.touch(module)
    if isinstance(size, int):
        module.attributes["_size"] = size + 1
    keep(machine, module, str(size if isinstance(size, int) else len(registry(machine, module, "_parameters"))), value)
    return module


def _listed(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """ParameterList's __getitem__"""
    module, index = args
    size, held = size_of(module), registry(machine, module, "_parameters")
    if isinstance(size, int) and isinstance(index, slice):
        made = machine.call(module.cls, [], {})
        for place in range(size)[index]:
            _append_parameter(machine, [made, machine.get_attribute(module, str(place))], {})
        return made
    if isinstance(size, int) and isinstance(index, int):
        return machine.get_attribute(module, place_in(machine, index, size))
    if isinstance(index, int) and isinstance(held.get(str(index)), Tensor):
        return held[str(index)]
    return machine.any_of(held, (index if isinstance(index, Unknown) else size).why)


def place_in(machine: Any, index: int, size: int) -> str:
    """The name of a ParameterList's entry."""
    if not -size <= index < size:
        raise machine.error("IndexError", f"index {index} is out of range")
    return str(index % size)


def _set_listed(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """ParameterList's __setitem__: one that is there is replaced"""
    module, index, value = args
    size = size_of(module)
    if not isinstance(index, int) or not isinstance(size, int):
        machine.havoc(module, "a parameter whose place is not known is replaced")
        return None
    keep(machine, module, place_in(machine, index, size), value)
    return None


def _list_length(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return size_of(args[0])


def _listed_values(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    size = size_of(args[0])
    if not isinstance(size, int):
        return Stream(iter([Rest(Unknown(size.why))]), machine.heap.clock)
    return Stream((_listed(machine, [args[0], place], {}) for place in range(size)), machine.heap.clock)


def _parameter_dict(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    prepare(machine, args[0])
    args[0].attributes["_keys"] = Dict((), machine.heap.clock)
    (given,) = arguments(("self", "parameters"), args, kwargs)[1:]
    violation = refused_arguments("ParameterDict", args[1:], kwargs) or refused_pairs(given)
    if violation is None and given is not None:
        flat = flattened(machine, given)
        violation = next((Violation("NNL204", why) for name in flat if (why := refused_name(name)) is not None), None)
    if violation is not None:
        return refuse(machine, args[0], "ParameterDict", violation)
    machine.judge(args[0], "ParameterDict", None, ())
    if given is not None:
        take_parameters(machine, args[0], flat)
    return None


def flattened(machine: Any, given: Value) -> Dict:
    """The entries that a ParameterDict takes from a mapping or from pairs: of a mapping without an order, sorted."""
    flat = Dict((), machine.heap.clock)
    has_keys = isinstance(given, Instance) and isinstance(given.attributes.get("_keys"), Dict)
    machine.update_dict(flat, _parameter_items(machine, [given], {}) if has_keys else given)
    is_sorted = isinstance(given, Dict) and given.kind != "OrderedDict" and all(isinstance(name, str) for name in flat)
    for name in sorted(flat) if is_sorted else ():
        flat[name] = flat.pop(name)
    return flat


def _update_parameters(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return take_parameters(machine, args[0], flattened(machine, args[1]))


def take_parameters(machine: Any, module: Instance, flat: Dict) -> Value:
    """Keep the entries that a ParameterDict is given."""
    for name, value in flat.items():
        _set_parameter(machine, [module, name, value], {})
    for held in (registry(machine, module, "_parameters"), keys_of(machine, module)) if flat.rest is not None else ():
        machine.heap.touch(held)
        held.rest = flat.rest
    return module


def keys_of(machine: Any, module: Instance) -> Dict:
    """The keys of a ParameterDict, as a dict with nothing behind them."""
    held = module.attributes.get("_keys")
    return held if isinstance(held, Dict) else Dict((), machine.heap.clock, Unknown("the keys of a ParameterDict"))


def _get_parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, key = args
    if isinstance(key, Unknown):
        return machine.any_of(registry(machine, module, "_parameters"), key.why)
    if not isinstance(key, str):
        raise machine.error("TypeError", "Index given to ParameterDict cannot be used as a key as it is not a string")
    return machine.get_attribute(module, key)


def _set_parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, key, value = args
    if not isinstance(key, (str, Unknown)):
        raise machine.error("TypeError", "Index given to ParameterDict cannot be used as a key as it is not a string")
    machine.set_item(keys_of(machine, module), key, None)
    if isinstance(key, str):
        keep(machine, module, key, value)
    else:
        machine.set_item(registry(machine, module, "_parameters"), key, parameter(machine, value))
    return None


def _delete_parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, key = args
    keys = keys_of(machine, module)
    if isinstance(key, str) and keys.certain():
        machine.delete_item(keys, key)
        machine.delete_attribute(module, key)
    else:
        machine.havoc(module, "a parameter whose key is not known is deleted")
    return None


def _pop_parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    found = _get_parameter(machine, args, {})
    _delete_parameter(machine, args, {})
    return found


def _pop_last_parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """popitem()"""
    keys = keys_of(machine, args[0])
    if not keys.certain():
        machine.havoc(args[0], "a parameter whose key is not known is deleted")
        return Unknown("an entry of a ParameterDict")
    if not keys:
        raise machine.error("KeyError", "popitem(): dictionary is empty")
    last = list(keys)[-1]
    return (last, _pop_parameter(machine, [args[0], last], {}))


def _clear_parameters(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    for key in machine.items(keys_of(machine, args[0])):
        _delete_parameter(machine, [args[0], key.unknown if type(key) is Rest else key], {})
    return None


def _has_parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return machine.contains(keys_of(machine, args[0]), args[1])


def _get_or_default(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """get(key, default=None)"""
    inside = _has_parameter(machine, args[:2], {})
    if isinstance(inside, Unknown):
        return Unknown(inside.why)
    return _get_parameter(machine, args[:2], {}) if inside else args[2]


def _set_default_parameter(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """setdefault(key, default=None)"""
    inside = _has_parameter(machine, args[:2], {})
    if inside is False:
        _set_parameter(machine, args, {})
    elif isinstance(inside, Unknown):
        machine.havoc(args[0], inside.why)
        return Unknown(inside.why)
    return _get_parameter(machine, args[:2], {})


def _copy_parameters(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """copy() and one | other: a new container of the same parameters"""
    made = machine.call(machine.torch_class("torch.nn.ParameterDict"), [], {})
    for given in args:
        _update_parameters(machine, [made, given], {})
    return made


def _parameter_entries(pick: Callable[[Value, Value], Value]) -> Fn:
    """values() and items()"""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        keys = machine.iterate(keys_of(machine, args[0]))
        found = (k if type(k) is Rest else pick(k, _get_parameter(machine, [args[0], k], {})) for k in keys)
        return Stream(found, machine.heap.clock)

    return run


_parameter_values = _parameter_entries(lambda key, value: value)
_parameter_items = _parameter_entries(lambda key, value: (key, value))


def _parameter_keys(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return machine.call(machine.get_attribute(keys_of(machine, args[0]), "keys"), [], {})


def _iterate_parameters(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Stream(machine.iterate(keys_of(machine, args[0])), machine.heap.clock)


def _parameter_length(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    keys = keys_of(machine, args[0])
    return len(keys) if keys.certain() else Unknown(first(keys.rest, Unknown("entries may be absent")).why, plain=True)


CONTAINERS["ParameterList"] = {
    "__init__": _parameter_list, "append": _append_parameter, "extend": _extend_parameters, "__getitem__": _listed,
    "__setitem__": _set_listed, "__len__": _list_length, "__iter__": _listed_values, "__iadd__": _extend_parameters,
}  # fmt: skip
CONTAINERS["ParameterDict"] = {
    "__init__": _parameter_dict, "__getitem__": _get_parameter, "__setitem__": _set_parameter,
    "__len__": _parameter_length, "__iter__": _iterate_parameters, "keys": _parameter_keys,
    "values": _parameter_values, "items": _parameter_items, "update": _update_parameters,
    "__contains__": _has_parameter, "__delitem__": _delete_parameter, "setdefault": _set_default_parameter,
    "get": _get_or_default, "pop": _pop_parameter, "popitem": _pop_last_parameter, "clear": _clear_parameters,
    "copy": _copy_parameters, "__or__": _copy_parameters, "__ior__": _update_parameters,
}  # fmt: skip

# -- layers --------------------------------------------------------------------------------------------------------


# The textbook has one bias vector a gate, and no projection matrix.
NOT_IN_TEXTBOOKS = ("bias_hh", "weight_hr")


def _layer_init(layer: Layer) -> Fn:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        module = args[0]
        unknown = kwargs.pop("**", None)
        try:
            bound = layer.signature.bind(args[1:], kwargs, unknown)
        except BindError as error:
            given = (*args[1:], *kwargs.values())
            return refuse(machine, module, layer.short_name, Violation("NNL203", str(error)), given)
        prepare(machine, module)
        construct(machine, module, layer, bound)
        reset = RESETS.get(layer.short_name, "reset_parameters")
        if isinstance(module.cls.find(reset), Function):  # torch's own change no sizes
            weight = bound.get("_weight")  # an Embedding with its weights given is not reset
            if isinstance(weight, Unknown):
                machine.havoc(module, weight.why)
            elif weight is None:
                machine.call(machine.get_attribute(module, reset), [], {})
        elif isinstance(module.cls.find("reset_running_stats"), Function) and layer.buffers(bound):
            machine.call(machine.get_attribute(module, "reset_running_stats"), [], {})
        if isinstance(module.cls.find("register_buffer"), Function) and layer.buffers(bound):
            machine.havoc(module, "register_buffer() is the program's own")
        return None

    return run


# What torch's constructors call in the end, by torch's source, where it is not reset_parameters; "" for nothing.
RESETS = {
    **dict.fromkeys(("MultiheadAttention", "Transformer"), "_reset_parameters"),
    **dict.fromkeys(
        ("AdaptiveLogSoftmaxWithLoss", "LinearCrossEntropyLoss", "TransformerEncoder", "TransformerEncoderLayer",
         "TransformerDecoder", "TransformerDecoderLayer", "DataParallel", "DistributedDataParallel",
         "TripletMarginWithDistanceLoss", "Container"),
        "",
    ),
}  # fmt: skip


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


LAYER_STEPS = 7  # what building and counting a layer costs beside its module and its tensors, in statements


def construct(machine: Any, module: Instance, layer: Layer, bound: dict[str, Value]) -> None:
    """Register what a layer's constructor registers, or raise as it does."""
    key = constants(bound)
    if key is None:
        bound = {name: normal(machine, value) for name, value in bound.items()}
        attributes, structure, buffers = planned(layer, bound)
    elif (id(layer), key) in PLANS:
        attributes, structure, buffers = PLANS[id(layer), key]
    else:
        if len(PLANS) >= KEPT_PLANS:
            PLANS.clear()
        attributes, structure, buffers = PLANS[id(layer), key] = planned(layer, bound)
    module.attributes.update(attributes)
    if isinstance(structure, Violation):
        return refuse(machine, module, layer.short_name, structure, bound.values())
    machine.judge(module, layer.short_name, None, () if key is not None else bound.values())
    machine.step(LAYER_STEPS + (0 if isinstance(structure, Unknown) else 2 * len(structure)))
    for name, shape in buffers.items():
        made = shape if shape is None or isinstance(shape, Unknown) else Tensor(shape, machine.heap.clock)
        module.attributes["_buffers"][name] = made
    if layer.lazy:
        structure = Unknown(f"{layer.short_name} gets its sizes at the first forward pass")
    if isinstance(structure, Unknown):
        if not layer.lazy:
            machine.may_raise(structure.why)
        module.open = structure
        structure = {} if layer.lazy else layer.at_least(bound)
        for name, part in structure.items():
            if type(part) is tuple:
                if machine.textbook and layer.textbook is not None and name.startswith(NOT_IN_TEXTBOOKS):
                    part = (0,)
                made = Tensor(Unknown(module.open.why, plain=True), machine.heap.clock, True, least=part)
                module.attributes["_parameters"][name] = made
            elif part is not None:
                add_part(machine, module, name, part)
        return
    for name, part in structure.items():
        if type(part) is tuple:
            if machine.textbook and layer.textbook is not None and name.startswith(NOT_IN_TEXTBOOKS):
                part = (0,)
            module.attributes["_parameters"][name] = Tensor(part, machine.heap.clock, True)
        else:
            add_part(machine, module, name, part)


PLANS: dict[Any, Any] = {}  # what calls with constants alone build, by their layers and arguments
KEPT_PLANS = 5_000


def planned(layer: Layer, bound: dict[str, Value]) -> Any:
    """The attributes that a layer's constructor sets, what it builds, and the shapes of its buffers."""
    attributes = {
        name: Unknown(value.why, plain=True) if isinstance(value, Unknown) else value
        for name, value in attributes_of(layer, bound).items()
    }
    return attributes, build(layer, bound), buffers_of(layer, bound)


def constants(bound: dict[str, Value]) -> tuple[Any, ...] | None:
    """Arguments as a key that tells 1 from True, if all are constants or tuples of integers."""
    key: list[Any] = []
    for name, value in bound.items():
        kind = type(value)
        if kind not in CONSTANTS and not (kind is tuple and all(type(item) is int for item in value)):
            return None
        key += (name, kind, value)
    return tuple(key)


def normal(machine: Any, value: Value) -> Value:
    """An argument as the tables take it: sequences as tuples, objects of a builtin base as what they carry, dicts."""
    if isinstance(value, List):
        return tuple(value) if not any(type(i) is Rest for i in value) else Unknown("a list of unknown length")
    if isinstance(value, Instance) and isinstance(value.payload, (int, str, float, tuple)):
        return value.payload
    if isinstance(value, Dict) and value.certain():
        return dict(value)
    if isinstance(value, Stream):
        return Unknown("an iterator as an argument")
    if isinstance(value, Tensor):
        return value.data if isinstance(value.data, int) else given_tensor(value)
    return value


def given_tensor(tensor: Tensor) -> GivenTensor:
    return GivenTensor(tensor.shape if isinstance(tensor.shape, tuple) else None)


def attributes_of(layer: Layer, bound: dict[str, Value]) -> dict[str, Value]:
    try:
        return layer.attributes(bound)
    except Exception:
        return {name: Unknown(f"{name} of {layer.short_name}") for name in bound}


def buffers_of(layer: Layer, bound: dict[str, Value]) -> dict[str, Value]:
    return {
        name: Unknown(f"{name} of {layer.short_name}", plain=True) if isinstance(shape, Unknown) else shape
        for name, shape in layer.buffers(bound).items()
    }


def add_part(machine: Any, module: Instance, name: str, part: Any) -> None:
    """One registered child of a layer that builds others."""
    if part is None:
        is_parameter = name.endswith(("weight", "bias", "_k", "_v"))
        module.attributes["_parameters" if is_parameter else "_modules"][name] = None
        return
    module.attributes["_modules"][name] = make_part(machine, part)


def make_part(machine: Any, part: Any) -> Value:
    if isinstance(part, Child):
        given = {name: make_part(machine, value) for name, value in part.arguments.items()}
        layer = find_layer(part.layer)
        made = Instance(machine.torch_class(part.layer), machine.heap.clock)
        prepare(machine, made)
        if layer is not None:
            construct(machine, made, layer, layer.signature.bind((), given))
        elif part.layer in PLAIN:
            _plain_init(part.layer)(machine, [made], given)
        return made
    if isinstance(part, Clones):
        original = make_part(machine, part.module)
        made = Instance(machine.torch_class("torch.nn.ModuleList"), machine.heap.clock)
        prepare(machine, made)
        if isinstance(part.times, int) and part.times > 10_000:
            made.open = Unknown("too many copies to make")
            return made
        if isinstance(part.times, int):
            fill(machine, made, [deep_copy(machine, original, {}) for _ in range(part.times)], 0)
        return made
    if isinstance(part, Children):
        made = Instance(machine.torch_class(part.kind), machine.heap.clock)
        prepare(machine, made)
        fill(machine, made, [make_part(machine, item) for item in part.items], 0)
        return made
    return part


STATES = ("__getstate__", "__setstate__", "__reduce__", "__reduce_ex__", "__getnewargs__", "__getnewargs_ex__")


def has_state(cls: Class) -> bool:
    """Whether a class says itself what its copies hold."""
    return any(isinstance(cls.find(name), Function) for name in STATES)


def restored(machine: Any, value: Instance, made: Instance, copied: Callable[[Value], Value]) -> Value:
    """A copy of an object of such a class: `made`, with a copy of the state that the object gives."""
    gives, takes = value.cls.find("__getstate__"), value.cls.find("__setstate__")
    if any(isinstance(value.cls.find(name), Function) for name in STATES[2:]):
        return Unknown(f"a copy that {value.cls.name} makes by itself")
    own = Dict(value.attributes, machine.heap.clock, value.open)
    state = copied(machine.call(BoundMethod(gives, value), [], {}) if isinstance(gives, Function) else own)
    if takes is not ABSENT:
        machine.call(BoundMethod(takes, made), [state], {})
    elif isinstance(state, Dict):
        _set_state(machine, [made, state], {})
    elif state is not None:
        made.open = Unknown("the state of a copy")
    return made


MEMO = Unknown("a memo", foreign=True)  # why the dict that is a memo of deepcopy may hold entries


def deep_copy(machine: Any, value: Value, memo: dict[int, Value]) -> Value:
    """copy.deepcopy: everything that can be written to is made anew, sharing kept."""
    machine.step()
    if id(value) in memo:
        return memo[id(value)]
    clock = machine.heap.clock
    if isinstance(value, Instance):
        hook = value.cls.find("__deepcopy__")
        if hook is not ABSENT:
            handed_on = Dict((), clock, MEMO)
            machine.lose_construction()
            machine.memos[id(handed_on)] = handed_on, memo, True
            return machine.call(BoundMethod(hook, value), [handed_on], {})
        if value.cls.find("__members__") is not ABSENT:
            return value
        if value.cls is machine.classes["mappingproxy"]:  # an object's __dict__: the copy is nobody's
            return deep_copy(machine, value.payload, memo)
        made: Value = Instance(value.cls, clock, value.payload)
        memo[id(value)] = made
        if has_state(value.cls):
            return restored(machine, value, made, lambda state: deep_copy(machine, state, memo))
        made.open = value.open
        made.payload = deep_copy(machine, value.payload, memo)
        for name, held in value.attributes.items():
            made.attributes[name] = deep_copy(machine, held, memo)
        return made
    if isinstance(value, Tensor):
        made = Tensor(value.shape, clock, value.is_parameter, value.data, value.least)
        made.is_marked = value.is_marked
    elif isinstance(value, Dict):
        made = Dict((), clock, value.rest, value.kind, value.factory)
        memo[id(value)] = made
        for key, held in value.items():
            made[key] = deep_copy(machine, held, memo)
    elif isinstance(value, List):
        made = Deque((), clock, value.most) if isinstance(value, Deque) else List((), clock)
        memo[id(value)] = made
        made.extend(deep_copy(machine, item, memo) for item in value)
    elif isinstance(value, Set):
        made = Set((), clock, value.rest)
        made.update(deep_copy(machine, item, memo) for item in value)
    elif isinstance(value, tuple):
        return tuple(deep_copy(machine, item, memo) for item in value)
    elif isinstance(value, Unknown) and value.options:
        return Unknown(value.why, tuple(deep_copy(machine, o, memo) for o in value.options), value.plain)
    elif isinstance(value, (Stream,)):
        return Unknown("a copy of an iterator")
    else:
        return value
    memo[id(value)] = made
    return made


def is_sizes(value: Value) -> bool:
    """Whether a value is a tuple of whole numbers."""
    return isinstance(value, tuple) and all(type(item) is int or item is None for item in value)


def _plain_init(name: str) -> Fn:
    signature, short_name = PLAIN[name], name.rpartition(".")[2]

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        module = args[0]
        unknown = kwargs.pop("**", None)
        try:
            bound = signature.bind(args[1:], kwargs, unknown)
        except BindError as error:
            given = (*args[1:], *kwargs.values())
            return refuse(machine, module, short_name, Violation("NNL203", str(error)), given)
        violation = check_plain(
            name,
            {
                parameter: given_tensor(value) if isinstance(value, Tensor) else normal(machine, value)
                for parameter, value in bound.items()
            },
        )
        if violation is not None:
            return refuse(machine, module, short_name, violation, bound.values())
        machine.judge(module, short_name, None, bound.values())
        prepare(machine, module)
        taken = {key: normal(machine, value) if isinstance(value, List) else value for key, value in bound.items()}
        for parameter_name, value in stored(short_name, taken).items():
            is_simple = isinstance(value, (int, float, str)) or value is None or is_sizes(value)
            if (
                isinstance(value, Reference)
                or (isinstance(value, Unknown) and not value.plain)
                or (not is_simple and not isinstance(value, Unknown))
            ):
                value = Unknown(f"{parameter_name} of {name.rpartition('.')[2]}", plain=True)
            module.attributes[parameter_name] = value
        return None

    return run


def add_what_is_there(classes: dict[str, Class]) -> None:
    """Give the framework's classes the rest of the names that they have in torch."""
    for names, listed in {"torch.nn.Module": THERE, **THERE_IN}.items():
        for cls in map(classes.__getitem__, names.split()):
            for name in listed.split():
                cls.attributes.setdefault(name, Unknown(f"{name} of {cls.name}"))
    for method, listed in KEEPING_SIZES.items():
        for name in listed.split():
            classes[f"torch.nn.{name}"].attributes.setdefault(method, Native(method, _nothing))
    for name in ("torch.nn.Embedding", "torch.nn.EmbeddingBag"):
        from_pretrained = Native("from_pretrained", _from_pretrained)
        classes[name].attributes["from_pretrained"] = Descriptor("classmethod", from_pretrained)
    converter = Descriptor("classmethod", Native("convert_sync_batchnorm", _synchronized))
    classes["torch.nn.SyncBatchNorm"].attributes["convert_sync_batchnorm"] = converter


# Which methods of a container torch's own methods call, by torch's source: a class may have its own in their place.
INSIDE: dict[str, dict[str, tuple[str, ...]]] = {
    "Sequential": {
        "__init__": ("add_module",), "extend": ("append",), "pop": ("__getitem__", "__delitem__"),
        **dict.fromkeys(("__iadd__", "__imul__", "append"), ("__len__", "add_module")),
        **dict.fromkeys(("__getitem__", "__setitem__", "__delitem__"), ("__len__",)),
        **dict.fromkeys(("__add__", "__mul__", "__rmul__"), ("__iter__",)),
    },
    "ModuleList": {
        "__init__": ("__iadd__",), "__iadd__": ("extend",), "pop": ("__getitem__", "__delitem__"),
        **dict.fromkeys(("append", "extend"), ("__len__", "add_module")),
        **dict.fromkeys(("__getitem__", "__setitem__", "__delitem__"), ("__len__",)), "__add__": ("__iter__",),
    },
    "ModuleDict": {
        "__init__": ("update",), "update": ("__setitem__",), "__setitem__": ("add_module",),
        "pop": ("__getitem__", "__delitem__"),
    },
    "ParameterList": {
        "__init__": ("__iadd__",), "__iadd__": ("extend",), "extend": ("append",),
        "append": ("__len__", "__setitem__"), "__iter__": ("__len__", "__getitem__"),
        **dict.fromkeys(("__getitem__", "__setitem__"), ("__len__",)),
    },
    "ParameterDict": {
        "__init__": ("update",), "update": ("__setitem__",), "setdefault": ("__contains__", "__setitem__"),
        "__ior__": ("update",), **dict.fromkeys(("items", "values", "copy"), ("__getitem__",)),
        "get": ("__contains__", "__getitem__"), **dict.fromkeys(("pop", "popitem"), ("__getitem__", "__delitem__")),
        "clear": ("__delitem__",),
    },
}  # fmt: skip


def overridable(container: str, method: str, fn: Fn) -> Fn:
    """A container's method; where it calls a method that the object's class has its own of, what that does is not
    followed."""
    called: list[str] = []
    pending = [method]
    while pending:
        more = INSIDE.get(container, {}).get(pending.pop(), ())
        called += more
        pending += more

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        own = None
        if isinstance(args[0], Instance) and args[0].cls.module is not None:
            found = ((name, args[0].cls.find(name)) for name in called)
            own = next((name for name, value in found if not isinstance(value, (Native, Unknown))), None)
        if own is None:
            return fn(machine, args, kwargs)
        if method == "__init__":
            prepare(machine, args[0])
        unknown = Unknown(f"{own}() is one of its own")
        for value in (*args, *kwargs.values()):
            machine.havoc(value, unknown.why)
        return None if method == "__init__" else unknown

    return run if called else fn


# What the methods of containers take, beside those that an operator calls.
ARGUMENTS: dict[str, dict[str, str]] = {
    "Sequential": {"append": "module", "extend": "sequential", "insert": "index, module", "pop": "key"},
    "ModuleList": {"append": "module", "extend": "modules", "insert": "index, module", "pop": "key"},
    "ModuleDict": {"update": "modules", "pop": "key", "clear": "", "keys": "", "values": "", "items": ""},
    "ParameterList": {"append": "value", "extend": "values"},
    "ParameterDict": {
        "update": "parameters", "pop": "key", "popitem": "", "clear": "", "copy": "", "keys": "", "values": "",
        "items": "", "setdefault": "key, default=None", "get": "key, default=None",
    },
}  # fmt: skip


def taking(text: str | None, fn: Fn) -> Fn:
    """A method that is given its arguments in the order of its parameters, and raises where they do not fit them."""
    if text is None:
        return fn
    takes = signature(f"self, {text}" if text else "self")

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        unknown = kwargs.get("**")
        named = {name: value for name, value in kwargs.items() if name != "**"}
        try:
            bound = takes.bind(args, named, unknown if isinstance(unknown, Unknown) else None)
        except BindError as error:
            raise machine.error("TypeError", str(error)) from None
        return fn(machine, [bound[parameter.name] for parameter in takes.parameters], {})

    return run


def torch_classes(object_class: Class) -> dict[str, Class]:
    """torch.nn.Module and all classes of torch.nn, by full public name."""
    module = Class("Module", (object_class,), full_name="torch.nn.Module")
    module.attributes.update({name: Native(name, fn) for name, fn in MODULE_METHODS.items()})
    module.attributes.update(call_super_init=False, dump_patches=False)
    classes = {"torch.nn.Module": module}
    for name, methods in CONTAINERS.items():
        made = Class(name, (module,), full_name=f"torch.nn.{name}")
        for method, fn in methods.items():
            made.attributes[method] = Native(method, overridable(name, method, taking(ARGUMENTS[name].get(method), fn)))
        classes[made.full_name] = made

    def framework_class(name: str) -> Class:
        if name not in classes:
            layer = LAYERS.get(name)
            bases = layer.bases if layer is not None else PLAIN_BASES.get(name, ())
            order = [framework_class(base) for base in bases]
            made = Class(name.rpartition(".")[2], (order[0] if order else module,), full_name=name, layer=layer)
            made.mro = (made, *(order or [module]), object_class)
            if layer is not None:
                made.attributes["__init__"] = Native("__init__", _layer_init(layer))
            elif name in PLAIN:
                made.attributes["__init__"] = Native("__init__", _plain_init(name))
            classes[name] = made
        return classes[name]

    for name in (*LAYERS, *PLAIN):
        framework_class(name)
    add_what_is_there(classes)
    for name, attributes in PLAIN_OUTSIDE.items():
        made = Class(name.rpartition(".")[2], (module,), full_name=name)
        why = Unknown(f"an attribute of {made.name}", plain=True)
        made.attributes.update(dict.fromkeys(attributes, why))
        made.attributes["__init__"] = Native("__init__", _init_outside)
        classes[name] = made
    return classes


__all__ = ["arithmetic", "deep_copy", "is_module", "ops", "torch_classes"]
