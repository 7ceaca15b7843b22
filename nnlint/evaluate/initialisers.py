"""torch.nn.init: its functions give the tensor that they write to, and raise for one that they cannot initialise."""

from __future__ import annotations

from typing import Any

from nnlint.evaluate.nn_module import is_module
from nnlint.unknown import Unknown
from nnlint.values import Arity, Native, Tensor, Value

# How many dimensions a tensor may have; the fans of xavier, kaiming and their like need two.
MANY = range(2, 65)
RANKS = {
    "xavier_uniform": MANY, "xavier_normal": MANY, "kaiming_uniform": MANY, "kaiming_normal": MANY, "orthogonal": MANY,
    "lecun_normal": MANY, "variance_scaling": MANY, "eye": range(2, 3), "sparse": range(2, 3), "dirac": range(3, 6),
}  # fmt: skip
# What torch's own take beside the tensor, and how many of it they need.
_FANS = (0, "a mode nonlinearity generator")
_GAIN = (0, "gain generator")
PARAMETERS = {
    "constant": (1, "val"), "dirac": (0, "groups"), "eye": (0, ""), "kaiming_normal": _FANS, "kaiming_uniform": _FANS,
    "normal": (0, "mean std generator"), "ones": (0, ""), "orthogonal": _GAIN, "sparse": (1, "sparsity std generator"),
    "trunc_normal": (0, "mean std a b generator"), "uniform": (0, "a b generator"), "xavier_normal": _GAIN,
    "xavier_uniform": _GAIN, "zeros": (0, ""),
}  # fmt: skip
MODES = ("fan_in", "fan_out")
GAINS = frozenset(
    ["linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid",
     "tanh", "relu", "leaky_relu", "selu"]
)  # fmt: skip


def initialiser(name: str) -> Native:
    """torch.nn.init.name(tensor, ...)"""
    kind = name.removesuffix("_")

    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if kind == "calculate_gain":
            _check_gain(machine, args[0] if args else kwargs.get("nonlinearity"))
            return Unknown("what an initialiser scales by", plain=True)
        value = args[0] if args else kwargs.get("tensor")
        if value is None or is_module(value):
            raise machine.error("AttributeError", f"{name}() of what is no tensor")
        if not isinstance(value, Tensor):
            return Unknown("a tensor", plain=True)
        machine.heap.forget_numbers(value)
        is_kaiming = kind.startswith("kaiming")
        if isinstance(value.shape, tuple) and not (is_kaiming and not all(type(n) is int and n for n in value.shape)):
            if len(value.shape) not in RANKS.get(kind, range(65)):
                raise machine.error("ValueError", f"{name}() of a tensor of {len(value.shape)} dimensions")
            if is_kaiming:
                given = {**dict(zip(("tensor", "a", "mode", "nonlinearity"), args)), **kwargs}
                mode = given.get("mode")
                if isinstance(mode, str) and mode.lower() not in MODES:
                    raise machine.error("ValueError", f"mode {mode} is none of {MODES}")
                _check_gain(machine, given.get("nonlinearity"))
        return value

    native = Native(name, run)
    if kind in PARAMETERS:
        needed, words = PARAMETERS[kind]
        names = ("tensor", *words.split())
        native.arity = Arity(1 + needed, len(names), frozenset(names))
    return native


def _check_gain(machine: Any, nonlinearity: Value) -> None:
    if isinstance(nonlinearity, str) and nonlinearity not in GAINS:
        raise machine.error("ValueError", f"unsupported nonlinearity {nonlinearity}")
