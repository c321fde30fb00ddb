"""Whose login goes where: each to the one registry that it is for, also where images are in several."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from adapters.echo import Echo
from adapters.tls import Proxy, make_certificate, over_tls
from commands import auditing
from commands.conftest import World
from commands.deployment import OLD, REPOSITORY, Deployment
from commands.test_rollback import publish, record, roll_back
from world.events import push_tag
from world.example import BACKEND, FRONTEND
from world.faults import json_reply
from world.github_releases import GitHubReleases
from world.github_server import TOKEN
from world.program import Outcome
from world.registry import PASSWORD, USERNAME, BasicRegistry, Registry
from world.scene import push_images

LOGIN = {"registry_username": USERNAME, "registry_password": PASSWORD}
OTHER = "other-s3cret"


def authorized(*registries: Registry) -> list[bool]:
    """Of each registry whether any request brought a login."""
    return [any("authorization" in one.headers for one in registry.requests) for registry in registries]


def components_at(registry: Registry, *names: str) -> dict[str, str]:
    """The inputs that name these components' images by the host of a registry."""
    return {f"{name.removeprefix('fragalysis-')}_image": f"{registry.host}/xchem/{name}" for name in names}


def pair(text: str) -> str:
    """The base64 of a text, as docker writes a login."""
    return base64.b64encode(text.encode()).decode()


def config(**logins: dict[str, str]) -> str:
    """A docker configuration, in several lines as docker writes it."""
    return json.dumps({"auths": logins}, indent="\t")


def said(outcome: Outcome) -> str:
    """All that a run has told: the log without the lines that hide secrets, summary, outputs and report."""
    log = "\n".join(line for line in outcome.log.splitlines() if not line.startswith("::add-mask::"))
    return f"{log}\n{outcome.summary}\n{outcome.outputs}\n{outcome.report}"


def test_one_login_for_the_components_and_the_stack_on_two_hosts_is_wrong_use(
    ready: Deployment, basic_registry: BasicRegistry
) -> None:
    """Where the stack's image is on another host than the components', neither gets the login: both are named."""
    there, here = ready.world.registry, basic_registry
    inputs = {"registry_url": "", **components_at(there, BACKEND, FRONTEND), "stack_image": f"{here.host}/{REPOSITORY}"}
    outcome = ready.deploy(**inputs, **LOGIN)
    assert (outcome.status, ready.awx.launches) == (2, 0), outcome.log
    assert there.host in outcome.log and here.host in outcome.log
    assert "registry-config" in outcome.log
    assert authorized(there, here) == [False, False]


def test_one_login_for_two_components_on_two_hosts_is_wrong_use(world: World, basic_registry: BasicRegistry) -> None:
    """Two components on two hosts are refused before a registry is asked anything, with both hosts named."""
    images = components_at(world.registry, BACKEND) | components_at(basic_registry, FRONTEND)
    outcome = world.gate(registry_url="", **images, **LOGIN)
    assert outcome.status == 2
    assert f"{', '.join(sorted([world.registry.host, basic_registry.host]))}" in outcome.log
    assert (world.registry.requests, basic_registry.requests) == ([], [])


def test_other_ports_are_other_hosts(world: World, basic_registry: BasicRegistry) -> None:
    """What listens on another port may be somebody else's: it is another registry."""
    assert world.registry.host.partition(":")[0] == basic_registry.host.partition(":")[0]
    images = components_at(world.registry, BACKEND) | components_at(basic_registry, FRONTEND)
    assert world.gate(registry_url="", **images, **LOGIN).status == 2


def test_a_record_does_not_choose_where_the_login_goes(ready: Deployment, basic_registry: BasicRegistry) -> None:
    """A release.json that names an image on another host is refused as two hosts are: nobody is sent the login."""
    there, elsewhere = ready.world.registry, basic_registry
    digest = elsewhere.push(REPOSITORY, OLD, revision="1" * 40)
    publish(ready, record(ready, digest, image=f"{elsewhere.host}/{REPOSITORY}:{OLD}"))
    elsewhere.requests.clear()
    there.requests.clear()
    outcome = roll_back(ready, registry_url="", **components_at(there, BACKEND, FRONTEND), **LOGIN)
    assert (outcome.status, ready.awx.launches) == (2, 0), outcome.log
    assert (elsewhere.requests, there.requests) == ([], [])
    assert there.host in outcome.log and elsewhere.host in outcome.log


