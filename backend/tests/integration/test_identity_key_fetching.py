"""Fetching issuers' keys over real TLS: what is taken, and everything else that a server may do."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from identity.errors import KeysNotFetched
from identity.key_address import FetchedKeySet, KeyAddress
from identity.key_fetching import MOST_BYTES, MOST_SECONDS, KeyFetcher
from tests.support.key_server import Answer, KeyServer, json_answer, key_server

ALGORITHMS: Final = frozenset({"Ed25519"})
JWK: Final = OKPKey.import_key(Ed25519PrivateKey.generate()).as_dict(private=False)
KEYS: Final[dict[str, Any]] = {"keys": [{**JWK, "kid": "k1"}]}
DISCOVERY: Final = "/.well-known/openid-configuration"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyServer]:
    with key_server(tmp_path_factory.mktemp("issuer")) as server:
        yield server


@pytest.fixture
def server(running: KeyServer) -> KeyServer:
    running.answers.clear()
    running.asked.clear()
    return running


def fetch(server: KeyServer, answer: Answer, fetcher: KeyFetcher | None = None) -> FetchedKeySet:
    server.answers["/keys"] = answer
    address = KeyAddress("https://issuer.example", f"{server.url}/keys", ALGORITHMS)
    return (fetcher or KeyFetcher(server.ca_file)).fetch(address)


def refusal(server: KeyServer, answer: Answer) -> str:
    with pytest.raises(KeysNotFetched) as refused:
        fetch(server, answer)
    return str(refused.value)


def raw(text: bytes) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(text)

    return answer


def dripping(request: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then, as whoever wants to hold up a thread would."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    for _ in range(40):
        request.wfile.write(b" ")
        threading.Event().wait(MOST_SECONDS / 20)


class TestAddresses:
    def test_keys_come_with_how_long_they_are_fresh(self, server: KeyServer) -> None:
        fetched = fetch(server, json_answer(KEYS, cache_control="public, max-age=19000"))

        assert set(fetched.keys) == {"k1"}
        assert fetched.fresh_seconds == 19_000

    def test_the_media_type_of_key_sets_is_json_too(self, server: KeyServer) -> None:
        answer = json_answer(KEYS, content_type="application/jwk-set+json; charset=utf-8")

        assert fetch(server, answer).keys

    def test_a_redirect_is_not_followed(self, server: KeyServer) -> None:
        server.answers["/elsewhere"] = json_answer(KEYS)

        for status in (301, 302, 303, 307, 308):
            told = refusal(server, json_answer({}, status, location=f"{server.url}/elsewhere"))
            assert told == f"status {status}"
        assert "/elsewhere" not in server.asked

    @pytest.mark.parametrize("status", [201, 204, 206, 304, 400, 401, 404, 429, 500, 503])
    def test_only_200_is_an_answer(self, server: KeyServer, status: int) -> None:
        assert refusal(server, json_answer(KEYS, status)) == f"status {status}"

    def test_a_large_answer_is_not_read_to_its_end(self, server: KeyServer) -> None:
        padded = {**KEYS, "x": "x" * MOST_BYTES}

        assert "more than" in refusal(server, json_answer(padded))

    def test_a_compressed_answer_is_none(self, server: KeyServer) -> None:
        bomb = gzip.compress(b" " * 10_000_000)

        assert "compressed" in refusal(server, json_answer(bomb, content_encoding="gzip"))

    @pytest.mark.parametrize(
        "media_type", ["text/html", "text/plain", "", "application/jsonp", "text/json"]
    )
    def test_what_calls_itself_something_else_is_no_json(
        self, server: KeyServer, media_type: str
    ) -> None:
        assert "no JSON" in refusal(server, json_answer(KEYS, content_type=media_type))

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            b"[]",
            b'{"keys": 1}',
            b'{"keys": []}',
            b'{"keys": [{}]}',
            b'{"keys": [1.5]}',
            b'{"keys": [], "keys": []}',
            b"[" * 100_000,
            b'{"keys": [' + b"[" * 100_000,
            b"\xff\xfe",
        ],
    )
    def test_what_is_no_key_set_is_refused(self, server: KeyServer, body: bytes) -> None:
        assert refusal(server, json_answer(body))

    @pytest.mark.parametrize(
        "answer",
        [raw(b"nonsense\r\n\r\n"), raw(b""), raw(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000)],
        ids=["no HTTP", "nothing", "endless headers"],
    )
    def test_what_is_no_http_is_refused(self, server: KeyServer, answer: Answer) -> None:
        assert "no connection" in refusal(server, answer)

    def test_a_server_that_drips_is_given_up_in_time(self, server: KeyServer) -> None:
        began = time.monotonic()

        told = refusal(server, dripping)

        assert "within 5 s" in told
        assert time.monotonic() - began < MOST_SECONDS + 2

    def test_an_authority_that_nobody_named_is_not_trusted(self, server: KeyServer) -> None:
        with pytest.raises(KeysNotFetched, match="no connection"):
            fetch(server, json_answer(KEYS), KeyFetcher())

    def test_a_port_where_nobody_listens_is_a_failure(self, server: KeyServer) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        address = KeyAddress("https://issuer.example", f"https://127.0.0.1:{port}/", ALGORITHMS)

        with pytest.raises(KeysNotFetched, match="no connection"):
            KeyFetcher(server.ca_file).fetch(address)

    def test_no_proxy_of_the_environment_is_asked(
        self, server: KeyServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")

        assert fetch(server, json_answer(KEYS)).keys


class TestDiscovery:
    def discover(self, server: KeyServer, **document: Any) -> FetchedKeySet:
        said = {"issuer": server.url, "jwks_uri": f"{server.url}/keys", **document}
        server.answers[DISCOVERY] = json_answer(said)
        server.answers["/keys"] = json_answer(KEYS)
        return KeyFetcher(server.ca_file).fetch(KeyAddress(server.url, "", ALGORITHMS))

    def test_an_issuers_document_says_where_its_keys_are(self, server: KeyServer) -> None:
        assert set(self.discover(server).keys) == {"k1"}
        assert server.asked == [DISCOVERY, "/keys"]

    def test_keys_on_another_host_or_port_are_not_fetched(self, server: KeyServer) -> None:
        port = server.url.rpartition(":")[2]
        for uri in (
            f"https://localhost:{port}/keys",
            "https://127.0.0.1/keys",
            f"http://127.0.0.1:{port}/keys",
            f"https://user@127.0.0.1:{port}/keys",
            "https://169.254.169.254/computeMetadata/v1/",
            "/keys",
            7,
            None,
        ):
            with pytest.raises(KeysNotFetched):
                self.discover(server, jwks_uri=uri)
        assert set(server.asked) == {DISCOVERY}

    def test_a_document_of_another_issuer_is_none(self, server: KeyServer) -> None:
        for name in ("https://issuer.example", f"{server.url}/", None):
            with pytest.raises(KeysNotFetched, match="another issuer"):
                self.discover(server, issuer=name)
