"""The page that deploy looks at, looked at before there is anything to deploy."""

from __future__ import annotations

from ...adapters.site import SiteClient
from ...domain.components import default_stack_image
from ...domain.evidence import Unknown
from ...domain.needs.catalogue import Selection
from ...domain.needs.need import Judgement, Presence, missing, not_needed, unseen
from ...domain.needs.site import Known, advice, judge_answer, judge_site
from ...domain.site_lines import Page
from ...domain.versions import production_tags
from ...errors import UsageError
from ...inputs.settings.doctor import DoctorSettings
from .questions import Question
from .reading import StackFile

_MOST_TAGS = 50


class SitePage:
    """Asks the site for its pages, and where `verify-text` does not do, the forge for the tags of releases."""

    def __init__(self, settings: DoctorSettings, selection: Selection, client: SiteClient, file: StackFile) -> None:
        self._settings = settings
        self._selection = selection
        self._client = client
        self._file = file

    def questions(self) -> list[Question]:
        """The one question."""
        need = self._selection.need("site-text", "A page of the site that shows the release, and lines that find it")
        return [Question(need, self._judge)]

    def _judge(self) -> Judgement:
        urls = self._settings.site_urls
        if not urls:
            return not_needed("No verify-url is given, so deploy does not look at the site.")
        judged = [self._first(urls[0]), *map(self._other, urls[1:])]
        return next((one for one in judged if one.presence is not Presence.THERE), judged[0])

    def _first(self, url: str) -> Judgement:
        answer, site = self._client.page(url), self._settings.site
        if isinstance(answer, Unknown):
            return unseen(answer)
        lines, wrong = ((), site.message) if isinstance(site, UsageError) else (site.lines, "")
        page = Page(answer.body)
        judged = judge_site(url, answer.status, page, lines, wrong)
        return missing(judged, advice(page, self._known()), url) if isinstance(judged, str) else judged

    def _other(self, url: str) -> Judgement:
        answer = self._client.page(url)
        return unseen(answer) if isinstance(answer, Unknown) else judge_answer(url, answer.status)

    def _known(self) -> Known:
        """What the page may show. Without the tags of releases `latest` is all that is known, as on staging."""
        settings = self._settings
        names = self._file.stack.repository.tags_starting([""])
        tags = (
            []
            if isinstance(names, Unknown)
            else [tag.text for tag in reversed(production_tags(names, form=settings.tag_format))]
        )
        _, owner, name = default_stack_image(settings.stack_repository).split("/")
        namespaces = [owner, *(pin.namespace for pin in self._file.pins() if pin.namespace)]
        components = [component.name for component in settings.components]
        return Known([*tags[:_MOST_TAGS], "latest"], [name], namespaces, components)
