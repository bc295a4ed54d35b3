"""Which file systems lie on another machine, told by the kernel's list of mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from cajajejo.errors import HistoryError
from cajajejo.metrics.history.network_files import MOUNTS, kind, refuse

TABLE = r"""
22 28 0:20 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
28 1 253:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
36 28 0:31 / /mnt/nfs rw,relatime shared:19 - nfs4 10.0.0.2:/share rw,vers=4.2,addr=10.0.0.2
37 36 253:1 / /mnt/nfs/local rw,relatime - xfs /dev/vdb rw
38 28 0:32 / /mnt/my\040share rw,relatime - cifs //host/my\040share rw,vers=3.1.1
39 28 0:33 / /buckets/one rw,nosuid,nodev master:3 propagate_from:2 - fuse.gcsfuse one rw,user_id=0
40 28 0:34 / /mnt/ssh rw - fuse.sshfs me@host:/ rw
41 28 0:35 / /mnt/disk rw - fuseblk /dev/sdb1 rw
42 28 0:36 / /over rw - nfs host:/over rw
43 42 0:37 / /over rw - tmpfs tmpfs rw
44 28 0:38 / /under rw - tmpfs tmpfs rw
45 44 0:39 / /under rw - lustre 10.0.0.3@tcp:/fs rw
46 28 0:40 / /mnt/ceph rw - ceph 10.0.0.4:/ rw
a line of another kind
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/me/history.db", None),
        ("/mnt/nfs/history.db", "nfs4"),
        ("/mnt/nfs", "nfs4"),
        ("/mnt/nfsen/history.db", None),
        ("/mnt/nfs/local/history.db", None),
        ("/mnt/nfs/local-not/history.db", "nfs4"),
        ("/mnt/my share/history.db", "cifs"),
        ("/buckets/one/a/b/history.db", "fuse.gcsfuse"),
        ("/mnt/ssh/history.db", "fuse.sshfs"),
        ("/mnt/disk/history.db", None),
        ("/over/history.db", None),
        ("/under/history.db", "lustre"),
        ("/mnt/ceph/history.db", "ceph"),
    ],
)
def test_a_path_is_on_the_file_system_that_is_mounted_nearest_above_it_and_last(
    path: str, expected: str | None
) -> None:
    assert kind(Path(path), TABLE) == expected


def test_a_history_on_a_network_file_system_is_refused_with_the_way_out(tmp_path: Path) -> None:
    mounts, share = tmp_path / "mountinfo", tmp_path / "share"
    mounts.write_text(f"28 1 253:0 / / rw - ext4 /dev/vda1 rw\n36 28 0:31 / {share} rw - nfs4 host:/share rw\n")
    (tmp_path / "link").symlink_to(share)
    with pytest.raises(HistoryError) as caught:
        refuse(tmp_path / "link" / "deep" / "history.db", "sqlite:///history.db", mounts)
    assert caught.value.message == "the metric history lies on a network file system: sqlite:///history.db"
    assert caught.value.facts["file system"] == "nfs4"
    assert "postgresql://" in caught.value.facts["do"]
    refuse(tmp_path / "history.db", "sqlite:///history.db", mounts)
    refuse(share / "history.db", "sqlite:///history.db", tmp_path / "no such file")


def test_where_nothing_is_known_of_mounts_nothing_is_far(tmp_path: Path) -> None:
    assert kind(tmp_path, "") is None


@pytest.mark.skipif(not MOUNTS.exists(), reason="only Linux has this file")
def test_the_list_of_this_machine_is_understood(tmp_path: Path) -> None:
    assert kind(tmp_path, MOUNTS.read_text()) is None
