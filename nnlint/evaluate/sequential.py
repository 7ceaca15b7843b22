"""Whether any input passes a Sequential as it was built: its layers one after the other, on all shapes at once."""

from __future__ import annotations

from typing import Any

from nnlint.layers import LAYERS, Violation
from nnlint.layers.torch_flow import ANY, FLOWS, Shapes, passes
from nnlint.numpy_numbers import NumpyInt
from nnlint.values import ABSENT, Class, Dict, Function, Instance, List, Tensor, Value

SEQUENTIAL = "torch.nn.Sequential"
DEEPEST = 50  # levels of Sequentials in each other


class Budget:
    """How many layers may be looked at: the same one in two places, forty levels deep, is 2**40 layers, and those of a
    nested Sequential are looked at on each level."""

    def __init__(self) -> None:
        self.layers = 40_000

    def allows(self, layers: int, prefix: str) -> bool:
        """Whether a Sequential of so many layers, at this place, is still looked into."""
        self.layers -= layers + 1
        return self.layers >= 0 and prefix.count(".") < DEEPEST


def misfit(module: Instance, budget: Budget) -> tuple[Violation | None, bool]:
    """The first layer that takes nothing of what comes to it, as a violation; and whether every layer is known."""
    return _first_misfit(layers_of(module, "", budget), budget)


def _first_misfit(layers: list[tuple[str, Instance | None]], budget: Budget) -> tuple[Violation | None, bool]:
    budget.layers -= len(layers)
    shapes, certain = ANY, True
    given: tuple[str, Instance] | None = None
    for path, layer in layers:
        if layer is None:
            shapes, certain, given = ANY, False, None
            continue
        name = layer.cls.full_name
        after = passes(name, attributes_of(layer), shapes)
        if not after:
            return Violation("NNL301", _words(path, layer, given, shapes)), True
        if after is ANY:
            certain = False
        if after != shapes:
            given = (path, layer)
        shapes = after
    return None, certain


def layers_of(module: Instance, prefix: str, budget: Budget) -> list[tuple[str, Instance | None]]:
    """The layers of a Sequential with their paths, nested ones in place; None for what is not known."""
    held = module.attributes.get("_modules")
    if not isinstance(held, Dict) or not held.certain() or not runs_in_order(module):
        return [(prefix, None)]
    if not budget.allows(len(held), prefix):
        return [(prefix, None)]
    layers: list[tuple[str, Instance | None]] = []
    for name, item in held.items():
        path = f"{prefix}{name}"
        if isinstance(item, Instance) and is_sequential(item):
            # One that nothing passes is reported where it is built itself.
            inner = layers_of(item, f"{path}.", budget)
            layers += [(path, None)] if _first_misfit(inner, budget)[0] is not None else inner
        else:
            layers.append((path, item if is_as_built(item) else None))
    return layers


def is_sequential(module: Instance) -> bool:
    return any(base.full_name == SEQUENTIAL for base in module.cls.mro)


def first_of_torch(cls: Class) -> str:
    """The nearest of a module class's bases that is torch's."""
    return next(base.full_name for base in cls.mro if base.module is None)


def runs_in_order(module: Instance) -> bool:
    """Whether it is a Sequential that does nothing but that."""
    return is_sequential(module) and runs_as_torch(module)


def runs_as_torch(module: Instance, allowed: tuple[str, ...] = ("__init__",)) -> bool:
    """Whether a module runs as its base of the framework does: no other method of its own, nothing replaced."""
    own = [value for base in module.cls.mro if base.module is not None for value in base.attributes.items()]
    return (
        module.open is None
        and module.cls.unknown_base is None
        and "forward" not in module.attributes
        and HOOKED not in module.attributes
        and all(name in allowed or not isinstance(value, Function) for name, value in own)
    )


HOOKED = "_forward_hooks"


def is_as_built(item: Value) -> bool:
    """Whether it is a module of the framework that nothing was done to, and whose forward is followed."""
    if not isinstance(item, Instance) or item.cls.module is not None or item.cls.full_name not in FLOWS:
        return False
    if item.open is not None or "forward" in item.attributes or HOOKED in item.attributes:
        return False
    return has_own_weight(item)


def has_own_weight(item: Instance) -> bool:
    """Whether the weight of a layer whose forward is followed is as its constructor made it."""
    parameters = item.attributes.get("_parameters")
    weight = parameters.get("weight", ABSENT) if isinstance(parameters, Dict) else ABSENT
    name = first_of_torch(item.cls)
    if weight is None or name not in LAYERS or name not in FLOWS:
        return True
    return isinstance(weight, Tensor) and weight.shape == _own_shape(item)


def _own_shape(item: Instance) -> Any:
    """The shape of the weight that the layer's constructor made."""
    a = item.attributes
    if "in_features" in a:
        return (a["out_features"], a["in_features"])
    if "in_channels" in a:
        into, out, groups = a["in_channels"], a["out_channels"], a["groups"]
        sizes = (into, out // groups) if a["transposed"] else (out, into // groups)
        return (*sizes, *a["kernel_size"])
    if "embedding_dim" in a:
        return (a["num_embeddings"], a["embedding_dim"])
    if "normalized_shape" in a:
        return a["normalized_shape"]
    size = next((a[name] for name in ("num_features", "num_channels", "num_parameters") if name in a), None)
    return (size,)


def attributes_of(module: Instance) -> dict[str, Value]:
    """A module's attributes, lists as tuples, numbers of numpy's as plain ones."""
    return {
        name: tuple(value) if isinstance(value, List) else int(value) if type(value) is NumpyInt else value
        for name, value in module.attributes.items()
    }


def _words(path: str, layer: Instance, given: tuple[str, Instance] | None, shapes: Shapes) -> str:
    takes = FLOWS[layer.cls.full_name].takes(layer.attributes)
    words = f"{layer.cls.name} at {path} takes {takes}"
    if given is None:
        return words
    giver, a = given[1].cls.name, given[1].attributes
    sizes = ("out_features", "out_channels", "embedding_dim", "num_features", "num_channels")
    size = next((a[name] for name in sizes if name in a), None)
    if size is None and len({shape[-1] for shape in shapes if len(shape) == 2}) == 1:
        size = next(shape[-1] for shape in shapes if len(shape) == 2)
    if size is not None and takes.startswith(f"{size} "):  # the number fits, so it is the dimensions that do not
        ranks = " or ".join(str(rank) for rank in sorted({len(shape) for shape in shapes}))
        return f"{layer.cls.name} at {path} takes nothing of {ranks} dimensions, which {giver} at {given[0]} gives"
    return f"{words}, but {giver} at {given[0]} gives {'none such' if size is None else size}"
