"""Days as texts: `2018-06-10`. Pure."""

from datetime import date, timedelta


def earlier(day: str, days: int) -> str:
    """So many days before a day; after it where the number is negative."""
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()


def span(last: str, days: int) -> list[str]:
    """So many days that end with `last`, rising."""
    return [earlier(last, back) for back in range(days - 1, -1, -1)]
