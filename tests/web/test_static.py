import re

from tests.house import Visitor

SENTENCES = [
    "Shall we meet at the tea house by the old bridge at four?",
    "I would rather come at five, the train from the north is late again today.",
    "Five is fine with me. Who brings the kettle?",
    "The **small one** is broken, as far as I know; see https://example.org/kettles for what they cost now.",
    "Then let us ask Marta, she has two of them, and a good deal of oolong besides.",
    "我也会来,带一些点心。",
    "Thank you! That is very kind of you 🍵",
]
KILOBYTE = 1024
ASKED_FOR = re.compile(r'<(?:link rel="(?:icon|stylesheet)" href|script[^>]* src|img src)="([^"]+)"')


async def weight(visitor: Visitor, address: str, encodings: str) -> int:
    """Bytes of the body as it is sent."""
    answer = await visitor.http.get(address, headers={"Accept-Encoding": encodings})
    assert answer.status_code == 200
    return int(answer.headers["content-length"])


async def test_static_files_are_kept_for_ever_under_an_address_that_names_their_content(ana: Visitor) -> None:
    room = await ana.make_room()
    page = await ana.http.get(f"/rooms/{room}")
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert len(files) >= 4
    for file in files:
        plain = await ana.http.get(file, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        for encodings, chosen in (("gzip", "gzip"), ("gzip, deflate, br", "br"), ("gzip;q=0.5, br; q=0", "gzip")):
            answer = await ana.http.get(file, headers={"Accept-Encoding": encodings})
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
            assert answer.headers["vary"] == "Accept-Encoding"
            assert answer.headers["content-encoding"] == chosen
            assert answer.content == plain.content
        again = await ana.http.get(file, headers={"If-None-Match": plain.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        of_another_release = await ana.http.get(re.sub(r"^/static/\w+/", "/static/0123456789/", file))
        assert of_another_release.headers["cache-control"] == "public, max-age=300"


async def test_a_room_page_is_light_and_asks_for_little(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    for n in range(50):
        await (ana, bo)[n % 3 == 0].say(room, f"{SENTENCES[n % len(SENTENCES)]} {n}")
    page = (await ana.http.get(f"/rooms/{room}")).text
    assert await weight(ana, f"/rooms/{room}", "gzip") <= 20 * KILOBYTE
    files = set(ASKED_FOR.findall(page))
    weights = {file: await weight(ana, file, "gzip, deflate, br") for file in files}
    assert sum(size for file, size in weights.items() if file.endswith(".js")) <= 30 * KILOBYTE
    assert sum(size for file, size in weights.items() if ".css" in file) <= 14 * KILOBYTE
    assert len(files) + 1 <= 10


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
