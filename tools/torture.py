"""Combines the results of the parts of `make torture-faults`: docs/torture.json, and a table in SECURITY.md.

The parts are JSON files of one commit in a folder. Ends with status 1 if a promise was broken.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PROMISES = {
    "false success": "allowed or done without its evidence",
    "double": "made twice",
    "half done": "half done, and not mended by a re-run",
    "exit 3": "status 3",
    "hang": "hangs",
    "silent end": "end without what failed and what to do",
    "secret shown": "secret in an output",
    "secret sent": "login to another server",
}
START, END = "<!-- generated: torture -->\n", "<!-- /generated -->"


def merge(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add the parts up; raises SystemExit if they are not of one commit."""
    commits = sorted({part["commit"] for part in parts})
    if len(commits) != 1:
        raise SystemExit(f"The parts are of {len(commits)} commits ({', '.join(commits)}): keep those of one.")
    commands: dict[str, Counter[str]] = {}
    for part in parts:
        for name, figures in part["commands"].items():
            # Each part counts all existing cases, but runs its own only.
            all_of = max(commands.get(name, Counter())["of"], figures["of"])
            commands[name] = commands.get(name, Counter()) + Counter(figures)
            commands[name]["of"] = all_of
    broken = [one for part in parts for one in part["broken"]]
    found = {name: dict(figures) for name, figures in sorted(commands.items())}
    return {"commit": commits[0], "date": max(part["date"] for part in parts), "commands": found, "broken": broken}


def table(figures: Mapping[str, Any]) -> str:
    """The table in Markdown: for each command the cases that ran, and how often each promise was broken."""
    head = ["command", "cases that ran, of all", "run again", *PROMISES.values()]
    rows = [head, ["---", *["--:"] * (len(head) - 1)]]
    for name, own in figures["commands"].items():
        count = [str(own.get(promise, 0)) for promise in PROMISES]
        rows.append([f"`{name}`", f"{own.get('ran', 0):,} of {own['of']:,}", str(own.get("mended", 0)), *count])
    ran, all_of = (sum(own.get(key, 0) for own in figures["commands"].values()) for key in ("ran", "of"))
    total = f"{ran:,} of {all_of:,} cases, run on {figures['date']} at commit {figures['commit']}.\n\n"
    return total + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def with_table(text: str, made: str) -> str:
    """The document with this table in its generated part."""
    before, start, rest = text.partition(START)
    if not start or END not in rest:
        raise SystemExit("SECURITY.md must contain the part 'generated: torture'.")
    return before + start + made + END + rest.partition(END)[2]


def main(folder: Path) -> int:
    """Write both files, and print what was broken."""
    figures = merge([json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))])
    (ROOT / "docs" / "torture.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    page = ROOT / "SECURITY.md"
    page.write_text(with_table(page.read_text("utf-8"), table(figures)), "utf-8")
    for promise, case, what in figures["broken"]:
        print(f"{promise}: {case}: {what}")
    return 1 if figures["broken"] else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
