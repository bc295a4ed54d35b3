"""What `model fetch` prints: where the model is, and what it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from cajajejo.models.tally import size
from cajajejo.moments import duration
from cajajejo.outputs import Output

if TYPE_CHECKING:
    from cajajejo.models.fetching import Fetched


class FetchedModel(Output):
    """A model that is there, as `model fetch` left it."""

    directory: str = Field(description="Where it is", examples=["/scratch/pythia-70m"])
    address: str = Field(description="Where it came from", examples=["gs://bucket/models/pythia-70m"])
    was_there: bool = Field(description="Whether there was nothing to do", examples=[False])
    files: int | None = Field(description="Number of its files; null: not looked at", ge=0, examples=[9])
    bytes: int | None = Field(description="Size of its files; null: not looked at", ge=0, examples=[166_029_852])
    fetched_bytes: int = Field(description="Bytes that came over the wire this time", ge=0, examples=[166_029_852])
    seconds: float = Field(description="How long it took", ge=0, examples=[1.9])
    cache_entry: str | None = Field(
        description="Entry of the cache that the directory is a link to; null: no cache", examples=[None]
    )

    @classmethod
    def of(cls, found: Fetched, seconds: float) -> FetchedModel:
        """The document about `found`."""
        return cls(
            directory=str(found.directory),
            address=found.address,
            was_there=found.was_there,
            files=None if found.stamp is None else len(found.stamp.files),
            bytes=None if found.stamp is None else found.stamp.size,
            fetched_bytes=found.came,
            seconds=round(seconds, 3),
            cache_entry=None if found.entry is None else str(found.entry),
        )

    @property
    def sentence(self) -> str:
        """What became of it, in a line."""
        if self.was_there or self.bytes is None:
            return f"the model was there already, from {self.address}"
        if self.cache_entry is not None and self.fetched_bytes == 0:
            return f"linked to {self.cache_entry}, {self.files} files, {size(self.bytes)}, from {self.address}"
        rest = self.bytes - self.fetched_bytes
        there = f" ({size(rest)} was there)" if rest > 0 else ""
        return f"fetched {size(self.fetched_bytes)}{there} in {duration(self.seconds)} from {self.address}"
