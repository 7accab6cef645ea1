"""Bodies are JSON, read as strictly as by the leasing plane; answers are JSON for everybody."""

from collections.abc import Iterable, Mapping
from typing import IO, Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from leasing.http.bodies import parse_json


class JsonBody(BaseParser):
    """Refuses duplicate members, numbers that JSON does not know, and nesting without end."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the value that a body spells. Raises InvalidRequest."""
        del media_type, parser_context
        return parse_json(stream.read())


class JsonAlways(BaseContentNegotiation):
    """Takes the only parser and renderer there is: a header never turns a good call into 406."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser when the body says that it is JSON, else None, which becomes 415."""
        sent = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer of JSON."""
        del request, format_suffix
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""
