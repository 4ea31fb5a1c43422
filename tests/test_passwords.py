"""Whoever asks for an account that nobody has waits as long as for a wrong password."""

from argon2 import extract_parameters

from app import passwords


async def test_nobodys_password_costs_what_all_others_cost_and_never_fits() -> None:
    somebodys = await passwords.hash_password("the old bridge")
    assert await passwords.verify(somebodys, "the old bridge")
    assert not await passwords.verify(somebodys, "another bridge")
    assert not await passwords.verify(None, "the old bridge")
    assert extract_parameters(passwords._NOBODYS) == extract_parameters(somebodys)