def test_an_audit_sends_the_login_to_the_host_of_the_settings_alone(
    unseeded: World, basic_registry: BasicRegistry, registry: Registry, releases_of: GitHubReleases
) -> None:
    """Images that old releases name elsewhere get no login; those of the components' registry are seen with it."""
    unseeded.registry = basic_registry
    world = unseeded.seed()
    digest = registry.push(REPOSITORY, "2023.06.2", revision="5" * 40)
    named = json.loads(auditing.record(world, "2023.06.2", digest=digest))
    named["stack"]["image"] = f"{registry.host}/{REPOSITORY}:2023.06.2"
    releases_of.add(REPOSITORY, "2023.06.2", files={"release.json": json.dumps(named).encode()})
    registry.requests.clear()
    registry.fail("GET", "/v2/$", status=401, headers={"WWW-Authenticate": 'Basic realm="mine"'})
    images = components_at(basic_registry, BACKEND, FRONTEND)
    auditing.audit(world, registry_url="", since="2023.06.2", check_images="true", **images, **LOGIN)
    assert registry.requests
    assert authorized(basic_registry, registry) == [True, False]


@pytest.fixture
def two(world: World, basic_registry: BasicRegistry) -> dict[str, str]:
    """The inputs of a backend on an open registry, and of a frontend behind a login."""
    push_images(basic_registry, world.example)
    basic_registry.requests.clear()
    world.registry.requests.clear()
    return {"registry_url": "", **components_at(world.registry, BACKEND), **components_at(basic_registry, FRONTEND)}


def test_each_registry_gets_its_own_login(world: World, two: dict[str, str], basic_registry: BasicRegistry) -> None:
    """With registry-config images of several registries are found, and each gets no login but its own."""
    challenge = {"WWW-Authenticate": 'Basic realm="open"'}
    world.registry.fail("GET", "/v2/$", status=401, headers=challenge)
    mine, other = {"auth": pair(f"{USERNAME}:{PASSWORD}")}, {"username": "them", "password": OTHER}
    text = config(
        **{basic_registry.host: mine, world.registry.host: other, "ghcr.io": {"auth": pair("x:unused-s3cret")}}
    )
    outcome = world.gate(**two, registry_config=text)
    assert outcome.status == 0, outcome.log
    sent = [{one.headers.get("authorization") for one in here.requests} for here in (world.registry, basic_registry)]
    assert sent == [{None, f"Basic {pair(f'them:{OTHER}')}"}, {None, f"Basic {pair(f'{USERNAME}:{PASSWORD}')}"}]
    assert not [secret for secret in (PASSWORD, OTHER, "unused-s3cret", mine["auth"]) if secret in said(outcome)]


def test_a_login_is_for_its_exact_host(world: World, two: dict[str, str], basic_registry: BasicRegistry) -> None:
    """A login of the host without its port, or with another, is none of the registry's: it is asked without."""
    login = {"auth": pair(f"{USERNAME}:{PASSWORD}")}
    name, _, port = basic_registry.host.partition(":")
    outcome = world.gate(**two, registry_config=config(**{name: login, f"{name}:1{port}"[:14]: login}))
    assert outcome.findings("fail", "unknown") == {"pin-image:frontend": "unknown"}
    assert authorized(basic_registry) == [False]
    assert f"registry-config with a login for {basic_registry.host}" in outcome.log


