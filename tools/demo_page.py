"""The demo's page: the summaries as GitHub shows them, as one HTML file with a script next to it."""

from __future__ import annotations

import hashlib
import html
import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEMO = Path(__file__).resolve().parent / "demo"
SCRIPT = "mermaid.min.js"

_NO_PICTURE = (
    '<p class="note">The picture is not drawn: mermaid could not be installed from npm. '
    "The list below has the same content.</p>"
)
_NO_MARKDOWN = '<p class="note">Shown as source: markdown-it-py is not installed (<code>make demo</code> does).</p>'
_MARKS = {"deploy": "✅ deploy", "build-only": "🔨 build-only", "blocked": "⛔ blocked"}


@dataclass(frozen=True)
class Shown:
    """The result of one command. `problem` is what is not as required, empty if all is."""

    name: str
    title: str
    ref: str
    command: str
    verdict: str
    markdown: str
    problem: str


def write_page(answers: Sequence[Shown], folder: Path, cache: Path) -> Path:
    """Write `index.html` into `folder`; npm packages are kept in `cache` for the next time."""
    drawn = _provide_mermaid(folder, cache)
    template = (DEMO / "page.html").read_text("utf-8")
    parts = {
        "CARDS": "\n".join(map(_card, answers)),
        "ANSWERS": "\n".join(_answer(answer, drawn) for answer in answers),
        "SCRIPT": f'<script src="{SCRIPT}"></script>' if drawn else "",
    }
    for name, value in parts.items():
        template = template.replace(f"<!-- {name} -->", value)
    page = folder / "index.html"
    page.write_text(template, "utf-8")
    return page


def _card(answer: Shown) -> str:
    return (
        f'<a class="card {answer.verdict}" href="#{answer.name}"><b>{html.escape(answer.title)}</b>'
        f"<code>{html.escape(answer.ref)}</code><span>{_verdict(answer)}</span></a>"
    )


def _answer(answer: Shown, drawn: bool) -> str:
    problem = f'<p class="wrong">Not as required: {html.escape(answer.problem)}</p>' if answer.problem else ""
    return (
        f'<section id="{answer.name}"><p class="asked"><b>{html.escape(answer.title)}</b> '
        f"<code>{html.escape(answer.command)}</code></p>{problem}"
        f'<article class="summary">{_rendered(answer.markdown, drawn)}</article></section>'
    )


def _verdict(answer: Shown) -> str:
    return _MARKS.get(answer.verdict, "no answer") + (" (WRONG)" if answer.problem else "")


def _rendered(markdown: str, drawn: bool) -> str:
    try:
        parser = importlib.import_module("markdown_it").MarkdownIt("commonmark", {"html": True})
    except ImportError:
        return f"{_NO_MARKDOWN}<pre>{html.escape(markdown)}</pre>"
    parser.enable(["table", "strikethrough"])
    plain = parser.renderer.rules["fence"]

    def fence(tokens: Sequence[Any], at: int, *rest: object) -> str:
        if tokens[at].info.strip() != "mermaid":
            return str(plain(tokens, at, *rest))
        return f'<pre class="mermaid">{html.escape(tokens[at].content)}</pre>' if drawn else _NO_PICTURE

    parser.renderer.rules["fence"] = fence
    return (
        str(parser.render(markdown))
        .replace("<table>", '<div class="wide"><table>')
        .replace("</table>", "</table></div>")
    )


def _provide_mermaid(folder: Path, cache: Path) -> bool:
    """Put the script that draws the diagrams next to the page; False, with a printed reason, if it is unavailable."""
    lock = (DEMO / "package-lock.json").read_bytes()
    installed = cache / hashlib.sha256(lock).hexdigest()[:16]
    script = installed / "node_modules" / "mermaid" / "dist" / SCRIPT
    if not script.is_file():
        _install(installed)
    if not script.is_file():
        return False
    shutil.copyfile(script, folder / SCRIPT)
    return True


def _install(folder: Path) -> None:
    # The virtual environment's node comes first: the machine's may be missing or old.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    npm = shutil.which("npm", path=path)
    if npm is None:
        print("npm was not found, so the diagrams are shown as text only.")
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(DEMO / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    print("\nInstalling mermaid from npm to draw the diagrams, once …", flush=True)
    try:
        subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, timeout=300, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        print(f"npm did not install mermaid ({error}), so the diagrams are shown as text only.")
