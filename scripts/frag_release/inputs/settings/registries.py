"""How registries are reached, and whose login goes where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ...domain.registries import Login, host_of_image, one_name
from ...errors import UsageError
from ..values import Values


@dataclass(frozen=True)
class RegistrySettings:
    """`url` is asked in place of all hosts. `username` and `password` are for one host; `logins` are by host."""

    url: str
    username: str
    password: str = field(repr=False)
    logins: Mapping[str, Login]

    def logins_for(self, images: Iterable[str]) -> Mapping[str, Login]:
        """Return the login of each registry by `one_name` of its host.

        `images` are all that this run looks at by its settings: a name that is read later chooses no host. Raises
        UsageError where one login would be for several hosts.
        """
        if self.logins or not (self.username and self.password):
            return self.logins
        hosts = {one_name(urlsplit(self.url).netloc)} if self.url else set(map(host_of_image, images))
        if len(hosts) > 1:
            raise UsageError(
                f"The images of this run are in several registries ({', '.join(sorted(hosts))}), and the inputs "
                "registry-username and registry-password are a login for one. Neither was sent to any.",
                "Give registry-config in place of them: a docker configuration with a login for each that needs one.",
            )
        return dict.fromkeys(hosts, Login(self.username, self.password))


def read_registry_settings(values: Values) -> RegistrySettings:
    """Check what a kind alone cannot tell; raises UsageError."""
    config = values.text("registry-config")
    single = [name for name in ("registry-username", "registry-password") if values.text(name)]
    if config and single:
        raise UsageError(
            f"The input registry-config is given beside {' and '.join(single)}, and it is not clear which counts.",
            "Give registry-config alone, or the other two.",
        )
    return RegistrySettings(
        url=values.text("registry-url"),
        username=values.text("registry-username"),
        password=values.text("registry-password"),
        logins=_logins(config) if config else {},
    )


def _logins(config: str) -> Mapping[str, Login]:
    from ..registry_config import read_registry_config  # late: only images in several registries need it

    return read_registry_config(config)
