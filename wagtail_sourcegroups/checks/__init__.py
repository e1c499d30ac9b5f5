"""
What ``manage.py check`` says about specs, groups, templates and settings.

========  ==================================================================================
id        what is wrong
========  ==================================================================================
E001      a key or value of ``WAGTAIL_SOURCEGROUPS``
E002      the default strategy
E003      a registration that contradicts another one, or a hook that returns something else
E004      a spec whose filters Wagtail cannot read, or a group bound to an unknown spec
E005      a source group that names a model or field that does not exist
E006      tasks that are sent to a backend or a queue that ``TASKS`` does not have
W001      a source group that the database knows no collection for (needs the database)
W002      a rendition cache that each process has for itself: replaced files stay a while
W003      a rendition storage where one image's file may overwrite another's
W004      a collection's pages in the admin without the panel that the settings ask for
W005      a spec with a format that this server cannot write, such as AVIF
W006      a spec that no group is bound to, so that nothing is made (needs the database)
W007      a filter spec that is asked for and no spec covers (``CHECK_TEMPLATES``)
W008      one that a spec almost covers: to Wagtail it is another one (``CHECK_TEMPLATES``)
W009      uploads that wait for many or large renditions, since no worker takes the tasks
W010      a template tag that names a spec which is not registered (``CHECK_TEMPLATES``)
========  ==================================================================================

None of them asks the database, but for W001 and W006, which run where Django's ``database`` checks do.
"""

from __future__ import annotations

from django.core import checks

from .configured import check_settings, check_task_backend
from .mounted import check_collection_panel, check_rendition_cache, check_rendition_storage
from .registered import check_groups_in_database, check_registrations
from .said import TAG
from .templates import check_templates
from .uploads import check_uploads

__all__ = [
    "TAG",
    "check_collection_panel",
    "check_groups_in_database",
    "check_registrations",
    "check_rendition_cache",
    "check_rendition_storage",
    "check_settings",
    "check_task_backend",
    "check_templates",
    "check_uploads",
    "register",
]


def register() -> None:
    """Connect the checks; the app config does when it is ready."""
    checks.register(check_settings, TAG)
    checks.register(check_registrations, TAG)
    checks.register(check_task_backend, TAG)
    checks.register(check_rendition_storage, TAG)
    checks.register(check_collection_panel, TAG)
    checks.register(check_uploads, TAG)
    checks.register(check_templates, TAG)
    # A sensible default for development, so only said where somebody deploys.
    checks.register(check_rendition_cache, TAG, deploy=True)
    checks.register(check_groups_in_database, TAG, checks.Tags.database)
