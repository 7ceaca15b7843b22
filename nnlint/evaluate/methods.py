"""The methods of Python's own types: texts, lists, deques, dicts, sets, generators."""

from __future__ import annotations

from typing import Any

from nnlint.evaluate import operations as ops
from nnlint.evaluate.builtins import METHODS, Fn, known, method, plain_payload, pure
from nnlint.evaluate.iterables import BUILTINS, ended, is_running, sort
from nnlint.evaluate.objects import writes_itself
from nnlint.numpy_numbers import NUMPY, NumpyBool, NumpyFloat, NumpyInt
from nnlint.signature import Rest, rest_at
from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    Deque,
    Dict,
    Instance,
    List,
    Native,
    RaisedError,
    Set,
    Size,
    Stream,
    Tensor,
    Value,
    View,
    has_rest,
    may_be_absent,
    may_write_when_called,
    present,
)

TEXT_METHODS = [
    "capitalize",
    "casefold",
    "count",
    "encode",
    "endswith",
    "find",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isspace",
    "istitle",
    "isupper",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "rfind",
    "rindex",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "upper",
]


for _name in TEXT_METHODS:
    METHODS[str, _name] = pure(_name, getattr(str, _name))


for _name in ("bit_length", "conjugate", "as_integer_ratio"):
    METHODS[int, _name] = pure(_name, getattr(int, _name))


for _name in ("is_integer", "hex", "as_integer_ratio"):
    METHODS[float, _name] = pure(_name, getattr(float, _name))


