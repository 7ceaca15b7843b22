"""Records fixtures/torch_layers.json from real torch: signatures, and calls with their parameters or the exception.

PYTHONPATH=. python tests/record_torch.py
"""

import json
from pathlib import Path
from typing import Any

import torch
from test_layers_torch import class_of, torch_builds, torch_signature

from nnlint.layers import LAYERS, PLAIN

TARGET = Path(__file__).parent.parent / "fixtures" / "torch_layers.json"
# Arguments of calls, one call between bars; no_arguments is a call without any.
CALLS = {
    "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d": """
        1, 8, 3 | 4, 8, 3 | 4, 8, (3, 5) | 4, 8, (3,) | 4, 8, [3] | 4, 8, () | 4, 8, 0 | 4, 8, 3, groups=2 |
        4, 8, 3, groups=4, bias=False | 4, 8, 3, groups=3 | 4, 9, 3, groups=2 | 4, 8, 3, groups=0 |
        4, 8, 3, groups=-1 | 0, 8, 3 | 4, 0, 3 | -4, 8, 3 | 4.0, 8, 3 | True, 8, 3 | 4, True, 3 | 4, 8, 3.0 |
        4, 8, -1 | 4, 8, None | 4, 8, 3, padding_mode='circular' | 4, 8, 3, padding_mode='x' |
        4, 8, 3, padding='same' | 4, 8, 3, 2, 'same' | 4, 8, 3, padding='full' | 4, 8, 3, bias=0 |
        4, 8, 3, bias='no' | '4', 8, 3
    """,
    "Linear modules.linear.NonDynamicallyQuantizableLinear": """
        25088, 4096 | 10, 20 | 10, 20, False | 10, 20, bias=None | 0, 3 | 3, 0 | -1, 3 | 3, -1 | 2.0, 3 | 3, '4' |
        True, 3 | 3, True | 10**10, 10**10 | 2**31, 2**30 | 2**31, 2**30 - 1 | 10**6, 10**6 | (2, 3), 4 |
        3, 4, dtype='float32' | 3, 4, device=True | None, 3
    """,
    "Bilinear": """
        3, 4, 5 | 3, 4, 5, False | 0, 4, 5 | 3, 0, 5 | 3, 4, 0 | -1, 4, 5 | 3, 4.0, 5 | True, 4, 5
    """,
    "PReLU": """
        no_arguments | 1 | 8 | 0 | -1 | (2, 3) | True | 2.0 | 8, 0.1 | 8, 'a' | 8, None | 8, init=2**70
    """,
    "Embedding": """
        10, 4 | 10, 4, 0 | 10, 4, -1 | 10, 4, 9 | 10, 4, 10 | 10, 4, -11 | 10, 4, 1.0 | 10, 4, True | 0, 4 | 0, 4, 0 |
        10, 0 | -1, 4 | 10, 4, _weight=0 | 10, 2.0 | 10, 4, 3, 1.0, 2.0, True | 10**10, 10**10
    """,
    "EmbeddingBag": """
        10, 4 | 10, 4, mode='sum' | 10, 4, padding_idx=3 | 10, 4, padding_idx=10 | -1, 4 | 10, True |
        10, 4, mode='x'
    """,
    "BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d": """
        8 | 8, affine=True | 8, affine=False | 8, 1e-05, 0.1, True | 8, affine=True, bias=False |
        (2, 3), affine=True | 0 | -1 | True | 8.0 | -1, affine=False | 8, track_running_stats=False |
        -1, affine=False, track_running_stats=False | None, affine=True
    """,
    "LayerNorm RMSNorm": """
        8 | (2, 3) | [2, 3] | () | 0 | -1 | True | '34' | '34', elementwise_affine=False | 8, 1e-05, False | 2.0 |
        None | (True, 2) | (2, True) | 8, elementwise_affine=0 | (2**31, 2**30)
    """,
    "GroupNorm": """
        2, 8 | 3, 8 | 0, 8 | -2, 8 | 2, 8, affine=False | 2, 8, bias=False | 2.0, 8 | 2, 8.0 | 2, 8.0, affine=False |
        2, 0 | 2, '8'
    """,
    "RNN LSTM GRU": """
        10, 20 | 10, 20, 3 | 10, 20, 2, bidirectional=True | 10, 20, bias=False |
        10, 20, num_layers=2, batch_first=True | 10, 20, dropout=0.5 | 10, 20, dropout=1.5 | 10, 20, dropout=True |
        10, 20, bias=1 | 10, 20, batch_first=None | 0, 20 | 10, 0 | -1, 20 | 10, 2.0 | 10, 20, 0 | 10, 20, -1 |
        10, 20, 2.0 | True, 20 | 10, True | 10, 20, bidirectional='yes' | 10, '20'
    """,
    "LSTM ": """
        10, 20, proj_size=5 | 10, 20, 2, proj_size=5, bidirectional=True | 10, 20, proj_size=20 |
        10, 20, proj_size=-1 | 10, 20, proj_size=0.0 | 10, 20, proj_size=True
    """,
    "RNN ": """
        10, 20, 2, 'relu' | 10, 20, 2, 'gelu' | 10, 20, nonlinearity='relu' |
        10, 20, 1, 'tanh', True, False, 0.0, False, 5
    """,
    "GRU ": """
        10, 20, 1, True, False, 0.0, False, 5 | 10, 20, 1, True, False, 0.0, False, 'meta'
    """,
    "RNNBase": """
        'LSTM', 10, 20 | 'GRU', 10, 20 | 'RNN_RELU', 10, 20, 2 | 'lstm', 10, 20 | 4, 10, 20
    """,
    "RNNCell LSTMCell GRUCell": """
        10, 20 | 10, 20, False | 10, 20, bias=0 | 0, 20 | 10, 0 | -1, 20 | 10, 2.5 | 10, True | True, 20 | 'a', 20
    """,
    "RNNCellBase": """
        10, 20, True, 4 | 10, 20, False, 3 | 10, 20, True, -1 | 10, 20, True, 2.0 | 10, 20, True, 'a'
    """,
    "MultiheadAttention": """
        8, 2 | 8, 3 | 8, 2, bias=False | 8, 2, kdim=4 | 8, 2, kdim=8, vdim=8 | 8, 2, vdim=3, add_bias_kv=True | 0, 2 |
        8, 0 | -8, 2 | 8.0, 2 | 8, 2.0 | 8, 2, kdim=8.0 | 8, 2, kdim=0 | 8, 2, kdim=-1 | True, 1 | '8', 2 |
        8, 2, add_bias_kv=1
    """,
    "TransformerEncoderLayer TransformerDecoderLayer": """
        8, 2 | 8, 2, 16 | 8, 3 | 8, 2, 16, bias=False | 8, 2, 0 | 8, 2, -1 | 0, 1 | 8, 0 |
        8, 2, 16, activation='gelu' | True, 1 | 8, 2, 16, activation='tanh' | 8, 2, 16, dropout=2 |
        8, 2, 16, norm_first=True | 8.0, 2 | 8, 2.0, 16 | 8, 2, activation=None
    """,
    "TransformerEncoder TransformerDecoder": """
        None, 2 | 3, 2 | 3, 0 | None, 2.0 | None, -1 | None, True | None, 2, None
    """,
    "Transformer": """
        no_arguments | 8, 2, 1, 1, 16 | 8, 2, 0, 3, 16 | 8, 3 | 8, 2, -1, 1, 16 | 8, 2, 1, 1, 16, custom_encoder=5 |
        8, 2, 1.0 | -1, 2, custom_encoder=5, custom_decoder=5 | 8, 2, 1, 1, 16, bias=False |
        8, 2, 1, 1, 16, activation='tanh'
    """,
    "AdaptiveLogSoftmaxWithLoss": """
        8, 10, [2, 4] | 8, 10, (2,), 2.0 | 8, 10, [2, 4], head_bias=True | 8, 10, [] | 8, 10, [4, 2] | 8, 10, [2, 2] |
        8, 10, [10] | 8, 10, [0, 2] | 8, 10, [2.0, 4] | 8, 10, 4 | 8, 10, [2, 4], 0 | 8, 10, [2], -1.0 | 0, 10, [2]
    """,
    "LinearCrossEntropyLoss": """
        8, 10 | 8, 10, bias=True | 8, 10, out_features=(2, 3) | 8, 10, label_smoothing=2 | 8, -1 | 8, 2.0 |
        8, 10, out_features=3 | 8, 10, weight=0
    """,
    "LazyLinear": """
        8 | 8, False | 'a'
    """,
    "LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d": """
        8, 3 | 8, (3, 5) | 8, -1 | 8, 3, groups=0 | 8, 3, padding_mode='x' | 8, 3.0 | 8, 3, bias=False
    """,
    "LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d": """
        no_arguments | 1e-3
    """,
    "TripletMarginWithDistanceLoss": """
        no_arguments | margin=0 | margin=2.0
    """,
}


