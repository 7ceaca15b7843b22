"""torch.nn: the modules that own no parameters. Signatures by the module that defines them."""

from collections.abc import Callable

from nnlint.layers.arguments import Arguments, GivenTensor, Violation, is_plain, spread, unknown_in
from nnlint.layers.table import signature
from nnlint.signature import Rest, Signature

_LOSS = "size_average=None, reduce=None, reduction='mean'"
_AVERAGE = "kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True"
_FRACTIONAL = "kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None"

TABLE: dict[str, dict[str, str]] = {
    "activation": {
        "ReLU Hardsigmoid SiLU Mish Hardswish ReLU6 SELU": "inplace=False",
        "Sigmoid Tanh LogSigmoid Softsign Tanhshrink Softmax2d": "*args, **kwargs",
        "Softmin Softmax LogSoftmax": "dim=None",
        "ELU CELU": "alpha=1.0, inplace=False",
        "Hardshrink Softshrink": "lambd=0.5",
        "GLU": "dim=-1",
        "GELU": "approximate='none'",
        "LeakyReLU": "negative_slope=0.01, inplace=False",
        "Softplus": "beta=1.0, threshold=20.0",
        "Threshold": "threshold, value, inplace=False",
        "RReLU": "lower=0.125, upper=0.3333333333333333, inplace=False",
        "Hardtanh": "min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None",
    },
    "channelshuffle": {"ChannelShuffle": "groups"},
    "distance": {"CosineSimilarity": "dim=1, eps=1e-08", "PairwiseDistance": "p=2.0, eps=1e-06, keepdim=False"},
    "dropout": {
        "_DropoutNd Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout": "p=0.5, inplace=False",
    },
    "flatten": {"Flatten": "start_dim=1, end_dim=-1", "Unflatten": "dim, unflattened_size"},
    "fold": {
        "Fold": "output_size, kernel_size, dilation=1, padding=0, stride=1",
        "Unfold": "kernel_size, dilation=1, padding=0, stride=1",
    },
    "linear": {"Identity": "*args, **kwargs"},
    "loss": {
        "_Loss L1Loss MSELoss MultiLabelMarginLoss SoftMarginLoss": _LOSS,
        "_WeightedLoss BCELoss MultiLabelSoftMarginLoss": f"weight=None, {_LOSS}",
        "BCEWithLogitsLoss": f"weight=None, {_LOSS}, pos_weight=None",
        "CTCLoss": "blank=0, reduction='mean', zero_infinity=False",
        "CosineEmbeddingLoss MarginRankingLoss": f"margin=0.0, {_LOSS}",
        "HingeEmbeddingLoss": f"margin=1.0, {_LOSS}",
        "CrossEntropyLoss": "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean', "
        "label_smoothing=0.0",
        "NLLLoss": "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'",
        "NLLLoss2d": "*args, **kwargs",
        "GaussianNLLLoss": "*, full=False, eps=1e-06, reduction='mean'",
        "HuberLoss": "reduction='mean', delta=1.0",
        "KLDivLoss": f"{_LOSS}, log_target=False",
        "SmoothL1Loss": f"{_LOSS}, beta=1.0",
        "MultiMarginLoss": f"p=1, margin=1.0, weight=None, {_LOSS}",
        "PoissonNLLLoss": "log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, reduction='mean'",
        "TripletMarginLoss": f"margin=1.0, p=2.0, eps=1e-06, swap=False, {_LOSS}",
    },
    "normalization": {
        "LocalResponseNorm": "size, alpha=0.0001, beta=0.75, k=1.0",
        "CrossMapLRN2d": "size, alpha=0.0001, beta=0.75, k=1",
    },
    "padding": {
        "_CircularPadNd _ReflectionPadNd _ReplicationPadNd": "*args, **kwargs",
        "_ConstantPadNd": "value",
        "CircularPad1d CircularPad2d CircularPad3d ReflectionPad1d ReflectionPad2d ReflectionPad3d "
        "ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d": "padding",
        "ConstantPad1d ConstantPad2d ConstantPad3d": "padding, value",
    },
    "pixelshuffle": {"PixelShuffle": "upscale_factor", "PixelUnshuffle": "downscale_factor"},
    "pooling": {
        "_AdaptiveAvgPoolNd AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d": "output_size",
        "_AdaptiveMaxPoolNd AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d": "output_size, return_indices=False",
        "_AvgPoolNd _MaxUnpoolNd": "*args, **kwargs",
        "AvgPool1d": _AVERAGE,
        "AvgPool2d AvgPool3d": f"{_AVERAGE}, divisor_override=None",
        "FractionalMaxPool2d FractionalMaxPool3d": _FRACTIONAL,
        "_LPPoolNd LPPool1d LPPool2d LPPool3d": "norm_type, kernel_size, stride=None, ceil_mode=False",
        "_MaxPoolNd MaxPool1d MaxPool2d MaxPool3d": "kernel_size, stride=None, padding=0, dilation=1, "
        "return_indices=False, ceil_mode=False",
        "MaxUnpool1d MaxUnpool2d MaxUnpool3d": "kernel_size, stride=None, padding=0",
    },
    "upsampling": {
        "Upsample": "size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None",
        "UpsamplingBilinear2d UpsamplingNearest2d": "size=None, scale_factor=None",
    },
}

