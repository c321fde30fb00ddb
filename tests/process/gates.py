"""What the tests of the example workflow take for granted: names, switches, and what gates say."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ACTION = "org/frag-release-action"
SWITCHES = {"DOCKERHUB_USERNAME": "pusher", "TRIGGER_AWX": "yes"}
COMMIT = "c0ffee" + "0" * 34

BACKEND = "docker.io/xchem/fragalysis-backend@sha256:" + "b" * 64
FRONTEND = "docker.io/xchem/fragalysis-frontend@sha256:" + "f" * 64

ALLOWED = {
    "verdict": "deploy",
    "deploy-production": "true",
    "deploy-staging": "true",
    "image-tag": "2023.06.2",
    "stack-commit": COMMIT,
    "backend-namespace": "xchem",
    "backend-tag": "2023.05.1",
    "backend-image": BACKEND,
    "backend-digest": "sha256:" + "b" * 64,
    "frontend-namespace": "xchem",
    "frontend-tag": "2023.05.4",
    "frontend-image": FRONTEND,
    "frontend-digest": "sha256:" + "f" * 64,
}
"""What the gate says of the good release of the worked example."""

BUILD_ONLY = {
    **ALLOWED,
    "verdict": "build-only",
    "deploy-production": "false",
    "image-tag": "latest",
    "backend-image": "docker.io/xchem/fragalysis-backend:2023.05.1",
    "backend-digest": "",
    "frontend-image": "docker.io/xchem/fragalysis-frontend:2023.05.4",
    "frontend-digest": "",
}
"""What the gate says of the stack branch: no image was looked up."""
