"""A reader of YAML that shares no code with ours."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from world.emulate import node

SCRIPT = Path(__file__).with_name("read_yaml.mjs")


class YamlReader:
    """A process that reads one text after the other; `stop` ends it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node(), str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def read(self, content: bytes, version: str = "1.2") -> Any:
        """Return the one document of a file, read by that version of YAML."""
        answer = self.answer(content, version)
        assert answer["errors"] == [], content
        (document,) = answer["values"]
        return document

    def answer(self, content: bytes, version: str = "1.2") -> Any:
        """Return the `errors` of a file, and its documents as `values` where it has none."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"text": content.decode("utf-8-sig"), "version": version}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def stop(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)
