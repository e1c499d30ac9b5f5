"""
The signals source groups and rendition sets speak with.

===================== ============================ ===============================================
signal                sender                       arguments
===================== ============================ ===============================================
source_created        the source group             ``source``: a file, as ``files()`` yields it
source_changed        the source group             ``source``
source_deleted        the source group             ``source``
existence_required    ``RenditionSet``             ``rendition_set``
content_required      ``RenditionSet``             ``rendition_set``
renditions_generated  the model of the source      ``source``: a file; ``filter_specs``: those made
generation_failed     the model of the source      ``source``: a file; ``filter_spec``; ``error``
run_ready             ``GenerationRun``            ``run``: one with work to hand out
===================== ============================ ===============================================

The first three may be sent by anybody on behalf of a registered group. A sender that is not
registered reaches nobody here. ImageKit is where the idea of the first five comes from.
"""

from __future__ import annotations

from django.dispatch import Signal

source_created = Signal()
source_changed = Signal()
source_deleted = Signal()

existence_required = Signal()
content_required = Signal()

renditions_generated = Signal()
generation_failed = Signal()
run_ready = Signal()
