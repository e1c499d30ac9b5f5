"""The site's own image model, as Wagtail's manual recommends for every new site."""

from django.db import models
from wagtail.images.models import AbstractImage, AbstractRendition, Image

from wagtail_sourcegroups.images import SourceGroupImageMixin


class CustomImage(SourceGroupImageMixin, AbstractImage):
    """A photograph with its credit. ``description`` of the base class is the alt text."""

    credit = models.CharField(max_length=120, blank=True)
    place = models.CharField(max_length=120, blank=True)
    # What the demo loaded it from: how a second run knows, without opening anything, what is there already.
    origin = models.CharField(max_length=255, blank=True, editable=False, db_index=True)

    admin_form_fields = (*Image.admin_form_fields, "credit", "place")

    class Meta(AbstractImage.Meta):
        verbose_name = "image"
        verbose_name_plural = "images"
        permissions = [("choose_image", "Can choose image")]


class CustomRendition(AbstractRendition):
    image = models.ForeignKey(CustomImage, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("image", "filter_spec", "focal_point_key"), name="gallery_rendition_unique"
            )
        ]
