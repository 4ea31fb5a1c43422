"""A real Chromium, and people who use it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.browser.install import found
from tests.house import PASSWORD, House, Visitor

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "color_scheme": "dark",
}
PATIENCE_MILLISECONDS = 30_000
CLOSE_SECONDS = 10


@dataclass
class Person:
    """Somebody with a browser: `page` is where they are, `mistakes` what went wrong in it."""

    context: BrowserContext
    page: Page
    url: str
    mistakes: list[str]

    async def act(self, address: str, **form: str) -> str:
        """Send a form without a page, and with the cookies of all; returns where it led."""
        answer = await self.context.request.post(
            f"{self.url}{address}", form=form, headers={"Origin": self.url}, max_redirects=0
        )
        assert answer.status == 303, await answer.text()
        return answer.headers["location"]

    async def sign_up(self, name: str) -> "Person":
        await self.act("/sign-up", name=name, email=f"{uuid4().hex}@example.org", password=PASSWORD)
        return self

    async def make_room(self, name: str) -> int:
        room = int((await self.act("/rooms", name=name, visibility="open")).rsplit("/", 1)[1])
        await self.enter(room)
        return room

    async def enter(self, room: int) -> None:
        """Become one of its people, if it is open, and look at it."""
        await self.context.request.post(f"{self.url}/rooms/{room}/join", headers={"Origin": self.url})
        await self.page.goto(f"{self.url}/rooms/{room}")
        await self.connected()

    async def connected(self) -> None:
        """Wait for the socket, where the page has JavaScript."""
        if await self.page.locator("[hx-ws\\:connect]").count():
            place = "document.querySelector('[hx-ws\\\\:connect]')"
            await self.until(f"{place}._htmx?.ws?.connection?.socket?.readyState === 1")

    async def until(self, expression: str) -> None:
        """Wait for a JavaScript expression to hold. (Playwright's own way needs eval, which our pages forbid.)"""
        async with asyncio.timeout(PATIENCE_MILLISECONDS / 1000):
            while not await self.page.evaluate(expression):
                await self.page.evaluate("new Promise(requestAnimationFrame)")

    async def type(self, text: str) -> None:
        await self.page.fill("#composer textarea", text)

    async def send(self, text: str) -> None:
        await self.type(text)
        await self.page.press("#composer textarea", "Enter")

    async def sees(self, text: str) -> None:
        """Wait for a stored message with this text."""
        await self.page.locator("#messages > .message[data-seq] .body", has_text=text).first.wait_for()

    async def texts(self) -> list[str]:
        """The texts of all stored messages that people wrote, in the order of the page."""
        return await self.page.locator("#messages > .message[data-seq]:not(.system) .body").all_inner_texts()

    async def seqs(self) -> list[int]:
        return await self.page.evaluate(
            "[...document.querySelectorAll('#messages > .message:not(.system)')].map(m => Number(m.dataset.seq))"
        )


async def companion(person: Person, room: int) -> Visitor:
    """Somebody else in the room, who writes over HTTP."""
    return await (await Visitor.at(person.url).sign_up("Bo")).join(room)


async def say_many(visitor: Visitor, room: int, count: int, word: str = "message") -> None:
    for n in range(count):
        await visitor.say(room, f"{word} {n}")


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found(), args=FLAGS)
        yield browser
        await browser.close()


Arrive = Callable[..., Awaitable[Person]]


@pytest.fixture
async def arrive(chromium: Browser, house: House) -> AsyncIterator[Arrive]:
    """A function that lets a person arrive, with a browser context of their own; mistakes on a page fail the test."""
    people: list[Person] = []

    async def one(name: str = "", at: House = house, **options: Any) -> Person:
        context = await chromium.new_context(**(DESK | options))
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        page = await context.new_page()
        mistakes: list[str] = []
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("console", lambda message: _note(mistakes, message))
        person = Person(context, page, at.url, mistakes)
        people.append(person)
        return await person.sign_up(name) if name else person

    yield one
    for person in people:
        await _close(person.context)
    assert [person.mistakes for person in people] == [[] for _ in people]


async def _close(context: BrowserContext) -> None:
    """Chromium may forget the order to close a page that is arriving somewhere; such a one ends with the browser."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            for page in context.pages:
                await page.close()
            await context.close()


def _note(mistakes: list[str], message: Any) -> None:
    """Violations of the content security policy and script errors; failed requests are part of many tests."""
    if message.type == "error" and not message.text.startswith(
        ("Failed to load resource", "WebSocket connection", "htmx:")
    ):
        mistakes.append(message.text)
