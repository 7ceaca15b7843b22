"""torch.nn.init: its functions give the tensor that they write to, and raise for one that they cannot initialise."""

from __future__ import annotations

from typing import Any

from nnlint.evaluate.arities import arities
from nnlint.evaluate.nn_module import is_module
from nnlint.unknown import Unknown
from nnlint.values import Native, Tensor, Value

# How many dimensions a tensor may have; the fans of xavier, kaiming and their like need two.
MANY = range(2, 65)
RANKS = {
    "xavier_uniform": MANY, "xavier_normal": MANY, "kaiming_uniform": MANY, "kaiming_normal": MANY, "orthogonal": MANY,
    "lecun_normal": MANY, "variance_scaling": MANY, "eye": range(2, 3), "sparse": range(2, 3), "dirac": range(3, 6),
}  # fmt: skip
# How many arguments torch's own take, and their names: lines as in evaluate/arities.py.
ARITIES = arities("""
constant 2 tensor val
dirac 1-2 tensor groups
eye 1 tensor
kaiming_normal 1-5 tensor a mode nonlinearity generator
kaiming_uniform 1-5 tensor a mode nonlinearity generator
normal 1-4 tensor mean std generator
ones 1 tensor
orthogonal 1-3 tensor gain generator
sparse 2-4 tensor sparsity std generator
trunc_normal 1-6 tensor mean std a b generator
uniform 1-4 tensor a b generator
xavier_normal 1-3 tensor gain generator
xavier_uniform 1-3 tensor gain generator
zeros 1 tensor
""")
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
    native.arity = ARITIES.get(kind)
    return native


def _check_gain(machine: Any, nonlinearity: Value) -> None:
    if isinstance(nonlinearity, str) and nonlinearity not in GAINS:
        raise machine.error("ValueError", f"unsupported nonlinearity {nonlinearity}")
