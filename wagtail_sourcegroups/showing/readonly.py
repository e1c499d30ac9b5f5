"""As :mod:`wagtail_sourcegroups.readonly`, which those below know too."""

from __future__ import annotations

from ..readonly import is_read_only, read_only

__all__ = ["is_read_only", "read_only"]
