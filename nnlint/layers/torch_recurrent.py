"""torch.nn: recurrent layers and cells."""

from collections.abc import Callable
from typing import Any

from nnlint.layers.arguments import Arguments, Violation, derived, given, known, sizes, whole
from nnlint.layers.table import Layer, Structure, signature
from nnlint.numpy_numbers import NumpyInt
from nnlint.unknown import Unknown, UnknownValueError

_MODULE = "torch.nn.modules.rnn"
_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}
_NONLINEARITIES = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}
_INERT = frozenset({"device", "dtype"})
_MOST_LAYERS = 10_000


def _structure(mode: str, a: Arguments) -> Structure:
    """Per layer and direction: gates·H × I, gates·H × Out, two biases per gate, and the projection Out × H."""
    hidden_size, proj_size, bias = a["hidden_size"], a["proj_size"], a["bias"]
    gate_size = hidden_size if _GATES[mode] == 1 else _GATES[mode] * hidden_size
    directions = 2 if a["bidirectional"] else 1
    out = proj_size if proj_size > 0 else hidden_size
    structure: Structure = {}
    if isinstance(known(a["num_layers"]), int) and a["num_layers"] > _MOST_LAYERS:
        raise UnknownValueError(Unknown("evaluation limit reached"))
    for layer in range(a["num_layers"]):
        for suffix in ("", "_reverse")[:directions]:
            structure[f"weight_ih_l{layer}{suffix}"] = (gate_size, a["input_size"] if layer == 0 else out * directions)
            structure[f"weight_hh_l{layer}{suffix}"] = (gate_size, out)
            if bias:
                structure[f"bias_ih_l{layer}{suffix}"] = (gate_size,)
                structure[f"bias_hh_l{layer}{suffix}"] = (gate_size,)
            if proj_size > 0:
                structure[f"weight_hr_l{layer}{suffix}"] = (proj_size, hidden_size)
    return structure


def _textbook(mode: str, a: Arguments) -> int:
    """gates·H·(I + Bias + Out) for each layer and direction, without the projection's matrix."""
    directions = 2 if a["bidirectional"] else 1
    out = int(a["proj_size"] or a["hidden_size"])
    rows, bias = _GATES[mode] * int(a["hidden_size"]), 1 if a["bias"] else 0
    first = rows * (int(a["input_size"]) + bias + out)
    later = rows * (out * directions + bias + out)
    return directions * (first + (int(a["num_layers"]) - 1) * later)


def _check(a: Arguments) -> Violation | None:
    """torch.nn.modules.rnn.RNNBase.__init__, in its order."""
    dropout = float(a["dropout"])
    if isinstance(a["dropout"], (bool, str)) or not 0 <= dropout <= 1:
        return Violation("NNL204", f"dropout={a['dropout']!r} is not a number in 0 to 1")
    for name in ("bias", "batch_first"):
        if not isinstance(known(a[name]), bool):
            return Violation("NNL204", f"{name}={a[name]!r} is not a bool")
    for name in ("input_size", "hidden_size", "num_layers"):
        value = known(a[name])
        if name != "num_layers" and (not isinstance(value, int) or isinstance(value, NumpyInt)):
            return Violation("NNL202", f"{name}={value!r} is not an integer")
        if value <= 0:
            return Violation("NNL204" if name == "num_layers" else "NNL202", f"{name}={value} is not positive")
    proj_size = known(a["proj_size"])
    if proj_size != 0 and not isinstance(proj_size, int):
        return Violation("NNL202", f"proj_size={proj_size!r} is not an integer")
    if proj_size < 0:
        return Violation("NNL202", f"proj_size={proj_size} is negative")
    if proj_size >= a["hidden_size"]:
        return Violation("NNL204", f"proj_size={proj_size} is not smaller than hidden_size={a['hidden_size']}")
    return None


def _attributes(mode: Any, a: Arguments) -> dict[str, Any]:
    names = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "bidirectional", "proj_size")
    attributes = given(*names)(a) | {"mode": mode}
    return attributes | {"dropout": derived("dropout is not known", lambda: float(a["dropout"]))}


_FLOOR = {
    "input_size": 1,
    "hidden_size": lambda a: whole(a["proj_size"]) + 1 if _projects(a) else 1,
    "num_layers": 1,
    "bias": False,
    "bidirectional": False,
    "proj_size": lambda a: 1 if whole(a["hidden_size"]) > 1 else 0,
}


def _projects(a: Arguments) -> bool:
    return isinstance(a["proj_size"], int) and a["proj_size"] > 0


