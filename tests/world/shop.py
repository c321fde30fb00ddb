"""A stack that has nothing of the worked example: acme/shop of three components, whose tags have a `v`, without AWX."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from world.faults import Reply
from world.git import Repo, run_git
from world.loopback import LoopbackServer, Request

STACK, FILE = "acme/shop", ".github/workflows/image.yml"
WORKFLOWS = Path(FILE).parent
CONFIGURATION = ".github/frag-release.yaml"
API, WEB, WORKER = "acme/shop-api", "acme/shop-web", "acme/shop-worker"
PARTS = {API: ("main", "v1.4.2"), WEB: ("release", "v2.0.1", "v2.1.0"), WORKER: ("main", "v0.9.0")}
"""The components' repositories, with the branch of production and its tags."""

_CONFIGURED = """\
workflow-file: .github/workflows/image.yml
stack-branch: main
stack-image: {first}/acme/shop
tag-format: vN.N.N
deployer: none
verify-text: Shop {{image-tag}} on sale
verify-looks: 1
components:
  api: {{repository: acme/shop-api, branch: main, variable: API_TAG, image: {first}/acme/api, tag-format: vN.N.N}}
  web:
    repository: acme/shop-web
    branch: release
    variable: WEB_TAG
    image: {second}/acme/web
    tag-format: vN.N.N
    image-tag-format: without-v
  worker:
    repository: acme/shop-worker
    branch: main
    variable: WORKER_TAG
    image: {second}/acme/worker
    tag-format: vN.N.N
"""
_BUILD = """\
name: Image

on:
  push:
    tags: ['**']

env:
  API_TAG: v1.4.2
  WEB_TAG: v2.0.1
  WORKER_TAG: v0.9.0

jobs:
  build:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    permissions: {contents: read}
    outputs:
      digest: ${{ steps.image.outputs.digest }}
    steps:
    - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd  # v6.0.2
    - id: image
      uses: docker/build-push-action@d08e5c354a6adb9ed34480a06d141179aa583294  # v7.0.0
      with:
        push: true
        tags: registry.example/acme/shop:${{ github.ref_name }}
        build-args: |
          API_TAG=${{ env.API_TAG }}
          WEB_TAG=${{ env.WEB_TAG }}
          WORKER_TAG=${{ env.WORKER_TAG }}

  deploy-production:
    needs: build
    if: startsWith(github.ref, 'refs/tags/v')
    runs-on: ubuntu-latest
    timeout-minutes: 30
    environment: production
    steps:
    - id: rollout
      env:
        IMAGE: registry.example/acme/shop@${{ needs.build.outputs.digest }}
      run: ./roll-out "$IMAGE"
"""
_EXPECTED = """\
        expected-stack-commit: ${{ needs.gate.outputs.stack-commit }}
        expected-components: ${{ needs.gate.outputs.components }}
        expected-stack-digest: ${{ needs.build.outputs.digest }}
        verify-url: ${{ vars.VERIFY_URL }}
"""
_CALL = "      uses: org/frag-release-action@v1\n      with:\n        command: deploy\n"
_STEPS = f"""\
    environment:
      name: production
      deployment: false
    permissions: {{contents: read, actions: read, deployments: write}}
    steps:
    - id: verify
{_CALL}{_EXPECTED}\
    - id: rollout
      if: steps.verify.outputs.stack-image != ''
      env: {{IMAGE: '${{{{ steps.verify.outputs.stack-image }}}}'}}
      run: python3 roll-out "$GITHUB_REF_NAME" "$IMAGE"
    - id: deploy
      if: always() && steps.verify.outcome == 'success'
{_CALL}{_EXPECTED}\
        deployment-outcome: ${{{{ steps.rollout.outcome }}}}
        deployment-id: ${{{{ steps.verify.outputs.deployment-id }}}}
"""
"""The own step between two calls, as docs/deploy.md has it."""
_PUSHED = """\
    - id: pushed
      env: {DIGEST: '${{ steps.image.outputs.digest }}'}
      run: |
        printf '%s\\n' "$DIGEST" > pushed.txt
        echo "artifact=stack-image-${DIGEST/:/-}" >> "$GITHUB_OUTPUT"
    - uses: actions/upload-artifact@v3
      with:
        name: ${{ steps.pushed.outputs.artifact }}
        path: pushed.txt

"""
"""How the build says which image it pushed: an Enterprise Server takes no later version of that action."""


