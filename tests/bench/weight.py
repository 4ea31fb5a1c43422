"""Weight: what a browser fetches for a room page of 50 messages, compressed, the first time it comes."""

import re
from urllib.parse import urljoin

import httpx

from tests.bench.crowd import crowd
from tests.bench.figures import Figure
from tests.bench.measure import Void
from tests.bench.room_page import MESSAGES, PEOPLE, shows
from tests.bench.stage import Stage, house

KB = 1024
TAG = re.compile(r"<(script|link|img)\b[^>]*>")
ADDRESS = re.compile(r'\b(?:src|href)="([^"]+)"')
FETCHED_LINKS = re.compile(r'\brel="(stylesheet|icon|shortcut icon|apple-touch-icon|manifest|preload|modulepreload)"')
IMPORT = re.compile(r"""(?:^|[;\n}])\s*import\s*(?:[\w*{}\s,]+from\s*)?["']([^"']+)["']""")
CSS_ADDRESS = re.compile(r"""(?:@import\s+["']|url\(["']?)(?!data:)([^"')]+)""")


async def case(on: Stage) -> list[Figure]:
    async with house(on) as opened:
        people = await crowd(on.database_url, PEOPLE, MESSAGES)
        await shows(opened.url, people, MESSAGES)
        headers = dict(line.split(": ", 1) for line in people.headers(opened.url, "1").splitlines())
        headers["Accept-Encoding"] = "gzip, deflate, br, zstd"
        async with httpx.AsyncClient(base_url=opened.url, headers=headers) as http:
            sizes = await fetched(http, f"/rooms/{people.room}")
    kinds = {"JavaScript": ("javascript", 30), "CSS": ("css", 14), "HTML": ("html", 20)}
    figures = [
        Figure(
            f"weight of a room page: {name}", "KB", most, [sum(size for type_, size in sizes if word in type_) / KB]
        )
        for name, (word, most) in kinds.items()
    ]
    return [*figures, Figure("weight of a room page: requests, with its socket", "requests", 10, [len(sizes) + 1])]


async def fetched(http: httpx.AsyncClient, page: str) -> list[tuple[str, int]]:
    """(type, bytes on the wire) of the page and of each thing that it leads a browser to fetch."""
    waiting, seen, sizes = [page], {page}, []
    while waiting:
        address = waiting.pop(0)
        async with http.stream("GET", address) as answer:
            if answer.status_code != 200:
                raise Void(f"{address} answers {answer.status_code}")
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        type_ = answer.headers["content-type"]
        sizes.append((type_, len(raw)))
        text = httpx.Response(200, headers=answer.headers, content=raw).text
        for found in named(type_, text):
            full = urljoin(address, found)
            if full not in seen:
                seen.add(full)
                waiting.append(full)
    return sizes


def named(type_: str, text: str) -> list[str]:
    if "html" in type_:
        tags = (tag for tag in TAG.finditer(text) if tag[1] != "link" or FETCHED_LINKS.search(tag[0]))
        return [address[1].replace("&amp;", "&") for tag in tags if (address := ADDRESS.search(tag[0]))]
    return (IMPORT if "javascript" in type_ else CSS_ADDRESS if "css" in type_ else re.compile("(?!)")).findall(text)
