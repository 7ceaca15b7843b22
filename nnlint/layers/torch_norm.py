"""torch.nn: normalizations."""

from typing import Any

from nnlint.layers.arguments import Arguments, Violation, derived, given, known, size, unknown_in, violation_of
from nnlint.layers.table import Layer, Structure, signature
from nnlint.unknown import Unknown, first

_INERT = frozenset({"device", "dtype", "eps", "momentum", "process_group"})


def _affine(a: Arguments) -> Structure:
    """_NormBase: weight and bias of num_features each; the running statistics are buffers."""
    weight = size(a["num_features"]) if a["affine"] else None
    return {"weight": weight, "bias": weight if a["affine"] and a["bias"] else None}


def _check_statistics(a: Arguments) -> Violation | None:
    features = a["num_features"]
    if isinstance(features, int) and features < 0 and (a["affine"] or a["track_running_stats"]):
        return Violation("NNL202", f"num_features={features} is negative")
    return violation_of(size(features)) if a["track_running_stats"] else None


def _statistics(a: Arguments) -> dict[str, Any]:
    """_NormBase.__init__: running_mean and running_var of num_features each, and how many batches they are of."""
    tracked, features = a["track_running_stats"], a.get("num_features", Unknown("num_features is not known yet"))
    names = ("running_mean", "running_var", "num_batches_tracked")
    if isinstance(tracked, Unknown):
        return dict.fromkeys(names, tracked)
    if not tracked:
        return dict.fromkeys(names)
    shape = (features,) if type(features) is int else first(unknown_in(features), Unknown("num_features is no integer"))
    return dict(zip(names, (shape, shape, ())))


_NAMES = ("eps", "momentum", "affine", "track_running_stats")


def _norm(name: str, defined_in: str, own: bool, extra: str = "", bases: tuple[str, ...] = ()) -> Layer:
    """A layer over _NormBase; own: whether it has parameters and statistics by default."""
    return Layer(
        name,
        defined_in,
        signature(
            f"num_features, eps=1e-05, momentum=0.1, affine={own}, track_running_stats={own}, {extra}device=None, "
            "dtype=None, *, bias=True"
        ),
        _affine,
        floor={"num_features": 0, "affine": False, "bias": False},
        neutral={"track_running_stats": False},
        inert=_INERT,
        attributes=given("num_features", *_NAMES, *(["process_group"] if extra else [])),
        constraints=_check_statistics,
        bases=bases,
        buffers=_statistics,
    )


def _lazy_norm(name: str, base: Layer) -> Layer:
    mixins = ("torch.nn.modules.batchnorm._LazyNormBase", "torch.nn.modules.lazy.LazyModuleMixin")
    return Layer(
        name,
        base.defined_in,
        signature(
            "eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None, *, bias=True"
        ),
        lambda a: {},
        inert=_INERT,
        attributes=lambda a: given(*_NAMES)(a) | {"num_features": 0},
        bases=(*mixins, *base.bases),
        lazy=True,
        buffers=_statistics,
    )


_BATCH, _INSTANCE = "torch.nn.modules.batchnorm", "torch.nn.modules.instancenorm"
_BATCH_BASES = (f"{_BATCH}._BatchNorm", f"{_BATCH}._NormBase", "torch.nn.Module")
_INSTANCE_BASES = (f"{_INSTANCE}._InstanceNorm", f"{_BATCH}._NormBase", "torch.nn.Module")
_NORMS = (
    *(_norm(f"torch.nn.BatchNorm{d}d", _BATCH, True, bases=_BATCH_BASES) for d in (1, 2, 3)),
    *(_norm(f"torch.nn.InstanceNorm{d}d", _INSTANCE, False, bases=_INSTANCE_BASES) for d in (1, 2, 3)),
)


def _normalized_shape(a: Arguments) -> tuple[Any, ...]:
    shape = known(a["normalized_shape"])
    return (shape,) if isinstance(shape, int) else tuple(shape)


def _check_shape(a: Arguments) -> Violation | None:
    shape = known(a["normalized_shape"])
    if isinstance(shape, (float, complex, type(None))):
        return Violation("NNL202", f"normalized_shape={shape!r} is not an integer or a list of integers")
    return None


def _shaped(a: Arguments) -> Structure:
    """weight of normalized_shape, and for LayerNorm a bias."""
    affine, parts = a["elementwise_affine"], {"weight": True} | ({"bias": a["bias"]} if "bias" in a else {})
    return {name: _normalized_shape(a) if affine and owned else None for name, owned in parts.items()}


def _shaped_norm(name: str, text: str) -> Layer:
    return Layer(
        f"torch.nn.{name}",
        "torch.nn.modules.normalization",
        signature(text),
        _shaped,
        floor={"normalized_shape": 0, "elementwise_affine": False, "bias": False},
        inert=_INERT,
        attributes=lambda a: (
            given("eps", "elementwise_affine")(a)
            | {"normalized_shape": derived("normalized_shape is not known", lambda: _plain_shape(a))}
        ),
        constraints=_check_shape,
    )


def _plain_shape(a: Arguments) -> Any:
    return unknown_in(a["normalized_shape"]) or _normalized_shape(a)


def _check_groups(a: Arguments) -> Violation | None:
    channels, groups = known(a["num_channels"]), a["num_groups"]
    for name, value in (("num_groups", groups), ("num_channels", channels)):
        if not isinstance(value, (int, float)):
            return Violation("NNL202", f"{name}={value!r} is not an integer")
    if groups == 0:
        return Violation("NNL202", "num_groups=0 is not positive")
    if channels % groups != 0:
        return Violation("NNL201", f"num_groups={groups} does not divide num_channels={channels}", "ValueError")
    return None


LAYERS = (
    *_NORMS,
    _norm(f"{_BATCH}._NormBase", _BATCH, True, bases=_BATCH_BASES[2:]),
    _norm(f"{_BATCH}._BatchNorm", _BATCH, True, bases=_BATCH_BASES[1:]),
    _norm(f"{_INSTANCE}._InstanceNorm", _INSTANCE, False, bases=_INSTANCE_BASES[1:]),
    _norm("torch.nn.SyncBatchNorm", _BATCH, True, "process_group=None, ", _BATCH_BASES),
    *(_lazy_norm(layer.name.replace("nn.", "nn.Lazy"), layer) for layer in _NORMS),
    _shaped_norm(
        "LayerNorm", "normalized_shape, eps=1e-05, elementwise_affine=True, bias=True, device=None, dtype=None"
    ),
    _shaped_norm("RMSNorm", "normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None"),
    Layer(
        "torch.nn.GroupNorm",
        "torch.nn.modules.normalization",
        signature("num_groups, num_channels, eps=1e-05, affine=True, device=None, dtype=None, *, bias=True"),
        lambda a: _affine({**a, "num_features": a["num_channels"]}),
        floor={"num_channels": 0, "affine": False, "bias": False},
        neutral={"num_groups": 1},
        inert=_INERT,
        attributes=given("num_groups", "num_channels", "eps", "affine"),
        constraints=_check_groups,
    ),
)
