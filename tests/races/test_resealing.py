"""Texts are sealed anew while the service goes on: what somebody writes meanwhile is not put back."""

from __future__ import annotations

import pytest

from hongxia.database import Database
from hongxia.resealing import reseal
from services.registry.app import RegistryService
from services.registry.base import Base
from tests.datakeys import OLD_KEYS
from tests.races.conftest import NewRace
from tests.unit.registry_builders import NEW, NOW, context, list_labels
from tests.unit.service_api import ServiceApi


@pytest.mark.lock("hongxia.resealing:_reseal_batch")
def test_a_name_that_is_corrected_while_it_is_sealed_anew_stays_corrected(new_race: NewRace) -> None:
    race = new_race(RegistryService)
    before = Database(race.database.url, keys=OLD_KEYS)
    with before.begin(context()) as session:
        list_labels(session)
    answer = ServiceApi(RegistryService, before, NOW, "records")("POST", "/cadres", NEW)
    assert answer.status_code == 201, answer.json
    cadre = answer.json["id"]
    before.close()
    office = ServiceApi(RegistryService, race.database, NOW, "records")
    resealed, changed = race.between(
        lambda: reseal(race.database, Base.metadata),
        lambda: office("PATCH", f"/cadres/{cadre}", {"name": "林晓霞", "reason": "correction"}, If_Match="*"),
        after="SELECT cadre.id, CAST",
    )
    assert resealed > 0
    assert changed.status_code == 200
