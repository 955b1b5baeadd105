"""Requests made from the API's own description find no failure of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from starlette.testclient import TestClient
from tests.web.conftest import DirectWorker

from normoxia.web.app import create_app
from normoxia.web.settings import ServerSettings

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, page_folder: Path) -> Iterator[TestClient]:
    """A server whose queue takes nothing, so that made-up jobs cost nothing."""
    folder = tmp_path_factory.mktemp("fuzzed")
    settings_ = ServerSettings(folder=folder, static=page_folder, most_waiting=0)
    with TestClient(
        create_app(settings_, DirectWorker),
        base_url="http://127.0.0.1:8722",
        raise_server_exceptions=False,
    ) as one:
        yield one


def test_no_request_makes_the_server_fail(asked: TestClient) -> None:
    schema = schemathesis.openapi.from_dict(asked.get("/api/openapi.json").json())
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 25
    n_asked = 0

    def ask(case: schemathesis.Case) -> None:
        nonlocal n_asked
        n_asked += 1
        sent = case.as_transport_kwargs(base_url="http://127.0.0.1:8722")
        named = {**(sent.get("headers") or {})}
        headers = {k: v for k, v in named.items() if f"{k}{v}".isascii() and v.isprintable()}
        body = {key: sent[key] for key in ("json", "data", "params") if sent.get(key) is not None}
        reply = asked.request(case.method, sent["url"], headers=headers, **body)
        assert reply.status_code < 500, (case.method, case.formatted_path, case.query, case.body)
        if reply.status_code >= 400 and case.method != "HEAD":
            assert reply.json()["error"]["message"]
            assert "Traceback" not in reply.text

    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                strategy = operation.as_strategy(generation_mode=mode)
                FEW(given(case=strategy)(ask))()
            except Unsatisfiable:  # no request breaks the description of a route without parameters
                assert mode is GenerationMode.NEGATIVE
    assert n_asked > 3 * len(operations)
