"""The decision itself, without a database."""

from __future__ import annotations

from typing import Any

import pytest

from wagtail_sourcegroups.events.comparing import compare, left
from wagtail_sourcegroups.events.facts import ImageFact, Seen, Story
from wagtail_sourcegroups.generation.state import Snapshot

WATCHERS: Any = {"tags": frozenset({"tagged"}), "collections": frozenset({"press"})}
KEYS = ["all", "press", "tagged"]


def snapshot(*groups: str, file: str = "a.jpg", focal: str = "") -> Snapshot:
    return Snapshot(file, 10, "", focal, "1", frozenset(groups))


def story(*facts: dict[str, Any]) -> Story:
    return Story(
        object, 1, [ImageFact(**{"model": object, "pk": 1, "about": "image", **fact}) for fact in facts]
    )


def events(told: Story, now: Snapshot, state: Snapshot | None = None, unknown: Any = ()) -> dict[str, str]:
    return dict(compare(told, Seen(None, now, state, frozenset(unknown)), KEYS, WATCHERS).events)


CASES = {
    "new": (story({"new": True}), snapshot("all"), None, {"all": "created"}),
    "new, whatever a former image of this key was": (
        story({"new": True}),
        snapshot("all"),
        snapshot("press"),
        {"all": "created"},
    ),
    "nothing": (story({}), snapshot("all"), snapshot("all"), {}),
    "came": (story({}), snapshot("all", "press"), snapshot("all"), {"press": "created"}),
    "left": (story({}), snapshot("all"), snapshot("all", "press"), {"press": "deleted"}),
    "file": (
        story({}),
        snapshot("all", "press", file="b.jpg"),
        snapshot("all", "tagged"),
        {"all": "changed", "press": "created", "tagged": "deleted"},
    ),
    "focal point": (story({}), snapshot("all", focal="1,2,3,4"), snapshot("all"), {"all": "changed"}),
    "what was kept counts before what the database held": (
        story({"before": snapshot("all", "press")}),
        snapshot("all", "press"),
        snapshot("all"),
        {"press": "created"},
    ),
    "what the database held first": (
        story({"before": snapshot("all")}, {"before": snapshot("all", "press")}),
        snapshot("all", "press"),
        None,
        {"press": "created"},
    ),
    "unknown before": (story({}), snapshot("all", "press", "tagged"), None, {}),
    "unknown before, but this may have brought it": (
        story({"about": "tags"}),
        snapshot("all", "press", "tagged"),
        None,
        {"tagged": "created"},
    ),
    "unknown before, but it certainly was": (
        story({"about": "collections", "was": frozenset({"press"})}),
        snapshot("all"),
        None,
        {"press": "deleted"},
    ),
    "inside, whatever the database says": (
        story({"inside": frozenset({"tagged"})}),
        snapshot("all"),
        snapshot("all"),
        {"tagged": "created"},
    ),
    "outside, whatever the database says": (
        story({"outside": frozenset({"press"})}),
        snapshot("all", "press"),
        snapshot("all", "press"),
        {"press": "deleted"},
    ),
    "inside counts more than outside": (
        story({"outside": frozenset({"press"})}, {"inside": frozenset({"press"})}),
        snapshot("all", "press"),
        snapshot("all", "press"),
        {},
    ),
}


@pytest.mark.parametrize(("told", "now", "state", "expected"), CASES.values(), ids=CASES)
def test_what_happened(told: Story, now: Snapshot, state: Any, expected: dict[str, str]) -> None:
    assert events(told, now, state) == expected


def test_a_group_that_cannot_be_asked_keeps_its_images() -> None:
    seen = Seen(None, snapshot("all"), snapshot("all", "press"), frozenset({"press"}))
    verdict = compare(story({}), seen, KEYS, WATCHERS)
    assert verdict.events == {}
    assert verdict.now.groups == {"all", "press"}


def test_keys_of_groups_that_are_registered_no_more_are_forgotten() -> None:
    seen = Seen(None, snapshot("all"), snapshot("all", "gone"))
    verdict = compare(story({}), seen, KEYS, WATCHERS)
    assert verdict.events == {}
    assert verdict.now.groups == {"all"}


def test_a_replaced_file_is_told_from_one_whose_size_was_learnt() -> None:
    learnt = Snapshot("a.jpg", 10, "abc", "", "1", frozenset({"all"}))
    unlearnt = Snapshot("a.jpg", None, "", "", "1", frozenset({"all"}))
    assert compare(story({}), Seen(None, learnt, unlearnt), KEYS, WATCHERS).replaced is False
    assert (
        compare(story({}), Seen(None, snapshot("all", file="b.jpg"), learnt), KEYS, WATCHERS).replaced is True
    )


def test_a_deleted_image_leaves_the_groups_it_was_in() -> None:
    assert left(story({"before": snapshot("press", "gone")}, {"deleted": object()}), KEYS) == {
        "press": "deleted"
    }
    assert left(story({"deleted": object()}), KEYS) == {}
