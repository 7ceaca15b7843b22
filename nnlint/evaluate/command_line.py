"""argparse: the command line is empty, so that parsers give their defaults."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from nnlint.unknown import Unknown, first
from nnlint.values import (
    ABSENT,
    Class,
    Dict,
    External,
    Instance,
    List,
    Native,
    Value,
    is_plain,
    join,
)

Values = dict[str, Value]
SUPPRESS = "==SUPPRESS=="
NO_VALUE = {"store_true": False, "store_false": True}  # the defaults of actions, where none is stated
WITHOUT_DESTINATION = ("help", "version")


# -- parsers and their arguments -----------------------------------------------------------------------------------


def _new_parser(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """ArgumentParser(parents=, argument_default=, ...)"""
    parser = args[0]
    machine.heap.touch(parser)
    clock = machine.heap.clock
    parser.attributes.update(
        _actions=List((), clock), _defaults=Dict((), clock, kwargs.get("**")), _subparsers=List((), clock),
        argument_default=kwargs.get("argument_default"), prefix_chars=kwargs.get("prefix_chars", "-"),
    )  # fmt: skip
    for parent in machine.items(kwargs.get("parents", ())):
        if not _is_parser(parent):
            parser.attributes["_defaults"].rest = Unknown("a parent parser that is not known", plain=True)
            continue
        parser.attributes["_actions"].extend(parent.attributes["_actions"])
        machine.update_dict(parser.attributes["_defaults"], parent.attributes["_defaults"])
    return None


def _is_parser(value: Value) -> bool:
    return isinstance(value, Instance) and isinstance(value.attributes.get("_actions"), List)


def _add_argument(machine: Any, args: list[Value], kwargs: Values) -> Value:
    parser, flags = args[0], args[1:]
    action = Instance(machine.classes["argparse.Action"], machine.heap.clock)
    destination = _destination(parser, flags, kwargs)
    if isinstance(destination, Unknown):
        held: Dict = parser.attributes["_defaults"]
        machine.heap.touch(held)
        held.rest = destination
        return action
    if isinstance(kwargs.get("action"), str) and kwargs["action"] in WITHOUT_DESTINATION:
        return action
    is_positional = not _is_option(parser, flags)
    default = _stated_default(parser, destination, kwargs)
    number = kwargs.get("nargs")
    may_lack = isinstance(number, str) and number in ("?", "*", "...")
    needed = kwargs.get("required") is True or (is_positional and not may_lack)
    if is_positional and default is None and may_lack and number != "?":
        default = List((), machine.heap.clock)
    if needed or _may_be_any(kwargs):
        default = Unknown(f"{destination} comes from the command line", plain=needed, foreign=True)
    action.attributes.update(dest=destination, default=default, type=kwargs.get("type"))
    machine.heap.touch(parser.attributes["_actions"])
    parser.attributes["_actions"].append(action)
    return action


def _is_option(parser: Instance, flags: list[Value]) -> bool:
    return bool(flags) and isinstance(flags[0], str) and flags[0][:1] in _prefixes(parser)


def _prefixes(parser: Instance) -> str:
    held = parser.attributes.get("prefix_chars")
    return held if isinstance(held, str) and held else "-"


def _destination(parser: Instance, flags: list[Value], kwargs: Values) -> str | Unknown:
    """The attribute that an argument fills."""
    stated = kwargs.get("dest")
    if isinstance(stated, str):
        return stated
    if stated is not None or not flags or not all(isinstance(flag, str) for flag in flags):
        return Unknown("an argument whose name is not known")
    if not _is_option(parser, flags):
        return str(flags[0])
    prefixes = _prefixes(parser)
    long = next((flag for flag in flags if len(flag) > 1 and flag[1] in prefixes), flags[0])
    return str(long).lstrip(prefixes).replace("-", "_")


def _stated_default(parser: Instance, destination: str, kwargs: Values) -> Value:
    if "default" in kwargs:
        return kwargs["default"]
    if destination in parser.attributes["_defaults"]:
        return parser.attributes["_defaults"][destination]
    general = parser.attributes.get("argument_default")
    action = kwargs.get("action")
    return NO_VALUE.get(action) if general is None and isinstance(action, str) else general


def _may_be_any(kwargs: Values) -> bool:
    """Whether the keywords, or an action of the program's own, may give another default."""
    action = kwargs.get("action")
    if isinstance(action, Class):
        return action.find("__init__") is not ABSENT
    known = action is None or isinstance(action, str) or _is_of_argparse(action)
    return "**" in kwargs or not known