@dataclass
class Shop:
    """The four repositories."""

    stack: Repo
    parts: Mapping[str, Repo]

    @property
    def repositories(self) -> dict[str, Repo]:
        """Full name to repository."""
        return {STACK: self.stack, **self.parts}


def build_shop(folder: Path) -> Shop:
    """The stack with one release and no gate, and components that have one tag each, and of the web a second one."""
    stack = Repo.create(folder / "shop", default_branch="main")
    stack.commit({"Dockerfile": "FROM scratch\n", FILE: _BUILD}, "Start")
    stack.tag("v1.4.2")
    parts = {}
    for name, (branch, *tags) in PARTS.items():
        repo = parts[name] = Repo.create(folder / name.partition("/")[2], default_branch=branch)
        for tag in tags:
            repo.tag(tag, repo.commit({"part": f"{tag}\n"}, f"Add what {tag} has"))
    parts[API].commit({"part": "more\n"}, "Sell in two currencies")
    return Shop(stack, parts)


def adopt(shop: Shop, root: Path, folder: Path, first: str, second: str) -> str:
    """Write the configuration, run `adopt --all --write` in a clone, add by hand what is left, and commit it all.

    Returns what adopt printed. `first` and `second` are the registries' hosts.
    """
    clone = shop.stack.clone(folder)
    run_git(["remote", "set-url", "origin", "git@github.example:acme/shop.git"], folder)
    (folder / CONFIGURATION).write_text(_CONFIGURED.format(first=first, second=second), "utf-8")
    command = [sys.executable, "-B", "-I", "-X", "utf8", str(root / "scripts"), "adopt"]
    options = ["--all", "--write", "--workflow-file", FILE]
    done = subprocess.run([*command, *options], cwd=folder, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    _by_hand(folder)
    names = [CONFIGURATION, *(str(one.relative_to(folder)) for one in (folder / WORKFLOWS).iterdir())]
    files = {name: (folder / name).read_text("utf-8") for name in names}
    clone.git("remote", "remove", "origin")
    shop.stack.commit(files, "Put the gate in front")
    return done.stdout + done.stderr


def _by_hand(folder: Path) -> None:
    """What adopt leaves to people: more outputs of the gate, what was pushed, the calls around the step, logins."""
    build = folder / FILE
    handed_on = ("components", "stack-commit")
    more = "".join(f", {name}: '${{{{ steps.gate.outputs.{name} }}}}'" for name in handed_on)
    text = _replaced(
        build.read_text("utf-8"), "outputs.deploy-production }}'}", f"outputs.deploy-production }}}}'{more}}}"
    )
    text = _replaced(text, text[text.index("    environment: production\n") :], _STEPS)
    text = _replaced(text, "        workflow-file: .github/workflows/image.yml\n", "        command: gate\n")
    text = _replaced(text, "\n  deploy-production:\n", f"{_PUSHED}  deploy-production:\n")
    build.write_text(text, "utf-8")
    for file in (folder / WORKFLOWS).iterdir():
        text = file.read_text("utf-8")
        for command in ("gate", "prepare", "publish", "deploy", "audit", "doctor"):
            line = f"        command: {command}\n"
            text = text.replace(line, f"{line}        registry-config: ${{{{ secrets.REGISTRY_CONFIG }}}}\n")
        file.write_text(text, "utf-8")


def _replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


class ShopSite(LoopbackServer):
    """What customers see: it shows what was rolled out by a `POST /rolled-out` with tag and image."""

    def __init__(self) -> None:
        super().__init__()
        self.rolled_out: list[str] = []

    def answer(self, request: Request) -> Reply:
        """The page, or nothing for a roll-out."""
        if request.method == "POST":
            self.rolled_out.append(request.body.decode())
            return Reply(204)
        tag = self.rolled_out[-1].split(" ")[0] if self.rolled_out else "v1.4.2"
        return Reply(200, (("Content-Type", "text/plain"),), f"Shop {tag} on sale".encode())
