"""LightningModule.save_hyperparameters(): self.hparams holds what the constructors of a module were given.

After lightning.pytorch.core.mixins.hparams_mixin, collect_init_args() of lightning.pytorch.utilities.parsing and
AttributeDict of lightning.fabric.utilities.data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnlint.evaluate.effects import names_its_class
from nnlint.unknown import Unknown
from nnlint.values import Class, Dict, Frame, Instance, Native, Value

Values = dict[str, Value]
ATTRIBUTE_DICT = "lightning.fabric.utilities.data.AttributeDict"
SAVING = "save_hyperparameters"  # the method
NOT_KNOWN = "what save_hyperparameters() saves"
LEFT_OUT = frozenset({"frame", "frame_args"})  # parameters that Lightning takes for its own


def attribute_dict(dict_class: Class) -> Class:
    """A dict whose entries are its attributes, too."""

    def get(machine: Any, args: list[Value], kwargs: Values) -> Value:
        held, name = args[0].payload, args[1]
        if name not in held and held.rest is None:
            raise machine.error("AttributeError", f"Missing attribute {name!r}")
        return machine.get_item(held, name)

    def set_(machine: Any, args: list[Value], kwargs: Values) -> Value:
        machine.set_item(args[0].payload, args[1], args[2])
        return None

    attributes: Values = {"__getattr__": Native("get", get), "__setattr__": Native("set", set_)}
    return Class("AttributeDict", (dict_class,), attributes, full_name=ATTRIBUTE_DICT)


def save_hyperparameters(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """save_hyperparameters(*args, ignore=None, frame=None, logger=True): what is saved joins what was saved before."""
    module, *names = args
    machine.lose_construction()  # it depends on the calls around
    ignored = _ignored(kwargs.get("ignore"))
    saved = None if kwargs.keys() - {"ignore", "logger"} else _saved(machine, module, names, ignored)
    held = module.attributes.get("hparams")
    if saved is None or not (held is None or _is_followed(held, ignored or ())):
        machine.heap.touch(module)
        module.attributes["hparams"] = Unknown(NOT_KNOWN)
    elif held is None:
        machine.heap.touch(module)
        payload = Dict(saved, machine.heap.clock)
        module.attributes["hparams"] = Instance(machine.classes[ATTRIBUTE_DICT], machine.heap.clock, payload)
    else:
        machine.update_dict(held.payload, Dict(saved, machine.heap.clock))
    return None


def _is_followed(held: Value, ignored: Sequence[Value]) -> bool:
    """Whether what was saved before is an AttributeDict without what is ignored now: some releases take that out."""
    if not isinstance(held, Instance) or held.cls.full_name != ATTRIBUTE_DICT or not isinstance(held.payload, Dict):
        return False
    return not ignored or (held.payload.rest is None and held.payload.keys().isdisjoint(ignored))


def _ignored(given: Value) -> Sequence[Value] | None:
    """The names that are not to be saved; None where they are not known."""
    names = [given] if isinstance(given, str) else [] if given is None else given
    return names if isinstance(names, (tuple, list)) and _are_texts(names) else None


def _saved(machine: Any, module: Instance, names: list[Value], ignored: Sequence[Value] | None) -> Values | None:
    """What is saved, by name; None where that is not known."""
    given = _given(machine, module)
    if given is None or ignored is None or not _are_texts(names):
        return None
    given = {name: value for name, value in given.items() if name not in ignored}
    if not names:
        return given
    return {name: given[name] for name in names} if given.keys() >= set(names) else None


def _are_texts(values: Sequence[Value]) -> bool:
    return all(isinstance(value, str) for value in values)


def _given(machine: Any, module: Instance) -> Values | None:
    """The arguments of those constructors of a module that run, the outer ones' before those that they hand on."""
    found: Values = {}
    if not machine.frames or machine.frames[-1].first_argument is not module:  # called by no method of its own
        return None
    for frame in reversed(machine.frames):
        if frame.first_argument is not module:  # another module around would give its own as well
            other = frame.first_argument
            is_apart = not isinstance(other, Instance) or (other.open is None and not _may_be_saved(other.cls))
            return found if is_apart else None
        arguments = _arguments(frame)
        if arguments is None:
            return None
        found.update(arguments)
    return found


def _may_be_saved(cls: Class) -> bool:
    return cls.unknown_base is not None or any(SAVING in base.attributes for base in cls.mro)


def _arguments(frame: Frame) -> Values | None:
    """What a constructor was given, by name, as its variables hold it now; None where it is none, or where Lightning
    does not see its class."""
    function = frame.function
    if function is None or function.name != "__init__" or function.lowered is None:
        return None
    if not names_its_class(function.site.source.python_of(function.site.node)):
        return None
    found: Values = {}
    for parameter in function.signature.parameters[1:]:
        value = frame.variables.get(parameter.name, Unknown(NOT_KNOWN))
        if parameter.kind == "**":
            if not isinstance(value, Dict) or value.rest is not None:
                return None
            found.update(value)
        elif parameter.kind != "*":
            found[parameter.name] = value
    return {name: value for name, value in found.items() if name not in LEFT_OUT}
