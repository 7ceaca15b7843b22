"""What functions of torch give for tensors of known shapes: a table from a name to a rule with torch's own signature.

A rule takes tensors as they are and gives a shape, a list of what it gives several of, or a dict where they have names.
It raises NotKnown where the shape does not follow, or torch may raise; so may any TypeError that a call of it raises.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from nnlint.evaluate import tensor_shapes
from nnlint.evaluate.tensor_shapes import NotKnown, Refused, Shape, broadcast, place, summed, whole
from nnlint.layers import SIZES
from nnlint.values import Tensor, Value

MOST_PARTS = 1_000  # tensors that one call gives
Result = Any  # Shape | list[Result] | dict[str, Shape]
Rule = Callable[..., Result]


def shape_of(value: Value) -> Shape:
    """The shape of a tensor."""
    if not isinstance(value, Tensor) or value.is_array or type(value.shape) is not tuple:
        raise NotKnown
    return value.shape


def replaced(shape: Shape, at: int, *sizes: Value) -> Shape:
    return (*shape[:at], *sizes, *shape[at + 1 :])


# -- parts and views -----------------------------------------------------------------------------------------------


def split(tensor: Value, split_size_or_sections: Value, dim: Value = 0) -> Result:
    shape = shape_of(tensor)
    at = place(dim, len(shape))
    size, parts = whole(shape[at]), split_size_or_sections
    if type(parts) is int:
        if parts < 1 or size < 1 or size > parts * MOST_PARTS:
            raise NotKnown
        parts = [min(parts, size - start) for start in range(0, size, parts)]
    if not isinstance(parts, (list, tuple)) or sum(map(whole, parts)) != size or min(parts, default=-1) < 0:
        raise NotKnown
    return [replaced(shape, at, part) for part in parts]


def chunk(input: Value, chunks: Value, dim: Value = 0) -> Result:
    shape = shape_of(input)
    if whole(chunks) < 1:
        raise NotKnown
    return split(input, -(-whole(shape[place(dim, len(shape))]) // chunks), dim)


def unbind(input: Value, dim: Value = 0) -> Result:
    shape = shape_of(input)
    at = place(dim, len(shape))
    if whole(shape[at]) > MOST_PARTS:
        raise NotKnown
    return [replaced(shape, at)] * shape[at]


def select(input: Value, dim: Value, index: Value) -> Result:
    shape = shape_of(input)
    at = place(dim, len(shape))
    place(index, whole(shape[at]))
    return replaced(shape, at)


def narrow(input: Value, dim: Value, start: Value, length: Value) -> Result:
    shape = shape_of(input)
    at = place(dim, len(shape))
    if not 0 <= whole(start) <= whole(start) + whole(length) <= whole(shape[at]) or length < 0:
        raise NotKnown
    return replaced(shape, at, length)


def unflatten(input: Value, dim: Value, sizes: Value) -> Result:
    shape = shape_of(input)
    at = place(dim, len(shape))
    rule = SIZES["torch.nn.Unflatten"]
    return (*shape[:at], *rule({"dim": 0, "unflattened_size": tuple(sizes)}, (shape[at],)), *shape[at + 1 :])


def unfold(input: Value, dimension: Value, size: Value, step: Value) -> Result:
    shape = shape_of(input)
    at = place(dimension, len(shape))
    if not 0 <= whole(size) <= whole(shape[at]) or whole(step) < 1:
        raise NotKnown
    return (*replaced(shape, at, (shape[at] - size) // step + 1), size)


def movedim(input: Value, source: Value, destination: Value) -> Result:
    shape = shape_of(input)
    size = shape[place(source, len(shape))]
    rest = list(replaced(shape, place(source, len(shape))))
    rest.insert(place(destination, len(shape)), size)
    return tuple(rest)


def as_real(input: Value) -> Result:
    """view_as_real()"""
    return (*shape_of(input), 2)


def as_complex(input: Value) -> Result:
    """view_as_complex()"""
    *sizes, parts = shape_of(input)
    if whole(parts) != 2:
        raise NotKnown
    return tuple(sizes)


def as_other(input: Value, other: Value) -> Result:
    """input.view_as(other), input.reshape_as(other)"""
    if prod(map(whole, shape_of(input))) != prod(map(whole, shape_of(other))):
        raise NotKnown
    return shape_of(other)


def expand_as(input: Value, other: Value) -> Result:
    if broadcast(shape_of(input), shape_of(other)) != shape_of(other):
        raise NotKnown
    return shape_of(other)


# -- element by element --------------------------------------------------------------------------------------------


def widened(*operands: Value) -> Result:
    """The shape of an operation on tensors and numbers."""
    shape: Shape = ()
    for operand in operands:
        if not isinstance(operand, (int, float)):
            shape = broadcast(shape, shape_of(operand))
    return shape


def masked_fill(input: Value, mask: Value, value: Value) -> Result:
    return widened(input, mask)


def where(condition: Value, input: Value, other: Value) -> Result:
    return widened(condition, input, other)


def gather(input: Value, dim: Value, index: Value) -> Result:
    at, shape, given = place(dim, len(shape_of(input))), shape_of(input), shape_of(index)
    if len(given) != len(shape) or any(whole(n) > whole(m) for i, (n, m) in enumerate(zip(given, shape)) if i != at):
        raise NotKnown
    return given


def index_select(input: Value, dim: Value, index: Value) -> Result:
    shape, (length,) = shape_of(input), shape_of(index)
    return replaced(shape, place(dim, len(shape)), length)


def repeat_interleave(input: Value, repeats: Value, dim: Value = None) -> Result:
    shape = shape_of(input)
    if whole(repeats) < 0:
        raise NotKnown
    if dim is None:
        return (prod(map(whole, shape)) * repeats,)
    at = place(dim, len(shape))
    return replaced(shape, at, whole(shape[at]) * repeats)


def meshgrid(*tensors: Value, indexing: Value = "ij") -> Result:
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    shape = tuple(size for tensor in given for size in shape_of(tensor) or (1,))
    if indexing not in ("ij", "xy") or len(shape) != len(given) or len(shape) > MOST_PARTS:
        raise NotKnown
    return [shape if indexing == "ij" else (*shape[1::-1], *shape[2:])] * len(shape)


def stacked(dim: int) -> Rule:
    """hstack(), vstack(): cat() along a dimension that vectors get first, or lack"""

    def stack(tensors: Value) -> Result:
        shapes = [shape_of(tensor) or (1,) for tensor in tensors]
        if dim == 0:
            shapes = [(1, *shape) if len(shape) == 1 else shape for shape in shapes]
        return tensor_shapes.cat(shapes, dim if len(shapes[0]) > 1 else 0)

    return stack


# -- products ------------------------------------------------------------------------------------------------------


def matmul(input: Value, other: Value) -> Result:
    one, two = shape_of(input), shape_of(other)
    if not one or not two:
        raise Refused("both arguments to matmul need to be at least 1D")
    if whole(one[-1]) != whole(two[-2 if len(two) > 1 else 0]):
        raise Refused(f"the sizes {one} and {two} cannot be multiplied")
    batch = broadcast(one[:-2], two[:-2])
    return (*batch, *one[-2:-1], *(two[-1:] if len(two) > 1 else ()))


def _product(*ranks: int) -> Rule:
    def multiply(input: Value, other: Value) -> Result:
        if (len(shape_of(input)), len(shape_of(other))) != ranks:
            raise NotKnown
        if ranks == (3, 3) and whole(shape_of(input)[0]) != whole(shape_of(other)[0]):
            raise NotKnown
        return matmul(input, other)

    return multiply


def addmm(input: Value, mat1: Value, mat2: Value, *, beta: Value = 1, alpha: Value = 1) -> Result:
    shape = _product(2, 2)(mat1, mat2)
    if broadcast(shape_of(input), shape) != shape:
        raise NotKnown
    return shape


def baddbmm(input: Value, batch1: Value, batch2: Value, *, beta: Value = 1, alpha: Value = 1) -> Result:
    shape = _product(3, 3)(batch1, batch2)
    if broadcast(shape_of(input), shape) != shape:
        raise NotKnown
    return shape


def outer(input: Value, vec2: Value) -> Result:
    (rows,), (columns,) = shape_of(input), shape_of(vec2)
    return rows, columns


def einsum(equation: Value, *operands: Value) -> Result:
    given = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    takes, arrow, gives = equation.replace(" ", "").partition("->")
    terms = takes.split(",")
    if not arrow or len(terms) != len(given) or not (takes.replace(",", "") + gives).isalpha():
        raise NotKnown
    found: dict[str, int] = {}
    for term, operand in zip(terms, given):
        if len(term) != len(shape_of(operand)):
            raise NotKnown
        for name, size in zip(term, shape_of(operand)):
            if found.setdefault(name, whole(size)) != size:
                raise NotKnown if 1 in (found[name], size) else Refused(f"the sizes of {name!r} in einsum() differ")
    if len(set(gives)) < len(gives) or not found.keys() >= set(gives):
        raise NotKnown
    return tuple(found[name] for name in gives)


# -- matrices ------------------------------------------------------------------------------------------------------


def _matrix(value: Value) -> tuple[Shape, int, int]:
    """The shape of a batch of matrices: of the batch, rows, columns."""
    *batch, rows, columns = shape_of(value)
    return tuple(batch), whole(rows), whole(columns)


def of_square(input: Value) -> Result:
    """inverse(), cholesky(), matrix_exp(): of a square matrix another"""
    batch, rows, columns = _matrix(input)
    if rows != columns:
        raise NotKnown
    return (*batch, rows, columns)


def qr(A: Value, mode: Value = "reduced") -> Result:
    batch, rows, columns = _matrix(A)
    if mode not in ("reduced", "complete"):
        raise NotKnown
    inner = min(rows, columns) if mode == "reduced" else rows
    return {"Q": (*batch, rows, inner), "R": (*batch, inner, columns)}


def svd(A: Value, full_matrices: Value = True, transposed: str = "Vh") -> Result:
    """torch.linalg.svd(), and torch.svd(), which gives V as it is"""
    batch, rows, columns = _matrix(A)
    inner = min(rows, columns)
    if type(full_matrices) is not bool:
        raise NotKnown
    left, right = (rows, columns) if full_matrices else (inner, inner)
    last = (right, columns) if transposed == "Vh" else (columns, right)
    return {"U": (*batch, rows, left), "S": (*batch, inner), transposed: (*batch, *last)}


def old_svd(input: Value, some: Value = True) -> Result:
    if type(some) is not bool:
        raise NotKnown
    return svd(input, not some, "V")


def eigen(A: Value, UPLO: Value = "L") -> Result:
    """eigh() and eig(), which does not take UPLO"""
    *batch, size, _ = of_square(A)
    return {"eigenvalues": (*batch, size), "eigenvectors": (*batch, size, size)}


def pseudo_inverse(A: Value) -> Result:
    batch, rows, columns = _matrix(A)
    return (*batch, columns, rows)


def lu(A: Value) -> Result:
    batch, rows, columns = _matrix(A)
    return [(*batch, rows, columns), (*batch, min(rows, columns))]


def lu_unpack(LU_data: Value, LU_pivots: Value) -> Result:
    batch, rows, columns = _matrix(LU_data)
    inner = min(rows, columns)
    if shape_of(LU_pivots) != (*batch, inner):
        raise NotKnown
    return {"P": (*batch, rows, rows), "L": (*batch, rows, inner), "U": (*batch, inner, columns)}


def diag(input: Value, diagonal: Value = 0) -> Result:
    """A matrix with a vector on a diagonal, or the diagonal of a matrix."""
    shape, off = shape_of(input), whole(diagonal)
    if len(shape) == 1:
        return (whole(shape[0]) + abs(off),) * 2
    (), rows, columns = _matrix(input)
    length = min(rows, columns - off) if off > 0 else min(rows + off, columns)
    if length < 0:
        raise NotKnown
    return (length,)


def renorm(input: Value, p: Value, dim: Value, maxnorm: Value) -> Result:
    if len(shape_of(input)) < 2 or not p > 0 or not maxnorm >= 0:
        raise NotKnown
    place(dim, len(shape_of(input)))
    return shape_of(input)


# -- along dimensions ----------------------------------------------------------------------------------------------


def reduced(input: Value, dim: Value = None, keepdim: Value = False) -> Result:
    return summed(shape_of(input), dim, keepdim)


def normed(input: Value, p: Value = "fro", dim: Value = None, keepdim: Value = False) -> Result:
    if isinstance(dim, (list, tuple)) and len(dim) > 2:
        raise NotKnown
    return summed(shape_of(input), dim, keepdim)


def deviating(
    input: Value, dim: Value = None, unbiased: Value = True, keepdim: Value = False, *, correction: Value = 1
) -> Result:
    """std(), var(): `unbiased` may stand where the dimensions do."""
    if isinstance(dim, bool) or not isinstance(unbiased, bool):
        raise NotKnown
    return summed(shape_of(input), dim, keepdim)


def along_one(input: Value, dim: Value = None, keepdim: Value = False) -> Result:
    """prod(), any(), argmax(): along one dimension, or all."""
    if (dim is None and keepdim is not False) or any(type(size) is int and size == 0 for size in shape_of(input)):
        raise NotKnown
    return summed(shape_of(input), None if dim is None else whole(dim), keepdim)


def extreme(input: Value, dim: Value = None, keepdim: Value = False) -> Result:
    """max(), min(): along a dimension, also where; or of two tensors"""
    if isinstance(dim, Tensor):
        return widened(input, dim)
    if dim is None:
        return along_one(input)
    shape = along_one(input, dim, keepdim)
    return {"values": shape, "indices": shape}


def median(input: Value, dim: Value = None, keepdim: Value = False) -> Result:
    return extreme(input, None if dim is None else whole(dim), keepdim)


def topk(input: Value, k: Value, dim: Value = -1, largest: Value = True, sorted: Value = True) -> Result:
    shape = shape_of(input)
    if not shape:
        raise NotKnown
    at = place(dim, len(shape))
    if not 0 <= whole(k) <= whole(shape[at]):
        raise NotKnown
    return dict.fromkeys(("values", "indices"), replaced(shape, at, k))


def sort(input: Value, dim: Value = -1, descending: Value = False, *, stable: Value = False) -> Result:
    place(dim, len(shape_of(input)))
    return dict.fromkeys(("values", "indices"), shape_of(input))


def argsort(input: Value, dim: Value = -1, descending: Value = False, *, stable: Value = False) -> Result:
    place(dim, len(shape_of(input)))
    return shape_of(input)


# -- torch.nn.functional -------------------------------------------------------------------------------------------


def linear(input: Value, weight: Value, bias: Value = None) -> Result:
    shape, (out, into) = shape_of(input), shape_of(weight)
    if shape and whole(shape[-1]) != whole(into):
        raise Refused(f"the sizes {shape} and {(out, into)} cannot be multiplied")
    if not shape or not (bias is None or shape_of(bias) == (out,)):
        raise NotKnown
    return (*shape[:-1], out)


def embedding(input: Value, weight: Value) -> Result:
    _, size = shape_of(weight)
    return (*shape_of(input), size)


def one_hot(tensor: Value, num_classes: Value = -1) -> Result:
    if whole(num_classes) < 1:
        raise NotKnown
    return (*shape_of(tensor), num_classes)


def grid_sample(input: Value, grid: Value, *args: Value, **kwargs: Value) -> Result:
    (batch, channels, *sizes), places = shape_of(input), shape_of(grid)
    if len(places) != len(sizes) + 2 or len(sizes) not in (2, 3) or (places[0], places[-1]) != (batch, len(sizes)):
        raise NotKnown
    return (batch, channels, *places[1:-1])


def padded(input: Value, pad: Value, mode: Value = "constant", value: Value = None) -> Result:
    shape = shape_of(input)
    if mode == "constant":
        return tensor_shapes.pad(shape, pad)
    if mode not in ("reflect", "replicate", "circular") or not 0 < len(shape) - len(pad) // 2 < 3 or len(pad) % 2:
        raise NotKnown
    if any(not 0 <= whole(width) < whole(shape[-1 - at // 2]) for at, width in enumerate(pad)):
        raise NotKnown
    return tensor_shapes.pad(shape, pad)


def interpolate(
    input: Value, size: Value = None, scale_factor: Value = None, mode: Value = "nearest", align_corners: Value = None,
    recompute_scale_factor: Value = None, antialias: Value = False,
) -> Result:  # fmt: skip
    size, scale_factor = as_tuple(size), as_tuple(scale_factor)
    return SIZES["torch.nn.Upsample"]({"size": size, "scale_factor": scale_factor, "mode": mode}, shape_of(input))


def attention(
    query: Value, key: Value, value: Value, attn_mask: Value = None, dropout_p: Value = 0.0, is_causal: Value = False,
    *, scale: Value = None, enable_gqa: Value = False,
) -> Result:  # fmt: skip
    """scaled_dot_product_attention()"""
    one, two, three = shape_of(query), shape_of(key), shape_of(value)
    if min(map(len, (one, two, three))) < 2 or one[-1] != two[-1] or two[-2] != three[-2] or enable_gqa is not False:
        raise NotKnown
    return (*broadcast(broadcast(one[:-2], two[:-2]), three[:-2]), one[-2], three[-1])


def _bound(
    names: tuple[str, ...], args: tuple[Value, ...], kwargs: dict[str, Value], defaults: dict[str, Value]
) -> dict[str, Any]:
    """Arguments by the names of their parameters, lists as tuples."""
    if len(args) > len(names) or not kwargs.keys() <= set(names[len(args) :]):
        raise NotKnown
    return {name: as_tuple(value) for name, value in {**defaults, **dict(zip(names, args)), **kwargs}.items()}


def as_tuple(value: Value) -> Value:
    return tuple(value) if isinstance(value, list) else value


def _of_layer(name: str, *parameters: str, **defaults: Value) -> Rule:
    """A function that does to one tensor what a layer of torch.nn does that keeps these arguments."""

    def give(input: Value, *args: Value, **kwargs: Value) -> Result:
        return SIZES[f"torch.nn.{name}"](_bound(parameters, args, kwargs, defaults), shape_of(input))

    return give


def _convolution(dimensions: int, transposed: bool) -> Rule:
    """conv2d() and the like: the channels are those of the weight."""
    last = ("output_padding", "groups", "dilation") if transposed else ("dilation", "groups")
    names = ("weight", "bias", "stride", "padding", *last)
    defaults = {"bias": None, "stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1}

    def give(input: Value, *args: Value, **kwargs: Value) -> Result:
        a = _bound(names, args, kwargs, defaults)
        first, second, *a["kernel_size"] = map(whole, shape_of(a["weight"]))
        groups = whole(a["groups"])
        if groups < 1 or first % groups:
            raise NotKnown
        into, out = (first, second * groups) if transposed else (second * groups, first)
        if a["bias"] is not None and shape_of(a["bias"]) != (out,):
            raise NotKnown
        a.update(in_channels=into, out_channels=out, kernel_size=tuple(a["kernel_size"]), transposed=transposed)
        return SIZES[f"torch.nn.Conv{'Transpose' * transposed}{dimensions}d"](a, shape_of(input))

    return give


VIEWS: dict[str, Rule] = {
    "split": split, "chunk": chunk, "unbind": unbind, "select": select, "narrow": narrow, "movedim": movedim,
    "moveaxis": movedim, "unflatten": unflatten, "unfold": unfold, "view_as": as_other, "reshape_as": as_other,
    "expand_as": expand_as, "view_as_real": as_real, "view_as_complex": as_complex, "diag": diag,
}  # fmt: skip
_WIDENED = (
    "maximum minimum fmax fmin eq ne lt le gt ge greater greater_equal less less_equal not_equal logical_and "
    "logical_or logical_xor atan2 hypot complex"
)
RULES: dict[str, Rule] = {
    **VIEWS,
    **{name: (lambda input, other: widened(input, other)) for name in _WIDENED.split()},
    **dict.fromkeys(("amax", "amin", "logsumexp", "nansum", "nanmean"), reduced),
    **dict.fromkeys(("prod", "any", "all", "argmax", "argmin"), along_one),
    **dict.fromkeys(("max", "min"), extreme),
    **dict.fromkeys(("std", "var"), deviating),
    "median": median, "norm": normed, "topk": topk, "sort": sort, "argsort": argsort, "where": where,
    "masked_fill": masked_fill, "gather": gather, "index_select": index_select,
    "repeat_interleave": repeat_interleave, "matmul": matmul, "mm": _product(2, 2), "bmm": _product(3, 3),
    "mv": _product(2, 1), "dot": _product(1, 1), "outer": outer, "ger": outer, "einsum": einsum,
    "addmm": addmm, "baddbmm": baddbmm, "meshgrid": meshgrid, "hstack": stacked(1), "vstack": stacked(0),
    "polar": lambda abs, angle: widened(abs, angle), "renorm": renorm, "lu_unpack": lu_unpack, "lu": lu,
    "qr": lambda input, some=True: qr(input, "reduced" if some else "complete"),
    "svd": old_svd, "pinverse": lambda input: pseudo_inverse(input),
    **dict.fromkeys(("inverse", "cholesky", "matrix_exp"), of_square),
}  # fmt: skip
FUNCTIONAL: dict[str, Rule] = {
    "linear": linear, "embedding": embedding, "one_hot": one_hot, "glu": _of_layer("GLU", "dim", dim=-1), "pad": padded,
    "interpolate": interpolate, "grid_sample": grid_sample, "scaled_dot_product_attention": attention,
    "pixel_shuffle": _of_layer("PixelShuffle", "upscale_factor"),
    "pixel_unshuffle": _of_layer("PixelUnshuffle", "downscale_factor"),
    "unfold": _of_layer(
        "Unfold", "kernel_size", "dilation", "padding", "stride", dilation=1, padding=0, stride=1
    ),
    **{f"conv{d}d": _convolution(d, False) for d in (1, 2, 3)},
    **{f"conv_transpose{d}d": _convolution(d, True) for d in (1, 2, 3)},
}  # fmt: skip
LINALG: dict[str, Rule] = {
    "qr": qr, "lu_factor": lu, "eigh": eigen,
    "svd": lambda A, full_matrices=True, *, driver=None: svd(A, full_matrices),
    "eig": lambda A: eigen(A), "svdvals": lambda A: svd(A)["S"], "pinv": pseudo_inverse,
    "eigvals": lambda A: eigen(A)["eigenvalues"], "eigvalsh": lambda A, UPLO="L": eigen(A)["eigenvalues"],
    **dict.fromkeys(("inv", "cholesky", "matrix_exp"), lambda A: of_square(A)),
}  # fmt: skip
# What gives whole numbers, or truth values.
OF_INTEGERS = frozenset(
    ["argmax", "argmin", "argsort", "one_hot", "any", "all", "eq", "ne", "lt", "le", "gt", "ge", "greater",
     "greater_equal", "less", "less_equal", "not_equal", "logical_and", "logical_or", "logical_xor"]
)  # fmt: skip
# What gives numbers of the type that it is given.
OF_SAME_TYPE = VIEWS.keys() | {
    "max", "min", "amax", "amin", "median", "topk", "sort", "gather", "index_select", "repeat_interleave", "maximum",
    "minimum", "meshgrid", "hstack", "vstack", "where", "masked_fill", "outer", "ger", "matmul", "mm", "bmm", "mv",
    "dot", "einsum", "prod", "pad",
}  # fmt: skip
# Other names of parameters: torch takes some of numpy's, and methods have their own.
SPELLED = {"axis": "dim", "keepdims": "keepdim", "split_size": "split_size_or_sections",
          "mat2": "other", "vec": "other"}  # fmt: skip
