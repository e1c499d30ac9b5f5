"""Errors that may be kept."""

from __future__ import annotations

import weakref
from collections.abc import Callable

import pytest

from wagtail_sourcegroups.rendering.outputs import without_traceback

pytestmark = pytest.mark.once


class Frame:
    pass


def failing(frame: Frame) -> None:
    held = frame
    raise ValueError(f"cannot save {type(held).__name__}")


def failing_twice(frame: Frame) -> None:
    held = frame
    try:
        failing(held)
    except ValueError as error:
        raise RuntimeError("could not finish") from error


def kept(call: Callable[[Frame], None]) -> tuple[Exception, weakref.ref[Frame]]:
    frame = Frame()
    try:
        call(frame)
    except (RuntimeError, ValueError) as error:
        return without_traceback(error), weakref.ref(frame)
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("call", [failing, failing_twice])
def test_what_the_failing_code_held_is_let_go(call: Callable[[Frame], None]) -> None:
    error, reference = kept(call)
    assert isinstance(error, Exception)
    assert reference() is None


def test_the_causes_are_still_told() -> None:
    error, _reference = kept(failing_twice)
    assert (str(error), str(error.__cause__)) == ("could not finish", "cannot save Frame")


def test_a_ring_of_causes_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert without_traceback(first) is first