def _is_of_argparse(action: Value) -> bool:
    return isinstance(action, External) and action.name == "argparse.BooleanOptionalAction"


def _set_defaults(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """set_defaults(width=3): also of the arguments that were added before."""
    parser = args[0]
    held: Dict = parser.attributes["_defaults"]
    machine.heap.touch(held)
    unknown = kwargs.pop("**", None)
    if unknown is not None:
        machine.update_dict(held, unknown)
    for name, value in kwargs.items():
        held[name] = value
    for action in parser.attributes["_actions"]:
        if isinstance(action, Instance) and (unknown is not None or action.attributes["dest"] in kwargs):
            machine.heap.touch(action)
            action.attributes["default"] = kwargs.get(action.attributes["dest"], unknown)
    return None


def _get_default(machine: Any, args: list[Value], kwargs: Values) -> Value:
    parser, name = args
    for action in parser.attributes["_actions"]:
        if not isinstance(action, Instance):
            return Unknown("the default of an argument", plain=True)
        if action.attributes["dest"] == name and action.attributes["default"] is not None:
            return action.attributes["default"]
    return parser.attributes["_defaults"].get(name, parser.attributes["_defaults"].rest)


def _group(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """A group adds to its parser."""
    group = Instance(args[0].cls, machine.heap.clock)
    group.attributes.update(args[0].attributes)
    return group


def _add_subparsers(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """add_subparsers(dest=...): which of them is chosen, the command line says."""
    parser = args[0]
    choice = Instance(machine.classes["argparse._SubParsersAction"], machine.heap.clock)
    choice.attributes["_subparsers"] = parser.attributes["_subparsers"]
    destination = kwargs.get("dest")
    if isinstance(destination, str):
        machine.heap.touch(parser.attributes["_defaults"])
        parser.attributes["_defaults"][destination] = Unknown("a subcommand comes from the command line", plain=True)
    return choice


def _add_parser(machine: Any, args: list[Value], kwargs: Values) -> Value:
    held = args[0].attributes["_subparsers"]
    if not isinstance(held, List):
        return Unknown("a parser that is not known")
    kwargs = {name: value for name, value in kwargs.items() if name in ("parents", "argument_default", "**")}
    made = machine.call(machine.classes["argparse.ArgumentParser"], [], kwargs)
    machine.heap.touch(held)
    held.append(made)
    return made


# -- what parsing gives ---------------------------------------------------------------------------------------------


def _parse(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """parse_args(args=None, namespace=None)"""
    parser = args[0]
    given = args[1] if len(args) > 1 else kwargs.get("args")
    space = args[2] if len(args) > 2 else kwargs.get("namespace")
    if space is None:
        space = Instance(machine.classes["argparse.Namespace"], machine.heap.clock)
    if not isinstance(space, Instance):
        return Unknown("a namespace that is not known")
    machine.heap.touch(space)
    found, unknown = _defaults(machine, parser)
    if not is_of_command_line(given) or machine.wary:
        unknown = Unknown("arguments given to parse_args()", plain=True)
        found = {name: Unknown(f"{name} comes from the command line", plain=is_plain(v)) for name, v in found.items()}
    for name, value in found.items():
        space.attributes.setdefault(name, value)
    space.open = first(space.open, unknown)
    return space


def is_of_command_line(given: Value) -> bool:
    """Whether the arguments are those of the command line, or none."""
    if isinstance(given, Unknown):
        return given.why.startswith("sys.argv ")
    return given is None or (isinstance(given, (list, tuple)) and not given)


def _defaults(machine: Any, parser: Instance) -> tuple[Values, Unknown | None]:
    """What an empty command line gives, by name, and why there may be more."""
    found: Values = {}
    unknown: Unknown | None = parser.attributes["_defaults"].rest
    for action in parser.attributes["_actions"]:
        if not isinstance(action, Instance):
            unknown = first(unknown, Unknown("an argument that is not known", plain=True))
        elif action.attributes["default"] != SUPPRESS if isinstance(action.attributes["default"], str) else True:
            found.setdefault(action.attributes["dest"], _converted(machine, action))
    for name, value in parser.attributes["_defaults"].items():
        found.setdefault(name, value)
    for subparser in parser.attributes["_subparsers"]:
        if not _is_parser(subparser):
            unknown = first(unknown, Unknown("a subcommand that is not known", plain=True))
            continue
        more, rest = _defaults(machine, subparser)
        unknown = first(unknown, rest)
        for name, value in more.items():
            # Who reads it knows that this subcommand was chosen.
            found[name] = join(found.get(name, ABSENT), value, f"{name} depends on the subcommand")
    return found, unknown


def _converted(machine: Any, action: Instance) -> Value:
    """A default that is a string goes through the argument's type."""
    default, convert = action.attributes["default"], action.attributes["type"]
    if isinstance(default, str) and convert is not None:
        return machine.call(convert, [default], {})
    return default


def _parse_known(machine: Any, args: list[Value], kwargs: Values) -> Value:
    return (_parse(machine, args, kwargs), List((), machine.heap.clock))


def _end(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """error(), exit()"""
    raise machine.error("SystemExit", "the parser ends the program")


def _nothing(machine: Any, args: list[Value], kwargs: Values) -> Value:
    return None


def _namespace(machine: Any, args: list[Value], kwargs: Values) -> Value:
    machine.heap.touch(args[0])
    args[0].attributes.update({name: value for name, value in kwargs.items() if name != "**"})
    args[0].open = kwargs.get("**")
    return None


def _get_kwargs(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """namespace._get_kwargs(): its names and values"""
    space = machine.get_attribute(args[0], "__dict__")
    return machine.builtins["list"].fn(machine, [machine.call(machine.get_attribute(space, "items"), [], {})], {})


def _contains(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """name in namespace"""
    return machine.call(machine.builtins["hasattr"], args, {})


def _equal(machine: Any, args: list[Value], kwargs: Values) -> Value:
    """namespace == other"""
    one, other = args
    if not isinstance(other, Instance) or not other.cls.is_subclass(machine.classes["argparse.Namespace"]):
        return machine.builtins["NotImplemented"]
    doubt = first(one.open, other.open)
    return Unknown(doubt.why) if doubt is not None else machine.compare("==", *(Dict(x.attributes) for x in args))


PARSER: dict[str, Any] = {
    "__init__": _new_parser,
    "add_argument": _add_argument,
    "set_defaults": _set_defaults,
    "get_default": _get_default,
    "add_argument_group": _group,
    "add_mutually_exclusive_group": _group,
    "add_subparsers": _add_subparsers,
    "parse_args": _parse,
    "parse_intermixed_args": _parse,
    "parse_known_args": _parse_known,
    "parse_known_intermixed_args": _parse_known,
    "error": _end,
    "exit": _end,
    **dict.fromkeys(("print_help", "print_usage", "convert_arg_line_to_args"), _nothing),
}
METHODS: dict[str, dict[str, Any]] = {
    "ArgumentParser": PARSER,
    "Namespace": {"__init__": _namespace, "__contains__": _contains, "__eq__": _equal, "_get_kwargs": _get_kwargs},
    "_SubParsersAction": {"add_parser": _add_parser},
    "Action": {},
}
# What else a parser has, of which nothing is known but that it is there.
_THERE = [name for name in dir(argparse.ArgumentParser(prog="")) if not name.startswith("__")]


def argparse_classes(object_class: Class) -> dict[str, Class]:
    """argparse.ArgumentParser, argparse.Namespace and what they are made of."""
    return {cls.full_name: cls for cls in _classes(object_class)}


def _classes(object_class: Class) -> Iterator[Class]:
    for name, methods in METHODS.items():
        made = Class(name, (object_class,), full_name=f"argparse.{name}")
        there = _THERE if name == "ArgumentParser" else ()
        made.attributes.update((private, Unknown(f"{private} of a parser")) for private in there)
        made.attributes.update({method: Native(method, _of_known(fn)) for method, fn in methods.items()})
        yield made


def _of_known(method: Any) -> Any:
    """A method of a parser, for one that code from outside has not had its hands on."""
    if method in (_new_parser, _namespace, _contains, _get_kwargs, _add_parser):
        return method

    def run(machine: Any, args: list[Value], kwargs: Values) -> Value:
        return method(machine, args, kwargs) if _is_parser(args[0]) else Unknown("a parser that is not known")

    return run


ARGPARSE: dict[str, Value] = {"argparse.SUPPRESS": SUPPRESS, "argparse.REMAINDER": "...", "argparse.OPTIONAL": "?",
                              "argparse.ZERO_OR_MORE": "*", "argparse.ONE_OR_MORE": "+"}  # fmt: skip
