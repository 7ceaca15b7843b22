"""torch.nn: attention, transformers, and the modules that wrap another module."""

from typing import Any

from nnlint.layers.arguments import Arguments, Violation, derived, given, known, unknown_in, whole
from nnlint.layers.table import Child, Clones, Layer, Reference, Structure, as_given, signature

_INERT = frozenset({"device", "dtype"})
_MODULE = "torch.nn.modules.transformer"
_QUANTIZABLE = "torch.nn.modules.linear.NonDynamicallyQuantizableLinear"


def _check_heads(a: Arguments, width: str, heads: str) -> Violation | None:
    embed_dim, num_heads = known(a[width]), a[heads]
    for name in (width, heads):
        if a[name] <= 0:
            return Violation("NNL202", f"{name}={a[name]} is not positive")
    if embed_dim // num_heads * num_heads != embed_dim:
        return Violation("NNL201", f"{heads}={num_heads} does not divide {width}={embed_dim}", "AssertionError")
    return None


def _attention(a: Arguments) -> Structure:
    embed_dim = known(a["embed_dim"])
    kdim, vdim = (embed_dim if a[name] is None else a[name] for name in ("kdim", "vdim"))
    same = kdim == embed_dim and vdim == embed_dim
    apart = None if same else (embed_dim, embed_dim)
    child = as_given(a)
    return {
        "q_proj_weight": apart,
        "k_proj_weight": None if same else (embed_dim, kdim),
        "v_proj_weight": None if same else (embed_dim, vdim),
        "in_proj_weight": (3 * embed_dim, embed_dim) if same else None,
        "in_proj_bias": (3 * embed_dim,) if a["bias"] else None,
        "out_proj": Child(
            _QUANTIZABLE,
            dict.fromkeys(("in_features", "out_features"), child["embed_dim"])
            | given("bias", "device", "dtype")(child),
        ),
        "bias_k": (1, 1, embed_dim) if a["add_bias_kv"] else None,
        "bias_v": (1, 1, embed_dim) if a["add_bias_kv"] else None,
    }


