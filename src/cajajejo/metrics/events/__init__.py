"""Event files read: the only package of the metrics that knows TensorBoard.

Every directory at any depth that holds an event file is a run, named by its path below the log directory (``.`` is the
log directory itself). Scalars are read whole, never sampled, whether they stand as ``simple_value`` or as a tensor of
one element of any numeric type; what is no scalar is skipped. NaN and infinity are kept. What is damaged is left out,
counted and told; everything else comes back, and no number is believed whose checksum has not been verified.

How a million scalars are read in less time than importing numpy takes:

* A file goes through one buffer, block by block; thousands of small files lie in it together (`reading`,
  `small_files`). The headers of its records are known by sight (`headers`, `framing`).
* The records of one tag differ in nothing but the wall time, the step, the number and the checksum. Of a few records
  the layout is read by hand (`wire`, `tensors`, `layouts`); all others are compared with it, thousands at a time, and
  their numbers gathered as columns of bytes (`columns`).
* Logs are mostly periodic. Once the period is known (`periods`, `patterns`), its rows are proved by one comparison
  (`templates`, `packing`, `rows`); odd records between them are taken out of the way (`streams`). Files of equal layout
  are read in the same way: each of them is a row (`equal_files`).
* Records in no order are put together by size, and known by a hash of what is fixed in them (`kinds`, `one_size`), then
  sorted by tag (`finds`, `sorting`).
* Checksums of thousands of records are verified in one pass over them, because a CRC is linear (`checksums`).
* What fits none of this (several values in a record, negative steps, what is no event) is left to protobuf
  (`records`, `messages`), which decides what is right: this package is only faster.
* Behind damage, the next whole record is looked for (`damage`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo.cycles import no_search_for_cycles
from cajajejo.errors import require

with no_search_for_cycles():  # in 150 modules that stay: a tenth of the time
    require("numpy", extra="evaluation", purpose="reading event files")

from cajajejo.metrics.events import reading  # needs numpy
from cajajejo.metrics.events.logdir import find, is_there
from cajajejo.metrics.events.series import Events, Series

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Events", "Series", "is_there", "read"]


def read(logdir: str | Path, *, ignore: Sequence[str] = ()) -> Events:
    """Every scalar under `logdir`.

    Args:
        logdir: a directory of this machine, or an address that begins with ``gs://`` or ``s3://``.
        ignore: globs of tags that are left out; a tag is also known by the name of its run before it.

    Raises:
        CajajejoError: `logdir` is no directory, or a file in it cannot be read.
        MissingExtraError: numpy, the checksums or TensorBoard are not installed.
    """
    return reading.read(find(logdir), ignore)
