"""The keys of a running service: its own, those of others, and what it says when a file of them makes no sense."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from sqlalchemy import MetaData

from hongxia import watched
from hongxia.definition import Definition
from hongxia.http import auth
from hongxia.keys import PublicKeys, SigningKey
from hongxia.runtime.host import Host
from hongxia.runtime.runner import Embedded

NOTHING = Definition("", MetaData(), "")


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Embedded:
    """The files of an installation, which services look at each time."""
    monkeypatch.setattr(watched, "CHECK_SECONDS", 0.0)
    made = Embedded(tmp_path, "127.0.0.1:9")
    made.complete_keys()
    return made


def host(embedded: Embedded, name: str) -> Host:
    """A service that runs with those files."""
    return Host(name, NOTHING, embedded.settings(name))


def test_a_service_shows_each_source_a_token_for_that_source_alone(embedded: Embedded) -> None:
    finance = host(embedded, "finance")
    shown = f"Bearer {finance.feed_token('outreach')}"
    actor = host(embedded, "outreach").verifier.verify(shown)
    assert actor == auth.Actor("finance", frozenset(["subscriber"]))
    with pytest.raises(auth.Refused) as refused:
        host(embedded, "registry").verifier.verify(shown)
    assert refused.value.reason == "audience"


def test_a_services_key_is_exchanged_while_all_services_run(embedded: Embedded) -> None:
    finance, outreach = host(embedded, "finance"), host(embedded, "outreach")
    private, public = embedded.keys / "finance_signing_key", embedded.keys / "public_keys"
    old, new = finance.signing_key, SigningKey.generate("finance")
    known = PublicKeys.from_jwks(public.read_text())
    public.write_text(PublicKeys([*known.all(), new.public()]).jwks())
    outreach.verifier.verify(f"Bearer {finance.feed_token('outreach')}")
    private.write_text(new.pem())
    shown = finance.feed_token("outreach")
    assert jwt.get_unverified_header(shown)["kid"] == new.kid
    outreach.verifier.verify(f"Bearer {shown}")
    public.write_text(PublicKeys([*(key for key in known.all() if key.kid != old.kid), new.public()]).jwks())
    outreach.verifier.verify(f"Bearer {finance.feed_token('outreach')}")
    assert old.kid not in outreach.public_keys.kids_of("finance")


def test_a_file_that_makes_no_sense_is_counted_and_the_old_content_counts(embedded: Embedded) -> None:
    finance = host(embedded, "finance")
    before = finance.signing_key.kid
    (embedded.keys / "finance_signing_key").write_text("-----BEGIN")
    assert finance.signing_key.kid == before
    assert "hongxia_file_failures_total 1.0" in finance.metrics.render().decode()


def test_counters_of_refusals_are_there_before_the_first_so_that_an_alert_sees_it(embedded: Embedded) -> None:
    told = host(embedded, "finance").metrics.render().decode()
    for reason in auth.REASONS:
        assert f'hongxia_token_failures_total{{reason="{reason}"}} 0.0' in told
