"""What a store has kept."""

from services.samples import Filter, Sample
from services.store import Store


def stored(store: Store, wanted: Filter | None = None, limit: int = 100_000) -> list[Sample]:
    """The newest samples that fit."""
    ids = store.ids(wanted or Filter(), limit)
    return [each for start in range(0, len(ids), 500) for each in store.samples_by_id(ids[start : start + 500], None)]
