"""The spans that the settings ask for."""

from django.conf import settings

from foundation.outbound_spans import OutboundSpans
from foundation.tracing import TracingNotInstalled, send_spans


def send_spans_from_settings() -> None:
    """Have spans made and sent where the settings say so. Raises TracingNotInstalled."""
    if not settings.LICENSE_TRACES_ENDPOINT:
        return
    try:
        from foundation.otel import OtelSpans, OtlpSender
    except ModuleNotFoundError as missing:
        raise TracingNotInstalled(
            "LICENSE_TRACES_ENDPOINT is set, and OpenTelemetry is not installed: "
            "docs/how-to/follow-a-trace.md"
        ) from missing
    outbound = OutboundSpans(OtlpSender(settings.LICENSE_TRACES_ENDPOINT))
    send_spans(OtelSpans(outbound, percent=settings.LICENSE_TRACES_PERCENT))
