from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest
from wagtail.images.models import Filter

from wagtail_sourcegroups import RenditionSpec
from wagtail_sourcegroups.exceptions import InvalidFilters, InvalidSpec, InvalidStrategy
from wagtail_sourcegroups.specs import expand_filters, matches
from wagtail_sourcegroups.strategies import DictStrategy, Eager, JustInTime, Manual, Optimistic


class TestFilters:
    @pytest.mark.parametrize(
        "pattern",
        [
            "width-800",
            "fill-{800x450,1600x900}|format-{avif,webp,jpeg}",
            "format-{avif,webp} fill-{800x450,1600x900}",
            "width-{400,800}",
            "fill-100x100-c{50,100}|jpegquality-80",
            "original",
        ],
    )
    def test_expand_as_wagtails(self, pattern: str) -> None:
        assert list(expand_filters(pattern)) == Filter.expand_spec(pattern)

    def test_several_keep_their_order_and_come_once(self) -> None:
        assert expand_filters(["width-{800,400}", "width-400", "max-10x10"]) == (
            "width-800",
            "width-400",
            "max-10x10",
        )

    def test_order_of_operations_is_not_touched(self) -> None:
        assert expand_filters("width-100|format-webp") == ("width-100|format-webp",)
        assert expand_filters("format-webp|width-100") == ("format-webp|width-100",)

    @pytest.mark.parametrize(
        "pattern", ["width-{400", "width-400}", "width-{4,{5}}", "w{1}{2}", "width-{}", "a||b", ""]
    )
    def test_bad_braces_are_named(self, pattern: str) -> None:
        with pytest.raises(InvalidFilters) as raised:
            RenditionSpec("a", pattern)
        assert str(raised.value).startswith("Spec 'a': ")
        assert repr(pattern) in str(raised.value)

    def test_bad_braces_say_what_is_accepted(self) -> None:
        with pytest.raises(InvalidFilters) as raised:
            RenditionSpec("blog:hero", "width-{400,800|format-webp")
        assert raised.value.args == (
            "Spec 'blog:hero': 'width-{400,800' in 'width-{400,800|format-webp' does not expand: an operation may "
            "hold one pair of braces around words joined by commas, such as 'width-{400,800}'.",
        )

    def test_too_long_for_wagtails_column(self) -> None:
        with pytest.raises(InvalidFilters, match="has 260 characters; Wagtail stores at most 255"):
            RenditionSpec("a", "width-1|" * 32 + "widt")

    def test_none_at_all(self) -> None:
        with pytest.raises(InvalidFilters) as raised:
            RenditionSpec("a", [])
        assert raised.value.args == (
            "Spec 'a': there are no filters; give at least one, such as 'width-800'.",
        )


class TestRenditionSpec:
    def test_is_a_value(self) -> None:
        one = RenditionSpec("a:b", "width-{1,2}", strategy=Optimistic(), label="L")
        other = RenditionSpec("a:b", ["width-1", "width-2"], strategy=Optimistic, label="L")
        assert one == other
        assert hash(one) == hash(other)

    @pytest.mark.parametrize(
        "other",
        [
            RenditionSpec("a:c", "width-1"),
            RenditionSpec("a:b", "width-2"),
            RenditionSpec("a:b", "width-1", strategy=Manual()),
            RenditionSpec("a:b", "width-1", label="L"),
            RenditionSpec("a:b", "width-1", description="D"),
            RenditionSpec("a:b", "width-1", fallback="none"),
            RenditionSpec("a:b", "width-1", exact=False),
        ],
    )
    def test_differs_in_anything(self, other: RenditionSpec) -> None:
        assert RenditionSpec("a:b", "width-1") != other

    def test_strategy_arguments_count(self) -> None:
        def make(rendition_set: object) -> None: ...

        def other(rendition_set: object) -> None: ...

        def spec(callback: object) -> RenditionSpec:
            return RenditionSpec("a", "width-1", strategy={"on_source_created": callback})

        assert spec(make) == spec(make)
        assert spec(make) != spec(other)
        assert spec(make).strategy == DictStrategy({"on_source_created": make})

    def test_strategies_of_other_makes_compare_by_their_attributes(self) -> None:
        class Theirs:
            def __init__(self, speed: int) -> None:
                self.speed = speed

            def on_source_saved(self, file: object) -> None: ...

        assert RenditionSpec("a", "width-1", strategy=Theirs(1)) == RenditionSpec(
            "a", "width-1", strategy=Theirs(1)
        )
        assert RenditionSpec("a", "width-1", strategy=Theirs(1)) != RenditionSpec(
            "a", "width-1", strategy=Theirs(2)
        )

    def test_cannot_be_changed(self) -> None:
        spec = RenditionSpec("a", "width-1")
        with pytest.raises(FrozenInstanceError):
            spec.id = "b"  # type: ignore[misc]

    def test_survives_a_copy(self) -> None:
        spec = RenditionSpec("a", "width-1", strategy=JustInTime())
        assert pickle.loads(pickle.dumps(spec)) == spec

    @pytest.mark.parametrize("bad", ["", "a::b", ":a", "a b", "a/b", "é", None, 3])
    def test_bad_ids_say_what_is_accepted(self, bad: object) -> None:
        with pytest.raises(InvalidSpec) as raised:
            RenditionSpec(bad, "width-1")  # type: ignore[arg-type]
        assert raised.value.args == (
            f"{bad!r} is no spec id: it must be segments of letters, digits, '_', '-' and '.', joined by single "
            "colons, such as 'blog:hero'.",
        )

    def test_bad_fallback(self) -> None:
        with pytest.raises(InvalidSpec) as raised:
            RenditionSpec("a", "width-1", fallback="blank")  # type: ignore[arg-type]
        assert raised.value.args == (
            "Spec 'a' has fallback='blank'; it must be one of 'nearest', 'original', 'none'.",
        )

    def test_bad_strategy_is_refused_at_once(self) -> None:
        class Misspelt:
            def on_source_create(self, rendition_set: object) -> None: ...

        with pytest.raises(InvalidStrategy, match="on_source_create, which nothing calls"):
            RenditionSpec("a", "width-1", strategy=Misspelt())

    def test_strategy_by_path(self) -> None:
        spec = RenditionSpec("a", "width-1", strategy="wagtail_sourcegroups.strategies.Eager")
        assert spec.strategy == Eager()


@pytest.mark.parametrize(
    ("pattern", "spec_id", "expected"),
    [
        ("blog:hero", "blog:hero", True),
        ("blog", "blog:hero", True),
        ("blog", "blogs:hero", False),
        ("blog:*", "blog:hero", True),
        ("blog:*", "blog:hero:big", True),
        ("blog:*:big", "blog:hero:big", True),
        ("*:thumb", "blog:hero:thumb", False),
        ("**:thumb", "blog:hero:thumb", True),
        ("**", "anything:at:all", True),
        ("blog:h*o", "blog:hero", True),
        ("hero", "blog:hero", False),
        ("a.b", "axb", False),
    ],
)
def test_patterns(pattern: str, spec_id: str, expected: bool) -> None:
    assert matches(pattern, spec_id) is expected
