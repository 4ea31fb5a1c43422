"""Pages that have not changed are not sent again (rooms and history: test_room_page)."""

from tests.house import Visitor


async def test_no_page_is_sent_again_that_has_not_changed(ana: Visitor, bo: Visitor) -> None:
    room = await ana.make_room()
    await bo.join(room)
    message = await ana.say(room, "tea")
    for address in (
        "/rooms",
        "/people",
        f"/people/{ana.id}",
        "/me",
        "/me/devices",
        "/search?q=tea",
        f"/rooms/{room}/members",
        f"/rooms/{room}/settings",
        f"/messages/{message}/menu",
        f"/messages/{message}/readers",
    ):
        first = await ana.http.get(address)
        same = {"If-None-Match": first.headers["etag"]}
        again = await ana.http.get(address, headers=same)
        assert (again.status_code, again.content) == (304, b""), address
        assert again.headers["cache-control"] == "private, no-cache"
        assert (await bo.http.get(address, headers=same)).status_code in (200, 403), address  # what he may see is his
        if address.startswith("/messages"):
            assert (await ana.http.get(address, headers=same | {"HX-Request": "true"})).status_code == 200  # no page
            assert "HX-Request" in first.headers["vary"]
        await ana.http.post("/theme", data={"theme": "dark"})
        assert (await ana.http.get(address, headers=same)).status_code == 200, address
        await ana.http.post("/theme", data={"theme": ""})


async def test_every_long_page_is_compressed_for_those_who_take_that(ana: Visitor) -> None:
    for address in ("/rooms", "/people", "/me", "/me/devices", "/search?q=tea"):
        sizes = {}
        for encoding in ("gzip", "identity"):
            async with ana.http.stream("GET", address, headers={"Accept-Encoding": encoding}) as answer:
                await answer.aread()
                assert answer.headers.get("content-encoding") == ("gzip" if encoding == "gzip" else None), address
                sizes[encoding] = answer.num_bytes_downloaded
        assert sizes["gzip"] < sizes["identity"] / 2, address


async def test_what_was_refused_or_done_is_sent_each_time(ana: Visitor) -> None:
    room = await ana.make_room()
    first = await ana.post(room, "tea", htmx=True)
    refused = await ana.http.get("/rooms/0")
    led_on = await ana.fragment("/")
    assert led_on.headers["hx-redirect"] == f"/rooms/{room}"
    assert ["etag" in each.headers for each in (first, refused, led_on)] == [False] * 3
