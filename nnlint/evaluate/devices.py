"""torch.device: which device a value names, and the one on which tensors are made where none is named."""

from __future__ import annotations

import re
from typing import Any

from nnlint.unknown import Unknown
from nnlint.values import ABSENT, Device, Value, same

# https://docs.pytorch.org/docs/2.13/tensor_attributes.html#torch.device and what its error names
TYPES = frozenset(
    {"cpu", "cuda", "fpga", "hip", "hpu", "ideep", "ipu", "lazy", "maia", "meta", "mps", "mtia", "opencl", "opengl",
     "privateuseone", "ve", "vulkan", "xla", "xpu"}
)  # fmt: skip
DEVICE = re.compile(r"([a-z]+)(?::(0|[1-9]\d*))?")
DEFAULT = "torch.get_default_device"
MOVING = frozenset({"torch.set_default_device", "torch.set_default_tensor_type"})
# Blocks that leave the default device alone.
STAYING = (
    "torch.no_grad ", "torch.enable_grad ", "torch.inference_mode ", "torch.set_grad_enabled ", "torch.cuda.",
    "torch.autocast ", "torch.random.", "torch.amp.", "torch.backends.", "torch.profiler.", "open", "asyncio.",
    "concurrent.", "contextlib.", "decimal.", "gzip.", "io.", "logging.", "multiprocessing.", "numpy.", "os.",
    "pathlib.", "shutil.", "socket.", "sqlite3.", "subprocess.", "tarfile.", "tempfile.", "threading.", "time.",
    "tqdm.", "urllib.", "warnings.", "zipfile.",
)  # fmt: skip


def device_of(args: list[Value], kwargs: dict[str, Value]) -> Value:
    """torch.device(type, index=None), or an Unknown for what is not known, or raises."""
    unknown = Unknown("torch.device is not in the project", plain=True, foreign=True)
    kind, *more = args or [kwargs.get("type")]
    index = more[0] if more else kwargs.get("index")
    if len(args) > 2 or not kwargs.keys() <= {"type", "index"} or len(args) + len(kwargs) > 2:
        return unknown
    if isinstance(kind, Device):
        return kind if index is None else unknown
    found = DEVICE.fullmatch(kind) if isinstance(kind, str) and len(kind) < 50 else None
    if found is None or found[1] not in TYPES:
        return unknown
    if index is None:
        return Device(found[1], int(found[2]) if found[2] else None)
    return Device(found[1], index) if type(index) is int and index >= 0 and not found[2] else unknown


def is_everywhere(device: Value) -> bool:
    """Whether every machine has a device."""
    kind = device.kind if isinstance(device, Device) else device
    return kind is None or (isinstance(kind, str) and kind in ("cpu", "meta"))


def default_device(machine: Any) -> Value:
    """The device of tensors that are made without one: the CPU, as long as the program says nothing else."""
    is_moved = machine.patches.rest is not None or machine.patches.get(DEFAULT, ABSENT) is not ABSENT
    return Unknown("the default device", plain=True, foreign=True) if is_moved else Device("cpu", None)


def move_default(machine: Any) -> None:
    """The default device may be another one from here on."""
    if machine.patches.get(DEFAULT, ABSENT) is ABSENT:
        machine.heap.touch(machine.patches)
        machine.patches[DEFAULT] = Unknown("the default device is set", plain=True, foreign=True)


def may_move(manager: Unknown) -> bool:
    """Whether a block in outside code may have another default device."""
    return not manager.why.startswith(STAYING)


def equal(left: Value, right: Value) -> bool | None:
    """left == right, where one is a device; None where that is not known."""
    one, other = (left, right) if isinstance(left, Device) else (right, left)
    if isinstance(one, Device) and isinstance(other, Device):
        return same(one, other)
    return False if isinstance(one, Device) and (other is None or isinstance(other, (str, int))) else None
