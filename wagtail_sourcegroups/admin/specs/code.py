"""Specs that code registers: where, and as a row that is never saved."""

from __future__ import annotations

import os
import sys

from django.utils.translation import gettext as _

from ...models import StoredSpec
from ...specs import RenditionSpec
from .when import when_in_words


def where(location: str) -> str:
    """A ``file:line`` for people, the file as it would be imported: no path of the machine is in it."""
    path, colon, line = location.rpartition(":")
    if not colon or not line.isdecimal():
        return location
    # Of one that cannot be imported only the name is said.
    outside = os.path.dirname(path) if os.path.isabs(path) else ""
    directory = max((root for root in sys.path if _is_in(path, root)), key=len, default=outside)
    file = path.removeprefix(os.path.join(directory, ""))
    return _("%(file)s, line %(line)s") % {"file": file, "line": line}


def _is_in(path: str, directory: str) -> bool:
    return bool(directory) and path.startswith(os.path.join(directory, ""))


def as_row(spec: RenditionSpec) -> StoredSpec:
    """What a spec of code looks like in the form of an admin's."""
    return StoredSpec(
        label=str(spec),
        spec_id=spec.id,
        filters="\n".join(spec.filters),
        strategy=when_in_words(spec.strategy),
        description=str(spec.description),
    )
