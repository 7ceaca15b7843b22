"""Signatures and the binding of arguments to them, by Python's rules, with arguments that are not all known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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

    def __repr__(self) -> str:
        return "..."


def rest_at(items: Sequence[Any]) -> int | None:
    """The place of the first Rest among items, or None."""
    kinds = list(map(type, items))
    return kinds.index(Rest) if Rest in kinds else None


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
        shape = self._shape
        rest = rest_at(positional)
        sure = positional if rest is None else positional[:rest]
        bound: dict[str, Any] = dict(zip(shape.places, sure))
        if shape.variadic is not None:
            places = len(shape.places)
            is_known = rest is None or rest >= places
            bound[shape.variadic] = tuple(positional[places:]) if is_known else (positional[rest],)  # type: ignore[index]
        elif len(sure) > len(shape.places):
            takes, given = len(shape.places), len(sure)
            nouns = f"positional argument{'' if takes == 1 else 's'}", "was" if given == 1 else "were"
            raise BindError(f"takes {takes} {nouns[0]} but {given} {nouns[1]} given")
        extra: dict[str, Any] = {}
        for name, value in keywords.items():
            if name in shape.named:
                if name in bound:
                    raise BindError(f"got multiple values for argument '{name}'")
                bound[name] = value
            elif shape.collects is not None:
                extra[name] = value
            else:
                raise BindError(f"got an unexpected keyword argument '{name}'")
        if len(bound) == len(self.parameters):
            return bound
        unsure = positional[rest].unknown if rest is not None else None
        for name, default, kind in self.parameters:
            if name in bound or kind in ("*", "**"):
                continue
            if unsure is not None and kind in ("positional", "both"):
                bound[name] = _or_default(unsure, default)
            elif unknown_keywords is not None and kind in ("both", "keyword"):
                bound[name] = _or_default(unknown_keywords, default)
            elif default is REQUIRED:
                raise BindError(f"missing a required argument: '{name}'")
            else:
                bound[name] = default
        if shape.collects is not None:
            bound[shape.collects] = extra
        return bound

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return tuple(p.name for p in self.parameters)

    @cached_property
    def collects(self) -> str | None:
        """The name of the parameter that takes all other keywords."""
        return self._shape.collects

    @cached_property
    def keyword_defaults(self) -> dict[str, Any]:
        """The defaults of the parameters that only keywords give."""
        return {p.name: p.default for p in self.parameters if p.kind == "keyword" and p.default is not REQUIRED}

    @cached_property
    def _shape(self) -> "_Shape":
        return _Shape(
            tuple(p.name for p in self.parameters if p.kind in ("positional", "both")),
            frozenset(p.name for p in self.parameters if p.kind in ("both", "keyword")),
            next((p.name for p in self.parameters if p.kind == "*"), None),
            next((p.name for p in self.parameters if p.kind == "**"), None),
        )


def _or_default(unknown: Unknown, default: Any) -> Unknown:
    """What a parameter is that unknown arguments may give, or its default."""
    is_constant = default is REQUIRED or default is None or isinstance(default, (bool, int, float, str))
    return unknown if is_constant else Unknown(unknown.why)


class _Shape(NamedTuple):
    """The names that take arguments by their place, by their name, and those of `*` and `**`."""

    places: tuple[str, ...]
    named: frozenset[str]
    variadic: str | None
    collects: str | None