@method(NumpyInt, "item", "tolist")
@method(NumpyFloat, "item", "tolist")
def _item(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return int(args[0]) if isinstance(args[0], int) else float(args[0])


@method(str, "replace")
def _replace(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    unknown = ops.is_unknown(tuple(args))
    if unknown is not None:
        return Unknown(unknown.why, plain=True)
    text, old, new = args[:3]
    if (text.count(old) + 1) * len(new) > ops.ITEMS:
        return Unknown("a value too large to compute", plain=True)
    return text.replace(*args[1:])


@method(str, "join")
def _join(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items = [plain_payload(machine, item) for item in machine.items(args[1])]
    unknown = ops.is_unknown(tuple(items))
    if unknown is not None:
        return Unknown(unknown.why, plain=True)
    if sum(len(i) for i in items if isinstance(i, str)) + len(args[0]) * len(items) > ops.ITEMS:
        return Unknown("a value too large to compute", plain=True)
    return args[0].join(items)


@method(str, "format")
def _format_text(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    for value in (*args[1:], *kwargs.values()):
        if isinstance(value, (Instance, list, tuple, dict, Unknown)):
            machine.format("", value, "", "")
        if isinstance(value, NUMPY if "!" in args[0] else NumpyBool):
            return Unknown("how numpy writes a number", plain=True)
    unknown = ops.is_unknown((*args, *kwargs.values()))
    if unknown is not None:
        return Unknown(unknown.why, plain=True)
    if any(map(writes_itself, (*args[1:], *kwargs.values()))):
        return Unknown("the text of an object", plain=True)
    values = [plain_payload(machine, arg) for arg in args[1:]]
    simple = all(isinstance(v, (str, int, float)) or v is None for v in (*values, *kwargs.values()))
    if not simple or not ops.format_is_small(args[0]) or ":{" in args[0].replace(" ", ""):
        return Unknown("the text of an object", plain=True)
    longest = max((len(v) for v in (*values, *kwargs.values()) if isinstance(v, str)), default=0)
    if len(args[0]) + args[0].count("{") * longest > ops.ITEMS:
        return Unknown("a value too large to compute", plain=True)
    return args[0].format(*values, **kwargs)


def _padded(name: str) -> Native:
    """A method that makes a text as wide as it is told."""
    pad = getattr(str, name)

    def run(text: str, width: int, /, *fill: str) -> Value:
        return pad(text, width, *fill) if width <= ops.ITEMS else Unknown("a value too large to compute", plain=True)

    return pure(name, run)


for _name in ("ljust", "rjust", "center", "zfill"):
    METHODS[str, _name] = _padded(_name)


@method(str, "expandtabs")
def _expanded(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Unknown("text with its tabs expanded", plain=True)


@method(Size, "numel")
def _numel(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Tensor(args[0], machine.heap.clock).numel()


@method(tuple, "index")
@method(List, "index")
def _index(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    unknown = ops.is_unknown(tuple(args))
    if unknown is not None or len(args) > 2:
        return Unknown(first(unknown, Unknown("index() in a range")).why, plain=True)
    for place, item in enumerate(args[0]):
        if item is args[1] or known(machine.truth(machine.compare("==", item, args[1]))):
            return place
    raise machine.error("ValueError", "the value is not in the list")


@method(tuple, "count")
@method(List, "count")
def _count(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    found = 0
    for item in args[0]:
        machine.step()
        if type(item) is Rest:
            return Unknown(item.unknown.why, plain=True)
        is_same = item is args[1] and not isinstance(item, Unknown)
        found += is_same or known(machine.truth(machine.compare("==", item, args[1])))
    return found


@method(List, "append")
def _append(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    args[0].append(args[1])
    return None


def _keep_last(items: Deque) -> None:
    """What is added at the end of a deque takes the place of what stands first; with a Rest nobody knows what stays."""
    if items.most is not None and has_rest(items):
        items[:] = [Rest(Unknown("a deque of a maximal length"))]
    elif items.most is not None:
        del items[: max(len(items) - items.most, 0)]


@method(Deque, "append")
def _append_right(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _extend_right(machine, [args[0], (args[1],)], {})


@method(Deque, "extend")
def _extend_right(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items = machine.items(args[1])
    machine.heap.touch(args[0])
    args[0].extend(items)
    if args[0].most is not None:
        machine.charge(args[0])
    _keep_last(args[0])
    return None


@method(Deque, "appendleft")
def _append_left(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _extend_left(machine, [args[0], (args[1],)], {})


@method(Deque, "insert")
def _insert_within(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if args[0].most is not None and len(args[0]) >= args[0].most:
        raise machine.error("IndexError", "deque already at its maximum size")
    return _insert(machine, args, kwargs)


@method(Deque, "pop")
def _pop_right(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _pop(machine, args, {})


@method(Deque, "sort")
def _sort_deque(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    raise machine.error("AttributeError", "'collections.deque' object has no attribute 'sort'")


@method(Deque, "popleft")
def _pop_left(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return _pop(machine, [args[0], 0], {})


@method(Deque, "extendleft")
def _extend_left(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items = machine.items(args[1])
    machine.heap.touch(args[0])
    args[0][:0] = items[::-1]
    if args[0].most is not None and has_rest(args[0]):
        _keep_last(args[0])
    elif args[0].most is not None:
        del args[0][args[0].most :]
    return None


@method(Deque, "rotate")
def _rotate(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """deque.rotate(n=1): to the right"""
    items, times = args[0], args[1] if len(args) > 1 else 1
    if has_rest(items) or type(times) is not int:
        machine.havoc(items, "a deque is rotated")
        return None
    machine.heap.touch(items)
    machine.charge(items)
    at = len(items) - times % len(items) if items else 0
    items[:] = [*items[at:], *items[:at]]
    return None


@method(Deque, "copy")
def _copy_deque(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Deque(args[0], machine.heap.clock, args[0].most)


@method(List, "extend")
def _extend(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items = machine.items(args[1])
    machine.heap.touch(args[0])
    args[0].extend(items)
    return None


@method(List, "insert")
def _insert(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if isinstance(args[1], Unknown):
        machine.doubtful(args[1])
    machine.heap.touch(args[0])
    if isinstance(args[1], Unknown) or has_rest(args[0]):
        args[0][:] = [Rest(Unknown("an item is inserted at a place that is not known"))]
    else:
        args[0].insert(args[1], args[2])
    return None


@method(List, "pop")
def _pop(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items, index = args[0], args[1] if len(args) > 1 else -1
    machine.heap.touch(items)
    rest = rest_at(items)
    safe = rest is None or (isinstance(index, int) and (0 <= index < rest or -len(items) + rest < index < 0))
    if isinstance(index, Unknown) or not safe:
        items[:] = [Rest(Unknown("an item that is not known is taken"))]
        return Unknown("an item of a list that is not known")
    return items.pop(index)


@method(List, "remove")
def _remove(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    items = args[0]
    machine.heap.touch(items)
    for place, item in enumerate(items):
        is_same = item is args[1] and not isinstance(item, Unknown)
        equal = is_same or machine.truth(machine.compare("==", item, args[1]))
        if equal is True:
            del items[place]
            return None
        if isinstance(equal, Unknown) or type(item) is Rest:
            machine.may_raise("an item that is not known is taken")
            machine.heap.touch(items)
            items[:] = [Rest(Unknown("an item that is not known is taken"))]
            return None
    raise machine.error("ValueError", "the value is not in the list")


@method(List, "clear")
def _clear(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    args[0].clear()
    return None


@method(List, "reverse")
def _reverse(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    args[0].reverse()
    return None


@method(List, "sort")
def _sort(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    ordered = sort(machine, list(args[0]), kwargs)
    machine.heap.touch(args[0])
    args[0][:] = ordered
    return None


@method(List, "copy")
def _copy_list(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return List(args[0], machine.heap.clock)


def copy_dict(machine: Any, value: Dict) -> Dict:
    return Dict(value, machine.heap.clock, value.rest, value.kind, value.factory)


@method(Dict, "copy")
def _copy_dict(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return copy_dict(machine, args[0])


@method(Dict, "get")
def _get(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    mapping, default = args[0], args[2] if len(args) > 2 else None
    if isinstance(args[1], Unknown):
        calls = any(map(may_write_when_called, (*mapping.values(), default)))
        return machine.doubtful(Unknown(args[1].why, calls=calls))
    return _entry_or(machine, mapping, machine.key(args[1]), default)


def _entry_or(machine: Any, mapping: Dict, key: Value, default: Value) -> Value:
    if key in mapping:
        held = mapping[key]
        return machine.either(held, lambda: present(held), lambda: default) if may_be_absent(held) else held
    if mapping.rest is not None:
        return Unknown(mapping.rest.why)
    return default


def _key_and_default(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> list[Value]:
    """The key, and the default where there is one: an OrderedDict takes both by name."""
    if kwargs and args[0].kind != "OrderedDict":
        raise machine.error("TypeError", "a dict takes no keyword arguments")
    return [*args[1:], *(kwargs[name] for name in ("key", "default") if name in kwargs)]


@method(Dict, "setdefault")
def _setdefault(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    mapping, (key, default) = args[0], [*_key_and_default(machine, args, kwargs), None][:2]
    key = machine.key(key)
    if key in mapping and not may_be_absent(mapping[key]):
        return mapping[key]
    machine.heap.touch(mapping)
    if mapping.rest is not None or key in mapping:
        mapping[key] = Unknown(first(mapping.rest, mapping.get(key)).why)
    else:
        mapping[key] = default
    return mapping[key]


@method(Dict, "pop")
def _pop_key(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    mapping, (key, *default) = args[0], _key_and_default(machine, args, kwargs)
    if not mapping and mapping.rest is None and default:
        return default[0]  # nobody asks whether the key is one
    key = machine.key(key)
    found = _entry_or(machine, mapping, key, ABSENT)
    machine.heap.touch(mapping)
    mapping.pop(key, None)
    if found is ABSENT:
        if default:
            return default[0]
        raise machine.error("KeyError", str(key))
    if may_be_absent(found):
        return machine.either(found, lambda: present(found), lambda: default[0] if default else None)
    return found


@method(Dict, "popitem")
def _popitem(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    mapping = args[0]
    if mapping.kind != "OrderedDict" and (len(args) > 1 or kwargs):
        raise machine.error("TypeError", "dict.popitem() takes no arguments")
    machine.heap.touch(mapping)
    if not mapping.certain():
        mapping.rest = Unknown("an entry that is not known is taken")
        mapping.clear()
        return Unknown("an entry that is not known")
    last = known(machine.truth(args[1] if len(args) > 1 else kwargs.get("last", True)))
    if mapping and not last:
        key = next(iter(mapping))
        return key, mapping.pop(key)
    return mapping.popitem()


@method(Dict, "update")
def _update(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    rest = kwargs.pop("**", None)
    if args[0].kind == "Counter":
        return _count_in(machine, [*args, Dict(kwargs, 0, rest)], 1)
    for given in args[1:]:
        machine.update_dict(args[0], given)
    machine.update_dict(args[0], Dict(kwargs, 0, rest))
    return None


@method(Dict, "clear")
def _clear_dict(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    args[0].clear()
    args[0].rest = None
    return None


@method(Dict, "keys")
def _keys(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return View("keys", args[0], lambda key, value: key)


@method(Dict, "values")
def _values(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return View("values", args[0], lambda key, value: value)


@method(Dict, "items")
def _items(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return View("items", args[0], lambda key, value: (key, value))


@method(Dict, "move_to_end")
def _move_to_end(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    mapping, key = args[0], machine.key(args[1])
    last = known(machine.truth(args[2] if len(args) > 2 else kwargs.get("last", True)))
    machine.heap.touch(mapping)
    if may_be_absent(mapping.get(key)) or (key not in mapping and mapping.rest is not None):
        machine.may_raise("whether there is a key to move")
        machine.havoc(mapping, "whether there is a key to move")
        return None
    moved = {key: mapping.pop(key)}
    if not last:
        others = dict(mapping)
        mapping.clear()
        moved.update(others)
    mapping.update(moved)
    return None


def _count_in(machine: Any, args: list[Value], sign: int) -> None:
    """Add to the counts of a Counter what a mapping has, or how often each item is there; or take it away."""
    counter, *more = args
    machine.heap.touch(counter)
    for given in more:
        entries = _counts(machine, given) if given is not None else []
        if entries is None or not counter.certain():
            machine.havoc(counter, "counts that are not known")
            return
        machine.step(len(entries))
        for key, count in entries:
            counter[key] = machine.binary("+" if sign > 0 else "-", counter.get(key, 0), count)


def _counts(machine: Any, given: Value) -> list[tuple[Value, Value]] | None:
    """What a Counter is given to count, or None where that is not known."""
    if isinstance(given, Dict):
        return list(given.items()) if given.certain() else None
    items = machine.items(given)
    is_known = not any(type(item) is Rest or isinstance(item, Unknown) for item in items)
    return [(machine.key(item), 1) for item in items] if is_known and not isinstance(given, Instance) else None


@method(Dict, "subtract")
def _subtract(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Counter.subtract(iterable=None, **counts)"""
    rest = kwargs.pop("**", None)
    return _count_in(machine, [*args, Dict(kwargs, 0, rest)], -1)


@method(Dict, "most_common")
def _most_common(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Counter.most_common(n=None): what is counted as often, in the order in which it was first counted"""
    mapping, most = args[0], args[1] if len(args) > 1 else kwargs.get("n")
    if not mapping.certain() or not all(type(count) is int for count in mapping.values()):
        return Unknown("the most common of what is not known")
    places = known(most) if most is not None else len(mapping)
    if not isinstance(places, int):
        raise machine.error("TypeError", "how many are asked for is no integer")
    machine.charge(mapping)
    found = sorted(mapping.items(), key=lambda entry: -entry[1])
    return List(found[: max(places, 0)], machine.heap.clock)


@method(Set, "add")
def _add(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if isinstance(args[1], Unknown) and not args[1].plain:
        machine.may_raise(args[1].why)  # it may be a list
    machine.heap.touch(args[0])
    if isinstance(args[1], Unknown):
        args[0].rest = args[1]
    else:
        args[0].add(machine.key(args[1]))
    return None


@method(Set, "discard")
def _discard(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    if isinstance(args[1], Unknown):
        args[0].clear()
        args[0].rest = args[1]
    else:
        args[0].discard(machine.key(args[1]))
    return None


@method(Set, "remove")
def _remove_member(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if isinstance(args[1], Unknown) or args[0].rest is not None:
        machine.may_raise("a member that is not known is taken")
    elif machine.key(args[1]) not in args[0]:
        raise machine.error("KeyError", str(args[1]))
    return _discard(machine, args, kwargs)


@method(Set, "pop")
def _pop_member(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    members = args[0]
    machine.heap.touch(members)
    if members.rest is None and len(members) < 2:
        return members.pop()
    members.clear()
    members.rest = Unknown("a member that is not known is taken")
    return Unknown("the order of a set")


@method(Set, "clear")
def _clear_set(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.heap.touch(args[0])
    args[0].clear()
    args[0].rest = None
    return None


@method(Set, "update")
def _update_set(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    more = machine.make_set([item for arg in args[1:] for item in machine.items(arg)])
    machine.heap.touch(args[0])
    args[0].update(more)
    args[0].rest = first(args[0].rest, more.rest)
    return None


def _set_operation(name: str) -> Fn:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        sets = [args[0], *[machine.make_set(machine.items(arg)) for arg in args[1:]]]
        rest = next((one.rest for one in sets if one.rest is not None), None)
        if rest is not None:
            return Unknown(rest.why)
        result = getattr(set, name)(*sets)
        return Set(result, machine.heap.clock) if isinstance(result, set) else result

    return run


def _set_update(operation: Fn) -> Fn:
    """The operation, of which the set takes the result in itself."""

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        result = operation(machine, args, kwargs)
        machine.heap.touch(args[0])
        args[0].clear()
        args[0].rest = result if isinstance(result, Unknown) else None
        args[0].update(() if isinstance(result, Unknown) else result)
        return None

    return run


for _name in ("union", "intersection", "difference", "symmetric_difference", "issubset", "issuperset", "isdisjoint"):
    METHODS[Set, _name] = Native(_name, _set_operation(_name))
for _name in ("intersection", "difference", "symmetric_difference"):
    METHODS[Set, f"{_name}_update"] = Native(f"{_name}_update", _set_update(_set_operation(_name)))


@method(Stream, "send")
def _send(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    was_running = is_running(args[0])
    item = machine.next_item(args[0], args[1])
    if item is ABSENT:
        raise ended(machine, args[0], was_running)
    return Unknown(item.unknown.why) if type(item) is Rest else item


@method(Stream, "close")
def _close(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """generator.close(): what waits at a yield goes on with a GeneratorExit"""
    stream = args[0]
    if stream.frame is None or stream.spoiled is not None:
        machine.havoc(stream, "an iterator is closed")
        machine.may_raise("an iterator is closed")
        return None
    machine.heap.touch(stream)
    stream.position += 1
    machine.suspended = tuple(one for one in machine.suspended if one is not stream)
    try:
        stream.items.throw(machine.error("GeneratorExit", ""))
    except StopIteration:
        return None
    except RaisedError as raised:
        if machine.matches(raised.value, machine.classes["GeneratorExit"]) is not True:
            raise
        return None
    raise machine.error("RuntimeError", "generator ignored GeneratorExit")


@method(Stream, "__next__")
def _next_of_stream(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return BUILTINS["next"].fn(machine, args[:1], {})


@method(Stream, "__iter__")
def _itself(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return args[0]


@method(Set, "copy")
def _copy_set(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Set(args[0], machine.heap.clock, args[0].rest)


__all__ = ["METHODS"]
