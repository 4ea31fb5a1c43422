"""HEAD: what GET would say, without the body."""

from tests.house import Visitor


async def test_head_is_answered_as_get_is(ana: Visitor) -> None:
    room = await ana.make_room()
    await ana.say(room, "tea " * 1000)
    for address in ("/", "/healthz", f"/rooms/{room}", "/rooms", "/search?q=tea", "/rooms/0", "/static/nothing"):
        await ana.http.get(address)  # may set a cookie
        get = await ana.http.get(address)
        head = await ana.http.head(address)
        assert (head.status_code, head.content) == (get.status_code, b""), address
        assert _but_date(head.headers) == _but_date(get.headers), address
        assert (await ana.http.get("/healthz")).status_code == 200  # on the same connection


def _but_date(headers: object) -> dict[str, str]:
    return {name: value for name, value in dict(headers).items() if name != "date"}  # type: ignore[call-overload]
