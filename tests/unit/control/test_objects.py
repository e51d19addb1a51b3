"""Files that stand for S3's objects: what is read, and what a name must not reach."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bargate.control.objects import FolderObjects
from bargate.services.environment import NoSuchObject


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "s3"
    (made / "bucket" / "deep").mkdir(parents=True)
    (made / "bucket" / "ca.pem").write_bytes(b"first")
    (made / "bucket" / "ca.pem@2").write_bytes(b"second")
    (made / "bucket" / "deep" / "ca.pem").write_bytes(b"deep")
    (tmp_path / "secret").write_bytes(b"secret")
    return made


def test_objects_are_read_by_version(folder: Path) -> None:
    objects = FolderObjects(folder)
    assert objects.read("bucket", "ca.pem", None, 5) == b"first"
    assert objects.read("bucket", "ca.pem", "2", 100) == b"second"
    assert objects.read("bucket", "deep/ca.pem", None, 100) == b"deep"


def test_what_is_larger_than_allowed_is_not_read(folder: Path) -> None:
    with pytest.raises(NoSuchObject, match="more than 4 bytes"):
        FolderObjects(folder).read("bucket", "ca.pem", None, 4)


@pytest.mark.parametrize(
    ("bucket", "key", "version"),
    [
        ("..", "secret", None), ("bucket", "../../secret", None), ("bucket", "", None),
        ("bucket", "/etc/passwd", None), ("", "etc/passwd", None), (".", "bucket/ca.pem", None),
        ("bucket", "deep//ca.pem", None), ("bucket", "ca.pem", "3"), ("bucket", "none", None),
        ("bucket", "ca.pem", "/../../../secret"), ("bucket", "ca.pem\0", None),
        ("bucket", "deep", None), ("none", "ca.pem", None), ("bucket", "ca.pem/x", None),
        ("bucket/../..", "secret", None), ("bucket", "x" * 5000, None), ("../../etc", "passwd", None),
    ],
)  # fmt: skip
def test_a_name_leads_to_no_other_file(
    folder: Path, bucket: str, key: str, version: str | None
) -> None:
    with pytest.raises(NoSuchObject):
        FolderObjects(folder).read(bucket, key, version, 100)


def test_links_that_lead_out_are_not_followed(folder: Path) -> None:
    (folder / "bucket" / "out").symlink_to(folder.parent / "secret")
    (folder / "bucket" / "up").symlink_to(folder.parent)
    (folder / "bucket" / "round").symlink_to(folder / "bucket" / "round")
    (folder / "bucket" / "in").symlink_to(folder / "bucket" / "ca.pem")
    objects = FolderObjects(folder)
    assert objects.read("bucket", "in", None, 100) == b"first"
    for key in ("out", "up/secret", "round"):
        with pytest.raises(NoSuchObject):
            objects.read("bucket", key, None, 100)


def test_a_pipe_is_no_object_and_holds_nobody(folder: Path) -> None:
    os.mkfifo(folder / "bucket" / "pipe")
    with pytest.raises(NoSuchObject, match="no file"):
        FolderObjects(folder).read("bucket", "pipe", None, 100)
