"""One entry in Wagtail's history for each run, whoever starts it."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log

from ..models import GenerationRun

logger = logging.getLogger("wagtail_sourcegroups")

ACTION = "wagtail_sourcegroups.generate"


def register_actions(actions: Any) -> None:
    """Tell Wagtail what to call it."""
    actions.register_action(ACTION, _("Generate renditions"), _("Renditions were asked for"))


def note_new(
    sender: Any, instance: GenerationRun, created: bool = False, raw: bool = False, **kwargs: Any
) -> None:
    """Receives ``post_save`` of runs. Never raises: a history that cannot be written costs nobody a run."""
    if not created or raw:
        return
    try:
        with transaction.atomic():
            log(
                instance=instance,
                action=ACTION,
                user=instance.started_by,
                title=str(instance),
                data={"question": instance.question},
            )
    except Exception:
        logger.exception("That run %s has begun cannot be noted in the site's history.", instance.pk)
