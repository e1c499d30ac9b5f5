"""Everything that asks for renditions and can be read: templates of every engine, rich text, blocks, the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.template import engines

from .apifields import scan_api_fields
from .blocks import scan_blocks
from .djangotags import scan_engine
from .richtext import scan_rich_text
from .uses import Scan, Scanned, Trouble, Use


def scan() -> Scan:
    """What this site asks for, in the order of its engines. Reads files, asks no database."""
    read: dict[str, None] = {}
    uses: dict[Use, None] = {}
    errors: dict[str, str] = {}
    for scanned in (scanned for backend in engines.all() for scanned in _scan_backend(backend)):
        if scanned.error:
            errors.setdefault(scanned.template, scanned.error)
        else:
            read[scanned.template] = None
            uses.update(dict.fromkeys(scanned.uses))
    for use in (*scan_rich_text(), *scan_blocks(), *scan_api_fields()):
        uses[use] = None
    # A template that one engine cannot parse and another can is the other's.
    troubles = [Trouble(template, error) for template, error in errors.items() if template not in read]
    return Scan(tuple(uses), tuple(troubles))


def _scan_backend(backend: Any) -> Iterator[Scanned]:
    if hasattr(backend, "engine"):
        yield from scan_engine(backend.engine)
    elif hasattr(backend, "env"):
        # Only a site that has Jinja has such a backend.
        from .jinjatags import scan_environment

        yield from scan_environment(backend.env)
