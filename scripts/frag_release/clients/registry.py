"""Container registries, by the OCI distribution API: does this image exist, and with what digest?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from ..domain.evidence import Answer, Image, Unknown
from ..domain.image_tags import is_image_tag
from ..errors import UsageError
from .addresses import problem_with
from .http import Http
from .image_names import ImagePlace, locate
from .registry_access import Login, RegistryAccess
from .registry_manifest import find_image

_NOT_ONE = (
    "The images are in several registries, so registry-username and registry-password were sent to none: "
    "say with registry-url which one they are for, or make the images public."
)


class RegistryClient:
    """Asks registries about images.

    `registry_url` is asked in place of the registry in an image's name. User name and password are for one
    registry: where images of several are wanted, none of them is sent the two. Raises UsageError where the
    address cannot be used.
    """

    def __init__(self, http: Http, registry_url: str = "", username: str = "", password: str = "") -> None:
        problem = problem_with(registry_url) if registry_url else ""
        if problem:
            raise UsageError(f"The input registry-url {problem}.", "Use one such as https://registry-1.docker.io.")
        self._http = http
        self._registry_url = registry_url
        self._login = Login(username, password) if username and password else None

    def images(self, wanted: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Answer[Image]]:
        """Say what is there for each (name with the registry's host, tag), in three round trips."""
        places = {pair: locate(pair[0], self._registry_url) for pair in wanted}
        registries = {place.registry for place in places.values() if place}
        login = self._login if len(registries) == 1 else None
        remedy = _NOT_ONE if self._login and not login else ""
        calls = [partial(self._in_registry, url, places, login, remedy) for url in sorted(registries)]
        found = {pair: _unaskable(*pair, place) for pair, place in places.items()}
        for answers in self._http.parallel(calls):
            found.update(answers)
        return found

    def _in_registry(
        self,
        url: str,
        places: Mapping[tuple[str, str], ImagePlace | None],
        login: Login | None,
        remedy: str,
    ) -> dict[tuple[str, str], Answer[Image]]:
        here = {
            pair: place.repository
            for pair, place in places.items()
            if place and place.registry == url and is_image_tag(pair[1])
        }
        if not here:
            return {}
        access = RegistryAccess(self._http, url, login, remedy)
        access.log_in(set(here.values()))
        calls = [partial(find_image, access, name, repository, tag) for (name, tag), repository in here.items()]
        return dict(zip(here, self._http.parallel(calls), strict=True))


def _unaskable(name: str, tag: str, place: ImagePlace | None) -> Answer[Image]:
    if place is None:
        return Unknown(f"{name!r} is no name of an image", "Use one such as docker.io/owner/image.")
    # Under a tag that no registry takes there is nothing, without asking.
    return Image(name, tag, None)
