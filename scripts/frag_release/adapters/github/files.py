"""A file of a repository at a commit."""

from __future__ import annotations

import base64
import binascii
import hashlib

from ...domain.evidence import Answer, Blob, Unknown
from ..http.messages import quoted
from .api import RepositoryApi
from .payloads import Content
from .refs import COMMIT


def read_file(api: RepositoryApi, path: str, commit: str) -> Answer[Blob | None]:
    """Return the file at `path` in a commit (empty: on the default branch); None where it has none.

    GitHub sends no content of files over 1 MiB.
    """
    what = f"the file {path} at {commit[:12]}" if commit else f"the file {path} of the default branch"
    if commit and not COMMIT.fullmatch(commit):
        return Unknown(f"{quoted(commit)} is no full commit id")
    response = api.get(f"/contents/{path}", what, {"ref": commit} if commit else None)
    if isinstance(response, Unknown):
        return response
    if response.status == 404:
        return api.absence()
    found = api.read(response, Content, what)
    if isinstance(found, Unknown):
        return found
    return _blob(found) or api.mismatch(what)


def _blob(found: Content) -> Blob | None:
    """Return the file of a reply, or None where the reply is no whole file.

    The content must have the blob's id: GitHub follows symbolic links, and a proxy may cut.
    """
    if found["type"] != "file":
        return None
    if found["encoding"] == "none":
        return Blob(found["size"], b"")
    try:
        content = base64.b64decode(found["content"])
    except (binascii.Error, ValueError):
        return None
    blob_id = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    whole = found["encoding"] == "base64" and found["size"] == len(content) and found["sha"] == blob_id
    return Blob(found["size"], content) if whole else None
