import asyncio
from html import unescape

import pytest
import websockets

from tests.house import PASSWORD, Visitor

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_post_from_another_website_is_refused(ana: Visitor, headers: dict[str, str]) -> None:
    room = await ana.make_room()
    for path in (f"/rooms/{room}/messages", "/rooms", "/sign-out", "/sign-in"):
        answer = await ana.http.post(path, data={"body": "hi", "name": "Room"}, headers=headers)
        assert answer.status_code == 403
        assert "came from another website" in answer.text
    assert await ana.version_of(room) == 0


async def test_a_post_from_our_own_page_or_from_no_browser_passes(ana: Visitor) -> None:
    room = await ana.make_room()
    for headers in ({}, {"Sec-Fetch-Site": "same-origin", "Origin": ana.url}, {"Origin": ana.url}):
        answer = await ana.http.post(f"/rooms/{room}/messages", data={"body": "hi"}, headers=headers)
        assert answer.status_code == 303


async def test_every_page_carries_the_headers_that_keep_it_to_itself(stranger: Visitor) -> None:
    for address in ("/sign-in", "/nowhere", "/healthz"):
        headers = (await stranger.http.get(address)).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


async def test_behind_a_server_that_asks_under_another_name_base_url_is_ours(open_house) -> None:
    house = await open_house(BASE_URL="https://chat.example.org")
    ana = Visitor.at(house.url)
    form = {"name": "Ana", "email": "ana@example.org", "password": PASSWORD}
    for origin in ("https://evil.example", "http://chat.example.org", "https://chat.example.org.evil.example"):
        assert (await ana.http.post("/sign-up", data=form, headers={"Origin": origin})).status_code == 403
    answer = await ana.http.post("/sign-up", data=form, headers={"Origin": "https://chat.example.org"})
    assert answer.status_code == 303
    cookies = "; ".join(each.partition(";")[0] for each in answer.headers.get_list("set-cookie"))
    headers = {"Cookie": cookies, "Origin": "https://chat.example.org"}
    answer = await ana.http.post("/rooms", data={"name": "Tea", "visibility": "open"}, headers=headers)
    room = answer.headers["location"].rsplit("/", 1)[1]
    address = f"{house.url.replace('http', 'ws', 1)}/socket?room={room}&since=0"
    async with websockets.connect(address, additional_headers=headers) as socket, asyncio.timeout(5):
        assert f'data-room="{room}"' in await socket.recv()


async def test_a_form_that_is_refused_leads_back_to_its_page(ana: Visitor) -> None:
    room = await ana.make_room()
    page = f"{ana.url}/rooms/{room}/members?q=bo"
    refused = await ana.http.post(f"/rooms/{room}/members", data={}, headers={"Referer": page, "Origin": ana.url})
    assert refused.status_code == 422
    assert f'href="/rooms/{room}/members?q=bo">Back to where you were' in unescape(refused.text)
    for elsewhere in ("https://evil.example/rooms", "//evil.example", "http://[", f"{ana.url}//evil.example"):
        refused = await ana.http.post(f"/rooms/{room}/members", data={}, headers={"Referer": elsewhere})
        assert "evil" not in refused.text
