"""What the published table says of a day in whose files nothing is remarkable."""

from pipelines.lake.published import PublishedDay


def published_day(key: str, rows: int, quarantined: dict[str, int] | None = None) -> PublishedDay:
    """A day of `rows` rows, beside those that were refused by reason."""
    refused = sum((quarantined or {}).values())
    return PublishedDay(
        key=key,
        rows_in=rows + refused,
        rows_published=rows,
        rows_quarantined=refused,
        quarantine_reasons=quarantined or {},
        warnings={},
        data_docs=None,
    )
