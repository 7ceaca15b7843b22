"""Writing in place to a parameter that is trained: torch refuses it, as long as it records gradients."""

from __future__ import annotations

from typing import Any

from nnlint.unknown import Unknown
from nnlint.values import GRADIENT, Tensor

SETTING = "torch.set_grad_enabled"  # among what is patched, where the program may have called it
# What stands in the text of code that may not record them.
MODES = ("no_grad", "inference_mode", "grad_mode", "grad_enabled")
# Methods named as those that write are which leave the numbers as they are.
KEEPING = frozenset({"detach_", "requires_grad_", "set_", "share_memory_"})


def stop(machine: Any) -> None:
    """Gradients may not be recorded from here on."""
    machine.heap.touch(machine.patches)
    machine.patches[SETTING] = Unknown("whether gradients are recorded", plain=True)


def check_leaf(machine: Any, value: Tensor) -> None:
    """A write in place: raises in the program where the tensor surely is a parameter that is trained, and no code that
    runs says anything of how gradients are recorded. In a try statement torch may refuse any tensor."""
    if not value.is_parameter or machine.tries or value.attributes.get(GRADIENT) is not True:
        return
    if machine.patches.rest is not None or machine.patches.keys() & {SETTING, GRADIENT}:
        return
    modules = [function.module for function in machine.running] + list(machine.executing)
    if modules and not any(mode in module.source.text for module in modules for mode in MODES):
        words = "a leaf Variable that requires grad is being used in an in-place operation."
        raise machine.error("RuntimeError", words)
