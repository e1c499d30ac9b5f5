"""``python -m tests.postgres``: exit 0 if the PostgreSQL of the tests answers, else say why not and exit 1."""

import os
import sys

import psycopg


def main() -> int:
    host, port = os.environ.get("PGHOST", "127.0.0.1"), os.environ.get("PGPORT", "5432")
    try:
        psycopg.connect(
            host=host,
            port=port,
            user=os.environ.get("PGUSER", "postgres"),
            password=os.environ.get("PGPASSWORD", ""),
            dbname="postgres",
            connect_timeout=5,
        ).close()
    except psycopg.OperationalError as error:
        sys.stderr.write(
            f"PostgreSQL at {host}:{port} does not answer: {str(error).strip().splitlines()[0]}\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
