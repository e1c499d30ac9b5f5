"""What an error says that editors may read: neither where files lie on the machine, nor what opens a door."""

from __future__ import annotations

import re

LONGEST = 500
"""Characters. A decoder may quote what it could not read, however long that is."""
HIDDEN = "…"

ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]*)://([^\s'\"<>]*)", re.IGNORECASE)
SECRET = re.compile(
    r"(\w*(?:passw(?:or)?d|pwd|secret|token|signature|credentials?|authorization|api_?key|access_?key)\w*"
    r"['\"]?\s*[=:]\s*)((?:(?:basic|bearer)\s+)?(?:'[^']*'|\"[^\"]*\"|[^\s,;&)}]+))",
    re.IGNORECASE,
)
ACCESS_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b")
QUOTED_PATH = re.compile(r"(?P<quote>['\"])(?P<path>(?:/|[A-Za-z]:[\\/])[^'\"]*)(?P=quote)")
# Not the end of a tag, nor a part of a date, a fraction or a relative path.
PATH = re.compile(r"(?<![\w/.<:\\])(?:[A-Za-z]:[\\/]+|/)(?:[^\s/\\'\"<>|:,;()]+[\\/]+)+[^\s/\\'\"<>|:,;()]*")


def discreet(text: str) -> str:
    """
    The text in one line, as it may be shown: of a path only the last name is left, of an address the host, of a
    password, a token or a signature nothing.
    """
    text = ADDRESS.sub(_only_host, " ".join(text.split()))
    text = SECRET.sub(rf"\1{HIDDEN}", text)
    text = ACCESS_KEY.sub(HIDDEN, text)
    text = QUOTED_PATH.sub(lambda found: found["quote"] + _last_name(found["path"]) + found["quote"], text)
    text = PATH.sub(lambda found: _last_name(found[0]), text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + HIDDEN


def _only_host(found: re.Match[str]) -> str:
    scheme, rest = found.groups()
    # Before the last @ there is a name and a password, which may hold a slash.
    rest = rest.rpartition("@")[2]
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return f"{scheme}://{host}" + ("" if host == rest else f"/{HIDDEN}")


def _last_name(path: str) -> str:
    return re.split(r"[\\/]+", path.rstrip("\\/"))[-1]
