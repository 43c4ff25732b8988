"""Reads card transactions as the Fraud Detection Handbook simulates them, as CSV or csv.gz.

TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT[,TX_FRAUD] and columns that are not
taken: times counted from the first day say nothing new, and TX_FRAUD_SCENARIO gives the label
away. https://fraud-detection-handbook.github.io/fraud-detection-handbook/
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts.names import CONTENT_HASH
from pipelines.ingestion.envelope import with_envelope
from pipelines.ingestion.readers.csvlines import SUFFIXES, Column, Layout, read_blocks
from pipelines.ingestion.record import Block, Limits, Refusal

__all__ = ["SUFFIXES", "landed_schema", "read"]

_TIME = pa.timestamp("us", tz="UTC")


def _times(texts: pa.Array) -> pa.Array:
    """UTC times; null for a day that is not in the calendar."""
    plain = pc.replace_substring(texts, "T", " ")
    found = pc.strptime(plain, format="%Y-%m-%d %H:%M:%S", unit="us", error_is_null=True)
    real = pc.equal(pc.strftime(found.cast(pa.timestamp("s")), format="%Y-%m-%d %H:%M:%S"), plain)
    return pc.if_else(real, found, pa.scalar(None, found.type)).cast(_TIME)


def _amounts(texts: pa.Array) -> pa.Array:
    """The nearest amount in whole cents: the digits behind would tell an abused card."""
    return pc.divide(pc.round(pc.multiply(texts.cast(pa.float64()), 100.0)), 100.0)


def _flags(texts: pa.Array) -> pa.Array:
    return pc.equal(texts, "1")


_ID = Column(r"[A-Za-z0-9_.:-]{1,64}", "an id of letters and digits", lambda texts: texts)
_LAYOUT = Layout(
    columns={
        "TRANSACTION_ID": _ID,
        "TX_DATETIME": Column(
            r"(?:19[7-9]\d|[2-9]\d\d\d)-\d\d-\d\d[ T]\d\d:\d\d:\d\d",
            "a time in UTC such as 2018-04-01 09:30:00",
            _times,
        ),
        "CUSTOMER_ID": _ID,
        "TERMINAL_ID": _ID,
        "TX_AMOUNT": Column(
            # The simulation multiplies in floating point where a card is abused: 85.64999999999999.
            r"-?\d{1,9}(?:\.\d{1,20})?",
            "an amount such as 57.16",
            _amounts,
        ),
        "TX_FRAUD": Column(r"[01]", "0 or 1, or empty where it is not known", _flags, True),
    },
    ignored=frozenset({"TX_TIME_SECONDS", "TX_TIME_DAYS", "TX_FRAUD_SCENARIO"}),
)


def landed_schema() -> pa.Schema:
    """Columns of a landed transaction; amounts in the card's currency to the cent, UTC times."""
    return with_envelope([
        pa.field("transaction_id", pa.string()),
        pa.field("at", _TIME),
        pa.field("customer_id", pa.string()),
        pa.field("terminal_id", pa.string()),
        pa.field("amount", pa.float64()),
        pa.field("fraud", pa.bool_()),
        pa.field(CONTENT_HASH, pa.string()),
    ])


def read(path: Path, limits: Limits) -> Iterator[Block | Refusal]:
    """Transactions of a file in its order; each line that does not fit is a refusal."""
    return read_blocks(path, limits, _LAYOUT, _block)


def _block(found: pa.Table, lines: pa.Array) -> Block:
    at = found["TX_DATETIME"].combine_chunks()
    rows = pa.table({
        "transaction_id": found["TRANSACTION_ID"],
        "at": at,
        "customer_id": found["CUSTOMER_ID"],
        "terminal_id": found["TERMINAL_ID"],
        "amount": found["TX_AMOUNT"],
        "fraud": found["TX_FRAUD"],
        CONTENT_HASH: _hashes(found),
    })
    return Block(rows, lines, at)


def _hashes(found: pa.Table) -> pa.Array:
    """SHA-256 of time, card, terminal and amount: equal for the same purchase under another id."""
    texts = pc.binary_join_element_wise(
        found["TX_DATETIME"].cast(pa.int64()).cast(pa.string()),
        found["CUSTOMER_ID"],
        found["TERMINAL_ID"],
        found["TX_AMOUNT"].cast(pa.string()),
        "|",
    )
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts.to_pylist()]
    return pa.array(hashes, pa.string())