def _mode(a: Arguments) -> Any:
    return _NONLINEARITIES[a["nonlinearity"]] if "nonlinearity" in a else a["mode"]


def _check_mode(a: Arguments) -> Violation | None:
    if "nonlinearity" in a and not (isinstance(a["nonlinearity"], str) and a["nonlinearity"] in _NONLINEARITIES):
        return Violation("NNL204", f"nonlinearity={a['nonlinearity']!r} is not 'tanh' or 'relu'")
    violation = _check(a)
    if violation is None and "mode" in a and not (isinstance(known(a["mode"]), str) and a["mode"] in _GATES):
        return Violation("NNL204", f"mode={a['mode']!r} is not one of {', '.join(_GATES)}")
    return violation


def _recurrent(name: str, first: str, proj_size: str, mode: Callable[[Arguments], Any], between: str = "") -> Layer:
    """RNN, LSTM and GRU pass their positional arguments on, so that RNN and GRU take proj_size by position.

    Either nonlinearity of an RNN has one gate.
    """
    shape = (lambda a: "RNN_TANH") if between else mode
    return Layer(
        f"torch.nn.{name}",
        _MODULE,
        signature(
            f"{first}input_size, hidden_size, num_layers=1, {between}bias=True, batch_first=False, dropout=0.0, "
            f"bidirectional=False, {proj_size}, device=None, dtype=None"
        ),
        lambda a: _structure(shape(a), a),
        floor={**({"mode": "RNN_TANH"} if first else {}), **_FLOOR},
        inert=_INERT,
        attributes=lambda a: (
            _attributes(derived("the nonlinearity is not known", lambda: mode(a)), a)
            | (given("nonlinearity")(a) if between else {})
        ),
        constraints=_check_mode,
        bases=("torch.nn.Module",) if first else ("torch.nn.RNNBase", "torch.nn.Module"),
        textbook=lambda a: _textbook(shape(a), a),
    )


def _cell_structure(chunks: Any, a: Arguments) -> Structure:
    rows, bias = chunks * a["hidden_size"], a["bias"]
    return {
        "weight_ih": (rows, a["input_size"]),
        "weight_hh": (rows, a["hidden_size"]),
        "bias_ih": (rows,) if bias else None,
        "bias_hh": (rows,) if bias else None,
    }


def _cell_textbook(chunks: Any, a: Arguments) -> int:
    return int(chunks * a["hidden_size"] * (a["input_size"] + (1 if a["bias"] else 0) + a["hidden_size"]))


def _check_cell(a: Arguments) -> Violation | None:
    chunks = known(a.get("num_chunks", 1))
    if not isinstance(chunks, int):
        return Violation("NNL202", f"num_chunks={chunks!r} is not an integer")
    return sizes(a, "input_size", "hidden_size")


def _cell(name: str, text: str, chunks: Callable[[Arguments], Any], *bases: str) -> Layer:
    extra = [extra for extra in ("nonlinearity",) if extra in text]
    return Layer(
        f"torch.nn.{name}",
        _MODULE,
        signature(text),
        lambda a: _cell_structure(chunks(a), a),
        floor={"input_size": 0, "hidden_size": 0, "bias": False} | ({} if bases else {"num_chunks": 0}),
        inert=_INERT | {"nonlinearity"},
        attributes=given("input_size", "hidden_size", "bias", *extra),
        constraints=_check_cell,
        bases=(*bases, "torch.nn.Module"),
        textbook=lambda a: _cell_textbook(chunks(a), a),
    )


_CELL = "input_size, hidden_size, bias=True, device=None, dtype=None"
LAYERS = (
    _recurrent("RNNBase", "mode, ", "proj_size=0", _mode),
    _recurrent("RNN", "", "proj_size/=0", _mode, "nonlinearity='tanh', "),
    _recurrent("LSTM", "", "proj_size=0", lambda a: "LSTM"),
    _recurrent("GRU", "", "proj_size/=0", lambda a: "GRU"),
    _cell("RNNCellBase", _CELL.replace("=True,", ", num_chunks,"), lambda a: a["num_chunks"]),
    _cell("RNNCell", _CELL.replace("True,", "True, nonlinearity='tanh',"), lambda a: 1, "torch.nn.RNNCellBase"),
    _cell("LSTMCell", _CELL, lambda a: 4, "torch.nn.RNNCellBase"),
    _cell("GRUCell", _CELL, lambda a: 3, "torch.nn.RNNCellBase"),
)
