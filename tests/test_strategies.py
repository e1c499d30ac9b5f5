"""Strategies: how they are given, what makes one wrong, and which callback is called for what."""

from __future__ import annotations

from typing import Any

import pytest

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.exceptions import InvalidStrategy
from wagtail_sourcegroups.strategies import (
    DictStrategy,
    Eager,
    JustInTime,
    Manual,
    Optimistic,
    build_strategy,
    callback,
    default_strategy,
    strategy_identity,
)

CALLBACKS = (
    "on_source_created, on_source_changed, on_source_deleted, on_existence_required, on_content_required"
)


class FakeSet:
    """What a strategy is given, as far as it can tell."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def generate(self, force: bool = False) -> None:
        self.asked.append("generate")

    def enqueue(self) -> None:
        self.asked.append("enqueue")


class Saved:
    """As written for ImageKit."""

    def on_source_saved(self, file: Any) -> None:
        file.generate()


class SavedAndCreated(Saved):
    def on_source_created(self, file: Any) -> None:
        file.enqueue()


def asked(strategy: Any) -> dict[str, list[str]]:
    """What a strategy asks for, by callback."""
    found = {}
    for name in CALLBACKS.split(", "):
        function = callback(strategy, name)
        if function is not None:
            rendition_set = FakeSet()
            function(rendition_set)
            found[name] = rendition_set.asked
    return found


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (JustInTime(), {"on_existence_required": ["generate"], "on_content_required": ["generate"]}),
        (Optimistic(), {"on_source_created": ["enqueue"], "on_source_changed": ["enqueue"]}),
        (Eager(), {"on_source_created": ["generate"], "on_source_changed": ["generate"]}),
        (Manual(), {}),
        (
            DictStrategy({"on_source_deleted": lambda rendition_set: rendition_set.enqueue()}),
            {"on_source_deleted": ["enqueue"]},
        ),
        (Saved(), {"on_source_created": ["generate"], "on_source_changed": ["generate"]}),
        (SavedAndCreated(), {"on_source_created": ["enqueue"]}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_strategies_ask_for(strategy: Any, expected: dict[str, list[str]]) -> None:
    assert asked(strategy) == expected


@pytest.mark.parametrize(
    "given", ["wagtail_sourcegroups.strategies.Eager", Eager, Eager()], ids=["path", "class", "instance"]
)
def test_the_ways_to_give_a_strategy(given: Any) -> None:
    assert RenditionSpec("a", "width-20", strategy=given).strategy == Eager()


def test_a_strategy_as_a_dictionary() -> None:
    def act(rendition_set: Any) -> None:
        rendition_set.enqueue()

    spec = RenditionSpec("a", "width-20", strategy={"on_source_changed": act})
    assert spec.strategy == DictStrategy({"on_source_changed": act})
    assert asked(spec.strategy) == {"on_source_changed": ["enqueue"]}


@pytest.mark.parametrize(
    "given",
    ["wagtail_sourcegroups.strategies.Manual", Manual, Manual()],
    ids=["path", "class", "instance"],
)
def test_the_ways_to_set_the_default(settings: Any, given: Any) -> None:
    settings.WAGTAIL_SOURCEGROUPS = {"DEFAULT_STRATEGY": given}
    assert default_strategy() == Manual()
    assert asked(RenditionSpec("a", "width-20").strategy) == {}


def test_the_default_as_a_dictionary(settings: Any) -> None:
    settings.WAGTAIL_SOURCEGROUPS = {
        "DEFAULT_STRATEGY": {"on_source_created": lambda rendition_set: rendition_set.generate()}
    }
    assert asked(None) == {"on_source_created": ["generate"]}


def test_the_default_without_a_setting() -> None:
    assert default_strategy() == Optimistic()


class Misspelt:
    def on_source_create(self, rendition_set: Any) -> None: ...


class NoFunction:
    on_source_created = "enqueue"


class Mute:
    """Of another kind than ours, and with nothing to say."""


class Demanding:
    def __init__(self, argument: Any) -> None: ...

    def on_source_created(self, rendition_set: Any) -> None: ...


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            Misspelt(),
            f"The strategy Misspelt has on_source_create, which nothing calls; the callbacks are {CALLBACKS}.",
        ),
        (NoFunction(), "The strategy NoFunction has on_source_created = 'enqueue'; it must be callable."),
        (
            Mute(),
            f"The strategy Mute has no callback; it must have some of {CALLBACKS}. "
            "To do nothing by itself, use wagtail_sourcegroups.strategies.Manual.",
        ),
        (
            "wagtail_sourcegroups.strategies.Eagre",
            "The strategy 'wagtail_sourcegroups.strategies.Eagre' cannot be imported (Module "
            '"wagtail_sourcegroups.strategies" does not define a "Eagre" attribute/class); give the dotted path of '
            "a strategy class, such as 'wagtail_sourcegroups.strategies.Optimistic'.",
        ),
    ],
    ids=["misspelt", "no function", "mute", "path"],
)
def test_what_makes_a_strategy_wrong(given: Any, sentence: str) -> None:
    with pytest.raises(InvalidStrategy) as caught:
        build_strategy(given)
    assert str(caught.value) == sentence


def test_a_misspelt_callback_in_a_dictionary_names_the_callbacks() -> None:
    with pytest.raises(InvalidStrategy) as caught:
        RenditionSpec("a", "width-20", strategy={"on_source_made": print})
    assert "on_source_made" in str(caught.value)
    assert CALLBACKS in str(caught.value)


def test_a_class_that_needs_arguments() -> None:
    with pytest.raises(
        InvalidStrategy, match="^The strategy class Demanding cannot be made without arguments"
    ):
        build_strategy(Demanding)


def test_strategies_are_equal_by_class_and_arguments() -> None:
    def act(rendition_set: Any) -> None: ...

    assert Optimistic() == Optimistic()
    assert Optimistic() != Eager()
    assert DictStrategy({"on_source_created": act}) == DictStrategy({"on_source_created": act})
    assert DictStrategy({"on_source_created": act}) != DictStrategy({"on_source_changed": act})
    assert hash(Optimistic()) == hash(Optimistic())
    assert strategy_identity(Saved()) == strategy_identity(Saved())
    assert strategy_identity(Saved()) != strategy_identity(SavedAndCreated())
