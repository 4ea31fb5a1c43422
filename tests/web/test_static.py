import re

from tests.house import Visitor


async def test_static_files_are_kept_for_ever_under_an_address_that_names_their_content(ana: Visitor) -> None:
    room = await ana.make_room()
    page = await ana.http.get(f"/rooms/{room}")
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert len(files) >= 6
    for file in files:
        answer = await ana.http.get(file)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"


async def test_a_file_that_is_not_there_is_not_found(stranger: Visitor) -> None:
    for path in ("/static/x/nothing.css", "/static/x/../pyproject.toml", "/static/x/%2e%2e/pyproject.toml"):
        assert (await stranger.http.get(path)).status_code == 404


async def test_a_persons_stylesheet_concerns_their_messages_alone(stranger: Visitor) -> None:
    answer = await stranger.http.get("/people/7/mine.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert '.message[data-author="7"]' in answer.text


async def test_a_worker_says_that_it_lives_and_that_it_can_serve(stranger: Visitor) -> None:
    assert (await stranger.http.get("/healthz")).text == "ok"
    assert (await stranger.http.get("/readyz")).text == "ready"
