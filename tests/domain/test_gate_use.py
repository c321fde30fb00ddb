"""What a workflow file does with the gate: who waits for it, who asks it, and forms of both that only look so."""

from __future__ import annotations

import pytest

from domain.worked_example import COMPONENTS
