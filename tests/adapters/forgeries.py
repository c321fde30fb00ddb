"""Files of a clone that git believes without looking at what they stand for, forged."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

from world.git import Repo


def commit_graph(repo: Repo, child: str, parent: str) -> None:
    """A commit-graph in which `parent` is the first parent of `child`."""
    repo.git("commit-graph", "write", "--reachable")
    _forge_graph(repo.path / ".git/objects/info/commit-graph", child, parent)


def commit_graph_chain(repo: Repo, child: str, parent: str) -> None:
    """The same, in a chain of commit-graphs."""
    repo.git("commit-graph", "write", "--reachable", "--split")
    (graph,) = (repo.path / ".git/objects/info/commit-graphs").glob("graph-*.graph")
    _forge_graph(graph, child, parent)


def _forge_graph(graph: Path, child: str, parent: str) -> None:
    data = bytearray(graph.read_bytes())
    chunks = {}
    for number in range(data[6]):
        name, offset = struct.unpack_from(">4sQ", data, 8 + 12 * number)
        chunks[name] = offset
    count = struct.unpack_from(">I", data, chunks[b"OIDF"] + 255 * 4)[0]
    names = [data[chunks[b"OIDL"] + 20 * one :][:20].hex() for one in range(count)]
    # A row: the tree's id, two parents by their places in the list, generation and date.
    struct.pack_into(">I", data, chunks[b"CDAT"] + 36 * names.index(child) + 20, names.index(parent))
    _write(graph, bytes(data))


def grafts(repo: Repo, child: str, parent: str) -> None:
    """A graft: other parents for a commit."""
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/grafts").write_text(f"{child} {parent}\n")


def replace_ref(repo: Repo, child: str, parent: str) -> None:
    """A replacement of a commit by one with other parents."""
    repo.git("replace", "--graft", child, parent)


def loose_object(repo: Repo, child: str, parent: str) -> None:
    """The commit's own file, with another parent in it."""
    place = _loose(repo, child)
    head, _, body = zlib.decompress(place.read_bytes()).partition(b"\0")
    lines = [f"parent {parent}".encode() if line.startswith(b"parent ") else line for line in body.split(b"\n")]
    _write(place, zlib.compress(head + b"\0" + b"\n".join(lines)))


def pack_index(repo: Repo, child: str, parent: str) -> None:
    """An index of a pack that finds another commit, with that parent, under the commit's name."""
    tree = repo.git("rev-parse", f"{child}^{{tree}}")
    other = repo.git("commit-tree", tree, "-p", parent, "-m", "other")
    repo.git("update-ref", "refs/other", other)
    repo.git("repack", "-adq", "--depth=0", "--window=0")
    (index,) = (repo.path / ".git/objects/pack").glob("*.idx")
    data = bytearray(index.read_bytes())
    count = struct.unpack_from(">I", data, 8 + 255 * 4)[0]
    names = [data[8 + 1024 + 20 * one :][:20].hex() for one in range(count)]
    offsets = 8 + 1024 + 24 * count
    found = struct.unpack_from(">I", data, offsets + 4 * names.index(other))[0]
    struct.pack_into(">I", data, offsets + 4 * names.index(child), found)
    _write(index, bytes(data))


def peeled_ref(repo: Repo, tag: str, commit: str) -> None:
    """A packed ref that says at which commit the annotated tag would end."""
    repo.git("pack-refs", "--all")
    packed = repo.path / ".git/packed-refs"
    lines = packed.read_text().splitlines()
    lines[next(at for at, line in enumerate(lines) if line.endswith(f"refs/tags/{tag}")) + 1] = f"^{commit}"
    packed.write_text("\n".join(lines) + "\n")


def swapped_object(repo: Repo, name: str, old: bytes, new: bytes) -> None:
    """The file of an object, with a part of it exchanged for one of the same length."""
    place = _loose(repo, name)
    content = zlib.decompress(place.read_bytes())
    assert len(old) == len(new) and old in content
    _write(place, zlib.compress(content.replace(old, new)))


def _loose(repo: Repo, name: str) -> Path:
    return repo.path / ".git/objects" / name[:2] / name[2:]


def _write(place: Path, content: bytes) -> None:
    os.chmod(place, 0o644)
    place.write_bytes(content)
