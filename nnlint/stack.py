"""A deep stack for what recurses: the same wherever nnlint runs, in a small thread as under `ulimit -s`."""

import sys
import threading
import warnings
from collections.abc import Callable
from typing import TypeVar

# LibCST's parser takes up to 20 KB for a level of nesting and dies without a word where there is no more.
BYTES = 64 * 2**20
FRAMES = 12_000  # of Python's own; up to 1 KB each

# Python 3.11 and later keep the frames of functions in pieces of 16 KB each, and ask the system for a piece, and give
# it back, at each call that goes over the edge of one: thousands of times a second where the edge is in a loop. A frame
# that claims this many slots (8 bytes each) makes it take one piece of twice that, whose rest is for the calls in it;
# of neither does the system provide what nobody touches.
SLOTS = 2**20

Result = TypeVar("Result")


def _in_one_piece(run: Callable[[], None]) -> None:
    run()


if sys.version_info >= (3, 11):
    _in_one_piece.__code__ = _in_one_piece.__code__.replace(co_stacksize=SLOTS)


def on_deep_stack(run: Callable[[], Result]) -> Result:
    """What `run` gives or raises, called on a stack of its own, so that depth has no limit but nnlint's own.

    What Python's parser warns of meanwhile (escapes in the user's strings) is for others to say.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(run())
        except BaseException as error:
            errors.append(error)

    frames, size = sys.getrecursionlimit(), threading.stack_size(BYTES)
    try:
        # A daemon: no thread to wait for after a KeyboardInterrupt.
        thread = threading.Thread(target=_in_one_piece, args=(work,), daemon=True)
        sys.setrecursionlimit(max(frames, FRAMES))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            thread.start()
            thread.join()
    finally:
        sys.setrecursionlimit(frames)
        threading.stack_size(size)
    if errors:
        raise errors[0]
    return results[0]
