"""Signatures and the binding of arguments to them, by Python's rules, with arguments that are not all known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from nnlint.unknown import Unknown

REQUIRED: Final = type("REQUIRED", (), {"__repr__": lambda self: "REQUIRED"})()


class Parameter(NamedTuple):
    """One parameter; kind is "positional" (positional only), "both", "keyword", "*" or "**"."""

    name: str
    default: Any = REQUIRED
    kind: str = "both"


class BindError(TypeError):
    """The arguments do not fit the signature, as Python would say it."""


class Rest:
    """In positional arguments: zero or more arguments that are not known, with the reason."""

    __slots__ = ("unknown",)

    def __init__(self, unknown: Unknown) -> None:
        self.unknown = unknown


@dataclass(frozen=True)
class Signature:
    """The parameters of a callable, in their order."""

    parameters: tuple[Parameter, ...]

    @classmethod
    def of(cls, *parameters: Parameter) -> "Signature":
        return cls(tuple(parameters))

    def bind(
        self, positional: Sequence[Any], keywords: Mapping[str, Any], unknown_keywords: Unknown | None = None
    ) -> dict[str, Any]:
        """Arguments by parameter name, defaults filled in; `*` gives a tuple, `**` a dict.

        A Rest in `positional` makes every later positional parameter Unknown that no keyword gives;
        `unknown_keywords` stands for a `**kwargs` of unknown content: parameters that nothing else gives become
        Unknown. Raises BindError where the call must fail whatever the unknown parts hold.
        """
        bound: dict[str, Any] = {}
        named = [p for p in self.parameters if p.kind in ("positional", "both")]
        rest = next((index for index, value in enumerate(positional) if isinstance(value, Rest)), None)
        sure = positional if rest is None else positional[:rest]
        variadic = next((p for p in self.parameters if p.kind == "*"), None)
        for parameter, value in zip(named, sure):
            bound[parameter.name] = value
        if variadic is not None:
            bound[variadic.name] = (
                tuple(positional[len(named) :]) if rest is None or rest >= len(named) else (positional[rest],)
            )
        elif len(sure) > len(named):
            raise BindError(f"takes {len(named)} positional arguments but {len(sure)} were given")
        extra: dict[str, Any] = {}
        by_name = {p.name for p in self.parameters if p.kind in ("both", "keyword")}
        collects = next((p for p in self.parameters if p.kind == "**"), None)
        for name, value in keywords.items():
            if name in by_name and name in bound:
                raise BindError(f"got multiple values for argument '{name}'")
            if name in by_name:
                bound[name] = value
            elif collects is not None:
                extra[name] = value
            else:
                raise BindError(f"got an unexpected keyword argument '{name}'")
        unsure = positional[rest].unknown if rest is not None else None
        for parameter in self.parameters:
            if parameter.kind in ("*", "**") or parameter.name in bound:
                continue
            if unsure is not None and parameter.kind in ("positional", "both"):
                bound[parameter.name] = unsure
            elif unknown_keywords is not None and parameter.kind in ("both", "keyword"):
                bound[parameter.name] = unknown_keywords
            elif parameter.default is REQUIRED:
                raise BindError(f"missing a required argument: '{parameter.name}'")
            else:
                bound[parameter.name] = parameter.default
        if collects is not None:
            bound[collects.name] = extra
        return bound
