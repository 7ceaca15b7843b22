"""Items and iteration, as Python defines them."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice, permutations
from typing import Any

from nnlint.evaluate import gradients, metaclasses, versions
from nnlint.evaluate import operations as ops
from nnlint.evaluate.attributes import Attributes
from nnlint.evaluate.control import DRAINED, PATIENCE, LimitError, Pace
from nnlint.evaluate.heap import ADVANCED, Outcome
from nnlint.evaluate.passive import are_passive
from nnlint.evaluate.tensor_shapes import plain_size
from nnlint.numpy_numbers import NumpyBool
from nnlint.signature import REQUIRED, Rest, rest_at
from nnlint.unknown import Unknown, UnknownValueError, first
from nnlint.values import (
    ABSENT,
    CONSTANTS,
    OF_ITEMS,
    BoundMethod,
    Class,
    Deque,
    Descriptor,
    Dict,
    External,
    Frame,
    Function,
    Instance,
    List,
    Made,
    Namespace,
    Native,
    Partial,
    RaisedError,
    Set,
    Size,
    Stream,
    Tensor,
    Value,
    View,
    as_text,
    has_rest,
    is_as_unknown,
    is_plain,
    join,
    may_be_absent,
    may_write_when_called,
    merged_rest,
    one_of,
    present,
    type_name,
)

MANY = 50  # items of which a loop may be too long to follow
SMALLEST_TABLE = 8  # places that CPython has for the members of a set, at least
ORDERED = 3  # members of a set, of which all orders are tried
FEW = 100  # objects, of which all are looked at
FRESH = frozenset({"list", "dict", "set", "int", "float", "str", "bool", "tuple"})  # types that make something new
GENERIC = frozenset({"dict", "enumerate", "frozenset", "list", "set", "tuple", "type"})  # types that have items
# What __iter__ must not give.
NO_ITERATORS = (list, tuple, dict, set, frozenset, str, bytes, range, int, float, View, Tensor)
CALLABLES = (Function, Native, Class, BoundMethod, Partial)
KNOWN = (Instance, *CALLABLES)  # items that are told apart where it is not known which of them is meant
NATIVE_ERRORS = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError)


def is_described(cls: Class) -> bool:
    """Whether all methods of a class are known: it is of the project, object, or one of torch's modules."""
    return cls.module is not None or cls.native is object or cls.full_name.startswith("torch.nn.")


def _stays_before(place: int, part: Value) -> bool:
    """Whether a slice gives nothing from a place on."""
    if not isinstance(part, slice) or type(part.stop) is not int or not 0 <= part.stop <= place:
        return False
    start, step = (0 if part.start is None else part.start), (1 if part.step is None else part.step)
    return type(start) is type(step) is int and start >= 0 and step > 0


def is_itself_alone(value: Value) -> bool:
    """Whether a value surely is an object that equals no other one."""
    is_plain = isinstance(value, Instance) and value.payload is None and value.cls.unknown_base is None
    return is_plain and all(value.cls.find(name) is ABSENT for name in ("__eq__", "__hash__"))


class UnknownSlice(Unknown):
    """A slice of which an end is not known."""


