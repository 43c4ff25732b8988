"""A model's files on their way to the Python workers: sent once, loaded once in each of them."""

import functools
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyarrow import ArrowException
from pyarrow.fs import FileSelector, FileSystem, FileType
from pyspark.sql import SparkSession

from pipelines.contracts.scoring import Pinned
from pipelines.errors import NotFoundError
from pipelines.estimators.artefact import Artefact


@contextmanager
def shipped(spark: SparkSession, pinned: Pinned) -> Iterator[Artefact]:
    """The model, here and, by `on_worker`, in the workers of the session.

    On every engine the files go as an archive through Spark itself: no worker needs the
    registry, or a disk that it shares with us. Raises NotFoundError where they are gone,
    RefusedError where they are not those that were registered.
    """
    with tempfile.TemporaryDirectory(prefix="millrace-model-") as folder:
        files = Path(folder) / "model"
        _fetch(pinned.location, files)
        artefact = Artefact.load(files, pinned.artefact_hash)
        spark.addArtifacts(str(_packed(files, pinned.artefact_hash)), archive=True)
        yield artefact


@functools.lru_cache(maxsize=4)
def on_worker(artefact_hash: str) -> Artefact:
    """The shipped model, loaded by the first call in a worker process."""
    from pyspark import SparkFiles

    folder = Path(SparkFiles.getRootDirectory()) / _archive(artefact_hash)
    return Artefact.load(folder, artefact_hash)


def _archive(artefact_hash: str) -> str:
    return f"model-{artefact_hash[:32]}.zip"


def _packed(files: Path, artefact_hash: str) -> Path:
    target = files.with_name(_archive(artefact_hash))
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(path for path in files.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(files).as_posix())
    return target


def _fetch(location: str, target: Path) -> None:
    """Copies a folder by its URI, be it of this machine or of a bucket."""
    try:
        system, root = FileSystem.from_uri(location)
        for found in system.get_file_info(FileSelector(root, recursive=True)):
            if found.type == FileType.File:
                path = target / Path(found.path).relative_to(root)
                path.parent.mkdir(parents=True, exist_ok=True)
                with system.open_input_stream(found.path) as source:
                    path.write_bytes(source.read())
    except (ArrowException, OSError) as error:
        raise NotFoundError(
            f"the model files {location} cannot be read: {error}. Restore them from a backup, or "
            "train again."
        ) from error
