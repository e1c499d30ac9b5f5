"""
What is remembered about sources, renditions and runs. The renditions of images themselves are Wagtail's own rows.
"""

from __future__ import annotations

from .bound import BoundFilterSpec
from .failures import GenerationFailure
from .renditions import FileRendition, LeftoverFile, RenditionRecord, file_rendition_upload_to
from .runbatches import RunBatch
from .runs import GenerationRun
from .runstates import State as RunState
from .sources import FileSource, SourceState

__all__ = [
    "BoundFilterSpec",
    "FileRendition",
    "FileSource",
    "GenerationFailure",
    "GenerationRun",
    "LeftoverFile",
    "RenditionRecord",
    "RunBatch",
    "RunState",
    "SourceState",
    "file_rendition_upload_to",
]
