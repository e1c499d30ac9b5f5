"""Where something of Python's is written: for models and formats, which keep no line of their own."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from types import ModuleType


def of_classes(classes: Sequence[type], *needles: str) -> tuple[str, int]:
    """
    ``(file, line)`` of the first needle that stands in the source of some classes, in the first of them that has it;
    else of the first class itself. Line 0 where no source is known.
    """
    for needle in needles:
        for cls in classes:
            found = _line(cls, needle)
            if found is not None:
                return found
    return _line(classes[0], "") or (f"{classes[0].__module__}.{classes[0].__qualname__}", 0)


def of_modules(modules: Iterable[ModuleType], needle: str) -> tuple[str, int] | None:
    """``(file, line)`` of a text that stands in one of some modules: in the first that has it."""
    return next(filter(None, (_line(module, needle) for module in modules)), None)


def _line(written: type | ModuleType, needle: str) -> tuple[str, int] | None:
    try:
        path = inspect.getsourcefile(written)
        lines, start = inspect.getsourcelines(written)
    except (OSError, TypeError):
        return None
    number = next((number for number, line in enumerate(lines) if needle in line), None)
    # Of a module, the first line is 0.
    return (path, max(start, 1) + number) if path and number is not None else None
