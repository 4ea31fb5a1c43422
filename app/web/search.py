"""The search page, and what it suggests while somebody types."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl

from litestar import Response, get

from app import rendering, search_terms
from app.limits import SEARCHING, SUGGESTING
from app.queries import search as search_query
from app.queries import search_plan
from app.views import Person, Suggestion
from app.web.pages import frame_for, html
from app.web.visitors import AnyRequest

WORDS = {
    "from": "messages of one person",
    "in": "messages in one room",
    "before": "before a day",
    "after": "from a day on",
    "has": "with a picture, a file or a link",
}


@get("/search", limit=SEARCHING)
async def search(request: AnyRequest, person: Person) -> Response[str]:
    asked = _asked(request)
    text = asked.get("q", "")
    query = search_terms.parse(text)
    page = await search_query.search(person, query, asked.get("page", ""))
    frame = await frame_for(request, person)
    return html(rendering.pages.search(frame, _shown(text), page, query.words, query.hints))


@get("/search/suggestions", limit=SUGGESTING)
async def suggest(request: AnyRequest, person: Person) -> Response[str]:
    """Ways to finish the last part of what is being typed."""
    before, typed = search_terms.last_part(_asked(request).get("q", ""))
    operator, colon, value = typed.removeprefix("-").partition(":")
    if not colon:
        fitting = [name for name in search_terms.OPERATORS if name.startswith(operator.lower())]
        return html(
            rendering.fragments.suggestions([_operator(before, name) for name in fitting if operator or not before])
        )
    value = value.strip('"')
    minus = "-" if typed.startswith("-") else ""
    names = await _names(person, operator.lower(), value)
    return html(
        rendering.fragments.suggestions(
            [
                Suggestion(part, "", f"{before}{minus}{part} ")
                for part in (f"{operator.lower()}:{_quoted(name)}" for name in names)
            ]
        )
    )


async def _names(person: Person, operator: str, value: str) -> list[str]:
    if operator == "from":
        return list(await search_plan.names_of_people(person, value))
    if operator == "in":
        return list(await search_plan.names_of_rooms(person, value))
    if operator in ("before", "after"):
        return [day for day in search_terms.days(datetime.now(UTC).date()) if day.startswith(value)]
    if operator == "has":
        return [name for name in search_terms.HAS if name.startswith(value.lower())]
    return []


def _operator(before: str, name: str) -> Suggestion:
    return Suggestion(f"{name}:", WORDS[name], f"{before}{name}:")


def _quoted(name: str) -> str:
    return f'"{name}"' if any(sign.isspace() for sign in name) else name


def _asked(request: AnyRequest) -> dict[str, str]:
    """The fields of the address, leniently: whatever was typed is a search."""
    try:
        return dict(parse_qsl(request.url.query, keep_blank_values=True, errors="replace", max_num_fields=50))
    except ValueError:
        return {}


def _shown(text: str) -> str:
    """The search as the field shows it again."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "")[: search_terms.QUERY_LENGTH_MAX]
