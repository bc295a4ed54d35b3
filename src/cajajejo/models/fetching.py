"""The model of an evaluation, put where it is looked for: fetched once, whole and checked, or taken from a cache."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cajajejo import config as configs
from cajajejo.errors import CajajejoError, ModelError
from cajajejo.models import cache as caches
from cajajejo.models import landing, stamp
from cajajejo.models.claims import claimed
from cajajejo.models.model import directory_of, locate
from cajajejo.models.opening import open_address, open_source
from cajajejo.models.patience import Patience, patiently
from cajajejo.models.source import checked
from cajajejo.phrases import without_logins

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.models.landing import Manner
    from cajajejo.models.source import RemoteFile, Source
    from cajajejo.models.stamp import Stamp


@dataclass(frozen=True, slots=True)
class Fetched:
    """A model that is there.

    Attributes:
        directory: where.
        address: where it came from.
        stamp: its files; None where the config says where it lies, and nothing is fetched.
        came: bytes that came over the wire for it this time.
        was_there: whether there was nothing to do.
    """

    directory: Path
    address: str
    stamp: Stamp | None = None
    came: int = 0
    was_there: bool = False

    @property
    def entry(self) -> Path | None:
        """The entry of a cache that the directory is a link to."""
        return self.directory.readlink() if self.directory.is_symlink() else None


def at(
    config: Path | None,
    uri: str | None,
    root: Path,
    manner: Manner,
    *,
    environ: Mapping[str, str],
    cache: Path | None = None,
) -> Fetched:
    """The model of the file `config`, or else the one at `uri`, under `root`, fetched where it is not there.

    Raises:
        FileProblemsError: the config is wrong.
        ModelError: as `ensure`.
    """
    if config is not None:
        return ensure(configs.load(config), root, manner, environ=environ, cache=cache)
    source = open_address(uri or "", environ)
    tracking_uri = environ.get("MLFLOW_TRACKING_URI")
    where = caches.directory(source, environ, asked=cache, tracking_uri=tracking_uri)
    return fetch(source, (root / source.name).absolute(), manner, cache=where)


def ensure(
    config: EvaluationJobConfig, root: Path, manner: Manner, *, environ: Mapping[str, str], cache: Path | None = None
) -> Fetched:
    """The model of `config` under `root`, fetched where it is not there.

    A fetch that was killed goes on where it ended; the directory has its name only when it is whole.

    Raises:
        ModelError: it cannot be had, or another directory has its name; what came is kept.
    """
    target = directory_of(config, root)
    if target is None:
        directory = locate(config, root).directory
        return Fetched(directory, str(directory), was_there=True)
    source = open_source(config, environ)
    shared = config.storage_config.model_cache
    mount = Path(shared.mount_path) if shared else None
    where = caches.directory(source, environ, asked=cache, mount=mount, tracking_uri=config.mlflow_config.tracking_uri)
    # what a run has logged stays as it is; a directory in a bucket is written anew
    return fetch(source, target, manner, cache=where, look=config.model.mlflow_artifact is None)


def fetch(source: Source, target: Path, manner: Manner, *, cache: Path | None = None, look: bool = True) -> Fetched:
    """The model of `source` at `target`; `look` asks, where it is there already, whether it has changed since.

    Raises:
        ModelError: it cannot be had, or another directory is there; what came is kept.
    """
    _refuse_strangers(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with claimed(target, manner.say) as partial:
            _refuse_strangers(target)
            here = _here(source, target, manner)
            if here is not None and not (look and _has_changed(source, here, manner)):
                landing.clear(partial)
                return Fetched(target, here.address, here, was_there=True)
            files = _listed(source, manner.patience, manner.say)
            found = _from_cache(source, files, target, partial, manner, cache) if cache else None
            return found or _fetched(target, landing.land(source, files, target, partial, manner))
    except OSError as error:
        raise landing.unwritable(error, target) from error


def _refuse_strangers(target: Path) -> None:
    """Returns where nothing is lost when `target` is replaced.

    Raises:
        ModelError: something is there that did not come from here.
    """
    if not target.exists() or (target / stamp.NAME).exists() or (target.is_dir() and not any(target.iterdir())):
        return
    message = f"{target} is there already, and was not fetched by cajajejo"
    raise ModelError(message, run=f"mv {shlex.quote(str(target))} elsewhere, or another directory to fetch to")


def _here(source: Source, target: Path, manner: Manner) -> Stamp | None:
    """The stamp of the model at `target`, where it is whole and came from `source`."""
    found = stamp.read(target)
    if found is None or found.address != without_logins(source.address) or found.trouble(target) is not None:
        return None
    damage = caches.damage(target, found.changed(target), manner) if manner.verify else None
    if damage is None:
        return found
    manner.say(f"the model at {target} is damaged: {damage}; fetching it again")
    return None


def _has_changed(source: Source, here: Stamp, manner: Manner) -> bool:
    try:
        files = _listed(source, replace(manner.patience, tries=1), manner.say)
    except CajajejoError as error:
        manner.say(f"whether {source.address} has changed is not known ({error.message}); using what was fetched")
        return False
    if here.is_of(files):
        return False
    manner.say(f"{source.address} has changed since it was fetched; fetching what is new")
    return True


def _listed(source: Source, patience: Patience, say: Callable[[str], None]) -> Sequence[RemoteFile]:
    """The files of the model, but for a stamp of ours that was uploaded with them.

    Raises:
        ModelError: there are none, or one leads out of its directory.
    """
    files = checked(patiently(patience, source.files, say), source.address)
    model = [file for file in files if file.path != stamp.NAME]
    if not model:
        raise ModelError(f"no files in {source.address}")
    return model


def _from_cache(
    source: Source, files: Sequence[RemoteFile], target: Path, partial: Path, manner: Manner, cache: Path
) -> Fetched | None:
    used = caches.use(source, files, cache, manner)
    if used is None:
        return None
    entry, landed = used
    landing.put_link(entry, target, partial)
    return _fetched(target, landed)


def _fetched(target: Path, landed: landing.Landed) -> Fetched:
    return Fetched(target, landed.stamp.address, landed.stamp, landed.came)
