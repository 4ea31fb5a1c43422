"""Files that people in the browser tests have, and the ways they bring them in."""

import asyncio
import base64
import io
import os
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from tests.browser.conftest import Person

TRAY = "#tray > li"
CHOICE = "#composer .attach input"
FIELD = "#composer textarea"
PICTURES = "#messages > .message[data-seq] .picture img"


def picture(name: str = "garden.png", width: int = 800, height: int = 600) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/png", "buffer": png(width, height)}


def png(width: int = 800, height: int = 600) -> bytes:
    drawn = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(drawn, "PNG")
    return drawn.getvalue()


def document(name: str = "plan.pdf", size: int = 2000) -> dict[str, Any]:
    """Bytes of no meaning, which nobody can compress on the way."""
    return {"name": name, "mimeType": "application/pdf", "buffer": os.urandom(size)}


def sound(name: str = "thrush.wav", seconds: int = 20) -> dict[str, Any]:
    recorded = io.BytesIO()
    with wave.open(recorded, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes(range(100, 140)) * (8000 * seconds // 40))
    return {"name": name, "mimeType": "audio/wav", "buffer": recorded.getvalue()}


async def film(person: Person, name: str = "pump.webm") -> dict[str, Any]:
    """A second of moving colour, recorded by the person's own browser."""
    encoded = await person.page.evaluate(
        """async () => {
            const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 })
            const brush = canvas.getContext("2d")
            const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: "video/webm" })
            const pieces = []
            recorder.ondataavailable = event => pieces.push(event.data)
            recorder.start()
            const began = performance.now()
            await new Promise(done => requestAnimationFrame(function paint(now) {
                brush.fillStyle = `hsl(${now / 5} 60% 40%)`
                brush.fillRect(0, 0, 320, 240)
                now - began < 1000 ? requestAnimationFrame(paint) : done()
            }))
            await new Promise(done => { recorder.onstop = done; recorder.stop() })
            const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer())
            return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""))
        }"""
    )
    return {"name": name, "mimeType": "video/webm", "buffer": base64.b64decode(encoded)}


async def choose(person: Person, *files: dict[str, Any], by: str = CHOICE) -> None:
    await person.page.set_input_files(by, list(files))


async def uploaded(person: Person, count: int = 1) -> None:
    """Wait until so many files lie in the tray, all of them uploaded."""
    await person.until(
        "[...document.querySelectorAll('#tray > li')].map(item => item.matches('.uploaded')).join()"
        f" === '{','.join(['true'] * count)}'"
    )


async def loaded(person: Person, count: int = 1) -> None:
    """Wait until so many pictures are in the timeline, and can be seen."""
    seen = f"[...document.querySelectorAll('{PICTURES}')].filter(each => each.complete && each.naturalWidth)"
    await person.until(f"{seen}.length === {count}")


async def paste(person: Person, **kinds: Any) -> None:
    """A paste event in the composer with what a program put on the clipboard: text by media type, and pictures."""
    await person.page.evaluate(
        """([texts, pictures]) => {
            const data = new DataTransfer()
            for (const [type, text] of Object.entries(texts)) data.items.add(text, type)
            for (const [name, encoded] of Object.entries(pictures)) {
                const bytes = Uint8Array.from(atob(encoded), letter => letter.charCodeAt(0))
                data.items.add(new File([bytes], name, { type: "image/png" }))
            }
            document.querySelector("#composer textarea").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }))
        }""",
        [
            {kind: text for kind, text in kinds.items() if isinstance(text, str)},
            {name: base64.b64encode(data).decode() for name, data in kinds.items() if isinstance(data, bytes)},
        ],
    )


class Drag:
    """Something that a person drags over the page with the mouse, as the browser itself tells it."""

    def __init__(self, person: Person, files: Sequence[Path] = (), text: str = "") -> None:
        self.person = person
        self.data = {
            "items": [{"mimeType": "text/plain", "data": text}] if text else [],
            "files": [str(file) for file in files],
            "dragOperationsMask": 1,
        }

    async def over(self, selector: str) -> "Drag":
        box = await self.person.page.locator(selector).bounding_box()
        assert box
        self.place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        self.devtools = await self.person.context.new_cdp_session(self.person.page)
        await self._tell("dragEnter")
        await self._tell("dragOver")
        return self

    async def drop(self) -> None:
        await self._tell("drop")

    async def leave(self) -> None:
        self.place = {"x": -20, "y": -20}
        await self._tell("dragOver")

    async def _tell(self, kind: str) -> None:
        await self.devtools.send("Input.dispatchDragEvent", {"type": kind, **self.place, "data": self.data})


class Gate:
    """A network on which requests wait at the door until it opens: uploads, if nothing else is named."""

    def __init__(self, person: Person, pattern: str = "**/rooms/*/files") -> None:
        self.person = person
        self.pattern = pattern
        self.opened = asyncio.Event()

    async def __aenter__(self) -> "Gate":
        await self.person.page.route(self.pattern, self._hold)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.opened.set()
        await self.person.page.unroute_all(behavior="wait")

    async def _hold(self, route: Any) -> None:
        await self.opened.wait()
        await route.continue_()
