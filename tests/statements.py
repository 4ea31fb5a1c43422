"""What a house says to PostgreSQL: a wire between them that keeps every statement which is executed."""

import asyncio
import contextlib
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

START_BYTES = 4  # a connection begins with a length and no type


class Statements:
    """`url` leads to the database by way of this wire; `executed` are the texts, in their order."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._target = urlsplit(database_url)
        self._folder = folder
        self.executed: list[str] = []
        self.url = self._target._replace(netloc=self._credentials, query=urlencode({"host": str(folder)})).geturl()

    @property
    def _credentials(self) -> str:
        return f"{self._target.netloc.rpartition('@')[0]}@".removeprefix("@")

    async def __aenter__(self) -> "Statements":
        self._server = await asyncio.start_unix_server(self._forward, self._folder / ".s.PGSQL.5432")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        folder = parse_qs(self._target.query).get("host")
        port = self._target.port or 5432
        if folder:
            there, back = await asyncio.open_unix_connection(f"{folder[0]}/.s.PGSQL.{port}")
        else:
            there, back = await asyncio.open_connection(self._target.hostname, port)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await asyncio.gather(self._note(reader, back), self._pass_on(there, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def _note(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        prepared: dict[bytes, str] = {}
        start = await reader.readexactly(START_BYTES)
        writer.write(start + await reader.readexactly(int.from_bytes(start) - START_BYTES))
        while kind := await reader.read(1):
            length = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(length) - 4)
            if kind == b"P":  # Parse: the name of a statement, and its text
                name, text, _ = body.split(b"\0", 2)
                prepared[name] = text.decode()
            elif kind == b"B":  # Bind: a portal, and the name of the statement that is executed in it
                _, name, _ = body.split(b"\0", 2)
                self.executed.append(prepared[name])
            elif kind == b"Q":
                self.executed.append(body.removesuffix(b"\0").decode())
            writer.write(kind + length + body)
        writer.close()
