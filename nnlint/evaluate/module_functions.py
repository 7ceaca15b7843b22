"""Functions that give a module back, or a copy of what they are given: torch.compile, copy.deepcopy, torch.nn.utils."""

from __future__ import annotations

from typing import Any

from nnlint.evaluate import parametrize
from nnlint.evaluate.nn_layers import MEMO, blank, deep_copy, has_state, restored
from nnlint.evaluate.nn_module import nothing, prepare, put
from nnlint.signature import Rest
from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    BoundMethod,
    Deque,
    Dict,
    Instance,
    List,
    Native,
    Set,
    Stream,
    Tensor,
    Value,
)


def _compile(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The module itself stands for the compiled one too, which alone has the name by which that leads to it."""
    module = first(*args[:1], kwargs.get("model"), Unknown("a decorator with arguments"))
    if isinstance(module, Instance):
        machine.heap.touch(module)
        why = "whether it is the compiled module"  # plain: the module itself registers nothing under this name
        module.attributes["_orig_mod"] = Unknown(why, (ABSENT, module), plain=True)
    return module


def _same_module(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return args[0] if args else kwargs.get("module", Unknown("a decorator with arguments"))


def _allowed_in_graph(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """allow_in_graph(fn): the function itself, or a list of functions"""
    given = args[0] if args else kwargs.get("fn")
    return List(machine.items(given), machine.heap.clock) if isinstance(given, (List, tuple)) else given


def _skip_init(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """skip_init(cls, ...): the module that cls(...) is, with numbers of no meaning"""
    return machine.call(args[0], args[1:], kwargs)


def _deepcopy(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value = args[0] if args else kwargs["x"]
    memo = args[1] if len(args) > 1 else kwargs.get("memo")
    if memo is None:
        return deep_copy(machine, value, {})
    machine.lose_construction()
    known = machine.memos.get(id(memo))
    if isinstance(memo, Dict) and not (known is not None and known[2]):
        is_new = memo.rest is None and not memo  # or what it knew was taken out
        if memo or not (is_new or (known is not None and memo.rest is MEMO)):
            return Unknown("a copy by a memo that the program writes to")
        known = None if is_new else known
        machine.heap.touch(memo)
        memo.rest = MEMO
    if known is None:
        known = machine.memos[id(memo)] = memo, {}, False
    return deep_copy(machine, value, known[1])


def _copy(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value, clock = args[0] if args else kwargs["x"], machine.heap.clock
    if isinstance(value, Instance) and value.cls is machine.classes["mappingproxy"]:
        value = value.payload
    if isinstance(value, Instance):
        hook = value.cls.find("__copy__")
        if hook is not ABSENT:
            return machine.call(BoundMethod(hook, value), [], {})
        if value.cls.find("__members__") is not ABSENT:
            return value
        if value.is_its_own():
            return machine.doubtful(Unknown("a copy of a dict that is its own __dict__"))
        made = blank(machine, value)
        if not isinstance(made, Instance):
            return made
        made.payload = _copy(machine, [value.payload], {})
        if has_state(value.cls):
            return restored(machine, value, made, lambda state: state)
        made.attributes.update(value.attributes)
        made.open = value.open
        return made
    if isinstance(value, List):
        return Deque(value, clock, value.most) if isinstance(value, Deque) else List(value, clock)
    if isinstance(value, Dict):
        return Dict(value, clock, value.rest, value.kind, value.factory)
    if isinstance(value, Set):
        return Set(value, clock, value.rest)
    if isinstance(value, Tensor):
        copied = Tensor(value.shape, clock, value.is_parameter, value.data, value.least).viewing(value)
        copied.is_marked, copied.attributes = value.is_marked, value.attributes
        return copied
    if isinstance(value, Unknown) and value.options:
        return machine.each_option(value, lambda option: _copy(machine, [option], {}))
    return Unknown("a copy of an iterator") if isinstance(value, Stream) else value


def _as_vector(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """All numbers of tensors, one after the other."""
    total: Value = 0
    is_empty = True
    for tensor in machine.iterate(args[0] if args else kwargs["parameters"]):
        is_empty = False
        if not isinstance(tensor, (Tensor, Unknown, Rest)):
            raise machine.error("AttributeError", "what is no tensor has no view()")
        size = tensor.numel() if isinstance(tensor, Tensor) else Unknown("the size of a tensor", plain=True)
        total = machine.binary("+", total, size)
    if is_empty:
        raise machine.error("ValueError", "torch.cat() of no tensors")
    return Tensor((total,), machine.heap.clock)


def _averaged(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A module with a copy of another, and a buffer"""
    given = {**dict(zip(("model", "device", "avg_fn", "multi_avg_fn"), args)), **kwargs}
    averaging = [given.get(name) for name in ("avg_fn", "multi_avg_fn")]
    if None not in averaging:
        if any(isinstance(fn, Unknown) for fn in averaging):
            return Unknown("an AveragedModel that may be given two ways to average")
        raise machine.error("AssertionError", "only one of avg_fn and multi_avg_fn should be provided")
    made = Instance(machine.torch_class("torch.nn.Module"), machine.heap.clock)
    prepare(machine, made)
    put(machine, made, "_modules", "module", deep_copy(machine, given.get("model"), {}))
    put(machine, made, "_buffers", "n_averaged", Tensor((), machine.heap.clock))
    made.attributes["update_parameters"] = Native("update_parameters", nothing)
    for name in ("avg_fn", "multi_avg_fn", "use_buffers"):
        made.attributes[name] = Unknown(f"{name} of an AveragedModel", plain=True)
    return made


def _wrapped(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    machine.may_refuse("DataParallel")
    module = args[0] if args else kwargs.get("module")
    made = Instance(machine.torch_class("torch.nn.Module"), machine.heap.clock)
    prepare(machine, made)
    put(machine, made, "_modules", "module", module)
    return made


_BY_NAME = {
    "torch.compile": _compile,
    "torch.compiler.allow_in_graph": _allowed_in_graph,
    "torch._dynamo.allow_in_graph": _allowed_in_graph,
    "torch.jit.script": _same_module,
    "torch.jit.script_if_tracing": _same_module,
    "torch.jit.export": _same_module,
    "torch.jit.ignore": _same_module,
    "torch.jit.unused": _same_module,
    "torch.nn.utils.skip_init": _skip_init,
    "copy.deepcopy": _deepcopy,
    "copy.copy": _copy,
    "torch.nn.utils.parameters_to_vector": _as_vector,
    "torch.optim.swa_utils.AveragedModel": _averaged,
    "torch.nn.DataParallel": _wrapped,
    "torch.nn.parallel.DataParallel": _wrapped,
    "torch.nn.parallel.DistributedDataParallel": _wrapped,
}
FUNCTIONS: dict[str, Value] = {
    **parametrize.FUNCTIONS,
    **{name: Native(name, fn) for name, fn in _BY_NAME.items()},
}