class Items(Attributes):
    """The part of the machine that knows what objects contain."""

    # -- items -------------------------------------------------------------------------------------------------

    def make_slice(self, start: Value, stop: Value, step: Value) -> Value:
        start, stop, step = (self.as_index(end) for end in (start, stop, step))
        unknown = ops.is_unknown((start, stop, step))
        return slice(start, stop, step) if unknown is None else UnknownSlice(unknown.why)

    def as_index(self, index: Value) -> Value:
        """A number that is to say a place: one that its own method gives, where it is an object."""
        if isinstance(index, Instance) and isinstance(index.payload, int):
            return index.payload  # whatever its __index__ says
        if isinstance(index, Instance) and isinstance(index.cls.find("__index__"), Function):
            return self.call(self.get_attribute(index, "__index__"), [], {})
        return plain_size(index)

    def as_number(self, value: Value) -> Value:
        """A number that is to be computed with as a float: one that its own method gives, where it is an object."""
        if isinstance(value, Instance) and isinstance(value.cls.find("__float__"), Function):
            return self.call(self.get_attribute(value, "__float__"), [], {})
        return self.as_index(value)

    def place(self, value: Value, index: Value) -> Value:
        """An index into a sequence as a number."""
        is_sequence = isinstance(value, (list, tuple, str, bytes, range))
        if is_sequence and isinstance(index, NumpyBool):
            raise self.error("TypeError", "indices must be integers or slices, not numpy.bool")
        return self.as_index(index) if is_sequence else index

    def get_item(self, value: Value, index: Value) -> Value:
        """value[index]"""
        kind = type(value)
        is_place = (kind is tuple or kind is List) and type(index) is int and -len(value) <= index < len(value)
        if is_place and self.look_ups.reading is None and not has_rest(value):
            self.step(len(value) // 10)
            return value[index]
        if isinstance(value, Instance):
            method = value.cls.find("__getitem__")
            if method is not ABSENT:
                return self.call(BoundMethod(method, value), [index], {})
            if isinstance(index, Unknown) and isinstance(value, Namespace) and isinstance(value.owner, Frame):
                return self.doubtful(Unknown(index.why))
            if value.payload is not None:
                return self._payload_item(value, index)
            return self.lacking(value, "is not subscriptable")
        if isinstance(value, Deque) and isinstance(index, slice):
            raise self.error("TypeError", "sequence index must be integer, not 'slice'")
        if self.look_ups.reading is not None:
            self._note_content(value)
        if isinstance(value, External) and value.name.startswith(("typing.", "collections.abc.", "typing_extensions.")):
            return External(f"{value.name.removesuffix(OF_ITEMS)}{OF_ITEMS}")
        if isinstance(value, External) and (part := versions.item(value, index)) is not None:
            return part
        if isinstance(value, External) and value.name == "sys.modules" and isinstance(index, str):
            return self.loaded(index)
        if isinstance(value, Unknown):
            if value.options:
                return self.each_option(value, lambda option: self.get_item(option, index))
            return self.doubtful(self.within(value, index))
        if isinstance(value, Class):
            getter = value.find("__class_getitem__")
            members = value.attributes.get("__members__")
            if isinstance(members, Dict) and isinstance(index, str) and index in members:
                return members[index]
            if getter is ABSENT and value.unsure is not None:
                return self.doubtful(Unknown(value.unsure.why))
            if getter is ABSENT:
                self.may_raise("a class that may have no items")
                return value
            return self.call(BoundMethod(getter, value), [index], {})
        if not isinstance(value, dict):
            self.charge(value)
        index = self.place(value, index)
        if isinstance(index, UnknownSlice):
            self.lose_track(value, index.why)
            plain = isinstance(value, str) or (isinstance(value, tuple) and is_plain(value))
            return List([Rest(index)], self.heap.clock) if isinstance(value, list) else Unknown(index.why, plain=plain)
        if isinstance(index, Unknown):
            self.doubtful(index)
            if index.options and len(index.options) <= 4:
                return self.each_option(index, lambda option: self.get_item(value, option))
            if (
                isinstance(value, (list, tuple))
                and value
                and all(ops.is_number(i) or isinstance(i, str) for i in value)
            ):
                return Unknown(index.why, tuple(dict.fromkeys(value))[:9] if len(set(value)) < 9 else (), True)
            return self.any_of(value, index.why)
        if isinstance(value, Dict):
            return self._dict_item(value, index)
        if isinstance(value, (list, tuple)):
            return self._sequence_item(value, index)
        if isinstance(value, Tensor):
            return self.doubtful(self.tensor_item(value, index))
        if isinstance(value, (Native, Partial, Function, BoundMethod)):
            if isinstance(value, Native) and self.builtin_kind(value) and value.name not in GENERIC:
                raise self.error("TypeError", f"'{value.name}' object is not subscriptable")
            if isinstance(value, Native):
                self.may_raise("a function may have no items")
                return Native(f"{value.name}{OF_ITEMS}", value.fn)
            return self.doubtful(Unknown("an item of a function"))
        try:
            return value[index]
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def any_of(self, value: Value, why: str) -> Value:
        """One of the items of a list, a tuple or a dict: what is done to it is done to one of them."""
        items = [
            option
            for item in self._held_by(value)
            for option in (item.options or (item,) if isinstance(item, Unknown) else (item,))
            if option is not ABSENT
        ]
        self.step(len(items) // 4)
        known = [item for item in items if isinstance(item, KNOWN)]
        if isinstance(value, Dict) and value.factory is not None and self._make_unseen(value, items, why):
            return Unknown(why, foreign=True)
        may_hold_more = isinstance(value, Dict) and first(value.rest, value.factory) is not None
        if len(items) > FEW and not self.executing and are_passive(items):
            # To forget what they all hold takes long: who calls or writes to one of them ends the root.
            self.alias((value,))
            return Unknown(why, calls=True)
        if known and len(known) == len(items) <= 8 and not may_hold_more:
            return known[0] if all(item is known[0] for item in known) else Unknown(why, tuple(known))
        self.lose_track(value, why)
        calls = any(isinstance(item, Instance) or may_write_when_called(item) for item in items)
        return Unknown(why, calls=may_hold_more or calls)

    def _make_unseen(self, value: Dict, items: list[Value], why: str) -> bool:
        """A defaultdict is asked for a key that is not known, and may make an entry for it. Whether what it gives is
        known by no other name: it has made all that it holds and that can be written to, and for such keys alone."""
        is_plain = isinstance(value.factory, Native) and value.factory.name in FRESH
        is_alone = is_plain and isinstance(value.rest, Made | None) and all(type(item) in CONSTANTS for item in items)
        if not is_plain:
            self.forget_after(lambda: self.call(value.factory, [], {}), why)
        self.heap.touch(value)
        value.rest = merged_rest(value.rest, Made(why) if is_plain else Unknown(why))
        return is_alone

    def _held_by(self, value: Value) -> list[Value]:
        if isinstance(value, Dict):
            return list(value.values())
        return list(value) if isinstance(value, (list, tuple)) else []

    def lose_track(self, value: Value, why: str) -> None:
        """Some items of a list or a dict get another name that is not followed: what may be written to them there is
        forgotten."""
        self.alias((value,))
        seen: set[Any] = set()
        for item in self._held_by(value):
            if isinstance(item, (Instance, List, Dict, Set, Stream)):
                self.havoc(item, why, seen)

    def _payload_item(self, value: Instance, index: Value) -> Value:
        missing = value.cls.find("__missing__")
        if missing is not ABSENT and isinstance(value.payload, Dict):
            inside = self.contains(value.payload, index)
            if inside is False:
                return self.call(BoundMethod(missing, value), [index], {})
            if isinstance(inside, Unknown):
                return Unknown(inside.why)
        return self.get_item(value.payload, index)

    def tensor_item(self, value: Tensor, index: Value) -> Value:
        raise NotImplementedError

    def write_tensor_item(self, value: Tensor, index: Value, given: Value) -> bool:
        raise NotImplementedError

    def _sequence_item(self, value: Any, index: Value) -> Value:
        rest = rest_at(value)
        if rest is not None and not _stays_before(rest, index):
            if isinstance(index, int) and 0 <= index < rest:
                return value[index]
            if isinstance(index, int) and index < 0 and all(type(i) is not Rest for i in value[index:]):
                return value[index] if len(value) >= -index else self.doubtful(Unknown(value[rest].unknown.why))
            held: Unknown = value[rest].unknown
            self.alias((value,))
            if isinstance(index, slice):
                return List([value[rest]], self.heap.clock)
            return self.doubtful(Unknown(held.why, calls=held.calls or any(map(may_write_when_called, value))))
        try:
            found = value[index]
        except NATIVE_ERRORS as error:
            raise self.native(error) from None
        if type(value) is Size and isinstance(index, slice):
            return Size(found)
        return List(found, self.heap.clock) if type(found) is list else found

    def key(self, value: Value) -> Value:
        """A value as a key: raises UnknownValueError where it is not known, TypeError where it is not hashable."""
        if type(value) is str:
            return value
        if isinstance(value, (tuple, Unknown)):
            self.charge(value)
            unknown = ops.is_unknown(value)
            if unknown is not None:
                raise UnknownValueError(unknown)
        if type(value) is Class and metaclasses.has_own(value, ("__eq__", "__hash__")):
            raise UnknownValueError(Unknown("a class whose metaclass compares as a key"))
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int) and abs(number) >= sys.hash_info.modulus:
                raise UnknownValueError(Unknown("a number whose hash others share as a key"))
        if isinstance(value, Instance):
            self._hash(value)
            is_own = any(isinstance(value.cls.find(name), Function) for name in ("__hash__", "__eq__"))
            if isinstance(value.payload, (str, int, tuple)) and not is_own:
                return value.payload if value.cls.find("__members__") is ABSENT else value
            if value.cls.find("__eq__") is not ABSENT or value.payload is not None:
                raise UnknownValueError(Unknown("an object with its own equality as a key"))
        return value

    def _hash(self, value: Instance) -> None:
        """What the program's own methods do when an object is a key: it is hashed, and perhaps compared."""
        hashes, equals = value.cls.find("__hash__"), value.cls.find("__eq__")
        if hashes is None:
            raise TypeError(f"unhashable type: '{value.cls.name}'")
        if isinstance(hashes, Function):
            self.call(BoundMethod(hashes, value), [], {})
        if isinstance(equals, Function):
            other = Unknown("another key")
            self.forget_after(lambda: self.call(BoundMethod(equals, value), [other], {}), other.why)

    def _dict_item(self, value: Dict, index: Value) -> Value:
        try:
            index = self.key(index)
            if index in value:
                return self.read(value[index])
        except UnknownValueError as error:
            return self.doubtful(Unknown(error.unknown.why))
        except TypeError as error:
            raise self.native(error) from None
        if value.rest is not None:
            return self.doubtful(value.rest.part())
        if value.kind == "defaultdict" and value.factory is not None:
            made = self.call(value.factory, [], {})
            self.heap.touch(value)
            value[index] = made
            return made
        if value.kind == "Counter":
            return 0
        raise self.error("KeyError", repr(index), index)

    def set_item(self, value: Value, index: Value, given: Value) -> None:
        """value[index] = given"""
        if isinstance(value, Instance):
            method = value.cls.find("__setitem__")
            if method is not ABSENT:
                self.call(BoundMethod(method, value), [index, given], {})
            elif value.payload is not None:
                self.set_item(value.payload, index, given)
            else:
                self.lacking(value, "does not support item assignment")
        elif isinstance(value, Dict):
            self.heap.touch(value)
            try:
                value[self.key(index)] = given
            except UnknownValueError as error:
                if isinstance(index, (tuple, Unknown)) and not error.unknown.plain:  # it may be, or hold, a list
                    self.may_raise(error.unknown.why)
                    self.heap.touch(value)
                self._set_some(value, given, error.unknown.why)
            except TypeError as error:
                raise self.native(error) from None
        elif isinstance(value, List):
            self._set_list_item(value, index, given)
        elif isinstance(value, External) and value.name == "sys.modules":
            self.replace_module(index, given)
        elif isinstance(value, Unknown):
            if value.options:
                self.each_option(value, lambda option: self.set_item(option, index, given))
            else:
                self.may_raise(value.why)
                self.write_unseen(value, given)
        elif isinstance(value, Tensor):
            gradients.check_leaf(self, value)
            if not self.write_tensor_item(value, index, given):
                self.heap.forget_numbers(value)
                self.may_refuse("an item of a tensor")
        elif value is None or isinstance(value, (tuple, str, int, float, bytes, Set, frozenset)):
            raise self.error("TypeError", "object does not support item assignment")
        else:
            self.may_raise("an object that may have no items")

    def _set_some(self, target: Dict, given: Value, why: str) -> None:
        """Entries of a dict, nobody knows which, are bound anew, to a value or to parts of it."""
        self.alias((target, [given]))
        self.charge(target)
        new = one_of(why, (given,))
        for key, held in target.items():
            if is_as_unknown(held, new):
                continue  # as after the first of many such writes
            part = one_of(why, (held, given))
            target[key] = Unknown(why, (ABSENT, part)) if may_be_absent(held) else part
        target.rest = one_of(why, (given,) if target.rest is None else (target.rest, given))

    def _set_list_item(self, value: List, index: Value, given: Value) -> None:
        self.charge(value)
        self.heap.touch(value)
        index = self.place(value, index)
        unknown = ops.is_unknown((index, [item for item in value if type(item) is Rest]))
        if unknown is not None or (isinstance(index, slice) and not ops.is_sequence(given)):
            self.doubtful(first(unknown, Unknown("a slice")))
            value[:] = [Rest(Unknown(first(unknown, Unknown("a slice")).why))]
            return
        try:
            value[index] = given
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def delete_item(self, value: Value, index: Value) -> None:
        """del value[index]"""
        if isinstance(value, Instance):
            method = value.cls.find("__delitem__")
            if method is not ABSENT:
                self.call(BoundMethod(method, value), [index], {})
            elif value.payload is not None:
                self.delete_item(value.payload, index)
            elif value.cls.find("__setitem__") is ABSENT:
                self.lacking(value, "doesn't support item deletion")
            elif value.cls.unknown_base is None:
                raise self.error("AttributeError", "__delitem__")
        elif isinstance(value, Dict):
            self.heap.touch(value)
            try:
                key = self.key(index)
                if key in value:
                    self.doubtful(value[key] if may_be_absent(value[key]) else None)
                    del value[key]
                elif value.rest is None and value.kind == "Counter":
                    return
                elif value.rest is None:
                    raise self.error("KeyError", repr(key))
                else:
                    self.may_raise(value.rest.why)
            except UnknownValueError as error:
                self.may_raise(error.unknown.why)
                value.clear()
                value.rest = Unknown(error.unknown.why)
            except TypeError as error:
                raise self.native(error) from None
        elif isinstance(value, List):
            self.charge(value)
            self.heap.touch(value)
            index = self.place(value, index)
            if ops.is_unknown(index) is not None or has_rest(value):
                self.may_raise("an item that is not known is deleted")
                value[:] = [Rest(Unknown("an item that is not known is deleted"))]
                return
            try:
                del value[index]
            except NATIVE_ERRORS as error:
                raise self.native(error) from None
        elif isinstance(value, Unknown):
            if value.options:
                self.each_option(value, lambda option: self.delete_item(option, index))
            else:
                self.may_raise(value.why)
                self.write_unseen(value)
        else:
            self.may_raise("an object that may have no items")

    def lacking(self, value: Instance, lack: str) -> Value:
        """What an operation gives that the class of an object has no method for. Raises TypeError where all of the
        class is known."""
        if all(map(is_described, value.cls.mro)) and first(value.open, value.cls.unknown_base) is None:
            raise self.error("TypeError", f"'{value.cls.name}' object {lack}")
        return self.doubtful(Unknown(f"an object that {lack}"))

    # -- iteration ---------------------------------------------------------------------------------------------

    def iterate(self, value: Value) -> Iterator[Value]:
        """The items of an iterable; a Rest stands for any number of items that are not known."""
        if self.look_ups.reading is not None and not isinstance(value, (tuple, str)):
            self._note_content(value.mapping if isinstance(value, View) else value)
            self.look_ups.lose()
        if isinstance(value, List):
            return self._live(value)
        if isinstance(value, (tuple, str, bytes, range)):
            return iter(value)
        if isinstance(value, Stream):
            return self._advance(value)
        if isinstance(value, Unknown):
            self.alias(value.options)
            if not self._sequences(value):
                self.doubtful(value)
            for option in value.options:
                if isinstance(option, Stream):
                    self.forget_after(partial(self.drain, option), value.why)
            items = Unknown(value.why, self._sequences(value), foreign=value.foreign, calls=value.calls)
            return iter([Rest(items)])
        if isinstance(value, Dict):
            rest = (
                []
                if value.certain()
                else [Rest(Unknown(first(value.rest, Unknown("an entry that may be absent")).why))]
            )
            sure = [key for key, item in value.items() if not may_be_absent(item)]
            return self.unchanged(value, [*sure, *rest])
        if isinstance(value, View):
            return self._viewed(value)
        if isinstance(value, Set):
            ordered = self._ordered(value)
            return self.unchanged(value, ordered) if value.rest is None else iter([*ordered, Rest(value.rest)])
        if isinstance(value, frozenset):
            return iter(self._ordered(value))
        if isinstance(value, Class) and isinstance(value.attributes.get("__members__"), Dict):
            return iter(self._members(value, value.attributes["__members__"]))
        if isinstance(value, Instance):
            return self._iterate_instance(value)
        if isinstance(value, Tensor):
            return self.tensor_items(value)
        if isinstance(value, Descriptor):
            return iter([Rest(Unknown("a descriptor"))])
        if isinstance(value, Class) and value.unsure is not None:
            return iter([Rest(value.unsure)])
        if type(value) is Rest:  # what is in arguments of which nobody knows how many there are
            return iter([value])
        raise self.error("TypeError", f"'{type_name(value)}' object is not iterable")

    def _members(self, cls: Class, members: Dict) -> list[Value]:
        """The members of an enumeration. Whether flags of no or many bits are among them depends on the version."""
        if members.rest is not None:
            return [Rest(members.rest)]
        found = list(dict.fromkeys(members.values()))
        if not cls.is_subclass(self.classes["enum.Flag"]):
            return found
        values = [member.attributes["value"] for member in found]
        are_single = all(isinstance(value, int) and value > 0 and value & (value - 1) == 0 for value in values)
        return found if are_single else [Rest(Unknown("flags that may be no members"))]

    def in_time(self, value: Value) -> Iterator[Value]:
        """The items of an iterable, for a loop. Where it is over so many constants that, at its pace, the steps of the
        root would not do, or that it is tiring, it is followed for some of them only: what comes then is any constant,
        any number of times."""
        items = self.iterate(value)
        return self._some(value, len(value), items) if isinstance(value, (range, tuple, List)) else items

    def _some(self, value: Any, size: int, items: Iterator[Value]) -> Iterator[Value]:
        began, is_asked = self.pace(), True
        for done, item in enumerate(items):
            if is_asked and done and (self.is_tiring(began) or self._is_beyond(began, done, size)):
                is_asked = _holds_constants(value)
                if is_asked:
                    yield Rest(Unknown("a loop too long to follow", plain=True))
                    if len(value) != size or not _holds_constants(value):  # what it is given may be a module
                        raise LimitError("evaluation limit reached")
                    return
            yield item

    def _is_beyond(self, began: Pace, done: int, size: int) -> bool:
        """Whether a loop of so many rounds, of which some are done, takes more than is left, at its pace."""
        spent = self.steps - began.steps
        return size >= MANY and spent > PATIENCE and spent * (size - done) > (self.limit - self.steps) * done

    def unordered(self, value: Value) -> Iterator[Value]:
        """The items of an iterable, for one to whom their order is nothing."""
        if isinstance(value, (Set, frozenset)):
            rest = value.rest if isinstance(value, Set) else None
            return iter([*sorted(value, key=repr), *([Rest(rest)] if rest is not None else [])])
        if isinstance(value, Stream) and value.members is not None:
            members, value.members = value.members, None
            list(value.items)
            return iter(members)
        return self.iterate(value)

    def apart_from_order(self, items: Iterator[Value], birth: int) -> list[Value]:
        """The items computed from an iterable without order: not known where that writes to anything older, or raises,
        since then the order is something. birth: the moment at which it began."""
        level = len(self.heap.trails)

        def take() -> Value:
            try:
                return list(items)
            except RaisedError:
                if len(self.heap.trails) != level:
                    raise
                return [Rest(Unknown("the order of a set"))]

        found: list[Value] = self._alone(take, birth, "the order of a set")
        return found

    def at_any_pace(self, run: Callable[[], Value]) -> Value:
        """What comparing objects any number of times gives: the root ends where that writes to anything older."""
        self.heap.clock += 1
        return self._alone(run, self.heap.clock, "how often objects are compared")

    def _alone(self, run: Callable[[], Value], birth: int, why: str) -> Value:
        """What `run` gives; the root ends where it writes to anything older than `birth`."""
        before, self.heap.oldest = self.heap.oldest, birth
        try:
            found = run()
        finally:
            written, self.heap.oldest = self.heap.oldest, min(before, self.heap.oldest)
        if written < birth:
            raise LimitError(why)
        return found

    def _ordered(self, value: Any) -> list[Value]:
        # The order of a set of strings differs from run to run: more than one of them has no known order.
        if len(value) <= 1:
            return list(value)
        # That of small numbers is the same however the set came about: each has its own place in the smallest table.
        if all(isinstance(item, int) and 0 <= item < SMALLEST_TABLE for item in value):
            return sorted(value)
        # That of other numbers depends on how it came about.
        made = value.made if isinstance(value, Set) else ()
        if made and all(type(item) is int and item >= 0 for item in made):
            return list(made)
        return [Rest(Unknown("the order of a set"))]

    def in_any_order(self, value: Value) -> Value:
        """A value to iterate; of a set of few constants, or of few objects that are told apart as such, of which the
        order is not the same in every run, what may be an iterator in any of the orders."""
        is_small_set = isinstance(value, (Set, frozenset)) and 1 < len(value) <= ORDERED
        if not is_small_set or (isinstance(value, Set) and value.rest is not None):
            return value
        if not has_rest(self._ordered(value)):
            return value
        if all(type(item) in CONSTANTS for item in value):
            orders = permutations(sorted(value, key=repr))
        elif all(map(is_itself_alone, value)):
            orders = permutations(sorted(value, key=lambda item: item.birth))
        else:
            return value
        ways = [Stream(self.unchanged(value, list(order)), self.heap.clock) for order in orders]
        return Unknown("the order of a set", tuple(ways))

    def _sequences(self, value: Unknown) -> tuple[Value, ...]:
        if value.options and all(ops.is_sequence(o) and not has_rest(o) for o in value.options):
            return tuple(tuple(option) for option in value.options if isinstance(option, (list, tuple)))
        return ()

    def _live(self, value: List) -> Iterator[Value]:
        index = 0
        while index < len(value):
            item = value[index]
            if type(item) is Rest:
                self.alias((value,))
            yield item
            index += 1
            is_moved = type(item) is not Rest and (index > len(value) or value[index - 1] is not item)
            if is_moved and has_rest(value[:index]):
                yield next(held for held in value if type(held) is Rest)  # what was passed may be more by now
                return

    def _viewed(self, value: View) -> Iterator[Value]:
        keys = self.iterate(value.mapping)
        return (key if type(key) is Rest else value.pick(key, value.mapping[key]) for key in keys)

    def unchanged(self, value: Any, items: list[Value]) -> Iterator[Value]:
        """The items of a dict or set, which raises where it has more or fewer meanwhile; with others in their place,
        nobody knows what follows."""
        return self._compared(value, items, list(value))

    def _compared(self, value: Any, items: list[Value], known: list[Value]) -> Iterator[Value]:
        size = len(known)
        for item in [*items, ABSENT]:
            if isinstance(value, Set) and value.rest is not None:
                yield Rest(value.rest)
                return
            if len(value) != size:
                changed = f"{'dictionary' if isinstance(value, Dict) else 'Set'} changed size during iteration"
                if isinstance(value, Set) or (value.rest is None and not any(map(may_be_absent, value.values()))):
                    raise self.error("RuntimeError", changed)
                self.may_raise(changed)
                yield Rest(Unknown("what may have changed while it was iterated"))
                return
            is_changed = list(value) != known if item is ABSENT else type(item) is not Rest and item not in value
            if is_changed:
                yield Rest(Unknown("what was changed while it was iterated"))
                return
            if item is not ABSENT:
                yield item

    def _advance(self, stream: Stream) -> Iterator[Value]:
        while True:
            goes_on = stream.spoiled is None and stream.frame is None
            item = self.next_item(stream, goes_on=goes_on)
            if item is ABSENT:
                return
            yield item
            if type(item) is Rest:
                if goes_on:  # what stands behind those that are not known
                    yield from stream.items
                return

    def take_some(self, items: Iterator[Value], why: str, run: Callable[[Value], object] | None = None) -> list[Value]:
        """The items that are left of an iterator of which nobody knows how many are taken, nor on how many `run` is
        run: what either does is forgotten."""
        left = islice(items, DRAINED)
        taken: list[Value] = []

        def take() -> None:
            taken.extend(left)
            for item in taken if run is not None else ():
                run(item.unknown.part() if type(item) is Rest else item)  # type: ignore[misc]

        self.forget_after(take, why)
        return taken

    def leave_off(self, before: tuple[Stream, ...], closed: Stream | None = None) -> None:
        """Of the generators that wait, those that did not before are asked no further: nobody knows when they are
        closed, but for one that is `closed` here, so that what they may write then is forgotten."""
        left = [stream for stream in self.suspended if not any(stream is one for one in before)]
        self.suspended = tuple(one for one in self.suspended if not any(one is stream for stream in left))
        for stream in left:
            self.abandon(stream, stream is closed)

    def abandon(self, stream: Stream, is_closed: bool) -> None:
        raise NotImplementedError

    def drain(self, stream: Stream) -> None:
        """Ask an iterator for its items, for what computing them does."""
        deque(islice(self._advance(stream), DRAINED), maxlen=0)

    def _send(self, stream: Stream, sent: Value) -> Value:
        if stream.frame is None:
            raise UnknownValueError(Unknown("whether an iterator is a generator", plain=True))
        if stream.position == 1:
            raise self.error("TypeError", "can't send a value to a generator that has just started")
        try:
            return stream.items.send(sent)  # type: ignore[attr-defined]
        except StopIteration:
            return ABSENT

    def next_item(self, stream: Stream, sent: Value = None, goes_on: bool = False) -> Value:
        """The next item, a Rest where it is not known what remains, or ABSENT at the end. goes_on: whoever asks will
        take all that stands behind a Rest."""
        if stream.spoiled is not None:
            if stream.frame is not None and stream.spoiled.why == ADVANCED:
                self.give_up(stream.spoiled)  # what the function does on its way to an item is not done again
            return Rest(stream.spoiled)
        if stream.is_advancing:
            if stream.frame is None:
                self.give_up(Unknown("an iterator that is asked for an item while it makes one"))
            raise self.error("ValueError", "generator already executing")
        if stream.birth < self.heap.epoch:
            self.heap.touch(stream)
        if stream.birth < self.heap.oldest:
            self.heap.oldest = stream.birth
        cleans_up = stream.cleans_up
        if cleans_up:
            self.suspended = tuple(one for one in self.suspended if one is not stream)
        try:
            stream.position += 1
            item = next(stream.items, ABSENT) if sent is None else self._send(stream, sent)
        except RecursionError:
            raise LimitError("evaluation limit reached") from None
        if cleans_up and item is not ABSENT and type(item) is not Rest:
            self.suspended = (*self.suspended, stream)
        if type(item) is Rest:
            if not goes_on and stream.frame is None:
                item = Rest(self._one_left(stream, item))
            stream.spoiled = item.unknown
        return item

    def _one_left(self, stream: Stream, rest: Rest) -> Unknown:
        """Any of the items from a Rest on."""
        why = rest.unknown.why
        left = self.take_some(stream.items, why)
        return one_of(why, [rest, *left]) if len(left) < DRAINED else Unknown(why)

    def _iterate_instance(self, value: Instance) -> Iterator[Value]:
        method = value.cls.find("__iter__")
        if method is not ABSENT:
            iterator = self.call(BoundMethod(method, value), [], {})
            by_next = isinstance(iterator, Instance) and iterator.cls.find("__next__") is not ABSENT
            if iterator is None or isinstance(iterator, NO_ITERATORS):
                raise self.error("TypeError", f"iter() returned non-iterator of type '{type_name(iterator)}'")
            return self._by_next(iterator) if by_next else self.iterate(iterator)
        if value.payload is not None:
            return self.iterate(value.payload)
        if value.cls.find("__getitem__") is not ABSENT and value.cls.unknown_base is None:
            return self._by_index(value)
        if value.cls.unknown_base is not None or value.open is not None:
            return iter([Rest(first(value.cls.unknown_base, value.open))])
        raise self.error("TypeError", f"'{value.cls.name}' object is not iterable")

    def unless_raised(self, kind: str, run: Callable[[], Value], otherwise: Callable[[], Value]) -> Value:
        """What code of the program gives, or `otherwise` where it raises an exception of a kind."""
        level = len(self.heap.trails)

        def settle(signal: str | None, found: Value) -> Value:
            if signal is None:
                return found
            taken = self.matches(found.value, self.classes[kind])
            if isinstance(taken, Unknown):
                return self.either(taken, otherwise, partial(raise_again, found))
            return otherwise() if taken else raise_again(found)

        def arm(outcome: Outcome) -> Value:
            self.heap.apply(outcome.delta)
            return settle(outcome.signal, outcome.value)

        try:
            with self.trying(True):
                signal, found = None, run()
        except RaisedError as raised:
            signal, found = "raise", raised
        if len(self.heap.trails) == level:
            return settle(signal, found)
        outcomes = self.heap.collect(level, signal, found)
        return self.either(Unknown("a condition is not known"), *[partial(arm, outcome) for outcome in outcomes])

    def _by_next(self, value: Instance) -> Iterator[Value]:
        def step() -> Value:
            return self.call(self.get_attribute(value, "__next__"), [], {})

        while True:
            self.step()
            item = self.unless_raised("StopIteration", step, lambda: ABSENT)
            if item is ABSENT:
                return
            if may_be_absent(item):
                self.forget_after(step, item.why)
                yield Rest(Unknown(item.why))
                return
            yield item

    def _by_index(self, value: Instance) -> Iterator[Value]:
        index = 0
        while True:
            self.step()
            get = partial(self.unless_raised, "StopIteration", partial(self.get_item, value, index), lambda: ABSENT)
            item = self.unless_raised("IndexError", get, lambda: ABSENT)
            if item is ABSENT:
                return
            if may_be_absent(item):
                self.forget_after(partial(self.get_item, value, Unknown(item.why, plain=True)), item.why)
                yield Rest(Unknown(item.why))
                return
            yield item
            index += 1

    def items(self, value: Value) -> list[Value]:
        """All items of an iterable, charged to the steps."""
        return self._charged(self.iterate(value))

    def known_items(self, value: Value) -> list[Value]:
        """All items of an iterable, for one to whom their order is nothing."""
        return self._charged(self.unordered(value))

    def _charged(self, items: Iterator[Value]) -> list[Value]:
        found = []
        for item in items:
            self.step()
            found.append(item)
        return found

    def unpack(self, value: Value, count: int, star: int | None) -> list[Value]:
        """The items for `count` targets, of which one may be starred."""
        left, suspended = self.iterate(value), self.suspended
        items = self._charged(left if star is not None else islice(left, count + 1))
        if self.suspended is not suspended:
            self.leave_off(suspended)
        rest = rest_at(items)
        if rest is not None:
            items += self._charged(left)
            before, why = items[:rest], items[rest].unknown
            self.may_raise(why.why)
            others = [item for item in items[len(before) :] if type(item) is not Rest]
            self.alias((others,))
            plain = isinstance(value, Unknown) and value.plain
            missing = Unknown(why.why, plain=plain, foreign=why.foreign and all(map(is_plain, others)))
            filled = [*before[:count], *[missing] * (count - len(before))]
            if star is not None:
                filled[star:] = [missing] * (count - star)
                filled[star] = List([*before[star:], Rest(missing)], self.heap.clock)
            return filled
        if star is None:
            if len(items) != count:
                raise self.error("ValueError", f"cannot unpack {len(items)} values into {count}")
            return items
        after = count - star - 1
        if len(items) < count - 1:
            raise self.error("ValueError", "not enough values to unpack")
        return [*items[:star], List(items[star : len(items) - after], self.heap.clock), *items[len(items) - after :]]

    def make_set(self, items: list[Value]) -> Value:
        """A set of these items."""
        made = Set((), self.heap.clock)
        for item in items:
            if isinstance(item, (Rest, Unknown)):
                if isinstance(item, Unknown) and not item.plain:
                    self.may_raise(item.why)  # it may be a list
                made.rest = item.unknown if isinstance(item, Rest) else item
                continue
            try:
                made.add(self.key(item))
            except UnknownValueError as error:
                made.rest = error.unknown
            except TypeError as error:
                raise self.native(error) from None
        made.made = tuple(made)
        return made

    def update_dict(self, target: Dict, given: Value) -> None:
        """target.update(given), for a mapping or pairs"""
        self.charge(given)
        self.heap.touch(target)
        if isinstance(given, Instance):
            if given.payload is not None and not isinstance(given.cls.find("__iter__"), Function):
                given = given.payload
            elif given.payload is not None or given.cls.find("keys") is not ABSENT:
                keys = self.items(self.call(self.get_attribute(given, "keys"), [], {}))
                rest = next((key.unknown for key in keys if type(key) is Rest), None)
                given = Dict({key: self.get_item(given, key) for key in keys if type(key) is not Rest}, 0, rest)
        if isinstance(given, Unknown):
            self.may_raise(given.why)
            self.heap.touch(target)
            self._set_some(target, given.part(), given.why)
        elif isinstance(given, Dict):
            if given.rest is not None:
                for key in target:
                    target[key] = Unknown(given.rest.why)
                target.rest = merged_rest(target.rest, given.rest)
            for key, item in given.items():
                target[key] = item
        else:
            for pair in self.items(given):
                if isinstance(pair, (Rest, Unknown)):
                    self.update_dict(target, pair.unknown if isinstance(pair, Rest) else pair)
                else:
                    key, item = self.unpack(pair, 2, None)
                    self.set_item(target, key, item)

    def merge_keywords(self, kwargs: dict[str, Value], given: Value) -> Unknown | None:
        """**given: adds to the keyword arguments, of which some may be absent, and says why there may be more."""
        if isinstance(given, Instance):
            flat = Dict((), self.heap.clock)
            self.update_dict(flat, given)
            given = flat
        if isinstance(given, Unknown):
            self.may_raise(given.why)
            return given
        if not isinstance(given, Dict):
            raise self.error("TypeError", "argument after ** must be a mapping")
        rest = given.rest
        for key, value in given.items():
            name = as_text(key)
            if not isinstance(name, str):
                raise self.error("TypeError", "keywords must be strings")
            self.add_keyword(kwargs, name, value)
        return rest

    def add_keyword(self, kwargs: dict[str, Value], name: str, value: Value) -> None:
        """One keyword argument more."""
        if name not in kwargs:
            kwargs[name] = value
            return
        twice = f"got multiple values for keyword argument '{name}'"
        if not may_be_absent(value) and not may_be_absent(kwargs[name]):
            raise self.error("TypeError", twice)
        self.may_raise(twice)  # else one of them is absent
        if may_be_absent(kwargs[name]):
            kwargs[name] = join(kwargs[name], value, twice) if may_be_absent(value) else value

    def settle_keywords(self, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Unknown | None:
        """The keyword arguments that may be absent: where the callee has a default for them, they may be that. Any
        other is taken out; an Unknown says why it may be there."""
        skip, function = _binds(callee)
        defaults = {} if function is None or has_rest(args) else _keywords_of(function, skip + len(args))
        collects = function is not None and any(p.kind == "**" for p in function.signature.parameters)
        named = {p.name for p in function.signature.parameters} if function is not None else set()
        rest: Unknown | None = None
        for name, value in list(kwargs.items()):
            if not may_be_absent(value) or (collects and name not in named):
                continue
            if defaults.get(name, REQUIRED) is REQUIRED:
                rest = first(rest, Unknown(value.why))
                del kwargs[name]
            else:
                kwargs[name] = join(present(value), defaults[name], value.why)
        return rest


def _holds_constants(value: range | tuple[Value, ...] | List) -> bool:
    return isinstance(value, range) or all(map(is_plain, value))


def raise_again(raised: RaisedError) -> Value:
    raise raised


def _binds(callee: Value) -> tuple[int, Function | None]:
    """The function of the project that binds the arguments of a call, and how many arguments stand before them."""
    if isinstance(callee, BoundMethod):
        skip, function = _binds(callee.function)
        return skip + 1, function
    if isinstance(callee, Class):
        has_maker = isinstance(callee.find("__new__"), Function) or callee.metaclass is not None
        init = callee.find("__init__")
        return 1, init if isinstance(init, Function) and not has_maker else None
    return 0, callee if isinstance(callee, Function) else None


def _keywords_of(function: Function, given: int) -> dict[str, Value]:
    """The defaults of the parameters that keywords may give where so many arguments are given by their places."""
    parameters = function.signature.parameters
    places = [parameter.name for parameter in parameters if parameter.kind in ("positional", "both")]
    return {p.name: p.default for p in parameters if p.kind in ("both", "keyword") and p.name not in places[:given]}
