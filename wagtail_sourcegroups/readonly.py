"""
Whether whatever is shown may cause anything to be made: a *read-only head* writes no file and no row, decodes no
picture and enqueues nothing, whatever a template asks.

For a process that is one throughout there is the ``READ_ONLY`` setting; for a request, :func:`read_only`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from . import conf

_read_only: ContextVar[bool] = ContextVar("read_only", default=False)


def is_read_only() -> bool:
    """Whether what is shown here and now must not cause anything to be made or written."""
    return _read_only.get() or bool(conf.get("READ_ONLY"))


@contextmanager
def read_only() -> Iterator[None]:
    """Whatever is shown inside, in this thread or task, is shown as on a read-only head."""
    token = _read_only.set(True)
    try:
        yield
    finally:
        _read_only.reset(token)
