"""Versions of models, found by number or alias and loaded after a look at their hash."""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import specs
from pipelines.errors import NotFoundError
from pipelines.estimators.artefact import Artefact
from pipelines.publication import lock
from pipelines.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

LATEST = "latest"
CHAMPION = "champion"
CANDIDATE = "candidate"
SHADOW = "shadow"

SPLIT_FILE = "training/split.parquet"
"""Artefact of a version's run."""

# Tags of a version.
TRAIN_KEY = "train_key"
ARTEFACT_HASH = "artefact_hash"
AUTHOR = "author"
"""Who started the training."""
TRACE = "trace_id"
"""Trace of the run that trained it."""

_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class ModelVersion:
    """One registered version; `tags` say what it was made of and how well it scored."""

    model: str
    version: int
    run_id: str
    aliases: tuple[str, ...]
    created_ms: int
    tags: Mapping[str, str]


class Registry:
    """The versions of one home. Works with and without a running MLflow server."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def open(cls, settings: Settings) -> "Registry":
        """The registry of these settings; touches nothing yet."""
        return cls(settings)

    def prepare(self) -> None:
        """Makes the database, which takes MLflow some seconds, once; for the set-up."""
        with lock(self.settings.root / "mlflow" / "prepare"):
            if not self._made():
                self._client().search_experiments(max_results=1)
                self._allow_readers_beside_a_writer()

    def client(self) -> "MlflowClient":
        """MLflow's client of a prepared database."""
        if not self._made():
            self.prepare()
        return self._client()

    def models(self) -> list[str]:
        """Names of the registered models, sorted."""
        if not self._made():
            return []
        return sorted(model.name for model in self._client().search_registered_models())

    def versions(self, model: str) -> list[ModelVersion]:
        """Versions of a model, newest first; raises NotFoundError for one without any."""
        found = [] if model not in self.models() else self._versions(f"name = '{model}'")
        if not found:
            specs.model(model)  # where there is no such model at all, it names those there are
            known = ", ".join(self.models()) or "none"
            raise NotFoundError(
                f"no version of model {model!r} is registered; registered models: {known}. "
                f"Train one with `millrace run train {model}`."
            )
        return found

    def resolve(self, model: str, version: str | int | None = None) -> ModelVersion:
        """A version by number, by alias, or `latest`; None is the champion, else the candidate.

        Without either alias None is the latest. Raises NotFoundError, naming what exists.
        """
        found = self.versions(model)
        by_name: dict[str, ModelVersion] = {str(one.version): one for one in found}
        by_name |= {alias: one for one in found for alias in one.aliases}
        by_name[LATEST] = found[0]
        if version is None:
            return by_name.get(CHAMPION) or by_name.get(CANDIDATE) or found[0]
        if str(version) not in by_name:
            raise NotFoundError(
                f"model {model!r} has no version {str(version)!r}; known: "
                f"{', '.join(sorted(by_name))}."
            )
        return by_name[str(version)]

    def find(self, model: str, train_key: str) -> ModelVersion | None:
        """The version that was registered of a training; None where there is none."""
        found = self._versions(f"name = '{model}' and tag.`{TRAIN_KEY}` = '{train_key}'")
        return found[0] if found else None

    def load(self, version: ModelVersion) -> Artefact:
        """The model of a version; raises RefusedError where its files were swapped."""
        return Artefact.load(self.folder(version), version.tags.get(ARTEFACT_HASH, ""))

    def folder(self, version: ModelVersion) -> Path:
        """The model's files as they are, unchecked; raises NotFoundError where they are gone."""
        return self._fetched(self.location(version))

    def location(self, version: ModelVersion) -> str:
        """URI of the folder of the model's files, for those who have no registry."""
        uri = self._client().get_model_version_download_uri(version.model, str(version.version))
        return f"{uri}/artifacts/model"

    def finished(self, version: ModelVersion) -> bool:
        """Whether the run that made the version came to its end."""
        status: str = self._client().get_run(version.run_id).info.status
        return status == "FINISHED"

    def split_file(self, version: ModelVersion) -> Path:
        """Parquet with the part of the split of every row that a version was made with."""
        return self.file(version, SPLIT_FILE)

    def file(self, version: ModelVersion, path: str) -> Path:
        """A file or folder that is kept with a version's run; raises NotFoundError."""
        run = self._client().get_run(version.run_id)
        return self._fetched(f"{run.info.artifact_uri}/{path}")

    def keep(self, version: ModelVersion, folder: Path, path: str) -> None:
        """Keeps the files of `folder` with a version's run, below `path`."""
        self._client().log_artifacts(version.run_id, str(folder), path)

    def tag(self, version: ModelVersion, name: str, value: str) -> None:
        """Notes something on a version."""
        self._client().set_model_version_tag(version.model, str(version.version), name, value)

    def point(self, model: str, alias: str, version: int | None) -> None:
        """Lets an alias name a version, or nothing."""
        client = self._client()
        if version is None:
            client.delete_registered_model_alias(model, alias)
        else:
            client.set_registered_model_alias(model, alias, str(version))

    def _fetched(self, uri: str) -> Path:
        """Local files where they are, without a copy; others in a temporary folder."""
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException

        try:
            found = download_artifacts(artifact_uri=uri, tracking_uri=self.settings.tracking_uri)
        except (MlflowException, OSError) as error:
            raise NotFoundError(
                f"the registered files {uri} are gone: {error}. Restore them from a backup, or "
                "train again."
            ) from error
        return Path(found)

    def _versions(self, query: str) -> list[ModelVersion]:
        """Ready versions, newest first. Searching leaves the aliases out: they are asked for."""
        client = self._client()
        found: list[Any] = []
        token = None
        while token != "":
            page = client.search_model_versions(query, page_token=token)
            found += page
            token = page.token or ""
        aliases: dict[int, list[str]] = {}
        for name in {one.name for one in found}:
            for alias, version in client.get_registered_model(name).aliases.items():
                aliases.setdefault(int(version), []).append(alias)
        versions = [
            ModelVersion(
                model=one.name,
                version=int(one.version),
                run_id=one.run_id,
                aliases=tuple(sorted(aliases.get(int(one.version), []))),
                created_ms=one.creation_timestamp,
                tags=dict(one.tags),
            )
            for one in found
            if one.status == "READY"
        ]
        return sorted(versions, key=lambda one: -one.version)

    def _client(self) -> "MlflowClient":
        # Read by MLflow when it acts. Pickles run code: none is written, none is ever loaded.
        os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
        import mlflow
        from mlflow import MlflowClient

        uri = self.settings.tracking_uri
        if uri.startswith(_SQLITE):
            Path(uri.removeprefix(_SQLITE)).parent.mkdir(parents=True, exist_ok=True)
        # Some of the client's calls ask for the process's address whatever the client's own is.
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        return MlflowClient(tracking_uri=uri, registry_uri=uri)

    def _made(self) -> bool:
        """Whether the database is there; one that is no file is somebody else's to make."""
        uri = self.settings.tracking_uri
        if not uri.startswith(_SQLITE):
            return True
        # `prepare` writes the mark last: a database that was killed half made is made again.
        path = Path(uri.removeprefix(_SQLITE))
        return path.is_file() and path.with_suffix(".ready").is_file()

    def _allow_readers_beside_a_writer(self) -> None:
        uri = self.settings.tracking_uri
        if not uri.startswith(_SQLITE):
            return
        path = Path(uri.removeprefix(_SQLITE))
        # Only for speed: where a server is at work in the file just now, it stays as it is.
        with closing(sqlite3.connect(path)) as connection, suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode=WAL")
        path.with_suffix(".ready").touch()
