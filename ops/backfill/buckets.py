"""Objects of a bucket: S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.

Needs the extra `backfill`. Credentials and endpoints come from the environment, under the names that each cloud's own
tools read (AWS_ACCESS_KEY_ID, AWS_ENDPOINT, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_KEY, ...), or from
the machine's role. Nothing of them stands in arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from ops.backfill.log_file import LogFile, NoFiles

#: Segments of a URL's path that name the bucket, beside its host.
_BUCKET_SEGMENTS = {"s3": 0, "gs": 0, "az": 1}


def objects(url: str) -> Iterator[LogFile]:
    """The objects whose names begin as the URL does, in order, each named by its own URL.

    Raises NoFiles for a URL of no bucket, OSError.
    """
    root, start = _split(url)
    try:
        # Plain HTTP only where the endpoint that somebody has set says so.
        store = from_url(root, client_options={"allow_http": True})
        for key, size in _listed(store, start):
            name = f"{root}/{key}"
            yield LogFile(name=name, size=size, read=partial(_read, name, store, key))
    except BaseError as error:
        raise OSError(f"{url}: {_first_line(error)}") from error


def _read(name: str, store: ObjectStore, key: str) -> bytes:
    try:
        return bytes(obstore.get(store, key).bytes())
    except BaseError as error:
        raise OSError(f"{name}: {_first_line(error)}") from error


def _split(url: str) -> tuple[str, str]:
    """URL of the bucket, and what names must begin with."""
    parts = urlsplit(url)
    if parts.scheme not in _BUCKET_SEGMENTS or not parts.netloc:
        raise NoFiles(
            f"{url} is no bucket: give s3://bucket/prefix, gs://bucket/prefix or az://account/container/prefix"
        )
    segments = parts.path.lstrip("/").split("/")
    taken = _BUCKET_SEGMENTS[parts.scheme]
    root = "/".join((f"{parts.scheme}://{parts.netloc}", *segments[:taken]))
    return root, "/".join(segments[taken:])


def _listed(store: ObjectStore, start: str) -> Iterator[tuple[str, int]]:
    """Keys and sizes. Stores list whole folders, by name: CDNs that put all their files into one have millions."""
    folder = start.rpartition("/")[0]
    before = start[:-1] + chr(ord(start[-1]) - 1) + chr(0x10FFFF) if start else None
    for some in obstore.list(store, folder or None, offset=before):
        for found in some:
            key = found["path"]
            if key.startswith(start):
                yield key, found["size"]
            elif key > start:
                return


def _first_line(error: BaseError) -> str:
    return str(error).strip().splitlines()[0]
