"""The types of arrays that the modules of this package hand to each other."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
"""Bytes of event files; rows of them in two dimensions."""
Words: TypeAlias = NDArray[np.uint64]
Places: TypeAlias = NDArray[np.intp]
"""Places in a block, or numbers of records."""
Bits: TypeAlias = NDArray[np.unsignedinteger[Any]]
