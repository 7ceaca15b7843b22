"""torch.nn: linear, embedding and other layers whose Parameters follow their sizes directly."""

import math
from typing import Any

from nnlint.layers.arguments import (
    Arguments,
    GivenTensor,
    Violation,
    computed,
    derived,
    given,
    is_plain,
    known,
    size,
    sizes,
    unknown_in,
)
from nnlint.layers.table import Child, Children, Layer, Structure, as_given, signature
from nnlint.unknown import Unknown, UnknownValueError

_LINEAR = "in_features, out_features, bias=True, device=None, dtype=None"
_INERT = frozenset({"device", "dtype"})


def _bias(arguments: Arguments, out_features: Any) -> Any:
    return (out_features,) if arguments["bias"] else None


def _linear(name: str, defined_in: str, *bases: str) -> Layer:
    return Layer(
        name,
        defined_in,
        signature(_LINEAR),
        lambda a: {"weight": (a["out_features"], a["in_features"]), "bias": _bias(a, a["out_features"])},
        floor={"in_features": 0, "out_features": 0, "bias": False},
        inert=_INERT,
        attributes=given("in_features", "out_features"),
        constraints=lambda a: sizes(a, "in_features", "out_features"),
        bases=(*bases, "torch.nn.Module"),
    )


def _check_bilinear(a: Arguments) -> Violation | None:
    violation = sizes(a, "in1_features", "in2_features", "out_features")
    if violation is None and a["in1_features"] <= 0:
        return Violation("NNL202", f"in1_features={a['in1_features']} is not positive")
    return violation


def _check_prelu(a: Arguments) -> Violation | None:
    init = a["init"]
    if not isinstance(init, (int, float, complex)):
        return Violation("NNL204", f"init={init!r} is not a number")
    if isinstance(init, int) and not -(2**63) <= init < 2**64:
        return Violation("NNL204", f"init={init} does not fit 64 bits")
    return None


def _check_padding_index(a: Arguments) -> Violation | None:
    index, rows = a["padding_idx"], a["num_embeddings"]
    if is_plain(a["_weight"]):
        return Violation("NNL204", f"_weight={a['_weight']!r} is not a Tensor")
    if isinstance(a["_weight"], GivenTensor) and a["_weight"].differs((rows, a["embedding_dim"])):
        shape = (rows, a["embedding_dim"])
        return Violation("NNL204", f"_weight has the shape {a['_weight'].shape}, not {shape}")
    if index is not None:
        if (index > 0 and index >= rows) or (index < 0 and index < -rows):
            return Violation("NNL204", f"padding_idx={index} is not within num_embeddings={rows}")
        if a["_weight"] is None and not isinstance(index, int):
            return Violation("NNL204", f"padding_idx={index!r} is not an integer")
        if a["_weight"] is None and rows == 0 and not isinstance(index, bool):
            return Violation("NNL204", f"padding_idx={index} is not within num_embeddings=0")
    return sizes(a, "num_embeddings", "embedding_dim")


def _padding_index(a: Arguments) -> Any:
    """A negative index counts from the end."""
    index = a["padding_idx"]
    if index is None:
        return None
    return derived("padding_idx is not known", lambda: index + a["num_embeddings"] if index < 0 else index)


def _embedding(name: str, text: str, *attributes: str) -> Layer:
    return Layer(
        f"torch.nn.{name}",
        "torch.nn.modules.sparse",
        signature(text),
        lambda a: {"weight": (a["num_embeddings"], a["embedding_dim"])},
        floor={"num_embeddings": 0, "embedding_dim": 0},
        inert=_INERT | {"_weight"},
        attributes=lambda a: given(*attributes)(a) | {"padding_idx": _padding_index(a)},
        constraints=_check_padding_index,
    )


_MOST_CUTOFFS = 1_000


def _check_cutoffs(a: Arguments) -> Violation | None:
    cutoffs = list(known(a["cutoffs"]))
    if len(cutoffs) > _MOST_CUTOFFS:
        raise UnknownValueError(Unknown("evaluation limit reached"))
    if (
        not cutoffs
        or cutoffs != sorted(cutoffs)
        or min(cutoffs) <= 0
        or max(cutoffs) > a["n_classes"] - 1
        or len(set(cutoffs)) != len(cutoffs)
        or any(int(c) != c for c in cutoffs)
    ):
        return Violation("NNL204", f"cutoffs={cutoffs} must increase, from 1 to less than n_classes={a['n_classes']}")
    return None


def _linear_child(a: Arguments, out_features: Any, bias: Any, in_features: Any = None) -> Child:
    sizes = {"in_features": a["in_features"] if in_features is None else in_features, "out_features": out_features}
    return Child("torch.nn.Linear", sizes | {"bias": bias} | given("device", "dtype")(a))


def _adaptive(a: Arguments) -> Structure:
    a = as_given(a)
    head_size = computed(a, ("cutoffs", "n_classes"), lambda: [*a["cutoffs"], a["n_classes"]][0] + len(a["cutoffs"]))
    structure: Structure = {"head": _linear_child(a, head_size, a["head_bias"])}
    if unknown_in(a["cutoffs"]) is None:
        clusters = tuple(_cluster(a, index) for index in range(len(a["cutoffs"])))
        structure["tail"] = Children(clusters, "torch.nn.ModuleList")
    return structure


