"""Functions of torch that only compute: each gives tensors of its own, or views, and writes to nothing.

Those that may give what they are given (torch.real, torch.atleast_1d, torch.dropout, ...) are not among them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnlint.evaluate.tensor_numbers import holds_integers
from nnlint.unknown import Unknown
from nnlint.values import Native, Tensor, Value

# Of one tensor, giving one of its shape; the same methods of a tensor do the same.
_UNARY = (
    "absolute acos acosh angle arccos arcsin arctan asin asinh atan atanh bernoulli bitwise_not celu clamp clamp_max "
    "clamp_min clip cosh cumprod cumsum deg2rad digamma erf erfc erfinv exp2 expm1 fix flip fliplr flipud frac "
    "isfinite isinf isnan isneginf isposinf lgamma log10 log1p log_softmax logcumsumexp logical_not logit nan_to_num "
    "negative rad2deg reciprocal relu roll rsqrt selu sgn sign signbit sinc sinh softmax square tan tril triu"
)
# Those of them that give truth values, and those that give numbers of the type that they are given.
_OF_TRUTHS = frozenset(["isfinite", "isinf", "isnan", "isneginf", "isposinf", "logical_not", "signbit"])
_OF_SAME_TYPE = frozenset(
    ["absolute", "bitwise_not", "clamp", "clamp_max", "clamp_min", "clip", "cumprod", "cumsum", "flip", "fliplr",
     "flipud", "negative", "relu", "roll", "sgn", "sign", "square", "tril", "triu"]
)  # fmt: skip
# Of a number of points, giving a vector of them.
WINDOWS = frozenset(f"{name}_window" for name in ("bartlett", "blackman", "hamming", "hann", "kaiser"))
_OTHERS = (
    "addbmm addcdiv addcmul addmm addmv addr all allclose amax amin aminmax any argmax argmin argsort argwhere atan2 "
    "baddbmm bincount bitwise_and bitwise_or bitwise_xor block_diag bmm broadcast_to bucketize cdist chain_matmul "
    "cholesky chunk column_stack combinations complex copysign corrcoef cosine_similarity count_nonzero cov cross "
    "cummax cummin det diag diag_embed diagflat diagonal dist dot dsplit dstack einsum eq equal floor_divide fmax "
    "fmin fmod gather gcd ge ger greater greater_equal gt heaviside histc hsplit hstack hypot index_select inner "
    "inverse isclose isin isreal kron kthvalue lcm ldexp le lerp less less_equal logaddexp logaddexp2 logdet "
    "logical_and logical_or logical_xor logsumexp lt lu lu_unpack masked_fill masked_select matmul matrix_exp "
    "matrix_power maximum mean median meshgrid minimum mm mode moveaxis movedim msort multinomial mv nanmean nanmedian "
    "nanquantile nansum narrow ne nextafter nonzero norm not_equal outer pinverse poisson polar qr quantile remainder "
    "renorm repeat_interleave rot90 rsub scatter scatter_add searchsorted select slogdet sort split std std_mean "
    "svd take take_along_dim tensor_split tensordot topk trace trapezoid trapz tril_indices triu_indices unbind "
    "unflatten unique_consecutive vander var var_mean vdot view_as_complex view_as_real vsplit vstack where xlogy"
)
# Those that give another view of what they are given.
_VIEWS = (
    "broadcast_to chunk diag diagonal dsplit hsplit moveaxis movedim narrow select split tensor_split unbind unflatten "
    "view_as_complex view_as_real vsplit"
)
UNARY, OTHERS, VIEWS = frozenset(_UNARY.split()), frozenset(_OTHERS.split()), frozenset(_VIEWS.split())
COMPUTING = OTHERS - VIEWS | {"sum", "prod", "max", "min", "item", "tolist"}
_OF_ARRAYS = "all any argmax argmin argsort copy cumsum max mean min prod std sum tobytes var"
OF_ARRAYS = frozenset(_OF_ARRAYS.split())


def _alike(name: str) -> Callable[[Any, list[Value], dict[str, Value]], Value]:
    """A function of one tensor that gives another of its shape; more tensors may widen it."""

    def compute(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        value = args[0] if args else kwargs.get("input")
        others = (*args[1:], *(given for word, given in kwargs.items() if word != "input"))
        if not isinstance(value, Tensor) or any(isinstance(other, (Tensor, Unknown)) for other in others):
            return Unknown(f"what torch.{name} gives", plain=True)
        made = Tensor(value.shape, machine.heap.clock)
        is_alike = name in _OF_SAME_TYPE and holds_integers(value) and not any(type(other) is float for other in others)
        made.is_whole = name in _OF_TRUTHS or is_alike
        return made

    return compute


def _window(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    points = args[0] if args else kwargs.get("window_length")
    is_size = isinstance(points, int) and points >= 0
    return Tensor((points,) if is_size else Unknown("the length of a window", plain=True), machine.heap.clock)


def _unknown(name: str) -> Callable[[Any, list[Value], dict[str, Value]], Value]:
    def run(machine: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
        value = args[0] if args else kwargs.get("input")
        if name in VIEWS and isinstance(value, Tensor):
            machine.heap.forget_numbers(value)
        return Unknown(f"what torch.{name} gives", plain=True)

    return run


FUNCTIONS: dict[str, Value] = {
    **{f"torch.{name}": Native(f"torch.{name}", _alike(name)) for name in UNARY},
    **{f"torch.{name}": Native(f"torch.{name}", _window) for name in WINDOWS},
    **{f"torch.{name}": Native(f"torch.{name}", _unknown(name)) for name in OTHERS},
}
