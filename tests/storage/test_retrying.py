"""Which errors pass, and how long one waits for them."""

from __future__ import annotations

import errno
import http.client
import ssl
from collections.abc import Callable
from typing import Any

import botocore.exceptions
import pytest
import requests
import urllib3.exceptions
from boto3.exceptions import RetriesExceededError
from django.core.exceptions import SuspiciousFileOperation
from wagtail.images.models import SourceImageIOError

from wagtail_sourcegroups.exceptions import SourceUnreadable
from wagtail_sourcegroups.generation import retrying
from wagtail_sourcegroups.generation.retrying import BRIEFLY, ONCE, Patience, is_transient, persist

pytestmark = pytest.mark.once


def s3_error(status: int, code: str) -> Exception:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return botocore.exceptions.ClientError(response, "PutObject")


class WithStatus(Exception):
    """As the clients of Google (``code``) and Azure (``status_code``) raise them."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


def wrapped(error: Exception, wrapper: Exception) -> Exception:
    """As ``raise wrapper from error``."""
    wrapper.__cause__ = error
    return wrapper


def in_the_course_of(error: Exception, wrapper: Exception) -> Exception:
    """As ``raise wrapper`` where ``error`` is caught."""
    wrapper.__context__ = error
    return wrapper


def answered(status: int) -> Exception:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError("As told", response=response)


PASSING = [
    s3_error(500, "InternalError"),
    s3_error(503, "SlowDown"),
    s3_error(503, "503"),
    s3_error(400, "RequestTimeout"),
    s3_error(429, "TooManyRequests"),
    s3_error(409, "OperationAborted"),
    TimeoutError("timed out"),
    ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
    ConnectionError("without a number"),
    BrokenPipeError(errno.EPIPE, "Broken pipe"),
    OSError(errno.EAGAIN, "Try again"),
    OSError(errno.ESTALE, "Stale file handle"),
    OSError(errno.EMFILE, "Too many open files"),
    OSError(errno.ENETUNREACH, "Network is unreachable"),
    botocore.exceptions.ConnectTimeoutError(endpoint_url="http://s3"),
    botocore.exceptions.ReadTimeoutError(endpoint_url="http://s3"),
    botocore.exceptions.EndpointConnectionError(endpoint_url="http://s3"),
    botocore.exceptions.ConnectionClosedError(endpoint_url="http://s3"),
    botocore.exceptions.ResponseStreamingError(error="reset"),
    botocore.exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2),
    RetriesExceededError(TimeoutError("timed out")),
    urllib3.exceptions.ProtocolError("Connection broken"),
    urllib3.exceptions.ReadTimeoutError(None, "", "Read timed out."),  # type: ignore[arg-type]
    http.client.IncompleteRead(b""),
    http.client.RemoteDisconnected("Remote end closed connection without response"),
    requests.ConnectionError("reset"),
    requests.Timeout("timed out"),
    answered(503),
    WithStatus(code=503),
    WithStatus(status_code=408),
    wrapped(TimeoutError("timed out"), SourceUnreadable("The original cannot be read.")),
    wrapped(wrapped(s3_error(503, "SlowDown"), SourceImageIOError("503")), SourceUnreadable("Unreadable.")),
    in_the_course_of(s3_error(503, "SlowDown"), RuntimeError("The upload failed")),
]

LASTING = [
    s3_error(403, "AccessDenied"),
    s3_error(404, "NoSuchKey"),
    s3_error(404, "NoSuchBucket"),
    s3_error(400, "InvalidRequest"),
    s3_error(507, "InsufficientStorage"),
    botocore.exceptions.NoCredentialsError(),
    botocore.exceptions.ParamValidationError(report="Missing required parameter"),
    FileNotFoundError(errno.ENOENT, "No such file"),
    FileNotFoundError("File does not exist: one.jpg"),
    PermissionError("403"),
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.ENAMETOOLONG, "File name too long"),
    OSError(errno.EROFS, "Read-only file system"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    OSError("image file is truncated"),
    SuspiciousFileOperation("Outside"),
    ValueError("I/O operation on closed file"),
    MemoryError(),
    ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"),
    botocore.exceptions.SSLError(endpoint_url="https://s3", error="CERTIFICATE_VERIFY_FAILED"),
    answered(401),
    WithStatus(code=412),
    WithStatus(code="a word"),
    wrapped(FileNotFoundError(errno.ENOENT, "No such file"), SourceUnreadable("Not in storage.")),
    # django-storages says in its own words what S3 said.
    in_the_course_of(s3_error(404, "NoSuchKey"), FileNotFoundError("File does not exist: one.jpg")),
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_passes(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize("error", LASTING, ids=repr)
def test_does_not_pass(error: Exception) -> None:
    assert not is_transient(error)


def test_errors_that_come_from_each_other() -> None:
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__cause__, other.__cause__ = other, one
    assert not is_transient(one)


class Attempts:
    """Fails with each of some errors, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


class TestPersisting:
    def test_until_it_succeeds(self, pauses: list[float]) -> None:
        attempts = Attempts(TimeoutError(), TimeoutError())
        assert persist(attempts) == "done"
        assert (attempts.made, pauses) == (3, [0.4, 0.8])

    def test_no_longer_than_patience_lasts(self, pauses: list[float]) -> None:
        attempts = Attempts(*(TimeoutError(str(number)) for number in range(9)))
        with pytest.raises(TimeoutError, match="3"):
            persist(attempts)
        assert (attempts.made, pauses) == (4, [0.4, 0.8, 1.6])

    @pytest.mark.parametrize(("patience", "made"), [(BRIEFLY, 2), (ONCE, 1), (Patience(attempts=3), 3)])
    def test_patience_is_of_many_kinds(self, patience: Patience, made: int) -> None:
        attempts = Attempts(*(TimeoutError() for _ in range(9)))
        with pytest.raises(TimeoutError):
            persist(attempts, patience)
        assert attempts.made == made

    def test_not_for_what_does_not_pass(self, pauses: list[float]) -> None:
        attempts = Attempts(TimeoutError(), PermissionError("403"), TimeoutError())
        with pytest.raises(PermissionError):
            persist(attempts)
        assert (attempts.made, pauses) == (2, [0.4])

    def test_not_for_an_interruption(self, pauses: list[float]) -> None:
        def interrupted() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            persist(interrupted)
        assert pauses == []

    def test_not_when_attempts_take_too_long(
        self, pauses: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A storage that hangs until a timeout of a minute is not waited for four times."""
        times = iter([0.0, 29.9])
        monkeypatch.setattr(retrying, "clock", lambda: next(times))
        attempts = Attempts(TimeoutError(), TimeoutError())
        with pytest.raises(TimeoutError):
            persist(attempts)
        assert (attempts.made, pauses) == (1, [])

    @pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
    def test_pauses_are_chance(
        self, pauses: list[float], monkeypatch: pytest.MonkeyPatch, share: float
    ) -> None:
        monkeypatch.setattr(retrying, "chance", lambda: share)
        persist(Attempts(TimeoutError(), TimeoutError(), TimeoutError()))
        assert pauses == [0.4 * share, 0.8 * share, 1.6 * share]


@pytest.mark.parametrize("attempt", [1, 2, 5, 50])
def test_no_pause_is_longer_than_the_longest(attempt: int) -> None:
    wait: Callable[[int, float], float] = Patience(first=0.5, longest=3.0).wait
    assert wait(attempt, 1.0) == min(0.5 * 2 ** (attempt - 1), 3.0)
