"""Names of tables and columns, once for every room."""

NAMESPACE = "millrace"
"""The one Iceberg namespace of the lake."""

# Columns that every published table has, whatever its grain.
DAY = "day"
"""Partition of a published table: the day a row belongs to, `YYYY-MM-DD` as text."""
CONTENT_HASH = "content_hash"
"""SHA-256 of a row's content without its id and arrival, as hexadecimal text."""

# Columns of a landed row that say where it came from and, if it could not be read, why.
SOURCE_FILE = "source_file"
SOURCE_LINE = "source_line"
RAW = "raw"
RULE = "rule"
REASON = "reason"

DOCUMENT_ID = "document_id"
PAGES = "pages"
IMAGE = "image"
FIELDS = "fields"
SOURCE = "source"
RECEIVED_AT = "received_at"
OCR_CONFIDENCE = "ocr_confidence"

FEATURE_KEY = "feature_key"
"""Hash of (input snapshot, code, config): names one computed set of features."""


def published_table(dataset: str) -> str:
    """Rows of a data set that passed every critical rule."""
    return f"{NAMESPACE}.{dataset}"


def quarantine_table(dataset: str) -> str:
    """Rows of a data set that broke a critical rule, with the rule, the reason and the row."""
    return f"{NAMESPACE}.quarantine_{dataset}"


def features_table(model: str) -> str:
    """Features of a model, partitioned by `feature_key`."""
    return f"{NAMESPACE}.features_{model}"


def predictions_table(model: str) -> str:
    """Predictions of a model's versions, partitioned by day and version."""
    return f"{NAMESPACE}.predictions_{model}"


def refused_table(model: str) -> str:
    """Published rows that a version could not score, with the reason; partitioned likewise."""
    return f"{NAMESPACE}.refused_{model}"


def windows_table(model: str) -> str:
    """Sketches of what came in and what was answered: a row for each column of each day."""
    return f"{NAMESPACE}.windows_{model}"


def binnings_table(model: str) -> str:
    """The bins in which a model's sketches are counted: a row for each calibration."""
    return f"{NAMESPACE}.binnings_{model}"


REVIEWED = "reviewed"
"""Watched column that holds what people are asked by: its upper bin is what they would see."""


ROLE = "role"
"""Column of a prediction: what its version was when it was scored, `champion` or `shadow`."""
INPUT_SNAPSHOT_ID = "input_snapshot_id"
"""Column of a prediction: snapshot of the published table that its row was read from."""

MODEL_VERSION = "model_version"
"""Column and key that name the version of a model that made a prediction."""

PROBABILITY = "probability"
"""Column of a prediction: how likely the target is true, in [0, 1]."""

PART = "part"
"""Column that tells which side of the split a row is on: one of the values below."""
TRAIN = "train"
UNSEEN_GROUP = "unseen_group"
"""Tested; no row of its group (its merchant) is trained on."""
SEEN_GROUP = "seen_group"
"""Tested; other rows of its group may be trained on."""
SET_ASIDE = "set_aside"
"""Neither trained on nor tested: its content also stands in a test part, or it lies between
the trained and the tested time, or is of an unseen group before that time."""
TEST_PARTS = (SEEN_GROUP, UNSEEN_GROUP)


PLANTS = ("shuffled_labels", "tenth_of_data")
"""Ways of spoiling a training on purpose, to see that the gate stops what comes of it."""


def champion_asset(model: str) -> str:
    """Name of the asset in Airflow whose events say that another version answers."""
    return f"champion/{model}"
