"""Assets: what one DAG family makes and another waits for, named after what they stand for."""

from airflow.sdk import Asset

from pipelines.contracts.names import champion_asset


def published(dataset: str) -> Asset:
    """Validated rows of a data set; events carry days, counts and the snapshot id."""
    return Asset(name=f"data/{dataset}", uri=f"x-millrace://data/{dataset}", group="millrace")


def registered(model: str) -> Asset:
    """A registered version of a model; events carry the version and its scores."""
    return Asset(name=f"model/{model}", uri=f"x-millrace://model/{model}", group="millrace")


def judged(model: str) -> Asset:
    """A version that the gate did not reject; events carry the version and the verdict."""
    return Asset(name=f"judged/{model}", uri=f"x-millrace://judged/{model}", group="millrace")


def scored(model: str) -> Asset:
    """Predictions of a model; events carry counts by version and the table's snapshot id."""
    return Asset(name=f"scored/{model}", uri=f"x-millrace://scored/{model}", group="millrace")


def retrain(model: str) -> Asset:
    """A wish for a training; events carry the request, and the batch of corrections."""
    return Asset(name=f"retrain/{model}", uri=f"x-millrace://retrain/{model}", group="millrace")


def champion(model: str) -> Asset:
    """The version that answers; events carry who decided and why."""
    name = champion_asset(model)
    return Asset(name=name, uri=f"x-millrace://{name}", group="millrace")
