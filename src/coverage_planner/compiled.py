"""How loops are compiled: once for each kind of arguments, kept on disk, and free of Python's lock while they run."""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a function on its first call.

    There is no entry for callers in C: nobody calls it, and making it takes a tenth of the time to compile.
    """
    options: dict[str, Any] = {"cache": True, "nogil": True, "no_cfunc_wrapper": True}
    made: _Function = njit(**options)(function)
    return made
