"""What `SqlStore` asks of a database: one moment of it to read, and one transaction to write in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from cajajejo.metrics.history.store import Selected


class Cursor(Protocol):
    """What a statement found, or did."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Any:
        """The next row, as a tuple; None: there is none."""

    def fetchall(self) -> list[Any]:
        """All further rows, as tuples."""

    def __iter__(self) -> Iterator[Any]:
        """The further rows, one by one."""


class Connection(Protocol):
    """Something that executes statements; their values stand for question marks."""

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Cursor:
        """Executes a statement."""

    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> object:
        """Executes a statement once for each of `values`."""


class Database(Protocol):
    """A database with the tables of the history, whichever version made them. Every method may raise `HistoryError`."""

    @property
    def url(self) -> str:
        """Where it is, without a password."""

    def reading(self) -> AbstractContextManager[Connection | None]:
        """One moment of it, whatever others write meanwhile; None where nothing was ever written."""

    def writing(self) -> AbstractContextManager[Connection]:
        """One transaction, alone among those that write: what is executed is written whole, or not at all."""

    def selecting(self, query: str) -> AbstractContextManager[Selected]:
        """What a query of the user's finds; it can change nothing. The tables are in `metrics_handler_dataset`."""

    def give_back(self) -> None:
        """Gives the space of what was removed back to whoever else needs it."""
