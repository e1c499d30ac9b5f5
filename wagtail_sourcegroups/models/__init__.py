"""
What is remembered about sources, renditions and runs. The renditions of images themselves are Wagtail's own rows.
"""

from __future__ import annotations

from .bound import BoundFilterSpec
from .failures import GenerationFailure
from .figures import CoverageCount, CoverageFigure
from .renditions import FileRendition, LeftoverFile, RenditionRecord, file_rendition_upload_to
from .runbatches import RunBatch
from .runs import GenerationRun
from .runstates import State as RunState
from .sources import FileSource, SourceState
from .stored import Assignment, StoredSpec, StoredVersion

__all__ = [
    "Assignment",
    "BoundFilterSpec",
    "CoverageCount",
    "CoverageFigure",
    "FileRendition",
    "FileSource",
    "GenerationFailure",
    "GenerationRun",
    "LeftoverFile",
    "RenditionRecord",
    "RunBatch",
    "RunState",
    "SourceState",
    "StoredSpec",
    "StoredVersion",
    "file_rendition_upload_to",
]
