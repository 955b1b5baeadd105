"""Who may ask, and what a reply allows."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.web.conftest import DirectWorker

from normoxia.errors import InvalidArgument
from normoxia.web.app import create_app
from normoxia.web.replies import without_folders
from normoxia.web.security import LONGEST_BODY
from normoxia.web.settings import ServerSettings

TOKEN = "a-token-of-this-test"


def kind(reply: object) -> str:
    return str(reply.json()["error"]["kind"])


def test_every_reply_carries_the_policy(client: TestClient) -> None:
    for path in ("/api/health", "/", "/assets/index-0a1b.js", "/api/nothing", "/nothing.js"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil:80", ""]
)
def test_a_name_that_points_here_is_refused(client: TestClient, host: str) -> None:
    reply = client.get("/api/health", headers={"host": host})
    assert (reply.status_code, kind(reply)) == (421, "WrongHost")


@pytest.mark.parametrize("host", ["127.0.0.1:8722", "localhost:9", "[::1]:8722"])
def test_names_of_loopback_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/api/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_page_cannot_start_or_end_anything(
    client: TestClient, headers: dict[str, str]
) -> None:
    for method, path in (("POST", "/api/jobs"), ("DELETE", f"/api/jobs/{'0' * 16}")):
        body = {"json": {}} if method == "POST" else {}
        reply = client.request(method, path, headers=headers, **body)
        assert (reply.status_code, kind(reply)) == (403, "OtherOrigin")


def test_the_page_itself_may(client: TestClient) -> None:
    headers = {"origin": "http://127.0.0.1:8722", "sec-fetch-site": "same-origin"}
    assert client.post("/api/first", json={}, headers=headers).status_code == 200


def test_a_form_cannot_send_a_body(client: TestClient) -> None:
    for content in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        reply = client.post("/api/jobs", content=b"{}", headers={"content-type": content})
        assert (reply.status_code, kind(reply)) == (415, "NotJson")


def test_a_body_is_bounded_whether_or_not_its_length_is_said(client: TestClient) -> None:
    whole = b'{"text": "' + b"a" * LONGEST_BODY + b'"}'
    headers = {"content-type": "application/json"}
    said = client.post("/api/check", content=whole, headers=headers)
    unsaid = client.post("/api/check", content=iter([whole[:1000], whole[1000:]]), headers=headers)
    assert [kind(said), kind(unsaid)] == ["TooLarge", "TooLarge"]


def test_only_listed_files_of_the_page_are_served(client: TestClient) -> None:
    assert "immutable" in client.get("/assets/index-0a1b.js").headers["cache-control"]
    for address in ("/", "/runs/0123", "/evidence/studies/IMpower150"):
        assert "<title>page" in client.get(address).text
    for path in ("/.secret", "/..%2f..%2fetc/passwd.txt", "/assets/../../app.py", "/missing.js"):
        reply = client.get(path)
        assert reply.text != "no"
        assert reply.status_code == 404 or "<title>page" in reply.text


def test_another_address_needs_a_token(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="token"):
        ServerSettings(folder=tmp_path, host="0.0.0.0")
    with pytest.raises(InvalidArgument, match="16"):
        ServerSettings(folder=tmp_path, host="0.0.0.0", token="short")


def test_with_a_token_nothing_is_answered_without_it(tmp_path: Path, page_folder: Path) -> None:
    settings = ServerSettings(
        folder=tmp_path / "server", host="0.0.0.0", token=TOKEN, static=page_folder
    )
    with TestClient(create_app(settings, DirectWorker), base_url="http://10.0.0.1:80") as client:
        assert client.get("/api/health").status_code == 200
        for path in ("/", "/api/catalogue", "/api/openapi.json", "/?token=a-token-of-this-tesT"):
            assert kind(client.get(path)) == "TokenNeeded"
        wrong = client.get("/api/jobs", headers={"authorization": "Bearer x"})
        assert wrong.status_code == 401
        right = client.get("/api/jobs", headers={"authorization": f"Bearer {TOKEN}"})
        assert right.status_code == 200
        entry = client.get(f"/trial?lang=zh&token={TOKEN}", follow_redirects=False)
        assert (entry.status_code, entry.headers["location"]) == (303, "/trial?lang=zh")
        assert "HttpOnly" in entry.headers["set-cookie"]
        assert "SameSite=strict" in entry.headers["set-cookie"]
        assert client.get("/").status_code == 200  # by the cookie


def test_messages_name_files_without_their_folders() -> None:
    said = (
        '/home/ann/My-Runs/mine.yaml:3: arm "A": bevacizumab 15 mg/kg, see https://doi.org/10.1/x'
    )
    assert without_folders(said) == (
        'mine.yaml:3: arm "A": bevacizumab 15 mg/kg, see https://doi.org/10.1/x'
    )
    assert without_folders("doi:10.1056/NEJMoa1716948 and C:\\Users\\ann\\a.csv") == (
        "doi:10.1056/NEJMoa1716948 and a.csv"
    )