def _attention_attributes(a: Arguments) -> dict[str, Any]:
    embed_dim = a["embed_dim"]
    return given("embed_dim", "num_heads", "dropout", "batch_first", "add_zero_attn")(a) | {
        "kdim": embed_dim if a["kdim"] is None else a["kdim"],
        "vdim": embed_dim if a["vdim"] is None else a["vdim"],
        "head_dim": derived("head_dim is not known", lambda: embed_dim // a["num_heads"]),
    }


def _attention_child(a: Arguments) -> Child:
    given_names = {"embed_dim": "d_model", "num_heads": "nhead"}
    same = ("dropout", "bias", "batch_first", "device", "dtype")
    arguments = {name: a[source] for name, source in given_names.items()} | given(*same)(a)
    return Child("torch.nn.MultiheadAttention", arguments)


def _linear(a: Arguments, in_features: str, out_features: str) -> Child:
    arguments = {"in_features": a[in_features], "out_features": a[out_features]}
    return Child("torch.nn.Linear", arguments | given("bias", "device", "dtype")(a))


def _layer_norm(a: Arguments) -> Child:
    arguments = {"normalized_shape": a["d_model"], "eps": a["layer_norm_eps"]}
    return Child("torch.nn.LayerNorm", arguments | given("bias", "device", "dtype")(a))


def _dropout(a: Arguments) -> Child:
    return Child("torch.nn.Dropout", {"p": a["dropout"]})


def _activation(a: Arguments) -> dict[str, Any]:
    """An activation that is a module is registered; a name stands for a function."""
    activation = a["activation"]
    plain = isinstance(activation, (str, Reference, int, float, type(None)))
    return {} if plain else {"activation": activation}


def _encoder_layer(a: Arguments) -> Structure:
    a = as_given(a)
    return {
        "self_attn": _attention_child(a),
        "linear1": _linear(a, "d_model", "dim_feedforward"),
        "dropout": _dropout(a),
        "linear2": _linear(a, "dim_feedforward", "d_model"),
        "norm1": _layer_norm(a),
        "norm2": _layer_norm(a),
        "dropout1": _dropout(a),
        "dropout2": _dropout(a),
    } | _activation(a)


def _decoder_layer(a: Arguments) -> Structure:
    a = as_given(a)
    return {
        "self_attn": _attention_child(a),
        "multihead_attn": _attention_child(a),
        "linear1": _linear(a, "d_model", "dim_feedforward"),
        "dropout": _dropout(a),
        "linear2": _linear(a, "dim_feedforward", "d_model"),
        "norm1": _layer_norm(a),
        "norm2": _layer_norm(a),
        "norm3": _layer_norm(a),
        "dropout1": _dropout(a),
        "dropout2": _dropout(a),
        "dropout3": _dropout(a),
    } | _activation(a)


def _check_layer(a: Arguments) -> Violation | None:
    violation = _check_heads(a, "d_model", "nhead")
    if violation is not None:
        return violation
    if a["dropout"] < 0 or a["dropout"] > 1:
        return Violation("NNL204", f"dropout={a['dropout']} is not in 0 to 1")
    if isinstance(a["activation"], str) and a["activation"] not in ("relu", "gelu"):
        return Violation("NNL204", f"activation={a['activation']!r} is not 'relu' or 'gelu'")
    return None


_LAYER = (
    "dim_feedforward=2048, dropout=0.1, activation=torch.nn.functional.relu, layer_norm_eps=1e-05, "
    "batch_first=False, norm_first=False, bias=True, device=None, dtype=None"
)
_WIDTH = {"d_model": lambda a: whole(a["nhead"]), "dim_feedforward": 0, "bias": False}


def _transformer_layer(kind: str) -> Layer:
    return Layer(
        f"torch.nn.Transformer{kind}Layer",
        _MODULE,
        signature(f"d_model, nhead, {_LAYER}"),
        _encoder_layer if kind == "Encoder" else _decoder_layer,
        floor=_WIDTH,
        neutral={"nhead": 1},
        modules=frozenset({"activation"}),
        inert=_INERT | {"layer_norm_eps", "batch_first", "norm_first"},
        attributes=given("norm_first"),
        constraints=_check_layer,
    )


def _check_stack(a: Arguments, layer: str) -> Violation | None:
    times, module = known(a["num_layers"]), a[layer]
    if not isinstance(times, int):
        return Violation("NNL202", f"num_layers={times!r} is not an integer")
    if times > 0 and isinstance(module, (int, float, str, list, tuple, dict)) and not isinstance(module, Child):
        return Violation("NNL204", f"{layer}={module!r} is not a Module")
    return None


def _clones(a: Arguments, layer: str) -> Any:
    times = a["num_layers"]
    return Clones(a[layer], max(int(times), 0)) if unknown_in(times) is None else times


def _stack(kind: str, extra: str = "") -> Layer:
    layer = f"{kind.lower()}_layer"
    names = ["num_layers", *(["enable_nested_tensor", "mask_check"] if extra else [])]
    return Layer(
        f"torch.nn.Transformer{kind}",
        _MODULE,
        signature(f"{layer}, num_layers, norm=None{extra}"),
        lambda a: {"layers": _clones(as_given(a), layer), "norm": a["norm"]},
        floor={"num_layers": 0},
        modules=frozenset({layer, "norm"}),
        inert=frozenset({"enable_nested_tensor", "mask_check"}),
        attributes=given(*names),
        constraints=lambda a: _check_stack(a, layer),
    )


def _half(a: Arguments, kind: str) -> Any:
    """The encoder or the decoder: the custom one, or a stack of layers with a norm."""
    custom = a[f"custom_{kind.lower()}"]
    if custom is not None:
        return custom
    names = ("d_model", "nhead", "dim_feedforward", "dropout", "activation", "layer_norm_eps", "batch_first")
    layer = Child(f"torch.nn.Transformer{kind}Layer", given(*names, "norm_first", "bias", "device", "dtype")(a))
    arguments = {f"{kind.lower()}_layer": layer, "num_layers": a[f"num_{kind.lower()}_layers"], "norm": _layer_norm(a)}
    return Child(f"torch.nn.Transformer{kind}", arguments)


def _check_transformer(a: Arguments) -> Violation | None:
    custom = a["custom_encoder"] is not None and a["custom_decoder"] is not None
    return None if custom else _check_layer(a)


def _check_margin(a: Arguments) -> Violation | None:
    return Violation("NNL204", f"margin={a['margin']} is not positive") if a["margin"] <= 0 else None


def _wrapper(name: str, defined_in: str, text: str) -> Layer:
    return Layer(
        name,
        defined_in,
        signature(text),
        lambda a: {"module": a["module"]},
        modules=frozenset({"module"}),
        inert=frozenset(part.split("=")[0].strip() for part in text.split(",")),
        wraps=True,
    )


LAYERS = (
    Layer(
        "torch.nn.MultiheadAttention",
        "torch.nn.modules.activation",
        signature(
            "embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None, "
            "vdim=None, batch_first=False, device=None, dtype=None"
        ),
        _attention,
        floor={
            "embed_dim": lambda a: whole(a["num_heads"]),
            "bias": False,
            "add_bias_kv": False,
            "kdim": 0,
            "vdim": 0,
        },
        neutral={"num_heads": 1},
        inert=_INERT | {"dropout", "add_zero_attn", "batch_first"},
        attributes=_attention_attributes,
        constraints=lambda a: _check_heads(a, "embed_dim", "num_heads"),
    ),
    _transformer_layer("Encoder"),
    _transformer_layer("Decoder"),
    _stack("Encoder", ", enable_nested_tensor=True, mask_check=True"),
    _stack("Decoder"),
    Layer(
        "torch.nn.Transformer",
        _MODULE,
        signature(
            "d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, dropout=0.1, "
            "activation=torch.nn.functional.relu, custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-05, "
            "batch_first=False, norm_first=False, bias=True, device=None, dtype=None"
        ),
        lambda a: {name.lower(): _half(as_given(a), name) for name in ("Encoder", "Decoder")},
        floor={**_WIDTH, "num_encoder_layers": 0, "num_decoder_layers": 0},
        neutral={"nhead": 1},
        modules=frozenset({"activation", "custom_encoder", "custom_decoder"}),
        inert=_INERT | {"layer_norm_eps", "batch_first", "norm_first"},
        attributes=given("d_model", "nhead", "batch_first"),
        constraints=_check_transformer,
    ),
    _wrapper(
        "torch.nn.DataParallel",
        "torch.nn.parallel.data_parallel",
        "module, device_ids=None, output_device=None, dim=0",
    ),
    _wrapper(
        "torch.nn.parallel.DistributedDataParallel",
        "torch.nn.parallel.distributed",
        "module, device_ids=None, output_device=None, dim=0, broadcast_buffers=None, init_sync=True, "
        "process_group=None, bucket_cap_mb=None, find_unused_parameters=False, check_reduction=False, "
        "gradient_as_bucket_view=False, static_graph=False, delay_all_reduce_named_params=None, "
        "param_to_hook_all_reduce=None, mixed_precision=None, device_mesh=None, skip_all_reduce_unused_params=False, "
        "bucket_cap_mb_list=None, batched_grad_copy=False, forward_sync_buffers=None",
    ),
    Layer(
        "torch.nn.TripletMarginWithDistanceLoss",
        "torch.nn.modules.loss",
        signature("*, distance_function=None, margin=1.0, swap=False, reduction='mean'"),
        lambda a: {"distance_function": a["distance_function"]},
        modules=frozenset({"distance_function"}),
        inert=frozenset({"swap", "reduction"}),
        constraints=_check_margin,
        bases=("torch.nn.modules.loss._Loss", "torch.nn.Module"),
    ),
    Layer(
        "torch.nn.Container",
        "torch.nn.modules.container",
        signature("*args, **kwargs"),
        lambda a: dict(a["kwargs"]),
        modules=frozenset({"args", "kwargs"}),
        constraints=lambda a: Violation("NNL203", "takes keyword arguments only") if a["args"] else None,
        wraps=True,
    ),
)
