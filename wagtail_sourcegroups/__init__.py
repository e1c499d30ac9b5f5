"""
Image renditions ahead of time: named specs bound to groups of images.

``register`` and ``unregister`` may be used anywhere that is imported at start, usually in an app's
``wagtail_hooks.py``; importing them loads no model.
"""

from __future__ import annotations

from .registrations import register, unregister
from .specs import RenditionSpec

__all__ = ["RenditionSpec", "register", "unregister"]

__version__ = "0.1.0"
