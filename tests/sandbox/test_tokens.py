import pytest

from streamer.sandbox.tokens import Credentials, Death, Grant, TokenBook, proof_of
from tests.sandbox.examples import PIXEL, TOKEN

SECRET = "invented-secret"


def code(book: TokenBook, token: str | None = TOKEN, proof: str | None = None, pixel: str = PIXEL) -> object:
    fault = book.check(Credentials(token, proof), pixel)
    return None if fault is None else (fault.code, fault.subcode)


def test_with_no_grants_any_token_works_and_none_at_all_does_not() -> None:
    assert code(TokenBook()) is None
    assert code(TokenBook(), token=None) == (104, None)
    assert code(TokenBook(), token="") == (104, None)


def test_with_grants_only_those_work_and_only_for_their_pixels() -> None:
    book = TokenBook([Grant(TOKEN, frozenset({PIXEL})), Grant("other")])
    assert code(book) is None
    assert code(book, token="other") is None
    assert code(book, token="unknown") == (190, None)
    assert code(book, pixel="99") == (100, 33)


@pytest.mark.parametrize("death", list(Death))
def test_a_killed_token_fails_in_its_own_way_until_it_is_revived(death: Death) -> None:
    book = TokenBook()
    book.kill(TOKEN, death)
    assert code(book) == death.value
    assert code(book, token="other") is None
    book.revive(TOKEN)
    assert code(book) is None


def test_a_token_granted_anew_works_again() -> None:
    book = TokenBook([Grant(TOKEN)])
    book.kill(TOKEN)
    book.grant(Grant(TOKEN))
    assert code(book) is None


@pytest.mark.parametrize("book", [TokenBook(app_secret=SECRET), TokenBook([Grant(TOKEN, app_secret=SECRET)])])
def test_where_the_secret_is_known_only_the_right_proof_passes(book: TokenBook) -> None:
    assert code(book, proof=proof_of(TOKEN, SECRET)) is None
    assert code(book, proof=proof_of("other", SECRET)) == (104, None)
    assert code(book, proof=proof_of(TOKEN, "other")) == (104, None)
    assert code(book, proof="ü") == (104, None)
    assert code(book) == (104, None)


def test_a_proof_sent_with_another_apps_token_is_refused() -> None:
    assert code(TokenBook([Grant(TOKEN)]), proof=proof_of(TOKEN, SECRET)) == (104, None)


def test_the_proof_is_the_hmac_that_meta_documents() -> None:
    assert proof_of("token", "secret") == "e941110e3d2bfe82621f0e3e1434730d7305d106c5f68c87165d0b27a4611a4a"


def test_no_secret_or_token_shows_in_a_repr() -> None:
    shown = repr(
        [TokenBook([Grant(TOKEN, app_secret=SECRET)]), Grant(TOKEN, app_secret=SECRET), Credentials(TOKEN, "p")]
    )
    assert TOKEN not in shown
    assert SECRET not in shown
