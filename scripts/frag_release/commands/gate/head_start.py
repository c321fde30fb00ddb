"""The gate's first requests, sent while most of the program is still being imported.

Nothing is decided here: the forge caches the answers, and the gate, which asks the same, finds them there or under
way. An unneeded one costs a request.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ...domain.components import CONFIGURATION_FILE

if TYPE_CHECKING:
    from ...adapters.ports import Forge
    from ...inputs.context import Context
    from ...inputs.settings.gate import GateSettings

# With or without a `v`: the configuration file, still unread, decides which is the production form.
_PRODUCTION_TAG = re.compile(r"(v?[0-9]{1,9}\.)[0-9]{1,9}\.[0-9]{1,9}")
_YEAR = re.compile(r"v?2[0-9]{3}\.")


def ask_ahead(forge: Forge, settings: GateSettings, context: Context) -> None:
    """Start the first requests for this run's own production tag, or for another ref that of the workflow file.

    Returns at once. Skips local clones, which cache nothing and answer at once.
    """
    if settings.connections.local or not (settings.own_ref and context.on_runner):
        return
    stack = forge.repository(settings.stack_repository)
    tag = _PRODUCTION_TAG.fullmatch(settings.ref.tag) if settings.production else None
    pool = ThreadPoolExecutor(5)
    if tag:
        pool.submit(stack.files, CONFIGURATION_FILE, [context.sha])
    pool.submit(stack.files, settings.workflow_file, [context.sha])
    if tag and _YEAR.fullmatch(tag[1]):
        pool.submit(stack.tags_starting, [tag[1]])
    if tag:
        pool.submit(stack.branches, settings.stack_branches or tuple(filter(None, [context.default_branch])))
        pool.submit(stack.tags_starting, [""])
    pool.shutdown(wait=False)
