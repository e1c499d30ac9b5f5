"""Proof that the strategy acted in the very run whose result is reported."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase
from django.urls import reverse
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.test.utils import WagtailTestUtils

# No test of Wagtail's asks for it, so no count of theirs can meet it by chance.
SPEC_ID, FILTER_SPEC = "peer:all", "width-37|format-png"

# The views that editors put images in with, and what the strategies do about it.
VIEWS = ("TestImageAddView", "TestImageEditView", "TestMultipleImageUploader", "TestImageChooserUploadView")
GENERATES = {"manual": False, "just_in_time": False, "optimistic": True, "eager": True, "held": False}


class Probe:
    """Counts, by test class, what this package noticed and did."""

    def __init__(self) -> None:
        self.test_class = ""
        self.noticed: Counter[str] = Counter()
        self.generated: Counter[str] = Counter()
        self.enqueued: Counter[str] = Counter()
        self.failures: list[str] = []

    def connect(self) -> None:
        from django_tasks.signals import task_enqueued

        from wagtail_sourcegroups import signals

        for signal in (signals.source_created, signals.source_changed):
            signal.connect(self.on_noticed, weak=False)
        signals.renditions_generated.connect(self.on_generated, weak=False)
        signals.generation_failed.connect(self.on_failed, weak=False)
        task_enqueued.connect(self.on_enqueued, weak=False)

    def on_noticed(self, **kwargs: Any) -> None:
        self.noticed[self.test_class] += 1

    def on_generated(self, **kwargs: Any) -> None:
        self.generated[self.test_class] += 1

    def on_failed(self, source: Any, error: Any, **kwargs: Any) -> None:
        self.failures.append(f"{self.test_class}: {getattr(source, 'name', source)}: {error}")

    def on_enqueued(self, task_result: Any, **kwargs: Any) -> None:
        if task_result.task.func.__module__.startswith("wagtail_sourcegroups."):
            self.enqueued[self.test_class] += 1

    def complaints(self, strategy: str) -> list[str]:
        """What the run failed to prove; empty if all is well."""
        found = []
        for view in VIEWS:
            if not self.noticed[view]:
                found.append(f"{view}: no source signal was sent")
            if bool(self.generated[view]) != GENERATES[strategy]:
                found.append(f"{view}: renditions were made {self.generated[view]} times under {strategy}")
            if strategy in ("optimistic", "held") and not self.enqueued[view]:
                found.append(f"{view}: no task was enqueued under {strategy}")
        if not GENERATES[strategy] and strategy != "just_in_time" and self.generated.total():
            found.append(f"renditions were made {self.generated.total()} times under {strategy}")
        return found


class UploadUnderStrategy(WagtailTestUtils, TestCase):
    """One upload through the admin, and what is there afterwards. ``run.py`` sets the strategy."""

    strategy: str

    def test_upload(self) -> None:
        self.login()
        response = self.client.post(
            reverse("wagtailimages:add"),
            {
                "title": "Probe",
                "file": SimpleUploadedFile("probe.png", get_test_image_file().file.getvalue()),
            },
        )
        self.assertRedirects(response, reverse("wagtailimages:index"))
        image = get_image_model().objects.get(title="Probe")
        made = image.renditions.filter(filter_spec=FILTER_SPEC)
        self.assertEqual(made.exists(), GENERATES[self.strategy])

        with self.subTest("what a template then gets"):
            url = self.rendition_set(image).url
            self.assertEqual(made.exists(), GENERATES[self.strategy] or self.strategy == "just_in_time")
            self.assertEqual(url, made.get().url if made.exists() else None)

    @staticmethod
    def rendition_set(image: Any) -> Any:
        from wagtail_sourcegroups.generation.renditionset import RenditionSet
        from wagtail_sourcegroups.registry import get_registry

        return RenditionSet(get_registry().spec(SPEC_ID), image.file)
