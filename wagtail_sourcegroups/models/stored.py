"""What admins define and assign: the registry reads it beside what code registers."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..specs import RenditionSpec
from .primary import PrimaryManager

#: The path of the package's own strategies.
_STRATEGIES = "wagtail_sourcegroups.strategies."


class StoredSpec(models.Model):
    """A spec that an admin has defined: :meth:`as_spec` is what the registry takes for it."""

    class When(models.TextChoices):
        """The strategies to choose from, as people would put them."""

        DEFAULT = "", _("As the site's settings say")
        OPTIMISTIC = f"{_STRATEGIES}Optimistic", _("In the background, after an upload")
        EAGER = f"{_STRATEGIES}Eager", _("While the upload is being saved")
        JUST_IN_TIME = f"{_STRATEGIES}JustInTime", _("When a page first needs them")
        MANUAL = f"{_STRATEGIES}Manual", _("Only when somebody asks for them")

    label = models.CharField(_("name"), max_length=255, help_text=_("What editors see."))
    spec_id = models.CharField(
        _("id"),
        max_length=255,
        unique=True,
        help_text=_("Used in templates and commands, such as blog:hero. Parts are separated by colons."),
    )
    filters = models.TextField(
        _("filters"),
        help_text=_(
            "Wagtail's filter specs, one per line. Braces make every combination. The order counts: write them as "
            "the templates do."
        ),
    )
    strategy = models.CharField(
        _("when to make them"), max_length=255, choices=When.choices, default=When.DEFAULT, blank=True
    )
    description = models.TextField(_("description"), blank=True)

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("spec")
        verbose_name_plural = _("specs")
        ordering = ["label", "spec_id"]

    def __str__(self) -> str:
        return self.label or self.spec_id

    @property
    def patterns(self) -> list[str]:
        """The filters as they are written, one pattern a line."""
        return [line.strip() for line in self.filters.splitlines() if line.strip()]

    def as_spec(self) -> RenditionSpec:
        """Raises a :exc:`.SourceGroupsError` if it cannot be one."""
        return RenditionSpec(
            self.spec_id,
            self.patterns,
            strategy=self.strategy or None,
            label=self.label,
            description=self.description,
        )


class Assignment(models.Model):
    """A spec, defined by an admin or in code, for a collection and those below it, or for all images of a model."""

    spec_id = models.CharField(_("spec"), max_length=255, db_index=True)
    collection = models.ForeignKey(
        "wagtailcore.Collection", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    image_model = models.CharField(max_length=255, blank=True)
    """The label of the image model where no collection is given."""

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["spec_id", "collection"],
                condition=Q(collection__isnull=False),
                name="sourcegroups_one_assignment",
            ),
            models.UniqueConstraint(
                fields=["spec_id", "image_model"],
                condition=Q(collection__isnull=True),
                name="sourcegroups_one_for_all",
            ),
            models.CheckConstraint(
                condition=Q(collection__isnull=False, image_model="")
                | (Q(collection__isnull=True) & ~Q(image_model="")),
                name="sourcegroups_collection_or_model",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.spec_id}: {self.collection or self.image_model}"


class StoredVersion(models.Model):
    """One row, which says whether anything stored has changed: every process asks it before it starts something."""

    token = models.UUIDField(default=uuid.uuid4)

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("version of what is stored")
        verbose_name_plural = _("versions of what is stored")

    def __str__(self) -> str:
        return str(self.token)

    @classmethod
    def change(cls) -> None:
        """Something stored has changed: with the open transaction every process is told."""
        cls.objects.update_or_create(pk=1, defaults={"token": uuid.uuid4()})


def tell_of_change(sender: Any, **kwargs: Any) -> None:
    """Receives ``post_save`` and ``post_delete`` of the two above."""
    StoredVersion.change()


def connect() -> None:
    """Listen to changes of what is stored. Bulk writes tell themselves."""
    for signal in (models.signals.post_save, models.signals.post_delete):
        for model in (StoredSpec, Assignment):
            signal.connect(
                tell_of_change, sender=model, dispatch_uid=f"wagtail_sourcegroups.{model.__name__}"
            )
