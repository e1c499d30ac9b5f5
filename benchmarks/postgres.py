"""Databases of PostgreSQL, made for a measurement and dropped after it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: As for the tests: 127.0.0.1:5432 as ``postgres``, unless the usual variables say otherwise.
CONNECTION = {
    "HOST": os.environ.get("PGHOST", "127.0.0.1"),
    "PORT": os.environ.get("PGPORT", "5432"),
    "USER": os.environ.get("PGUSER", "postgres"),
    "PASSWORD": os.environ.get("PGPASSWORD", ""),
}


class NoPostgres(Exception):
    """What cannot be measured without it, and why it cannot be reached."""


@contextmanager
def database(name: str) -> Iterator[str]:
    """An empty database of this process; yields its name. Raises :exc:`NoPostgres` if no server answers."""
    full = f"benchmark_{os.getpid()}_{name}"
    with _server() as server:
        server.execute(f'CREATE DATABASE "{full}"')
    try:
        yield full
    finally:
        with _server() as server:
            server.execute(f'DROP DATABASE IF EXISTS "{full}" WITH (FORCE)')


@contextmanager
def _server() -> Iterator[Any]:
    try:
        import psycopg
    except ImportError as error:
        raise NoPostgres("needs PostgreSQL, and psycopg, which the dev extra installs") from error
    values = {
        {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}[name]: value
        for name, value in CONNECTION.items()
    }
    try:
        connection = psycopg.connect(**values, dbname="postgres", autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        why = str(error).strip().splitlines()[0]
        raise NoPostgres(
            f"needs PostgreSQL; the one at {values['host']}:{values['port']} does not answer: {why}"
        ) from error
    with connection:
        yield connection
