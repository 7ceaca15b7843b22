"""Writing in place to a parameter that is trained: torch refuses it, as long as it records gradients."""

from __future__ import annotations

from typing import Any

from nnlint.unknown import Unknown
from nnlint.values import GRADIENT, Tensor

SETTING = "torch.set_grad_enabled"  # among what is patched, where the program may have called it
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
    running = machine.running
    for height in range(len(running) - 1, -1, -1):
        if running[height].module.source.speaks_of_gradients:
            machine.outermost = min(machine.outermost, height)
            return
    machine.outermost = 0
    if any(module.source.speaks_of_gradients for module in machine.executing) or not (running or machine.executing):
        return
    raise machine.error("RuntimeError", "a leaf Variable that requires grad is being used in an in-place operation.")
