from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wagtail import hooks

from wagtail_sourcegroups import RenditionSpec, register, unregister
from wagtail_sourcegroups.exceptions import InvalidSourceGroup, InvalidSpec, UnknownSpec
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.sourcegroups import CollectionSourceGroup, ImageModelSourceGroup


@pytest.fixture
def registry() -> Iterator[Registry]:
    with get_registry().override(empty=True) as registry:
        yield registry


class Pictures:
    def __init__(self, place: str) -> None:
        self.place = place

    def files(self) -> list[Any]:
        return []


class TestSpecs:
    def test_register_returns_the_spec(self, registry: Registry) -> None:
        spec = register.spec("a:b", "width-1", label="L")
        assert registry.specs == {"a:b": spec}
        assert registry.spec("a:b") is spec

    def test_equal_again_changes_nothing(self, registry: Registry) -> None:
        register.spec("a", "width-1")
        version = registry.version
        register.spec("a", "width-1")
        assert registry.version == version

    def test_another_definition_is_refused_and_both_places_named(self, registry: Registry) -> None:
        register.spec("a", "width-1")
        with pytest.raises(InvalidSpec) as raised:
            register.spec("a", "width-2")
        message = str(raised.value)
        assert message.count(f"{__file__}:") == 2
        assert "Give one of them another id." in message

    def test_unknown_names_the_nearest(self, registry: Registry) -> None:
        register.spec("blog:hero", "width-1")
        with pytest.raises(UnknownSpec) as raised:
            registry.spec("blog:heros")
        assert raised.value.args == ("No spec 'blog:heros' is registered; did you mean 'blog:hero'?",)

    def test_unknown_lists_all_where_none_is_near(self, registry: Registry) -> None:
        register.spec("blog:hero", "width-1")
        with pytest.raises(UnknownSpec) as raised:
            registry.select(["zzz"])
        assert raised.value.args == ("No spec matches 'zzz'; the registered specs are 'blog:hero'.",)

    def test_select(self, registry: Registry) -> None:
        for spec_id in ("blog:hero", "blog:card", "press"):
            register.spec(spec_id, "width-1")
        assert [spec.id for spec in registry.select(["blog"])] == ["blog:hero", "blog:card"]
        assert [spec.id for spec in registry.select([])] == ["blog:hero", "blog:card", "press"]

    def test_unregister_takes_the_bindings_along(self, registry: Registry) -> None:
        register.spec("a", "width-1")
        register.source_group("a", Pictures("x"))
        unregister.spec("a")
        assert registry.specs == {}
        assert registry.bindings == ()
        with pytest.raises(UnknownSpec):
            unregister.spec("a")


class TestGroups:
    def test_order_does_not_matter(self, registry: Registry) -> None:
        group = register.source_group(["a", "b"], ImageModelSourceGroup())
        register.spec("b", "width-2")
        register.spec("a", "width-1")
        assert [(b.spec.id, b.group) for b in registry.bindings] == [("a", group), ("b", group)]
        assert registry.problems == ()

    def test_equal_again_changes_nothing(self, registry: Registry) -> None:
        register.spec("a", "width-1")
        for _ in range(2):
            register.source_group("a", CollectionSourceGroup("Press"))
            register.source_group("a", Pictures("x"))
        assert len(registry.bindings) == 2
        assert len(registry.groups) == 2

    def test_unregister_takes_an_equal_one(self, registry: Registry) -> None:
        register.spec("a", "width-1")
        register.source_group("a", Pictures("x"))
        register.source_group("a", Pictures("y"))
        unregister.source_group("a", Pictures("x"))
        assert [binding.group.registered.place for binding in registry.bindings] == ["y"]
        with pytest.raises(
            InvalidSourceGroup, match="is not registered for 'a', so it cannot be unregistered"
        ):
            unregister.source_group("a", Pictures("x"))

    def test_without_files(self, registry: Registry) -> None:
        with pytest.raises(InvalidSourceGroup, match=r"has no files\(\) method"):
            register.source_group("a", object())

    def test_a_class_is_no_group(self, registry: Registry) -> None:
        with pytest.raises(InvalidSourceGroup, match=r"Pictures .* is a class; register an instance"):
            register.source_group("a", Pictures)

    def test_of_an_unknown_spec_is_a_problem_that_names_the_place(self, registry: Registry) -> None:
        register.source_group("nobody", Pictures("x"))
        (problem,) = registry.problems
        assert "the spec 'nobody', which is not registered" in problem.message
        assert problem.location.startswith(f"{__file__}:")

    def test_senders(self, registry: Registry) -> None:
        register.spec("a", "width-1")
        pictures = register.source_group("a", Pictures("x"))
        group = registry.group_of(pictures)
        assert group is not None
        assert group.registered is pictures
        assert registry.group_of(Pictures("x")) is group
        assert registry.group_of(Pictures("y")) is None
        assert [spec.id for spec in registry.specs_of(pictures)] == ["a"]


