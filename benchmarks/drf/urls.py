"""The addresses of the comparison."""

from django.urls import path

from benchmarks.drf.views import HeartbeatView, UnwrittenHeartbeatView, nothing

_SESSION = "drf/sessions/<uuid:session_id>"

urlpatterns = [
    path("django/nothing/", nothing),
    path(f"{_SESSION}/unwritten/", UnwrittenHeartbeatView.as_view()),
    path(f"{_SESSION}/heartbeat/", HeartbeatView.as_view()),
]
