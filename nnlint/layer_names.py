"""Budgets by the names of layers: those that surely mean another name than they say are refused."""

from collections.abc import Collection
from difflib import get_close_matches

from nnlint.budget import Budget, OptionError, parse_budget

FRAMEWORK = "torch.nn."


def parse_layer_budget(option: str, text: str, team: Collection[str] = ()) -> Budget:
    """As parse_budget; team: full names of the team's own layers. Raises OptionError."""
    budget = parse_budget(option, text)
    own = {*team, *(name.rpartition(".")[2] for name in team)}
    for name in budget.by_name:
        meant = None if name in own else meant_by(name)
        if meant is not None:
            raise OptionError(option, text, f"names {name}, which is no layer{meant}")
    return budget


def meant_by(name: str) -> str | None:
    """What to say of a name that differs from a layer's in upper and lower case only, or is in the framework and of no
    layer there; None of any other, which may be a class of the user's."""
    from nnlint.layers import LAYERS, PLAIN, public_name  # flake8 starts without the tables where no budget has names

    if name in LAYERS or name in PLAIN:
        return None
    if name.startswith(FRAMEWORK):
        near = [public_name(name) or ""] if public_name(name) else get_close_matches(name, LAYERS, 1, 0.8)
        return f"; did you mean {near[0]}?" if near else ""
    short = {layer.short_name.lower(): layer.short_name for layer in LAYERS.values()}
    meant = short.get(name.lower(), name)
    return f"; did you mean {meant}, or module.{name} for a class of your own?" if meant != name else None
