"""The gate's first questions, sent while most of the program is still being imported.

Nothing is decided here: the forge keeps what it is told, and the gate, which asks the same, finds the answer
there or on its way. A question that it does not ask after all has cost a request.
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

# With or without a `v`: which of them is of production is known when the configuration file is.
_PRODUCTION_TAG = re.compile(r"(v?[0-9]{1,9}\.)[0-9]{1,9}\.[0-9]{1,9}")
_YEAR = re.compile(r"v?2[0-9]{3}\.")


def ask_ahead(forge: Forge, settings: GateSettings, context: Context) -> None:
    """Start to ask what the judgement of this run's own production tag begins with; of another, the file.

    Returns at once.

    Clones on this disk are left alone: they keep nothing, and nobody waits for them.
    """
    pushed = _PRODUCTION_TAG.fullmatch(settings.ref.tag)
    judged = settings.own_ref and settings.production and context.on_runner
    if settings.connections.local or not (settings.own_ref and context.on_runner):
        return
    stack = forge.repository(settings.stack_repository)
    if not (pushed and judged):
        pool = ThreadPoolExecutor(1)
        pool.submit(stack.files, settings.workflow_file, [context.sha])
        pool.shutdown(wait=False)
        return
    branches = settings.stack_branches or tuple(filter(None, [context.default_branch]))
    pool = ThreadPoolExecutor(5)
    pool.submit(stack.files, CONFIGURATION_FILE, [context.sha])
    pool.submit(stack.files, settings.workflow_file, [context.sha])
    if _YEAR.fullmatch(pushed[1]):
        pool.submit(stack.tags_starting, [pushed[1]])
    pool.submit(stack.branches, branches)
    pool.submit(stack.tags_starting, [""])
    pool.shutdown(wait=False)