def _cluster(a: Arguments, index: int) -> Children:
    cutoffs = [*a["cutoffs"], a["n_classes"]]
    hidden = computed(a, ("in_features", "div_value"), lambda: int(a["in_features"] // a["div_value"] ** (index + 1)))
    size = computed(a, ("n_classes",), lambda: cutoffs[index + 1] - cutoffs[index])
    items = (_linear_child(a, hidden, False), _linear_child(a, size, False, hidden))
    return Children(items, "torch.nn.Sequential")


def _adaptive_attributes(a: Arguments) -> dict[str, Any]:
    why = "cutoffs are not known"
    return given("in_features", "n_classes", "div_value", "head_bias")(a) | {
        "cutoffs": derived(why, lambda: [*a["cutoffs"], a["n_classes"]]),
        "shortlist_size": derived(why, lambda: min(a["cutoffs"])),
        "n_clusters": derived(why, lambda: len(a["cutoffs"])),
        "head_size": derived(why, lambda: min(a["cutoffs"]) + len(a["cutoffs"])),
    }


def _check_cross_entropy(a: Arguments) -> Violation | None:
    if is_plain(a["weight"]):
        return Violation("NNL204", f"weight={a['weight']!r} is not a Tensor")
    if isinstance(a["weight"], GivenTensor) and a["weight"].differs((a["num_classes"],)):
        return Violation("NNL204", f"weight has the shape {a['weight'].shape}, not ({a['num_classes']},)")
    smoothing = a["label_smoothing"]
    if smoothing < 0 or smoothing > 1.0:
        return Violation("NNL204", f"label_smoothing={smoothing} is not in 0 to 1")
    out_features = known(a["out_features"])
    for name, values in (("num_classes", [a["num_classes"]]), ("out_features", list(out_features))):
        if not all(isinstance(known(value), int) for value in values):
            return Violation("NNL202", f"{name}={a[name]!r} is not an integer")
    return None


def _cross_entropy(a: Arguments) -> Structure:
    a = as_given(a)
    names = ("out_features", "num_classes")
    out_features = computed(a, names, lambda: math.prod(a["out_features"], start=a["num_classes"]))
    return {"linear": _linear_child(a, out_features, a["bias"])}


LAYERS = (
    _linear("torch.nn.Linear", "torch.nn.modules.linear"),
    _linear("torch.nn.modules.linear.NonDynamicallyQuantizableLinear", "torch.nn.modules.linear", "torch.nn.Linear"),
    Layer(
        "torch.nn.LazyLinear",
        "torch.nn.modules.linear",
        signature("out_features, bias=True, device=None, dtype=None"),
        lambda a: {},
        inert=_INERT,
        attributes=lambda a: {"in_features": 0, "out_features": a["out_features"]},
        bases=("torch.nn.modules.lazy.LazyModuleMixin", "torch.nn.Linear", "torch.nn.Module"),
        lazy=True,
    ),
    Layer(
        "torch.nn.Bilinear",
        "torch.nn.modules.linear",
        signature("in1_features, in2_features, out_features, bias=True, device=None, dtype=None"),
        lambda a: {
            "weight": (a["out_features"], a["in1_features"], a["in2_features"]),
            "bias": _bias(a, a["out_features"]),
        },
        floor={"in1_features": 1, "in2_features": 0, "out_features": 0, "bias": False},
        inert=_INERT,
        attributes=given("in1_features", "in2_features", "out_features"),
        constraints=_check_bilinear,
    ),
    Layer(
        "torch.nn.PReLU",
        "torch.nn.modules.activation",
        signature("num_parameters=1, init=0.25, device=None, dtype=None"),
        lambda a: {"weight": size(a["num_parameters"])},
        floor={"num_parameters": 0},
        inert=_INERT,
        attributes=given("num_parameters", "init"),
        constraints=_check_prelu,
    ),
    _embedding(
        "Embedding",
        "num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, "
        "sparse=False, _weight=None, _freeze=False, device=None, dtype=None",
        *("num_embeddings", "embedding_dim", "max_norm", "norm_type", "scale_grad_by_freq", "sparse"),
    ),
    _embedding(
        "EmbeddingBag",
        "num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode='mean', "
        "sparse=False, _weight=None, include_last_offset=False, padding_idx=None, device=None, dtype=None",
        *("num_embeddings", "embedding_dim", "max_norm", "norm_type", "scale_grad_by_freq"),
        *("mode", "sparse", "include_last_offset"),
    ),
    Layer(
        "torch.nn.AdaptiveLogSoftmaxWithLoss",
        "torch.nn.modules.adaptive",
        signature("in_features, n_classes, cutoffs, div_value=4.0, head_bias=False, device=None, dtype=None"),
        _adaptive,
        floor=dict.fromkeys(("cutoffs", "n_classes", "div_value", "in_features", "head_bias"), 0),
        inert=_INERT,
        attributes=_adaptive_attributes,
        constraints=_check_cutoffs,
    ),
    Layer(
        "torch.nn.LinearCrossEntropyLoss",
        "torch.nn.modules.loss",
        signature(
            "in_features, num_classes, *, out_features=(), bias=False, device=None, dtype=None, reduction='mean', "
            "weight=None, ignore_index=None, label_smoothing=0.0, options=None"
        ),
        _cross_entropy,
        floor=dict.fromkeys(("in_features", "num_classes", "out_features", "bias"), 0),
        inert=_INERT | {"weight", "reduction", "ignore_index", "options"},
        attributes=given("num_classes", "out_features", "ignore_index", "label_smoothing", "reduction"),
        constraints=_check_cross_entropy,
        bases=("torch.nn.modules.loss._WeightedLoss", "torch.nn.modules.loss._Loss", "torch.nn.Module"),
    ),
)