class TestProblems:
    def test_unknown_operation(self, registry: Registry) -> None:
        register.spec("a", "widht-100")
        (problem,) = registry.problems
        assert problem.message.startswith(
            "Spec 'a' has the filter spec 'widht-100', which Wagtail cannot read: Unrecognised operation: widht."
        )
        assert problem.location.startswith(f"{__file__}:")

    def test_bad_number(self, registry: Registry) -> None:
        register.spec("a", "width-x")
        assert "'width-x', which Wagtail cannot read: invalid literal" in registry.problems[0].message

    @pytest.mark.parametrize("fine", ["width-100|preserve-svg", "format-webp|preserve-svg|width-1"])
    def test_preserve_svg_is_no_operation(self, registry: Registry, fine: str) -> None:
        register.spec("a", fine)
        assert registry.problems == ()

    def test_preserve_svg_alone(self, registry: Registry) -> None:
        register.spec("a", "preserve-svg")
        assert "must stand beside" in registry.problems[0].message

    def test_operations_of_the_site_may_come_after(self, registry: Registry) -> None:
        from wagtail.images.image_operations import DoNothingOperation

        register.spec("a", "shiny")
        with hooks.register_temporarily("register_image_operations", lambda: [("shiny", DoNothingOperation)]):
            assert registry.problems == ()


class TestHooks:
    def test_both(self) -> None:
        group = Pictures("hooked")

        def specs() -> list[RenditionSpec]:
            return [RenditionSpec("hooked:one", "width-1")]

        def groups() -> list[Any]:
            return [("hooked:one", group)]

        with (
            get_registry().override() as registry,
            hooks.register_temporarily(
                [("register_rendition_specs", specs), ("register_source_groups", groups)]
            ),
        ):
            # As if the process had just begun: hooks are read when the registry is first asked.
            registry._reading = None
            assert registry.spec("hooked:one").filters == ("width-1",)
            assert [b.spec.id for b in registry.bindings if b.group.registered is group] == ["hooked:one"]
            assert registry.location("hooked:one").startswith(__file__)

    def test_a_hook_that_returns_something_else(self) -> None:
        with (
            get_registry().override() as registry,
            hooks.register_temporarily("register_source_groups", lambda: ["just-an-id"]),
            pytest.raises(InvalidSourceGroup, match="it must return pairs of a spec id"),
        ):
            registry._reading = None
            registry.read()


class TestOverride:
    def test_forgets_what_was_registered_inside(self) -> None:
        registry = get_registry()
        before = registry.specs
        with registry.override():
            register.spec("inside", "width-1")
            assert "inside" in registry.specs
        assert registry.specs == before

    def test_brings_back_what_was_unregistered_inside(self, registry: Registry) -> None:
        register.spec("a", "width-1")
        with registry.override():
            unregister.spec("a")
            assert registry.specs == {}
        assert list(registry.specs) == ["a"]

    def test_versions_are_never_used_twice(self, registry: Registry) -> None:
        outside = registry.version
        with registry.override():
            register.spec("a", "width-1")
            inside = registry.version
        assert len({outside, inside, registry.version}) == 3


def test_registering_needs_no_django_and_loads_no_model() -> None:
    code = (
        "import sys\n"
        "from wagtail_sourcegroups import register, unregister, RenditionSpec\n"
        "register.spec('early', 'width-1')\n"
        "assert not any(name.endswith('.models') for name in sys.modules), sys.modules\n"
        "import django; django.setup()\n"
        "from wagtail_sourcegroups.registry import get_registry\n"
        "print(get_registry().spec('early').filters, get_registry().location('early'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout == "('width-1',) <string>:3\n"
