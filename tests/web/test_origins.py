import pytest

from tests.house import Visitor

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
