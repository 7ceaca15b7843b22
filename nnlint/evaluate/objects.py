"""Operators, comparisons and text, as Python defines them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from nnlint.evaluate import devices, metaclasses, versions
from nnlint.evaluate import operations as ops
from nnlint.evaluate.attributes import is_one_with
from nnlint.evaluate.control import DEPTH, LimitError
from nnlint.evaluate.items import NATIVE_ERRORS, Items
from nnlint.evaluate.kinds import union
from nnlint.evaluate.tensor_numbers import holds_integers, typed
from nnlint.numpy_numbers import NUMPY, NumpyBool, of_numpy
from nnlint.signature import Rest
from nnlint.unknown import Unknown, UnknownValueError, first
from nnlint.values import (
    ABSENT,
    BoundMethod,
    Class,
    Deque,
    Dict,
    External,
    Function,
    Instance,
    List,
    Native,
    Set,
    Size,
    Tensor,
    Value,
    View,
    has_rest,
    is_foreign,
    is_plain,
    may_be_absent,
    may_write_when_called,
    same,
)


def _has_counts(value: Value) -> bool:
    """Whether a value is a Counter of which all is known."""
    is_counter = isinstance(value, Dict) and value.kind == "Counter" and value.certain()
    return is_counter and all(type(count) is int for count in value.values())


class Objects(Items):
    """The part of the machine that knows operators and text: with what it builds on, all that objects are."""

    # -- operators ---------------------------------------------------------------------------------------------

    def binary(self, sign: str, left: Value, right: Value) -> Value:
        """left + right, or the Unknown it gives"""
        if self.look_ups.reading is not None:
            self._note_constants(left, right)
        if type(left) in NUMBERS and type(right) in NUMBERS:
            return self._number_binary(sign, left, right)
        self.charge(left, right)
        either = union(left, right) if sign == "|" else None
        if either is not None:
            return either
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return self.doubtful(self._unknown_binary(sign, left, right))
        if sign == "%" and isinstance(left, str):
            return self.percent(left, right)
        if sign == "%" and isinstance(left, bytes):
            return self.doubtful(Unknown("the text of bytes", plain=True))
        if isinstance(left, Instance) or isinstance(right, Instance):
            return self._instance_binary(sign, left, right)
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            return self.doubtful(self.tensor_binary(sign, left, right))
        if ops.grows_too_large(sign, left, right):
            return Unknown("a value too large to compute", plain=True)
        if sign == "|" and any(isinstance(side, (Native, Class)) for side in (left, right)):
            return self.doubtful(Unknown("a union of types", plain=True))
        if sign in "|&^-" and (isinstance(left, View) or isinstance(right, View)):
            if not any(isinstance(side, View) and side.kind != "values" for side in (left, right)):
                raise self.error("TypeError", f"unsupported operands for {sign}")
            left, right = (self.make_set(self.known_items(side)) for side in (left, right))
        if isinstance(left, (Dict, Set)) or isinstance(right, (Dict, Set)):
            return self._collection_binary(sign, left, right)
        if sign == "+" and isinstance(left, Deque) is not isinstance(right, Deque):
            raise self.error("TypeError", "unsupported operands for +")
        if sign not in ops.OPERATORS:
            return self.doubtful(Unknown(f"{sign} is not evaluated", plain=True))
        is_of_numpy = isinstance(left, NUMPY) or isinstance(right, NUMPY)
        try:
            result = ops.OPERATORS[sign](left, right)
        except NATIVE_ERRORS as error:
            if is_of_numpy:
                return self.doubtful(Unknown("arithmetic of numpy's", plain=True))
            raise self.native(error) from None
        if is_of_numpy and isinstance(result, int) and result.bit_length() > 63:
            return Unknown("a number too large for numpy", plain=True)
        self.charge(result)
        if isinstance(result, tuple) and Size in (type(left), type(right)):
            return Size(result) if all(map(is_size, result)) else self.doubtful(Unknown("sizes that are no numbers"))
        if isinstance(left, Deque) or (isinstance(right, Deque) and sign == "*"):
            made = Deque((), self.heap.clock, left.most if isinstance(left, Deque) else right.most)
            self.call(self.methods[Deque, "extend"], [made, List(result, self.heap.clock)], {})
            return made
        return List(result, self.heap.clock) if isinstance(result, list) else result

    def _number_binary(self, sign: str, left: Value, right: Value) -> Value:
        if sign not in ops.OPERATORS:
            raise self.error("TypeError", f"unsupported operands for {sign}")
        if ops.grows_too_large(sign, left, right):
            return Unknown("a value too large to compute", plain=True)
        try:
            return ops.OPERATORS[sign](left, right)
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def tensor_augment(self, sign: str, left: Tensor, right: Value) -> Value:
        raise NotImplementedError

    def tensor_binary(self, sign: str, left: Value, right: Value) -> Value:
        raise NotImplementedError

    def call_unknown(self, callee: Unknown, args: list[Value], kwargs: dict[str, Value], is_own: bool = False) -> Value:
        raise NotImplementedError

    def tensor_comparison(self, left: Value, right: Value) -> Value:
        raise NotImplementedError

    def _unknown_binary(self, sign: str, left: Value, right: Value) -> Value:
        name = DUNDER.get(sign)
        made = self._tensor_of_options(sign, left, right)
        if made is not None:
            return made
        for one, other, flipped in ((left, right, False), (right, left, True)):
            if isinstance(one, Unknown) and one.options:
                is_followed = is_one_with(one, f"__{name}__", f"__r{name}__")
                are_numbers = not isinstance(other, Unknown) and all(map(ops.is_number, one.options))
                if are_numbers or is_followed:
                    if flipped:
                        return self.each_option(one, partial(self.binary, sign, other))
                    return self.each_option(one, partial(_swapped, self.binary, sign, other))
        for one, other, called in ((left, right, f"__{name}__"), (right, left, f"__r{name}__")):
            method = one.cls.find(called) if isinstance(one, Instance) else ABSENT
            if isinstance(method, Function):
                return self._by_own_method(method, one, other)
        held = [side for side in (left, right) if isinstance(side, (list, tuple)) and not all(map(is_plain, side))]
        if held:
            self.alias(held)
            calls = any(may_write_when_called(item) for side in held for item in side)
            # A list that is joined to another is one that nothing else knows.
            is_new = all(isinstance(side, (list, tuple)) or is_plain(side) for side in (left, right))
            parts = (part.unknown if type(part) is Rest else part for side in held for part in side)
            foreign = is_new and all(map(is_foreign, parts))
            return Unknown(ops.plain_unknown(left, right).why, foreign=foreign, calls=calls)
        return ops.plain_unknown(left, right)

    def _by_own_method(self, method: Function, one: Instance, other: Value) -> Value:
        """What an operator of the program gives on an object and a value that is not known, which may be of a class
        derived from its own that has another."""
        if not is_plain(other):
            return self.call_unknown(Unknown("an operator on what is not known"), [one, other], {}, is_own=True)
        made = self.call(BoundMethod(method, one), [other], {})
        return Unknown("an operator that may not be implemented") if is_not_implemented(made) else made

    def _tensor_of_options(self, sign: str, left: Value, right: Value) -> Tensor | None:
        """What an operation gives on tensors of which each is one of several, where its shape is the same whichever
        they are."""
        sides = [side.options if isinstance(side, Unknown) else (side,) for side in (left, right)]
        if not all(side and all(isinstance(option, (Tensor, int, float)) for option in side) for side in sides):
            return None
        pairs = [(one, other) for one in sides[0] for other in sides[1]]
        if not all(isinstance(one, Tensor) or isinstance(other, Tensor) for one, other in pairs):
            return None
        self.step(len(pairs))
        first_made, *others = (self.tensor_binary(sign, one, other) for one, other in pairs)
        if not isinstance(first_made, Tensor) or type(first_made.shape) is not tuple:
            return None
        for other in others:
            is_alike = isinstance(other, Tensor) and other.is_array is first_made.is_array
            if not is_alike or not same(other.shape, first_made.shape):
                return None
        made = Tensor(first_made.shape, self.heap.clock, is_array=first_made.is_array)
        made.is_whole = first_made.is_whole and all(other.is_whole for other in others)
        return made

    def _instance_binary(self, sign: str, left: Value, right: Value) -> Value:
        name = DUNDER.get(sign)
        tried = False
        if name is not None:
            ways = [(left, right, name), (right, left, f"r{name}")]
            if isinstance(left, Instance) and isinstance(right, Instance):
                if right.cls is left.cls:
                    del ways[1]
                elif right.cls.is_subclass(left.cls) and right.cls.find(f"__r{name}__") is not left.cls.find(
                    f"__r{name}__"
                ):
                    ways.reverse()
            for one, other, called in ways:
                method = one.cls.find(f"__{called}__") if isinstance(one, Instance) else ABSENT
                if method is not ABSENT:
                    tried = True
                    result = self.call(BoundMethod(method, one), [other], {})
                    if not is_not_implemented(result):
                        return result
        if sign == "*" and any(map(ops.is_repeatable, (left, right))):
            left, right = self.as_index(left), self.as_index(right)
            if not isinstance(left, Instance) and not isinstance(right, Instance):
                return self.binary(sign, left, right)
        is_flag = sign in "|&^" and any(map(self._is_flag, (left, right)))
        if is_flag and type(left) is type(right) and left.cls is right.cls:
            return Unknown(f"{sign} of flags", plain=True)
        if any(isinstance(side, Instance) and side.payload is not None for side in (left, right)):
            if is_flag:
                return Unknown(f"{sign} of flags", plain=True)
            left, right = (s.payload if isinstance(s, Instance) and s.payload is not None else s for s in (left, right))
            return self.binary(sign, left, right)
        if tried:
            raise self.error("TypeError", f"unsupported operands for {sign}")
        for side in (left, right):
            if isinstance(side, Instance) and (side.open is not None or side.cls.unknown_base is not None):
                return self.doubtful(Unknown(f"{sign} of objects"))
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            return self.doubtful(Unknown(f"{sign} of objects"))
        return self.lacking(left if isinstance(left, Instance) else right, f"does not support {sign}")

    def _is_flag(self, value: Value) -> bool:
        """Whether a value is a member of an enumeration of flags: what |, &, ^ and ~ make of it is one, too."""
        return isinstance(value, Instance) and value.cls.is_subclass(self.classes["enum.Flag"])

    def _collection_binary(self, sign: str, left: Value, right: Value) -> Value:
        if any(isinstance(side, Dict) and side.kind == "Counter" for side in (left, right)):
            if sign not in ("+", "-", "&", "|") or not (_has_counts(left) and _has_counts(right)):
                return self.doubtful(Unknown("arithmetic of Counters"))
            self.step(len(left) + len(right))
            found = ops.OPERATORS[sign](Counter(left), Counter(right))
            return Dict(found, self.heap.clock, kind="Counter")
        if sign == "|" and isinstance(left, Dict) and isinstance(right, Dict):
            made = Dict(left, self.heap.clock, left.rest, left.kind, left.factory)
            self.update_dict(made, right)
            return made
        unknown = ops.is_unknown((left, right))
        if unknown is not None:
            return Unknown(unknown.why)
        if isinstance(left, (Set, frozenset)) and isinstance(right, (Set, frozenset)) and sign in "|&^-":
            found = ops.OPERATORS[sign](left, right)
            return Set(found, self.heap.clock) if isinstance(left, Set) else frozenset(found)
        raise self.error("TypeError", f"unsupported operands for {sign}")

    def _augment_inside(self, sign: str, left: Instance, right: Value) -> Value:
        """left += right, for an object of a class that derives from list, dict or set: in place, as for these."""
        if isinstance(left.payload, Dict) and isinstance(left.cls.find("__setitem__"), Function):
            self.havoc(left, "its own __setitem__() may write it")
            return left
        result = self.augment(sign, left.payload, right)
        return left if result is left.payload else result

    def augment(self, sign: str, left: Value, right: Value) -> Value:
        """left += right, in place where Python does"""
        if type(left) in NUMBERS:
            return self.binary(sign, left, right)
        if isinstance(left, Unknown) and not left.options and isinstance(right, (List, Dict, Set)):
            self.write_unseen(left)
        if isinstance(left, Deque) and sign == "+":
            self.call(self.methods[Deque, "extend"], [left, right], {})
            return left
        if isinstance(left, List) and sign == "+":
            items = self.items(right)
            self.heap.touch(left)
            left.extend(items)
            return left
        if isinstance(left, List) and sign == "*":
            result = self.binary(sign, left, right)
            self.heap.touch(left)
            left[:] = result if isinstance(result, list) else [Rest(Unknown("a list of unknown length"))]
            return left
        if isinstance(left, Dict) and left.kind == "Counter":
            self.havoc(left, "arithmetic of Counters")
            return left
        if isinstance(left, Dict) and sign == "|":
            self.update_dict(left, right)
            return left
        if isinstance(left, Tensor):
            return self.tensor_augment(sign, left, right)
        if isinstance(left, Set) and isinstance(right, Unknown):
            self.havoc(left, right.why)
            return left
        if isinstance(left, Set):
            result = self.binary(sign, left, right)
            if isinstance(result, Set):
                self.heap.touch(left)
                left.clear()
                left.update(result)
                return left
        if isinstance(left, (Instance, Unknown)):
            name = DUNDER.get(sign)
            if isinstance(left, Instance) and left.cls.find(f"__i{name}__") is not ABSENT:
                return self.call(self.get_attribute(left, f"__i{name}__"), [right], {})
            if isinstance(left, Instance) and isinstance(left.payload, (List, Dict, Set)):
                return self._augment_inside(sign, left, right)
            if isinstance(left, Unknown) and any(isinstance(o, (List, Dict, Set, Instance)) for o in left.options):
                return self.each_option(left, lambda option: self.augment(sign, option, right))
        return self.binary(sign, left, right)

    def augment_item(self, sign: str, value: Value, index: Value, right: Value) -> None:
        """value[index] += right"""
        self.set_item(value, index, self.augment(sign, self.get_item(value, index), right))

    def unary(self, sign: str, value: Value) -> Value:
        """-value, +value, ~value, not value"""
        if sign == "not":
            truth = self.truth(value)
            return Unknown(truth.why, plain=True) if isinstance(truth, Unknown) else not truth
        called = {"-": "__neg__", "+": "__pos__", "~": "__invert__"}[sign]
        if is_one_with(value, called):
            return self.each_option(value, lambda option: self.unary(sign, option))
        if isinstance(value, Unknown):
            return self.doubtful(Unknown(value.why, plain=value.plain or sign != "+"))
        if isinstance(value, Instance) and isinstance(value.cls.find(called), Function):
            return self.call(self.get_attribute(value, called), [], {})
        if sign == "~" and self._is_flag(value):
            return Unknown("~ of a flag", plain=True)
        if isinstance(value, Instance) and isinstance(value.payload, (int, float)):
            return self.unary(sign, value.payload)
        if isinstance(value, Tensor):
            if sign == "~" and not holds_integers(value):
                self.may_raise("~ of numbers that are not whole")
            is_itself = sign == "+" and not value.is_array
            return value if is_itself else typed(Tensor(value.shape, self.heap.clock, is_array=value.is_array), value)
        if isinstance(value, Instance):
            return self.lacking(value, f"does not support {sign}")
        if isinstance(value, Dict) and value.kind == "Counter" and sign != "~":
            return Unknown("arithmetic of Counters", plain=True)
        try:
            return -value if sign == "-" else +value if sign == "+" else ~value
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def compare(self, sign: str, left: Value, right: Value) -> Value:
        """left < right, left in right, left is right ..."""
        if sign in ("is", "is not"):
            same = ops.identical(left, right)
            return same if isinstance(same, Unknown) else same is (sign == "is")
        if self.look_ups.reading is not None:
            self._note_constants(*((left,) if sign in ("in", "not in") else (left, right)))
        if type(left) in NUMBERS and type(right) in NUMBERS and sign in ops.COMPARISONS:
            return ops.COMPARISONS[sign](left, right)
        self.charge(left)
        is_look_up = sign in ("in", "not in") and isinstance(right, (Dict, Set))
        if not is_look_up:
            self.charge(right)
        if sign in ("in", "not in"):
            inside = self.contains(right, left)
            return inside if isinstance(inside, Unknown) else inside is (sign == "in")
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            are_one = devices.equal(left, right) if sign in ("==", "!=") else None
            if are_one is not None:
                return are_one is (sign == "==")
            answer = versions.compare(sign, left, right)
            if answer is not None:
                return answer
            if is_one_with(left, *COMPARING):
                return self.each_option(left, lambda option: self.compare(sign, option, right))
            if is_one_with(right, *COMPARING):
                return self.each_option(right, lambda option: self.compare(sign, left, option))
            for one, other in ((left, right), (right, left)):
                if (
                    isinstance(one, Unknown)
                    and one.options
                    and not isinstance(other, Unknown)
                    and all(ops.is_number(o) or isinstance(o, str) or o is None for o in one.options)
                ):
                    flipped = one is right
                    answers = [
                        self.compare(sign, other, o) if flipped else self.compare(sign, o, other) for o in one.options
                    ]
                    if all(a is answers[0] for a in answers):
                        return answers[0]
            found = Unknown(ops.plain_unknown(left, right).why, plain=True)
            return found if sign in ("==", "!=") else self.doubtful(found)
        if isinstance(left, Instance) or isinstance(right, Instance):
            return self._compare_instances(sign, left, right)
        if metaclasses.has_own(left, COMPARING) or metaclasses.has_own(right, COMPARING):
            return self.call_unknown(Unknown("how a metaclass compares", plain=True), [left, right], {})
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            return self.doubtful(self.tensor_comparison(left, right))
        if isinstance(left, View) or isinstance(right, View):
            views = [
                self.make_set(self.items(v)) if isinstance(v, View) and v.kind == "keys" else v for v in (left, right)
            ]
            if any(isinstance(view, View) for view in views):
                return Unknown("a comparison of a dict's items", plain=True)
            return self.compare(sign, *views)
        if isinstance(left, Deque) is not isinstance(right, Deque) and isinstance(left, list) is isinstance(
            right, list
        ):
            if sign in ("==", "!="):
                return sign == "!="
            raise self.error("TypeError", f"'{sign}' not supported between a list and a deque")
        unknown = ops.is_unknown((left, right))
        if unknown is not None:
            if ops.is_sequence(left) and ops.is_sequence(right) and sign in ("==", "!="):
                if isinstance(left, tuple) is not isinstance(right, tuple):
                    return sign == "!="
                if len(left) != len(right) and not has_rest(left) and not has_rest(right):
                    return sign == "!="
            are_alike = isinstance(left, tuple) is isinstance(right, tuple) and ops.is_sequence(left)
            if not are_alike or not ops.is_sequence(right) or not all(map(is_flat, (*left, *right))):
                self.compare_unseen(self._held_in(left, right))
                return Unknown(unknown.why, plain=True)
            if sign not in ("==", "!="):
                return self._ordered_items(sign, left, right)
        if sign in ("==", "!=") and (type(left) is type(right) or unknown is not None) and ops.is_sequence(left):
            equal = self._equal_items(left, right)
            return equal if isinstance(equal, Unknown) else equal is (sign == "==")
        if type(left) is type(right) and ops.is_sequence(left) and not all(map(is_constant, (*left, *right))):
            return self._ordered_items(sign, left, right)
        try:
            if sign in ("==", "!=") and isinstance(left, Dict) and isinstance(right, Dict):
                equal = self._equal_entries(left, right)
                return equal if isinstance(equal, Unknown) else equal is (sign == "==")
            answer = ops.COMPARISONS[sign](left, right)
            return of_numpy(answer) if isinstance(left, NUMPY) or isinstance(right, NUMPY) else answer
        except UnknownValueError as error:
            return Unknown(error.unknown.why, plain=True)
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def _held_in(self, *values: Value) -> list[Value]:
        """All that values hold but for lists, tuples and dicts, of which what they hold counts."""
        pending, seen, found = list(values), set(), []
        while pending:
            value = pending.pop()
            if not isinstance(value, (list, tuple, dict)):
                found.append(value)
            elif id(value) not in seen:
                seen.add(id(value))
                self.charge(value)
                pending += value.values() if isinstance(value, dict) else value
        return found

    def compare_unseen(self, values: list[Value]) -> None:
        """Values are compared in ways that are not followed: what their own methods may write is forgotten."""
        for value in values:
            for option in value.options if isinstance(value, Unknown) else (value,):
                if isinstance(option, Instance) and any(isinstance(option.cls.find(n), Function) for n in COMPARING):
                    self.havoc(option, "it is compared in an order that is not known")

    def _equal_items(self, left: Any, right: Any) -> bool | Unknown:
        """left == right, for two lists or tuples."""
        if len(left) != len(right):
            return False
        doubt: bool | Unknown = True
        for one, other in zip(left, right):
            if (one is other and not isinstance(one, Unknown)) or (is_constant(one) and one == other):
                continue
            if doubt is not True and not (is_constant(one) and is_constant(other)):
                break  # whether these are compared is not known
            equal = self.truth(self.compare("==", one, other))
            if equal is False:
                return False
            doubt = first(None if doubt is True else doubt, equal)
        return doubt

    def _ordered_items(self, sign: str, left: Any, right: Any) -> Value:
        """left < right, for two lists or tuples: by the first items that differ."""
        for one, other in zip(left, right):
            equal = self._equal_items((one,), (other,))
            if isinstance(equal, Unknown):
                return self.doubtful(Unknown(equal.why, plain=True))
            if not equal:
                return self.compare(sign, one, other)
        return ops.COMPARISONS[sign](len(left), len(right))

    def _equal_entries(self, left: Dict, right: Dict) -> bool | Unknown:
        """left == right, for two dicts."""
        are_ordered = left.kind == right.kind == "OrderedDict"
        if left.kind == right.kind == "Counter":  # what is not there is counted as none
            left, right = (Dict({**dict.fromkeys([*left, *right], 0), **side}) for side in (left, right))
        if left.keys() != right.keys() or (are_ordered and list(left) != list(right)):
            return False
        return self._equal_items(list(left.values()), [right[key] for key in left])

    def _compare_instances(self, sign: str, left: Value, right: Value) -> Value:
        name = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}[sign]
        ways = [(left, right, name), (right, left, MIRRORED.get(name, name))]
        both = isinstance(left, Instance) and isinstance(right, Instance)
        if both and right.cls is not left.cls and right.cls.is_subclass(left.cls):
            ways.reverse()
        for one, other, called in ways:
            if isinstance(one, Instance):
                method = one.cls.find(f"__{called}__")
                if method is not ABSENT:
                    result = self.call(BoundMethod(method, one), [other], {})
                    if not is_not_implemented(result):
                        return result
                if sign == "!=" and one.payload is None and one.cls.find("__eq__") is not ABSENT:
                    result = self.call(self.get_attribute(one, "__eq__"), [other], {})
                    if not is_not_implemented(result):
                        return self.unary("not", result)
                if one.cls.unknown_base is not None:
                    return Unknown(one.cls.unknown_base.why, plain=True)
        sides = [s.payload if isinstance(s, Instance) and s.payload is not None else s for s in (left, right)]
        if not any(isinstance(side, Instance) for side in sides):
            if any(isinstance(s, Instance) and s.cls.find("__members__") is not ABSENT for s in (left, right)) and not (
                all(isinstance(s, (str, int)) for s in sides)
            ):
                return (left is right) is (sign == "==")
            return self.compare(sign, *sides)
        if sign in ("==", "!="):
            return (left is right) is (sign == "==")
        return self.doubtful(Unknown("a comparison of objects", plain=True))

    def contains(self, container: Value, item: Value) -> bool | Unknown:
        """item in container"""
        if self.look_ups.reading is not None:
            if isinstance(container, (Dict, Set)) and isinstance(item, (str, int, Class)):
                self.look_ups.note_name(container, item)
            else:
                self._note_content(container)
        if isinstance(container, External) and container.name == "sys.modules" and isinstance(item, str):
            return self.is_imported(item)
        if self._is_flag(container):
            return Unknown("a flag in a flag", plain=True)
        is_member = isinstance(item, Instance) and item.cls is container
        if isinstance(container, Class) and "__members__" in container.attributes and not is_member:
            doubt = Unknown("whether a value is in an enumeration depends on the version", plain=True)
            self.doubtful(doubt)
            return doubt
        if isinstance(container, Instance):
            method = container.cls.find("__contains__")
            if method is not ABSENT:
                return self.truth(self.call(BoundMethod(method, container), [item], {}))
            if container.payload is not None:
                return self.contains(container.payload, item)
        if is_one_with(container, "__contains__", "__iter__"):
            inside: bool | Unknown = self.each_option(container, lambda option: self.contains(option, item))
            return inside
        is_compared = isinstance(container, (list, tuple)) and is_one_with(item, "__eq__")
        if (isinstance(container, Unknown) or isinstance(item, Unknown)) and not is_compared:
            inside = Unknown(ops.plain_unknown(container, item).why, plain=True)
            if isinstance(container, (Unknown, str, int, float)) and not isinstance(container, External):
                self.doubtful(inside)
            return inside
        if isinstance(container, (Dict, Set)):
            try:
                item = self.key(item)
                if item in container:
                    held = container[item] if isinstance(container, Dict) else None
                    return Unknown(held.why, plain=True) if held is not None and may_be_absent(held) else True
            except UnknownValueError as error:
                return Unknown(error.unknown.why, plain=True)
            except TypeError as error:
                raise self.native(error) from None
            return Unknown(container.rest.why, plain=True) if container.rest is not None else False
        if isinstance(container, range) and not isinstance(item, int) and len(container) > ops.ITEMS:
            return Unknown("a value too large to compute", plain=True)
        if isinstance(container, (str, bytes, range, frozenset)):
            try:
                return item in container
            except NATIVE_ERRORS as error:
                raise self.native(error) from None
        before = self.suspended
        inside = self._is_among(self.iterate(container), item)
        if self.suspended is not before:
            self.leave_off(before)
        return inside

    def _is_among(self, members: Iterator[Value], item: Value) -> bool | Unknown:
        """Whether one of the members is the item, or equal to it."""

        def is_it(member: Value) -> bool | Unknown:
            if member is item and not isinstance(member, Unknown):
                return True
            return self.truth(self.compare("==", member, item))

        for member in members:
            self.step()
            equal = member.unknown if type(member) is Rest else is_it(member)
            if equal is True:
                return True
            if isinstance(equal, Unknown):
                found: list[bool | Unknown] = []
                self.take_some(members, equal.why, lambda member: found.append(is_it(member)))
                return True if any(one is True for one in found) else Unknown(equal.why, plain=True)
        return False

    # -- text --------------------------------------------------------------------------------------------------

    def text(self, value: Value, conversion: str = "") -> str | Unknown:
        """str(value) or repr(value)"""
        self.charge(value)
        if isinstance(value, Instance):
            method = value.cls.find("__str__") if conversion != "r" else ABSENT
            if not isinstance(method, Function):
                method = value.cls.find("__repr__")
            if method is not ABSENT and isinstance(method, Function):
                found = self.call(BoundMethod(method, value), [], {})
                return found if isinstance(found, (str, Unknown)) else Unknown("the text of an object", plain=True)
            if isinstance(method, Native):
                return self.call(method, [value], {})  # type: ignore[no-any-return]
            if isinstance(value.payload, str) and value.cls.find("__members__") is ABSENT:
                return repr(value.payload) if conversion == "r" else value.payload
            return Unknown("the text of an object", plain=True)
        if isinstance(value, Class) and is_plain_class(value):
            return f"<class '{value.full_name}'>"
        if is_one_with(value, "__str__", "__repr__"):
            texts: str | Unknown = self.each_option(value, lambda option: self.text(option, conversion))
            return texts
        if isinstance(value, (list, tuple, dict, set)):
            self._write_items(value, ())
        unknown = ops.is_unknown(value)
        if unknown is not None:
            return Unknown(unknown.why, plain=True)
        if isinstance(value, NumpyBool) or (isinstance(value, NUMPY) and conversion == "r"):
            return Unknown("how numpy writes a number", plain=True)
        if isinstance(value, (str, int, float, complex, bytes, tuple, range)) or value is None:
            if isinstance(value, tuple) and not all(is_constant(i) and not isinstance(i, NUMPY) for i in value):
                return Unknown("the text of an object", plain=True)
            if type(value) is Size:
                return f"torch.Size({[*value]})"
            return repr(value) if conversion == "r" else str(value)
        return Unknown("the text of an object", plain=True)

    def _write_items(self, value: Value, around: tuple[Value, ...]) -> None:
        """The program's own __repr__ of what a container holds, which may do more than give a text."""
        if len(around) > DEPTH:
            raise LimitError("evaluation limit reached")
        for item in (*value, *value.values()) if isinstance(value, dict) else list(value):
            self.step()
            if isinstance(item, (list, tuple, dict)) and not any(item is outer for outer in (value, *around)):
                self._write_items(item, (value, *around))
            elif isinstance(item, Instance) or is_one_with(item, "__repr__"):
                self.text(item, "r")

    def format(self, prefix: str, value: Value, conversion: str, spec: Value) -> Value:
        """One {value!conversion:spec} of an f-string"""
        self.step()
        self.look_ups.lose()
        if isinstance(spec, Unknown):
            return spec
        method = value.cls.find("__format__") if isinstance(value, Instance) and not conversion else ABSENT
        if isinstance(method, Function):
            value, spec = self.call(BoundMethod(method, value), [spec], {}), ""
        if is_one_with(value, "__format__"):
            return self.each_option(value, lambda option: self.format(prefix, option, conversion, spec))
        if conversion or not spec:
            value = self.text(value, "r" if conversion == "a" else conversion)
        if conversion == "a" and isinstance(value, str):
            value = value.encode("ascii", "backslashreplace").decode()
        if isinstance(value, Instance) and value.payload is not None:
            value = value.payload
        if spec and not conversion and (value is None or isinstance(value, (list, tuple, dict, set))):
            raise self.error("TypeError", "unsupported format string")
        if spec and isinstance(value, Instance):
            return self.lacking(value, "takes no format")
        if not isinstance(value, (str, int, float)) or isinstance(value, NumpyBool):
            found = Unknown(value.why if isinstance(value, Unknown) else "the text of an object", plain=True)
            return self.doubtful(found) if spec else found
        if not ops.format_is_small(spec):
            return Unknown("a value too large to compute", plain=True)
        try:
            return prefix + format(value, spec)
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def percent(self, template: str, given: Value) -> Value:
        """template % given"""
        values = given if isinstance(given, tuple) else (given,)
        for value in values:
            self.text(value)
        kinds = NUMPY if AS_REPR.search(template) else NumpyBool
        is_unsure = template.replace("%%", "").count("%") != len(values) or OF_NUMBERS.search(template)
        if is_unsure and not all(map(is_constant, values)):
            self.doubtful(Unknown("a number as text", plain=True))
        if any(map(writes_itself, values)) or any(isinstance(value, kinds) for value in values):
            return Unknown("the text of an object", plain=True)
        if isinstance(given, Instance) and given.payload is not None:
            given = given.payload
            values = given if isinstance(given, tuple) else (given,)
        unknown = ops.is_unknown(given)
        if unknown is not None:
            return Unknown(unknown.why, plain=True)
        if isinstance(given, Dict):
            is_text = "%(" not in template
            if is_text and (given.kind != "dict" or not all(map(is_constant, given))):
                return Unknown("the text of an object", plain=True)
            values = tuple(given.values())
        if not all(isinstance(v, (str, int, float)) or v is None for v in values) or not ops.format_is_small(template):
            return Unknown("the text of an object", plain=True)
        if "*" in template or len(template) + template.count("%") * max(map(_length, values), default=0) > ops.ITEMS:
            return self.doubtful(Unknown("a value too large to compute", plain=True))
        try:
            return template % given
        except NATIVE_ERRORS as error:
            raise self.native(error) from None

    def concatenate(self, parts: list[Value]) -> Value:
        """The parts of an f-string, joined"""
        for part in parts:
            if isinstance(part, Unknown):
                return Unknown(part.why, plain=True)
        text = "".join(parts)
        return text if len(text) <= ops.ITEMS else Unknown("a value too large to compute", plain=True)


