"""argparse: the command line is empty, so that parsers give their defaults."""

from __future__ import annotations

from typing import Any

from nnlint.unknown import Unknown
from nnlint.values import Class, Dict, Instance, List, Native, Value

Values = dict[str, Value]


def _new_parser(machine: Any, args: list[Value], kwargs: Values) -> Value:
    machine.heap.touch(args[0])
    args[0].attributes["_defaults"] = Dict((), machine.heap.clock)
    return None


def _defaults(machine: Any, parser: Instance) -> Dict:
    held: Dict = parser.attributes["_defaults"]
    machine.heap.touch(held)
    return held


def _add_argument(machine: Any, args: list[Value], kwargs: Values) -> Value:
    held = _defaults(machine, args[0])
    flags = args[1:]
    destination = kwargs.get("dest")
    if destination is None:
        if not flags or not all(isinstance(flag, str) for flag in flags):
            held.rest = Unknown("an argument whose name is not known")
            return Instance(machine.classes["object"], machine.heap.clock)
        long = next((flag for flag in flags if flag.startswith("--")), flags[0])
        destination = long.lstrip("-").replace("-", "_")
    positional = bool(flags) and isinstance(flags[0], str) and not flags[0].startswith("-")
    name = str(destination)
    held[name] = _default(machine, name, positional, kwargs)
    return Instance(machine.classes["object"], machine.heap.clock)


def _default(machine: Any, name: str, positional: bool, kwargs: Values) -> Value:
    action = kwargs.get("action")
    if "**" in kwargs or isinstance(action, Unknown):
        return Unknown(f"{name} comes from the command line")
    if kwargs.get("required") is True or (positional and kwargs.get("nargs") not in ("?", "*")):
        return Unknown(f"{name} comes from the command line", plain=True)
    if "default" not in kwargs:
        if action in ("store_true", "store_false"):
            return action == "store_false"
        return List((), machine.heap.clock) if positional and kwargs.get("nargs") == "*" else None
    default = kwargs["default"]
    convert = kwargs.get("type")
    if isinstance(default, str) and convert is not None:
        return machine.call(convert, [default], {})
    return default


def _set_defaults(machine: Any, args: list[Value], kwargs: Values) -> Value:
    held = _defaults(machine, args[0])
    for name, value in kwargs.items():
        if name == "**":
            machine.update_dict(held, value)
        else:
            held[name] = value
    return None


def _group(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """A group shares its parser's defaults."""
    group = Instance(args[0].cls, machine.heap.clock)
    group.attributes["_defaults"] = args[0].attributes["_defaults"]
    return group


def _parse(machine: Any, args: list[Value], kwargs: Values) -> Value:
    held: Dict = args[0].attributes["_defaults"]
    space = Instance(machine.classes["argparse.Namespace"], machine.heap.clock)
    given = len(args) > 1 and not (isinstance(args[1], list) and not args[1]) and args[1] is not None
    if given or machine.wary:
        space.open = Unknown("arguments given to parse_args()", plain=True)
        space.attributes.update({name: Unknown(f"{name} comes from the command line") for name in held})
        return space
    space.attributes.update(held)
    space.open = held.rest
    return space


def _parse_known(machine: Any, args: list[Value], kwargs: Values) -> Value:
    return (_parse(machine, args, kwargs), List((), machine.heap.clock))


def _subparsers(machine: Any, args: list[Value], kwargs: Values) -> Value:
    _defaults(machine, args[0]).rest = Unknown("a subcommand comes from the command line", plain=True)
    return Unknown("a subcommand comes from the command line", plain=True)


def _namespace(machine: Any, args: list[Value], kwargs: Values) -> Value:
    machine.heap.touch(args[0])
    args[0].attributes.update({name: value for name, value in kwargs.items() if name != "**"})
    args[0].open = kwargs.get("**")
    return None


def argparse_classes(object_class: Class) -> dict[str, Class]:
    """argparse.ArgumentParser and argparse.Namespace."""
    parser = Class("ArgumentParser", (object_class,), full_name="argparse.ArgumentParser")
    methods = {
        "__init__": _new_parser,
        "add_argument": _add_argument,
        "set_defaults": _set_defaults,
        "add_argument_group": _group,
        "add_mutually_exclusive_group": _group,
        "parse_args": _parse,
        "parse_known_args": _parse_known,
        "add_subparsers": _subparsers,
        "print_help": lambda machine, args, kwargs: None,
    }
    parser.attributes.update({name: Native(name, fn) for name, fn in methods.items()})
    namespace = Class("Namespace", (object_class,), full_name="argparse.Namespace")
    namespace.attributes["__init__"] = Native("__init__", _namespace)
    return {parser.full_name: parser, namespace.full_name: namespace}