def test_an_anonymous_token_is_asked_for_wherever_the_registry_says(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without a login images are found also where the registry's token server is of another domain."""
    server, proxy = Echo(), Proxy()
    certificate = make_certificate(tmp_path_factory.mktemp("tls"))
    over_tls(server, certificate)
    proxy.routes["tokens.example.net:443"] = server.port
    server.add("GET", "/token", lambda _: json_reply(200, {"token": "for-anybody"}))
    challenge = 'Bearer realm="https://tokens.example.net/token",service="s"'
    world.registry.fail("GET", "/v2/$", status=401, headers={"WWW-Authenticate": challenge})
    given = {"token": TOKEN, "registry-url": world.registry.url, "ca-file": str(certificate)}
    event = push_tag("2023.06.2", world.commit("2023.06.2"))
    outcome = world.program.run(event, given, api_url=world.github.url, environment={"HTTPS_PROXY": proxy.url})
    proxy.stop()
    server.stop()
    assert outcome.status == 0, outcome.log
    assert ["authorization" in one.headers for one in server.requests] == [False]
    assert {one.headers.get("authorization") for one in world.registry.requests} == {None, "Bearer for-anybody"}


def test_every_secret_is_masked_before_anything_else(world: World) -> None:
    """The whole text, each auth and each password are hidden by the first lines, whatever is wrong with the rest."""
    login, other = {"auth": pair("robot:s3cret-one")}, {"username": "robot", "password": "s3cret-two"}
    text = config(**{"ghcr.io": login, "quay.io": other, "bad host": {"identitytoken": "s3cret-three"}})
    outcome = world.gate(registry_config=text)
    assert outcome.status == 2
    first = outcome.log.splitlines()
    first = first[: next(at for at, line in enumerate(first) if not line.startswith("::add-mask::"))]
    masked = {line.removeprefix("::add-mask::").replace("%0A", "\n").replace("%25", "%") for line in first}
    assert {text, login["auth"], "s3cret-one", "s3cret-two", "s3cret-three"} <= masked
    assert "s3cret" not in said(outcome) and login["auth"] not in said(outcome)


HUB = "https://index.docker.io/v1/"
GOOD = pair("robot:s3cret")
REFUSED: list[tuple[Any, str]] = [
    ("nothing s3cret", "is not JSON"),
    ('{"auths": {"ghcr.io": {"auth": "s3cret"}}', "is not JSON"),
    ('{"auths": {"ghcr.io": {"auth": s3cret}}}', "is not JSON"),
    ('{"auths": {"ghcr.io": {"password": "s3cret\n"}}}', "is not JSON"),
    ("[" * 40_000, "is not JSON"),
    ('["s3cret"]', "not an object"),
    ('"s3cret"', "not an object"),
    ("{}", "auths"),
    ({"auths": "s3cret"}, "auths"),
    ({"auths": ["s3cret"]}, "auths"),
    ({"auths": {}}, "auths"),
    ({"ghcr.io": {"auth": GOOD}}, "auths"),
    ({"auths": {"ghcr.io": "s3cret"}}, "ghcr.io"),
    ({"auths": {"ghcr.io": {}}}, "ghcr.io"),
    ({"auths": {"ghcr.io": {"auth": ["s3cret"]}}}, "ghcr.io"),
    ({"auths": {"ghcr.io": {"auth": "s3cret!"}}}, "ghcr.io"),
    ({"auths": {"ghcr.io": {"auth": "s3cret-é"}}}, "ghcr.io"),
    ({"auths": {"ghcr.io": {"auth": pair("s3cret")}}}, "colon"),
    ({"auths": {"ghcr.io": {"auth": pair(":s3cret")}}}, "ghcr.io"),
    ({"auths": {"ghcr.io": {"auth": pair("s3cret:")}}}, "ghcr.io"),
    ({"auths": {"ghcr.io": {"auth": pair("robot:s3cret\n")}}}, "line break"),
    ({"auths": {"ghcr.io": {"auth": base64.b64encode(b"robot:s3cret\xff").decode()}}}, "ghcr.io"),
    ({"auths": {"ghcr.io": {"username": "s3cret"}}}, "ghcr.io"),
    ({"auths": {"ghcr.io": {"password": "s3cret"}}}, "ghcr.io"),
    ({"auths": {"ghcr.io": {"username": "ro:bot", "password": "s3cret"}}}, "colon"),
    ({"auths": {"ghcr.io": {"username": "robot", "password": 5}}}, "ghcr.io"),
    ({"auths": {"ghcr.io": {"auth": GOOD, "username": "robot", "password": "s3cret-other"}}}, "ghcr.io"),
    ({"auths": {"ghcr.io": {"identitytoken": "s3cret"}}}, "identitytoken"),
    ({"auths": {"ghcr.io": {"auth": GOOD, "identitytoken": "s3cret"}}}, "identitytoken"),
    ({"auths": {"ghcr.io": {"registrytoken": "s3cret"}}}, "registrytoken"),
    ({"auths": {"ghcr.io": {"auth": pair("<token>:s3cret")}}}, "identity token"),
    ({"auths": {"ghcr.io": {"auth": GOOD}}, "credsStore": "desktop"}, "credsStore"),
    ({"auths": {"ghcr.io": {"auth": GOOD}}, "credHelpers": {"quay.io": "s3cret"}}, "credHelpers"),
    ({"credHelpers": {"quay.io": "s3cret"}}, "credHelpers"),
    ({"auths": {"https://ghcr.io": {"auth": GOOD}}}, "https://ghcr.io"),
    ({"auths": {"https://ghcr.io/v1/": {"auth": GOOD}}}, "https://ghcr.io/v1/"),
    ({"auths": {"ghcr.io/acme": {"auth": GOOD}}}, "ghcr.io/acme"),
    ({"auths": {"*.ghcr.io": {"auth": GOOD}}}, "not a host"),
    ({"auths": {"robot:s3cret@ghcr.io": {"auth": GOOD}}}, "not a host"),
    ({"auths": {"": {"auth": GOOD}}}, "not a host"),
    ({"auths": {HUB: {"auth": GOOD}, "docker.io": {"auth": pair("other:s3cret")}}}, "docker.io"),
    ({"auths": {"ghcr.io": {"auth": GOOD}, "GHCR.io": {"auth": GOOD}}}, "ghcr.io"),
    (f'{{"auths": {{"ghcr.io": {{"auth": "{GOOD}"}}, "ghcr.io": {{"auth": "{GOOD}"}}}}}}', "ghcr.io"),
    ('{"auths": {"ghcr.io": {"password": "s3cret", "password": "s3cret2"}}}', "password"),
    ({"auths": {"ghcr.io": {"auth": GOOD}}, "padding": "s3cret" + "x" * 65_536}, "64 KiB"),
]


@pytest.mark.sampled(8)
@pytest.mark.parametrize(("given", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_a_configuration_that_cannot_be_used_is_refused_without_its_values(
    unseeded: World, given: Any, words: str
) -> None:
    """What cannot be used is wrong use, named by its key, and no value of it is told."""
    outcome = unseeded.gate(registry_config=given if isinstance(given, str) else json.dumps(given))
    assert outcome.status == 2, outcome.log
    assert "The input registry-config" in outcome.log and words in outcome.log
    assert "s3cret" not in said(outcome) and GOOD not in said(outcome)
    assert unseeded.github.requests == []


@pytest.mark.parametrize("name", ["registry_username", "registry_password"])
def test_two_ways_to_log_in_are_wrong_use(unseeded: World, name: str) -> None:
    """registry-config beside a single login is refused: it would not be clear which counts."""
    text = config(**{"ghcr.io": {"auth": GOOD}})
    outcome = unseeded.gate(registry_config=text, **{name: "s3cret"})
    assert outcome.status == 2
    assert "registry-config" in outcome.log and name.replace("_", "-") in outcome.log
    assert "s3cret" not in said(outcome)


def test_with_an_address_its_login_counts(unseeded: World, basic_registry: BasicRegistry) -> None:
    """Where registry-url is asked for all images, of registry-config the login for its host is sent."""
    unseeded.registry = basic_registry
    world = unseeded.seed()
    mine, other = {"auth": pair(f"{USERNAME}:{PASSWORD}")}, {"auth": pair("them:s3cret")}
    outcome = world.gate(registry_config=config(**{basic_registry.host: mine, "docker.io": other}))
    assert outcome.status == 0, outcome.log


def test_a_configuration_comes_from_the_environment_alone(world: World) -> None:
    """In a terminal it is read from REGISTRY_CONFIG; as an option, which others can see, it is refused."""
    command = [sys.executable, "-I", str(world.program.folder / "scripts"), "gate"]
    more = ["--stack-repository", "xchem/fragalysis-stack", "--ref", "refs/tags/2023.06.2"]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "REGISTRY_CONFIG": '{"auths": "s3cret"}'}
    for options, words in (
        ([*more, "--registry-config", "s3cret"], "as REGISTRY_CONFIG"),
        (more, "registry-config has no"),
    ):
        done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=False)
        told = done.stdout + done.stderr
        assert (done.returncode, words in told, "s3cret" in told) == (2, True, False), told
