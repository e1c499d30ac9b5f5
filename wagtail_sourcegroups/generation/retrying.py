"""
What fails for a moment only is tried again: a storage far away does that, and the next attempt mostly succeeds.

Which errors pass is decided by what they say of themselves, a number or a name: none of the libraries that talk to
storages is imported, for a site has one of them at most.
"""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")

#: The system was interrupted, out of something for a moment, or did not reach the other machine.
PASSING_ERRNOS = frozenset(
    getattr(errno, name)
    for name in (
        "EAGAIN", "EINTR", "EBUSY", "EMFILE", "ENFILE", "ENOBUFS", "ESTALE", "EPIPE", "ETIMEDOUT",
        "ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETRESET",
        "ENETUNREACH",
    )
    if hasattr(errno, name)
)  # fmt: skip

#: Of HTTP: too slow, too early, too many, and what a server cannot help.
PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 509})

#: S3 says some of it under another status, as 400 for a request that came too slowly.
PASSING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "ConditionalRequestConflict",
        "InternalError",
        "OperationAborted",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)

#: Classes of botocore, s3transfer, urllib3, requests, http.client, Google's and Azure's clients, for a connection that
#: was not made, broke, or brought less than was announced.
PASSING_CLASSES = frozenset(
    {
        "ChunkedEncodingError",
        "ConnectTimeout",
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "EndpointConnectionError",
        "HTTPClientError",
        "IncompleteRead",
        "IncompleteReadError",
        "NewConnectionError",
        "ProtocolError",
        "ReadTimeout",
        "ReadTimeoutError",
        "ResponseStreamingError",
        "RetriesExceededError",
        "ServiceRequestError",
        "ServiceResponseError",
        "TransportError",
    }
)

#: The builtin classes of this name are errors of the system; theirs of the same name are none.
_THEIR_CONNECTION_ERRORS = frozenset({"ConnectionError", "Timeout"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """
    How often something is attempted, and how long one waits before the next attempt: at most ``first`` seconds, then
    twice that, never more than ``longest``. No attempt begins ``in_all`` seconds after the first one or later.
    """

    attempts: int = 4
    first: float = 0.4
    longest: float = 5.0
    in_all: float = 30.0

    def wait(self, failed: int, share: float) -> float:
        """
        Seconds to wait after so many failures; ``share`` is chance, between 0 and 1. All of it is chance: those who
        were turned away together shall not come back together.
        """
        return share * min(self.longest, self.first * 2.0 ** (failed - 1))


#: Where whole runs wait for one thread.
BRIEFLY = Patience(attempts=2, in_all=5.0)
ONCE = Patience(attempts=1)

#: Replaced by tests, which do not wait.
pause = time.sleep
chance = random.random
clock = time.monotonic


def persist(attempt: Callable[[], Result], patience: Patience | None = None) -> Result:
    """
    What ``attempt`` returns, at the latest attempt. Raises what the last one raised: at once if that does not pass.

    Whatever an attempt reads it has to rewind.
    """
    patience = patience or Patience()
    began = clock()
    failed = 0
    while True:
        try:
            return attempt()
        except Exception as error:
            failed += 1
            if failed >= patience.attempts or not is_transient(error):
                raise
            seconds = patience.wait(failed, chance())
            if clock() - began + seconds >= patience.in_all:
                raise
        pause(seconds)


def is_transient(error: BaseException) -> bool:
    """Whether the same may well succeed in a moment. Who says nothing of it is taken for final. Pure."""
    for each in _chain(error):
        verdict = _verdict(each)
        if verdict is not None:
            return verdict
    return False


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it came from: Wagtail, and we, wrap what a storage says."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _verdict(error: BaseException) -> bool | None:
    """Whether one error passes, as far as it tells."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return False
    code = _code(error)
    if code in PASSING_CODES:
        return True
    status = _status(error)
    if status is not None:
        return status in PASSING_STATUSES
    if isinstance(error, (TimeoutError, ConnectionError)):
        return True
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in PASSING_ERRNOS
    if isinstance(error, (FileNotFoundError, PermissionError)):
        # As storages raise it, with a sentence and no number.
        return False
    names = {each.__name__ for each in type(error).__mro__ if each.__module__ != "builtins"}
    if names & (PASSING_CLASSES | _THEIR_CONNECTION_ERRORS):
        return True
    return None


def _code(error: Any) -> str | None:
    """The word that S3 has for it."""
    response = getattr(error, "response", None)
    found = response.get("Error") if isinstance(response, dict) else None
    code = found.get("Code") if isinstance(found, dict) else None
    return code if isinstance(code, str) else None


def _status(error: Any) -> int | None:
    """The status of HTTP, wherever a library keeps it."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        metadata = response.get("ResponseMetadata")
        candidates = [metadata.get("HTTPStatusCode") if isinstance(metadata, dict) else None]
    else:
        candidates = [getattr(error, "status_code", None), getattr(response, "status_code", None)]
        candidates += [getattr(error, "code", None)]
    for candidate in candidates:
        if isinstance(candidate, int) and 100 <= candidate <= 599:
            return int(candidate)
    return None
