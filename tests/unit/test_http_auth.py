"""What a token is, for whom it opens, and how long. Forged tokens are tests/attacks'."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hongxia.http import auth
from hongxia.http.auth import EVERY_SERVICE, LONGEST_SERVICE_LIFE, Actor, Refused
from hongxia.keys import OPERATOR, PublicKeys, SigningKey
from hongxia.revoked import LONGEST_LIFE, Entry, Revoked
from tests import keys

HOUR = timedelta(hours=1)


def shown(minted: timedelta = timedelta(0), life: timedelta = HOUR, *, key: SigningKey | None = None) -> str:
    """A token of the operator's, minted so long after now."""
    key = key or keys.signing_key(OPERATOR)
    return f"Bearer {auth.mint(key, 'li-4', ['office'], EVERY_SERVICE, datetime.now(UTC) + minted, life, 'j')}"


def of_service(name: str, audience: str, life: timedelta = timedelta(minutes=5)) -> str:
    """A service's token, as it shows it to read a feed."""
    key = keys.signing_key(name)
    return f"Bearer {auth.mint(key, name, ['subscriber'], audience, datetime.now(UTC), life, 'j')}"


def test_a_token_names_subject_and_roles() -> None:
    assert keys.verifier("registry").verify(shown()) == Actor("li-4", frozenset(["office"]))


@pytest.mark.parametrize("minted", [-HOUR - timedelta(seconds=30), -HOUR - timedelta(seconds=50)])
def test_the_clock_of_the_issuer_may_be_a_minute_behind(minted: timedelta) -> None:
    keys.verifier("registry").verify(shown(minted))


def test_an_ended_token_opens_nothing() -> None:
    with pytest.raises(Refused) as refused:
        keys.verifier("registry").verify(shown(-HOUR - timedelta(minutes=2)))
    assert refused.value.reason == "expired"


@pytest.mark.parametrize("back", [timedelta(minutes=2), timedelta(hours=8), timedelta(hours=23)])
def test_a_clock_that_was_set_back_refuses_no_token_that_was_minted_before(back: timedelta) -> None:
    keys.verifier("registry").verify(shown(back))
    keys.verifier("registry").verify(shown(back, LONGEST_LIFE))


@pytest.mark.parametrize(
    ("minted", "life"),
    [(timedelta(0), LONGEST_LIFE + HOUR), (timedelta(days=3), LONGEST_LIFE), (timedelta(days=3650), HOUR)],
)
def test_a_token_that_would_outlive_the_list_of_revoked_ones_opens_nothing(minted: timedelta, life: timedelta) -> None:
    with pytest.raises(Refused) as refused:
        keys.verifier("registry").verify(shown(minted, life))
    assert refused.value.reason == "life"


def test_a_services_own_token_reads_the_feed_that_it_is_for() -> None:
    verifier = keys.verifier("registry")
    assert verifier.verify(of_service("finance", "registry")) == Actor("finance", frozenset(["subscriber"]))
    with pytest.raises(Refused) as refused:
        verifier.verify(of_service("finance", "registry", LONGEST_SERVICE_LIFE + timedelta(minutes=1)))
    assert refused.value.reason == "life"


def test_both_keys_of_an_issuer_are_believed_while_one_is_rotated() -> None:
    old, new = keys.signing_key(OPERATOR), SigningKey.generate(OPERATOR)
    known = [PublicKeys.of(old)]
    verifier = auth.Verifier("registry", lambda: known[0])
    with pytest.raises(Refused):
        verifier.verify(shown(key=new))
    known[0] = PublicKeys.of(old, new)
    verifier.verify(shown(key=old))
    verifier.verify(shown(key=new))
    known[0] = PublicKeys.of(new)
    verifier.verify(shown(key=new))
    with pytest.raises(Refused) as refused:
        verifier.verify(shown(key=old))
    assert refused.value.reason == "key"


@pytest.mark.parametrize(("kind", "value"), [("jti", "j"), ("subject", "li-4")])
def test_a_token_is_revoked_by_its_number_or_its_subject(kind: str, value: str) -> None:
    entry = Entry(datetime.now(UTC), "revoke", kind, value)  # type: ignore[arg-type]
    revoked = [Revoked([entry])]
    verifier = keys.verifier("registry", revoked=lambda: revoked[0])
    with pytest.raises(Refused) as refused:
        verifier.verify(shown())
    assert refused.value.reason == "revoked"
    verifier.verify(f"Bearer {keys.token('office', subject='other')}")
    revoked[0] = Revoked()
    verifier.verify(shown())


def test_the_words_before_a_token_are_read_as_rfc_9110_has_them() -> None:
    token = shown().removeprefix("Bearer ")
    for authorization in (f"bearer {token}", f"BEARER  {token} "):
        keys.verifier("registry").verify(authorization)
    for authorization in (None, "", "Bearer", "Bearer  ", f"Basic {token}", token):
        with pytest.raises(Refused) as refused:
            keys.verifier("registry").verify(authorization)
        assert refused.value.reason == "missing"
