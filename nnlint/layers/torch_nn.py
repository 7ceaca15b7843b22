"""All of torch.nn: layers by every name that torch itself has for them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from nnlint.layers import torch_conv, torch_linear, torch_norm, torch_plain, torch_recurrent, torch_transformer
from nnlint.layers.table import FOUND, Layer

FAMILIES = (torch_linear, torch_conv, torch_norm, torch_recurrent, torch_transformer)


def merged(layers: Iterable[Layer]) -> Mapping[str, Layer]:
    """Layers by full name; a duplicate name is refused."""
    table: dict[str, Layer] = {}
    for layer in layers:
        if layer.name in table or layer.name in torch_plain.PLAIN:
            raise ValueError(f"{layer.name} is in the tables twice")
        table[layer.name] = layer
    return MappingProxyType(table)


LAYERS: Mapping[str, Layer] = merged(layer for family in FAMILIES for layer in family.LAYERS)
FOUND.update(LAYERS)

_DEFINED_IN = {name: layer.defined_in for name, layer in LAYERS.items()} | torch_plain.DEFINED_IN
_PUBLIC: dict[str, str] = {}
for _name, _module in _DEFINED_IN.items():
    _short = _name.rpartition(".")[2]
    _PUBLIC[_name] = _PUBLIC[f"{_module}.{_short}"] = _name
    if _name == f"torch.nn.{_short}" and _module.startswith("torch.nn.modules."):
        _PUBLIC[f"torch.nn.modules.{_short}"] = _name
_PUBLIC["torch.nn.parallel.DataParallel"] = "torch.nn.DataParallel"


def public_name(name: str) -> str | None:
    """The name in LAYERS or PLAIN of a class, by any dotted name that torch itself uses for it."""
    return _PUBLIC.get(name)


def find(name: str) -> Layer | None:
    """The layer, by any dotted name that torch itself uses for it."""
    return LAYERS.get(_PUBLIC.get(name, name))
