"""`teahouse serve` and `make run`, as the person meets them who starts them."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.conftest import Servers
from tests.house import REPOSITORY, House, Visitor, clean_environment, serve

PROCESSES_END_SECONDS_MAX = 20


def family(pid: int) -> set[int]:
    """A process and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {pid}.union(*[family(int(child)) for child in children])


def alive(pids: set[int]) -> set[int]:
    """Those that still run; a dead one that nobody has asked about is dead."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX":
                found.add(pid)
    return found


async def until_gone(pids: set[int]) -> None:
    async with asyncio.timeout(PROCESSES_END_SECONDS_MAX):
        while alive(pids):
            await asyncio.sleep(0)


async def talk(house: House) -> tuple[Visitor, int, set[int]]:
    """Post a message; returns who, where, and the processes that made it possible."""
    ana = await Visitor.at(house.url).sign_up("Ana")
    room = await ana.make_room()
    await ana.say(room, "hello")
    processes = family(house.process.pid)
    assert len(processes) >= 4  # the supervisor, a worker, PostgreSQL, Redis
    return ana, room, processes


async def test_data_outlives_a_restart_and_no_process_stays(tmp_path: Path) -> None:
    house = await House.open(DATA_DIR=str(tmp_path))
    ana, room, processes = await talk(house)
    house.process.send_signal(signal.SIGINT)  # as Ctrl-C does
    await asyncio.to_thread(house.process.wait, 30)
    house.process.stdout.close()
    assert alive(processes) == set()
    assert not (tmp_path / "run").exists()

    house = await House.open(DATA_DIR=str(tmp_path))
    back = Visitor.at(house.url)
    back.http.cookies = ana.http.cookies
    assert ">hello</p>" in (await back.http.get(f"/rooms/{room}")).text
    await house.close()


async def test_data_outlives_kill_9_of_everything(tmp_path: Path) -> None:
    house = await House.open(DATA_DIR=str(tmp_path))
    ana, room, processes = await talk(house)
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):  # gone with its parent already
            os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(house.process.wait, 30)
    house.process.stdout.close()

    house = await House.open(DATA_DIR=str(tmp_path))
    back = Visitor.at(house.url)
    back.http.cookies = ana.http.cookies
    assert ">hello</p>" in (await back.http.get(f"/rooms/{room}")).text
    await house.close()


async def test_a_supervisor_that_is_killed_takes_its_children_along(tmp_path: Path) -> None:
    house = await House.open(DATA_DIR=str(tmp_path))
    _, _, processes = await talk(house)
    os.kill(house.process.pid, signal.SIGKILL)
    await asyncio.to_thread(house.process.wait, 30)
    house.process.stdout.close()
    await until_gone(processes)


async def test_workers_hold_nothing_that_is_the_supervisors_or_each_others(tmp_path: Path) -> None:
    house = await House.open(DATA_DIR=str(tmp_path), WORKERS="2")
    one, other = (files_of(worker) for worker in house.workers())
    assert str(tmp_path / "lock") in files_of(house.process.pid)
    assert str(tmp_path / "lock") not in one | other
    assert not any(file.startswith(("pipe:", "socket:")) for file in one & other - standard(house.process.pid))
    await house.close()


def files_of(pid: int) -> set[str]:
    """What a process has open: paths, and pipes and sockets with their numbers."""
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(os.readlink(link))
    return found


def standard(pid: int) -> set[str]:
    """The files that it shares with whoever started it."""
    return {os.readlink(f"/proc/{pid}/fd/{number}") for number in range(3)}


async def test_told_to_stop_while_its_workers_start_it_leaves_none(servers: Servers, tmp_path: Path) -> None:
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=REPOSITORY,
            env=clean_environment()
            | servers.environment()
            | {"DATA_DIR": str(tmp_path), "PORT": "0", "WORKERS": "4"},
        )
        house = House(process, "")
        async with asyncio.timeout(60):
            while not house.workers():
                await asyncio.sleep(0)
        processes = family(process.pid)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0
        assert alive(processes) == set()


async def test_when_a_private_server_dies_everything_ends_with_a_line(tmp_path: Path) -> None:
    house = await House.open(DATA_DIR=str(tmp_path))
    _, _, processes = await talk(house)
    os.kill(int((tmp_path / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    assert await asyncio.to_thread(house.process.wait, 30) == 1
    house.process.stdout.close()
    await until_gone(processes)


async def test_a_second_run_in_the_same_folder_says_so_and_one_in_another_does_not_meet_it(
    tmp_path: Path,
) -> None:
    first = await House.open(DATA_DIR=str(tmp_path / "one"))
    await talk(first)
    done = await asyncio.to_thread(serve, DATA_DIR=str(tmp_path / "one"), PORT="0")
    assert done.returncode == 1
    assert done.stderr == (
        f"teahouse: Teahouse is already running in {tmp_path / 'one'}. Stop that one first, or set DATA_DIR.\n"
    )
    second = await House.open(DATA_DIR=str(tmp_path / "two"))
    assert (await Visitor.at(second.url).http.get("/sign-in")).headers["location"] == "/sign-up"  # empty
    await second.close()
    await first.close()


async def test_a_port_that_is_taken_is_named(house: House, servers: Servers, tmp_path: Path) -> None:
    port = house.url.rsplit(":", 1)[1]
    done = await asyncio.to_thread(serve, **servers.environment(), DATA_DIR=str(tmp_path), PORT=port)
    assert done.returncode == 1
    assert f"Cannot serve {house.url}" in done.stderr
    assert done.stderr.count("\n") == 1


async def test_a_bad_setting_is_one_line(tmp_path: Path) -> None:
    done = await asyncio.to_thread(serve, DATA_DIR=str(tmp_path), PORT="tea")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "PORT is “tea”" in done.stderr


async def test_make_run_in_a_fresh_clone_reaches_a_posted_message_and_ctrl_c_leaves_nothing(
    tmp_path: Path,
) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(REPOSITORY), str(clone)], check=True)
    make = subprocess.Popen(
        ["make", "run"],
        cwd=clone,
        env=clean_environment() | {"PORT": "0"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    async with asyncio.timeout(600):
        line = ""
        while "Teahouse is open" not in line:
            line = await asyncio.to_thread(make.stdout.readline)
            assert line or make.poll() is None, "make run ended"
    url = re.search(r"http://\S+", line).group()
    ana = await Visitor.at(url).sign_up("Ana")
    await ana.say(await ana.make_room(), "hello")
    processes = family(make.pid)
    assert len(processes) >= 5
    os.killpg(make.pid, signal.SIGINT)  # a terminal sends Ctrl-C to the whole foreground group
    await asyncio.to_thread(make.wait, 60)
    make.stdout.close()
    await until_gone(processes)