def to_json(value: Any) -> Any:
    """JSON has no tuples: {"tuple": [...]}."""
    if isinstance(value, tuple):
        return {"tuple": [to_json(item) for item in value]}
    return [to_json(item) for item in value] if isinstance(value, list) else value


def recorded(name: str, text: str) -> dict[str, Any]:
    arguments, keywords = eval(f"(lambda *a, **k: (a, k))({text.replace('no_arguments', '')})")
    case = {"layer": name, "args": list(map(to_json, arguments))}
    case["kwargs"] = {key: to_json(value) for key, value in keywords.items()}
    meta = {"device": "meta"} if any(row[0] == "device" for row in torch_signature(class_of(name))) else {}
    by_position = len(arguments) >= 8 and arguments[-1] == "meta"
    module = torch_builds(class_of(name), list(arguments), ({} if by_position else meta) | keywords)
    if isinstance(module, Exception):
        return case | {"raises": type(module).__name__}
    if LAYERS[name].lazy:
        return case | {"lazy": True}
    parameters = {path: list(p.shape) for path, p in module.named_parameters()}
    return case | {"parameters": parameters, "count": sum(p.numel() for p in module.parameters())}


def main() -> None:
    calls = [
        recorded(f"torch.nn.{name}", text)
        for names, texts in CALLS.items()
        for name in names.split()
        for text in " ".join(texts.split()).split(" | ")
    ]
    signatures = {name: torch_signature(class_of(name)) for name in [*LAYERS, *PLAIN]}
    for name in ("torch.nn.RNN", "torch.nn.GRU"):  # not documented, but taken by position
        signatures[name].insert(-2, ["proj_size", "positional", "0"])
    lines = ",\n".join(json.dumps(call) for call in calls)
    named = ",\n".join(f"{json.dumps(name)}: {json.dumps(rows)}" for name, rows in signatures.items())
    version = torch.__version__.partition("+")[0]
    TARGET.write_text(f'{{"torch": "{version}",\n"calls": [\n{lines}\n],\n"signatures": {{\n{named}\n}}}}\n')


if __name__ == "__main__":
    main()