OF_NUMBERS = re.compile(r"%(\([^)]*\))?[-#0 +.\d]*[diouxXeEfFgGc]")  # "%d" and the like
AS_REPR = re.compile(r"%(\([^)]*\))?[-#0 +.\d]*[ra]")  # "%r" and the like


def writes_itself(value: Value) -> bool:
    """Whether an object has a text of its own."""
    names = ("__str__", "__repr__", "__format__")
    return isinstance(value, Instance) and any(isinstance(value.cls.find(name), Function) for name in names)


def is_size(value: Value) -> bool:
    """Whether a value may stand in a torch.Size."""
    return isinstance(value, (int, Unknown)) or type(value) is Rest


def is_constant(value: Value) -> bool:
    return isinstance(value, (str, int, float)) or value is None


def is_flat(value: Value) -> bool:
    """Whether a value holds no others, as far as it is known."""
    return is_constant(value) or isinstance(value, Unknown)


def is_plain_class(cls: Class) -> bool:
    """Whether a class is of the project, and of no metaclass that says how it is written."""
    special = cls.metaclass is not None or cls.find("__members__") is not ABSENT
    return cls.module is not None and cls.unknown_base is None and not special


def is_not_implemented(value: Value) -> bool:
    """Whether an operator's method left the operation to the other side."""
    return isinstance(value, Native) and value.name == "NotImplemented"


def _length(value: Value) -> int:
    return len(value) if isinstance(value, str) else 0


def _swapped(binary: Callable[[str, Value, Value], Value], sign: str, right: Value, left: Value) -> Value:
    return binary(sign, left, right)


NUMBERS = frozenset({int, float, bool})  # by their exact types: numpy's derive from them
MIRRORED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
COMPARING = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
DUNDER = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "<<": "lshift",
    ">>": "rshift", "&": "and", "|": "or", "^": "xor", "@": "matmul",
}  # fmt: skip
