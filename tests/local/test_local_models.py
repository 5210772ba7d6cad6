"""The list of models."""

from __future__ import annotations

import datetime as dt

import openai
import pytest
from openai import AsyncOpenAI

from assistctl.local.models import MODELS

pytestmark = pytest.mark.anyio


async def test_models_are_listed_and_retrieved(sdk: AsyncOpenAI) -> None:
    listed = [model async for model in sdk.models.list()]
    assert [model.id for model in listed] == [model.id for model in MODELS]
    for model in listed:
        assert await sdk.models.retrieve(model.id) == model


async def test_an_unknown_model_is_a_404(sdk: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="The model 'org/nope' does not exist") as caught:
        await sdk.models.retrieve("org/nope")
    assert (caught.value.param, caught.value.code) == ("model", "model_not_found")


def test_the_catalog_is_plausible() -> None:
    assert len({model.id for model in MODELS}) == len(MODELS)
    assert [model.created for model in MODELS] == sorted(model.created for model in MODELS)
    for model in MODELS:
        created = dt.datetime.fromtimestamp(model.created, dt.UTC)
        assert dt.datetime(2023, 1, 1, tzinfo=dt.UTC) < created
        if model.shutdown_date is not None:
            assert created.date() < dt.date.fromisoformat(model.shutdown_date)
    assert sum(model.shutdown_date is None for model in MODELS) >= 2
