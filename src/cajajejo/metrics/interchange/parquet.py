"""Flat rows as Parquet, written by row groups and read by batches; the only import of pyarrow."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import require
from cajajejo.metrics.interchange import flat
from cajajejo.metrics.interchange.columns import COLUMNS, OF_METRICS, OF_RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from cajajejo.metrics.history.rows import StoredRun
    from cajajejo.metrics.interchange.flat import Value

GROUP: Final = 50_000
_BATCH: Final = 10_000
_BUFFER: Final = 1024 * 1024
_PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@contextmanager
def writing(file: Any) -> Iterator[Callable[[StoredRun], int]]:
    """What takes a run and says how many rows that were, each group of rows written when it is full.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    arrow, parquet = _package(), _parquet()
    kinds = {"text": arrow.string(), "integer": arrow.int64(), "number": arrow.float64(), "flag": arrow.bool_()}
    kinds |= {"time": arrow.float64(), "moment": arrow.timestamp("us", tz="UTC")}
    schema = arrow.schema([(column.name, kinds[column.kind]) for column in (*OF_RUNS, *OF_METRICS)])
    waiting: list[tuple[Value, ...]] = []
    with parquet.ParquetWriter(file, schema, compression="zstd") as target:

        def write(stored: StoredRun) -> int:
            run, metrics = flat.of_run(stored), flat.of_metrics(stored)
            waiting.extend(run + metric for metric in metrics)
            if len(waiting) >= GROUP:
                send()
            return len(metrics)

        def send() -> None:
            if waiting:
                columns = [_column(values, place) for place, values in enumerate(zip(*waiting, strict=True))]
                arrays = [
                    arrow.array(values, kind) for values, kind in zip(columns, (f.type for f in schema), strict=True)
                ]
                target.write_batch(arrow.record_batch(arrays, schema=schema))
                waiting.clear()

        yield write
        send()


def _column(values: Sequence[Value], place: int) -> Sequence[Value]:
    if COLUMNS[place].kind != "moment":
        return values
    return [round(value * 1_000_000) if isinstance(value, float) else value for value in values]


class NotParquetError(ValueError):
    """A file that is no Parquet, or is damaged; the message is what pyarrow says."""


def names(file: BinaryIO) -> list[str]:
    """The names of the columns.

    Raises:
        NotParquetError: it is no Parquet, or is damaged.
        MissingExtraError: pyarrow is not installed.
    """
    with _explained():
        return [str(name) for name in _parquet().ParquetFile(file).schema_arrow.names]


def rows(file: BinaryIO, wanted: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The rows with the columns `wanted`, as Python's values; times as seconds since the epoch.

    Raises:
        NotParquetError: it is no Parquet, or is damaged.
        MissingExtraError: pyarrow is not installed.
    """
    with _explained():
        found = _parquet().ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False)
        for batch in found.iter_batches(_BATCH, columns=list(wanted)):
            columns = [_values(batch.column(batch.schema.get_field_index(name))) for name in wanted]
            yield from zip(*columns, strict=True)


def _values(column: Any) -> list[Any]:
    arrow = _package()
    if not arrow.types.is_timestamp(column.type):
        return list(column.to_pylist())
    per_second = _PER_SECOND[column.type.unit]
    whole = column.cast(arrow.int64()).to_pylist()
    return [None if value is None else value / per_second for value in whole]


@contextmanager
def _explained() -> Iterator[None]:
    arrow = _package()
    try:
        yield
    except (arrow.lib.ArrowException, OSError, UnicodeDecodeError) as error:  # also names and texts that are no UTF-8
        says = next(iter(str(error).splitlines()), type(error).__name__)
        raise NotParquetError(says) from error


def _package() -> Any:
    return require("pyarrow", extra="evaluation", purpose="Parquet")


def _parquet() -> Any:
    return require("pyarrow.parquet", extra="evaluation", purpose="Parquet")
