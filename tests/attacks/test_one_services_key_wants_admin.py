"""The attacker reads one service's container, so it has that service's private key, and wants to act as an official.

Before, the one secret that lay in every container signed the tokens of all.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hongxia.keys import OPERATOR
from hongxia.roles import ADMIN, ROLES, SUBSCRIBER
from hongxia.runtime.runner import Embedded
from tests import keys
from tests.attacks.forging import CADRES, HEAD, Door, claims, signed

HAS = keys.signing_key("outreach")
OF_ITS_OWN: dict[str, Any] = {"iss": "outreach", "sub": "outreach", "aud": "registry", "roles": [SUBSCRIBER]}
"""What the service may say: it reads the registry's feed."""


@pytest.fixture
def registry(unslowed: None) -> Door:
    return Door("registry")


def test_the_key_is_good_for_the_feed_alone(registry: Door) -> None:
    token = signed(HAS, **OF_ITS_OWN)
    assert registry.status(token, HEAD) == 200
    assert registry.status(token, CADRES) == 403
    assert registry.status(token) == 403


@pytest.mark.parametrize("role", sorted(set(ROLES) - {SUBSCRIBER}))
def test_it_grants_no_other_role(registry: Door, role: str) -> None:
    assert registry.status(signed(HAS, **{**OF_ITS_OWN, "roles": [role]})) == 401
    assert registry.status(signed(HAS, **{**OF_ITS_OWN, "roles": [SUBSCRIBER, role]})) == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": OPERATOR, "roles": [ADMIN]},
        {"iss": "registry", "sub": "registry"},
        {"iss": "hongxia"},
        {"sub": "finance"},
        {"sub": "somebody"},
        {"aud": "hongxia"},
        {"aud": ["hongxia", "finance"]},
        {"aud": "finance"},
        {"aud": "operator"},
        {"exp": claims()["iat"] + 86_400},
    ],
)
def test_it_speaks_for_nobody_else_nowhere_else_and_not_for_long(registry: Door, changed: dict[str, Any]) -> None:
    assert registry.status(signed(HAS, **{**OF_ITS_OWN, **changed}), HEAD) == 401


@pytest.mark.parametrize("owner", [OPERATOR, "registry", "finance", "reporting"])
def test_it_signs_under_the_kid_of_no_other_owner(registry: Door, owner: str) -> None:
    other = keys.signing_key(owner).kid
    assert registry.status(signed(HAS, kid=other, iss=owner, roles=[SUBSCRIBER]), HEAD) == 401


def test_a_service_is_given_no_private_key_but_its_own(tmp_path: Path) -> None:
    settings = Embedded(tmp_path, "127.0.0.1:9").settings("finance")
    assert settings.signing_key.owner == "finance"
    assert {key.owner for key in settings.public_keys.all()} == set(keys.OWNERS)
    assert '"d"' not in settings.public_keys.jwks()


def test_a_token_that_it_overheard_for_one_source_reads_no_other(registry: Door) -> None:
    heard = signed(keys.signing_key("reporting"), iss="reporting", sub="reporting", aud="finance", roles=[SUBSCRIBER])
    assert Door("finance").status(heard, HEAD) == 200
    assert registry.status(heard, HEAD) == 401


def test_the_moment_is_no_way_around_the_longest_life(registry: Door) -> None:
    now = int(datetime.now(UTC).timestamp())
    for issued in (now + 10**6, now + 10**9, 10**15):
        times = {"iat": issued, "exp": issued + 300}
        assert registry.status(signed(HAS, **{**OF_ITS_OWN, **times}), HEAD) == 401
