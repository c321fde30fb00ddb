"""Container registries, by the OCI distribution API: does this image exist, and with what digest?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from ...domain.evidence import Answer, Image, Unknown
from ...domain.image_tags import is_image_tag
from ...domain.registries import Login, one_name
from ...errors import UsageError
from ..http.addresses import problem_with
from ..http.session import Http
from .access import RegistryAccess
from .image_names import ImagePlace, locate
from .manifest import HEADERS, find_image


class RegistryClient:
    """Asks registries about images.

    `registry_url` is asked in place of the registry in an image's name. `logins` has the login of each registry by
    `one_name` of its host; others are asked without. Raises UsageError where the address cannot be used.
    """

    def __init__(self, http: Http, registry_url: str = "", logins: Mapping[str, Login] | None = None) -> None:
        problem = problem_with(registry_url) if registry_url else ""
        if problem:
            raise UsageError(f"The input registry-url {problem}.", "Use one such as https://registry-1.docker.io.")
        self._http = http
        self._registry_url = registry_url
        self._logins = logins or {}

    def images(
        self,
        wanted: Collection[tuple[str, str]],
        origins: Collection[tuple[str, str]] = (),
        contents: Collection[tuple[str, str]] = (),
    ) -> Mapping[tuple[str, str], Answer[Image]]:
        """Say what is there for each (name with the registry's host, tag), in three round trips.

        Those in `origins` and `contents` are asked what they say of their making, in three more; of `contents` the
        labels, which a base image hands down, say nothing.
        """
        places = {pair: locate(pair[0], self._registry_url) for pair in wanted}
        registries = {place.registry for place in places.values() if place}
        read = {**dict.fromkeys(contents, False), **dict.fromkeys(origins, True)}
        calls = [partial(self._in_registry, url, places, read) for url in sorted(registries)]
        found = {pair: _unaskable(*pair, place) for pair, place in places.items()}
        for answers in self._http.parallel(calls):
            found.update(answers)
        return found

    def _in_registry(
        self,
        url: str,
        places: Mapping[tuple[str, str], ImagePlace | None],
        read: Mapping[tuple[str, str], bool],
    ) -> dict[tuple[str, str], Answer[Image]]:
        here = {
            pair: place.repository
            for pair, place in places.items()
            if place and place.registry == url and is_image_tag(pair[1])
        }
        if not here:
            return {}
        access = RegistryAccess(self._http, url, self._logins.get(one_name(urlsplit(url).netloc)))
        access.log_in(set(here.values()))
        calls = [
            partial(self._image, access, name, repository, tag, read.get((name, tag)))
            for (name, tag), repository in here.items()
        ]
        return dict(zip(here, self._http.parallel(calls), strict=True))

    def _image(
        self, access: RegistryAccess, name: str, repository: str, tag: str, labels: bool | None
    ) -> Answer[Image]:
        """Return an image; `labels` is None where what it says is not read, else whether its labels count."""
        image = find_image(access, name, repository, tag)
        if labels is None or isinstance(image, Unknown) or not image.digest:
            return image
        from .origin import OriginReader  # late: the first questions go out before

        reader = OriginReader(access, self._http.parallel, image, repository, HEADERS, labels)
        return replace(image, origins=reader.read())


def _unaskable(name: str, tag: str, place: ImagePlace | None) -> Answer[Image]:
    if place is None:
        return Unknown(f"{name!r} is no name of an image", "Use one such as docker.io/owner/image.")
    # Under a tag that no registry takes there is nothing, without asking.
    return Image(name, tag, None)
