"""
Texts that mean the same in every process: what keys of source groups are made of.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models

#: A key is kept in indexed columns.
MAX_KEY_LENGTH = 200

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def short(text: str) -> str:
    """``text`` itself, or its beginning and its hash if it is too long for a key."""
    if len(text) <= MAX_KEY_LENGTH:
        return text
    digest = _digest(text)
    return f"{text[: MAX_KEY_LENGTH - 1 - len(digest)]}#{digest}"


def call_text(cls: type, arguments: Mapping[str, Any], *, depth: int = 3) -> str:
    """``module.Class(name=value, ...)``, as :func:`stable_text` writes the values."""
    given = ", ".join(f"{name}={stable_text(value, depth=depth)}" for name, value in arguments.items())
    return f"{cls.__module__}.{cls.__qualname__}({given})"


def stable_text(value: Any, *, depth: int = 3) -> str:
    """
    A text for a value that is equal for equal values, whichever process asks.

    Asks the database nothing: a queryset is named by its SQL, an object of the database by its primary key. An
    object without a representation of its own is named by its class and attributes, down to ``depth``.
    """
    if isinstance(value, type):
        meta = getattr(value, "_meta", None)
        return str(meta.label_lower) if meta else f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, models.Model):
        return f"{value._meta.label_lower}:{value.pk}"
    if isinstance(value, models.QuerySet):
        return f"{value.model._meta.label_lower}[{_digest(_sql(value))}]"
    if isinstance(value, PurePath):
        return repr(str(value))
    if isinstance(value, Mapping):
        pairs = (f"{stable_text(k, depth=depth)}: {stable_text(v, depth=depth)}" for k, v in value.items())
        return "{" + ", ".join(sorted(pairs)) + "}"
    if isinstance(value, list | tuple):
        return "(" + ", ".join(stable_text(item, depth=depth) for item in value) + ")"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(stable_text(item, depth=depth) for item in value)) + "}"
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    representation: Any = type(value).__repr__
    if representation is object.__repr__:
        # Objects may refer to one another in a circle.
        return call_text(type(value), getattr(value, "__dict__", {}) if depth else {}, depth=depth - 1)
    return _ADDRESS.sub("", repr(value))


def _sql(queryset: models.QuerySet[Any]) -> str:
    try:
        sql, parameters = queryset.query.sql_with_params()
    except EmptyResultSet:
        return ""
    return f"{sql}{parameters!r}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
