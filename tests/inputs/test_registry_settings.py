"""Whose login goes where, as the settings of each command say it."""

from __future__ import annotations

import json

import pytest

from frag_release.domain.components import Login
from frag_release.errors import UsageError
from frag_release.inputs.registry_config import read_registry_config
from frag_release.inputs.settings import Settings
from frag_release.inputs.settings.deploy import read_deploy_settings
from frag_release.inputs.settings.looking import read_audit_settings
from frag_release.inputs.settings.release import read_publish_settings
from inputs.inputs_given import RUN, settings, values

ONE = {"registry_username": "robot", "registry_password": "s3cret"}
AT_GHCR = {"backend_image": "ghcr.io/org/back", "frontend_image": "ghcr.io/org/front"}
AWX = {"awx_url": "https://awx.example", "awx_token": "t", "awx_template": "T", "environment": "staging"}


def hosts(found: Settings) -> list[str]:
    """The hosts that get a login."""
    return sorted(found.connections.registry.logins_for(found.images))


def refused(found: Settings) -> str:
    """The words by which several hosts are refused."""
    with pytest.raises(UsageError) as caught:
        hosts(found)
    assert "s3cret" not in f"{caught.value.message} {caught.value.remedy}"
    return caught.value.message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["docker.io"]),
        (AT_GHCR, ["ghcr.io"]),
        ({"backend_image": "org/a", "frontend_image": "index.docker.io/org/b"}, ["docker.io"]),
        ({"backend_image": "registry-1.docker.io/org/a", "frontend_image": "none"}, ["docker.io"]),
        ({"backend_image": "ghcr.io/a", "frontend_image": "none"}, ["ghcr.io"]),
        ({"backend_image": "none", "frontend_image": "none"}, []),
        ({"check_images": "false", "backend_image": "ghcr.io/a"}, []),
        ({"backend_namespace": "evil.example.com/x"}, ["docker.io"]),
        ({"registry_url": "https://mirror.example/hub/"}, ["mirror.example"]),
        ({"registry_url": "https://Mirror.example:8443", "backend_image": "ghcr.io/a"}, ["mirror.example:8443"]),
        ({"registry_url": "https://registry-1.docker.io"}, ["docker.io"]),
    ],
)
def test_a_login_has_one_host(given: dict[str, str], expected: list[str]) -> None:
    """It is that of registry-url, else the only one of the images that are looked at; a namespace is no host."""
    assert hosts(settings(RUN, **ONE, **given)) == expected


@pytest.mark.parametrize(
    "backend", ["ghcr.io/a", "docker.io.evil.example/a", "docker.io:443/a", "index.docker.io:5000/a", "localhost/a"]
)
def test_several_hosts_are_named(backend: str) -> None:
    """What is not the same host, its port included, is another; both are in the error."""
    assert f"({', '.join(sorted([backend.partition('/')[0], 'docker.io']))})" in refused(
        settings(RUN, **ONE, backend_image=backend)
    )


def test_without_a_login_hosts_do_not_matter() -> None:
    """Half a login is none, and is sent to nobody."""
    images = {"backend_image": "ghcr.io/a"}
    assert [hosts(settings(RUN, **images)), hosts(settings(RUN, **images, registry_password="s3cret"))] == [[], []]


def test_the_stacks_image_counts_in_commands_that_look_at_it() -> None:
    """publish, deploy and audit have the stack's image too, unless it is none, or only a record will name it."""
    publish = read_publish_settings(values(command="publish", **ONE, **AT_GHCR), RUN)
    assert "(docker.io, ghcr.io)" in refused(publish)
    own = {"stack_image": "ghcr.io/org/stack"}
    assert hosts(read_publish_settings(values(command="publish", **ONE, **AT_GHCR, **own), RUN)) == ["ghcr.io"]
    none = {"stack_image": "none"}
    assert hosts(read_publish_settings(values(command="publish", **ONE, **AT_GHCR, **none), RUN)) == ["ghcr.io"]
    deploy = {"command": "deploy", **ONE, **AT_GHCR, **AWX}
    assert "(docker.io, ghcr.io)" in refused(read_deploy_settings(values(**deploy), RUN))
    assert hosts(read_deploy_settings(values(**deploy, rollback="true"), RUN)) == ["ghcr.io"]
    audit = {"command": "audit", "check_images": "true", **ONE, **AT_GHCR}
    assert hosts(read_audit_settings(values(**audit), RUN)) == ["ghcr.io"]
    assert "(docker.io, ghcr.io)" in refused(read_audit_settings(values(**audit, stack_image="org/stack"), RUN))


@pytest.mark.parametrize("key", ["docker.io", "index.docker.io", "registry-1.docker.io", "https://index.docker.io/v1/"])
def test_docker_hub_has_aliases(key: str) -> None:
    """Under each of its names a login is Docker Hub's; as docker writes it, with kubernetes' keys beside it."""
    entry = {"auth": "cm9ib3Q6czNjcmV0OnB3", "username": "robot", "password": "s3cret:pw", "email": "x"}
    config = json.dumps({"auths": {key: entry}, "HttpHeaders": {}, "credsStore": "", "credHelpers": {}}, indent=2)
    found = settings(registry_config=config).connections.registry.logins
    assert found == {"docker.io": Login("robot", "s3cret:pw")}


def test_a_login_does_not_show_its_password() -> None:
    """What is printed of settings by mistake holds no password of a registry."""
    shown = repr([settings(RUN, **ONE).connections.registry, Login("robot", "s3cret")])
    assert "robot" in shown and "s3cret" not in shown


@pytest.mark.parametrize("key", ["robot:s3cret/pass", "s3cret", "robot:s3cret@ghcr.io", "x" * 300])
def test_a_key_that_may_be_a_login_is_not_shown(key: str) -> None:
    """Whoever swaps a key and its value has put a secret where a host belongs: it is named `a key`."""
    with pytest.raises(UsageError) as caught:
        read_registry_config(json.dumps({"auths": {key: {}}}))
    assert "a key" in caught.value.message
    assert key not in f"{caught.value.message} {caught.value.remedy}"


def test_a_key_that_reads_like_a_host_is_shown() -> None:
    """A host in a form that is not taken is named, so that it can be found and corrected."""
    with pytest.raises(UsageError) as caught:
        read_registry_config(json.dumps({"auths": {"https://ghcr.io/v2/": {}}}))
    assert "https://ghcr.io/v2/" in caught.value.message