_FAMILIES = (
    *("AdaptiveAvgPool", "AdaptiveMaxPool", "AvgPool", "LPPool", "MaxPool", "MaxUnpool"),
    *("CircularPad", "ReflectionPad", "ReplicationPad", "ConstantPad"),
)
_PARENTS = {"ReLU6": "Hardtanh", "UpsamplingBilinear2d": "Upsample", "UpsamplingNearest2d": "Upsample"}
_WEIGHTED = {"BCELoss", "CrossEntropyLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "NLLLoss2d"}


def _full_name(module: str, name: str) -> str:
    return f"torch.nn.modules.{module}.{name}" if name.startswith("_") else f"torch.nn.{name}"


def _parents(module: str, name: str) -> list[str]:
    """The classes that a module derives from, in method resolution order, Module left out."""
    if name in _PARENTS:
        return [_PARENTS[name]]
    if module == "loss" and name != "_Loss":
        return ["NLLLoss"] * (name == "NLLLoss2d") + ["_WeightedLoss"] * (name in _WEIGHTED) + ["_Loss"]
    if name.startswith("ZeroPad"):
        return [name.replace("Zero", "Constant"), "_ConstantPadNd"]
    if module == "dropout" and name != "_DropoutNd":
        return ["_DropoutNd"]
    return [f"_{family}Nd" for family in _FAMILIES if name.startswith(family)]


def _check_dropout(a: Arguments) -> Violation | None:
    return Violation("NNL204", f"p={a['p']} is not in 0 to 1") if a["p"] < 0 or a["p"] > 1 else None


def _check_hardtanh(a: Arguments) -> Violation | None:
    least = a["min_val"] if a["min_value"] is None else a["min_value"]
    most = a["max_val"] if a["max_value"] is None else a["max_value"]
    return Violation("NNL204", f"max_val={most} is not greater than min_val={least}") if most <= least else None


def _check_margin(a: Arguments) -> Violation | None:
    return Violation("NNL204", f"margin={a['margin']} is not positive") if a["margin"] <= 0 else None


def _check_power(a: Arguments) -> Violation | None:
    return Violation("NNL204", f"p={a['p']!r} is not 1 or 2") if a["p"] not in (1, 2) else None


def _check_classes(a: Arguments) -> Violation | None:
    """MultiMarginLoss: one weight for each class."""
    weight = a["weight"]
    if isinstance(weight, GivenTensor) and isinstance(weight.shape, tuple) and len(weight.shape) != 1:
        return Violation("NNL204", f"weight has {len(weight.shape)} dimensions, not 1")
    return None


def _check_delta(a: Arguments) -> Violation | None:
    return None if isinstance(a["delta"], (int, float)) else Violation("NNL204", f"delta={a['delta']!r} is no number")


def _check_scale(a: Arguments) -> Violation | None:
    scale = a["scale_factor"]
    for factor in scale if isinstance(scale, tuple) else (scale or 0,):
        try:
            float(factor)
        except (TypeError, ValueError, OverflowError):
            return Violation("NNL204", f"scale_factor={scale!r} is no number")
    return None


def _check_buffer(name: str) -> Callable[[Arguments], Violation | None]:
    """A buffer is a tensor or None."""
    return lambda a: Violation("NNL204", f"{name}={a[name]!r} is not a Tensor") if is_plain(a[name]) else None


def _check_fraction(a: Arguments) -> Violation | None:
    if (a["output_size"] is None) == (a["output_ratio"] is None):
        return Violation("NNL204", "takes one of output_size and output_ratio")
    return None


def _check_ratio(dimensions: int) -> Callable[[Arguments], Violation | None]:
    def check(a: Arguments) -> Violation | None:
        ratio = a["output_ratio"]
        ratios = (0.5,) * dimensions if ratio is None else spread(ratio, dimensions)[:dimensions]
        if len(ratios) == dimensions and all(0 < part < 1 for part in ratios):
            return None
        return Violation("NNL204", f"output_ratio={ratio!r} is not between 0 and 1")

    return check


def _check_window(a: Arguments) -> Violation | None:
    """FractionalMaxPool3d, and no other pooling."""
    kernel = a["kernel_size"]
    sizes = kernel if isinstance(kernel, (tuple, list)) else (kernel,) if isinstance(kernel, int) else ()
    if all(size > 0 for size in sizes):
        return None
    return Violation("NNL202", f"kernel_size={kernel!r} is not positive")


def _check_unflatten(a: Arguments) -> Violation | None:
    sizes = a["unflattened_size"]
    if isinstance(sizes, (tuple, list)) and all(isinstance(size, int) for size in sizes):
        return None
    return Violation("NNL202", f"unflattened_size={sizes!r} is not a tuple of integers")


def _check_no_arguments(a: Arguments) -> Violation | None:
    """Module's own constructor, which takes nothing."""
    if any(not isinstance(value, Rest) for value in a["args"]):
        return Violation("NNL203", "takes no arguments")
    return Violation("NNL203", f"got an unexpected keyword argument '{min(a['kwargs'])}'") if a["kwargs"] else None


Check = Callable[[Arguments], Violation | None]
_BUFFERS = {
    "weight": "BCELoss BCEWithLogitsLoss CrossEntropyLoss MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss",
    "pos_weight": "BCEWithLogitsLoss",
    "_random_samples": "FractionalMaxPool2d FractionalMaxPool3d",
}
PLAIN_BUFFERS = {
    f"torch.nn.{name}": tuple(buffer for buffer, names in _BUFFERS.items() if name in names.split())
    for name in " ".join(_BUFFERS.values()).split()
}
# Names, a check of theirs, and the arguments that have to be known for it.
_CONSTRAINTS: tuple[tuple[str, Check, tuple[str, ...]], ...] = (
    ("Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout", _check_dropout, ("p",)),
    ("Hardtanh", _check_hardtanh, ("min_val", "max_val", "min_value", "max_value")),
    ("HuberLoss", _check_delta, ("delta",)),
    ("TripletMarginLoss", _check_margin, ("margin",)),
    ("MultiMarginLoss", _check_power, ("p",)),
    ("MultiMarginLoss", _check_classes, ()),
    ("FractionalMaxPool2d FractionalMaxPool3d", _check_fraction, ("output_size", "output_ratio")),
    ("FractionalMaxPool2d", _check_ratio(2), ("output_ratio",)),
    ("FractionalMaxPool3d", _check_ratio(3), ("output_ratio",)),
    ("FractionalMaxPool3d", _check_window, ("kernel_size",)),
    ("Unflatten", _check_unflatten, ("unflattened_size",)),
    ("Upsample UpsamplingBilinear2d UpsamplingNearest2d", _check_scale, ("scale_factor",)),
    ("Sigmoid Tanh LogSigmoid Softsign Tanhshrink Softmax2d", _check_no_arguments, ()),
    *((names, _check_buffer(buffer), ()) for buffer, names in _BUFFERS.items()),
)
_CHECKS: dict[str, list[tuple[Check, tuple[str, ...]]]] = {}
for _of, _check, _examined in _CONSTRAINTS:
    for _one in _of.split():
        _CHECKS.setdefault(f"torch.nn.{_one}", []).append((_check, _examined))


def check_plain(name: str, arguments: Arguments) -> Violation | None:
    """Why the constructor of a module without parameters raises, where that is sure."""
    for check, examined in _CHECKS.get(name, ()):
        if any(unknown_in(arguments[argument]) is not None for argument in examined):
            continue
        try:
            violation = check(arguments)
        except TypeError as error:
            violation = Violation("NNL204", str(error))
        if violation is not None:
            return violation
    return None


PLAIN: dict[str, Signature] = {}
PLAIN_BASES: dict[str, tuple[str, ...]] = {}
DEFINED_IN: dict[str, str] = {}
for _module, _texts in TABLE.items():
    for _names, _text in _texts.items():
        for _short in _names.split():
            _name = _full_name(_module, _short)
            PLAIN[_name] = signature(_text)
            PLAIN_BASES[_name] = (*(_full_name(_module, p) for p in _parents(_module, _short)), "torch.nn.Module")
            DEFINED_IN[_name] = f"torch.nn.modules.{_module}"
