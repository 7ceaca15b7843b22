"""Sequential, ModuleList, ModuleDict, ParameterList and ParameterDict: what they hold, under which names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from nnlint.evaluate import operations as ops
from nnlint.evaluate.entries import (
    refused_arguments,
    refused_entries,
    refused_iterable,
    refused_name,
    refused_pairs,
)
from nnlint.evaluate.items import UnknownSlice
from nnlint.evaluate.nn_module import (
    Fn,
    add_module,
    arguments,
    check_child,
    check_name,
    is_module,
    is_no_module,
    prepare,
    put,
    refuse,
    registry,
)
from nnlint.evaluate.sequential import is_sequential
from nnlint.evaluate.tensor_numbers import are_whole
from nnlint.layers import (
    Violation,
)
from nnlint.layers.table import signature
from nnlint.signature import BindError, Rest
from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    Dict,
    Instance,
    List,
    Native,
    Stream,
    Tensor,
    Value,
    may_be_absent,
    type_name,
)


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
        add_module(machine, [module, name, child], {})
    if named.rest is not None:
        held = registry(machine, module, "_modules")
        machine.heap.touch(held)
        held.rest = named.rest


def fill(machine: Any, module: Instance, items: Iterable[Value], start: int) -> None:
    """Register items under "0", "1", ..."""
    held = registry(machine, module, "_modules")
    for index, item in enumerate(items, start):
        if type(item) is not Rest:
            check_child(machine, index, item)
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
        machine.may_raise(why)
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
    if isinstance(index, (float, str, List, tuple)):
        raise machine.error("TypeError", f"'{type_name(index)}' object cannot be interpreted as an integer")
    if not -len(names) <= index < len(names):
        raise machine.error("IndexError", f"index {index} is out of range")
    if names[index] not in held:
        raise machine.error("KeyError", names[index])
    return names[index]


def _set_item(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    module, index, child = args
    held = registry(machine, module, "_modules")
    if isinstance(index, (str, float, slice, tuple, List)) or index is None:
        raise machine.error("TypeError", f"'{type_name(index)}' object cannot be interpreted as an integer")
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
    return add_module(machine, args, {})


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
        machine.step()
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
