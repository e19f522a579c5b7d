"""What two requests make at the same time can be there once only: the second is told so, as a conflict."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError

from hongxia.database import is_collision


@pytest.fixture
def engine() -> Engine:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"))
        connection.execute(text("INSERT INTO thing VALUES (1, 'one')"))
    return engine


@pytest.mark.parametrize(("values", "collides"), [("(1, 'one')", True), ("(2, NULL)", False)])
def test_a_value_that_is_there_already_is_a_collision_and_a_missing_one_a_defect(
    engine: Engine, values: str, collides: bool
) -> None:
    with pytest.raises(IntegrityError) as refused, engine.begin() as connection:
        connection.execute(text(f"INSERT INTO thing VALUES {values}"))
    assert is_collision(refused.value) is collides
