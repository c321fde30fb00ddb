"""`make pictures`: the README's pictures of two job summaries, light and dark, from the page that `make demo` writes.

Only this needs a Chromium on the PATH: the pictures are committed. Standard library only.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "build" / "demo"
OUT = ROOT / "docs" / "pictures"

WIDTH, HEIGHT = 960, 640
"""In pixels: the top of a summary, with its table."""

SHOWN = {"good-release": "allowed", "backend-off-production": "blocked"}
"""Sections of the demo's page, with the names of their pictures."""

SCHEMES = {"light": 1, "dark": 0}
"""Chromium's numbers of the preferred colour schemes."""

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_ALONE = """<style>
  body {{ padding: 0; max-width: none; background: var(--paper); }}
  body > * {{ display: none; }}
  #{name} {{ display: block; margin: 0; }}
  #{name} .asked {{ display: none; }}
  .summary {{ border: 0; border-radius: 0; }}
</style></head>"""


def main() -> int:
    """Take the pictures; return 2 if the page or a browser is missing."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    page = DEMO / "index.html"
    if browser is None or not page.is_file():
        missing = "There is no Chromium on the PATH." if page.is_file() else "There is no page: run `make demo` first."
        print(missing, file=sys.stderr)
        return 2
    OUT.mkdir(exist_ok=True)
    for section, name in SHOWN.items():
        alone = DEMO / f"{name}.html"
        alone.write_text(page.read_text("utf-8").replace("</head>", _ALONE.format(name=section), 1), "utf-8")
        for scheme, number in SCHEMES.items():
            target = OUT / f"{name}-{scheme}.png"
            _take(browser, alone, number, target)
            print(f"{target.relative_to(ROOT)}: {target.stat().st_size:,} bytes")
    return 0


def _take(browser: str, page: Path, scheme: int, target: Path) -> None:
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            f"--user-data-dir={profile}", f"--window-size={WIDTH},{HEIGHT}", "--force-device-scale-factor=1.5",
            f"--blink-settings=preferredColorScheme={scheme}", "--virtual-time-budget=8000",
            f"--screenshot={target}", page.as_uri(),
        ]  # fmt: skip
        subprocess.run(command, check=True, timeout=120, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
