"""Lands files: keeps the originals, reads them in parallel, writes one Parquet file a day.

    <home>/originals/<dataset>/<sha[:2]>/<sha><suffix>          as it came
    <home>/landing/<dataset>/<day>/<sha16>-<stem>.parquet       rows of the landed schema
    <home>/landing/<dataset>/.manifests/<sha>.json              what a file landed, written last
    <home>/landing/<dataset>/inbox/                             files that wait to be landed

Every file has one place: landed again it changes nothing, landed with another partition or
format it moves. A crash at any point leaves files that the next landing completes. The landing is
one transaction under one lock, so it stays in one file beyond the usual length.
"""

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines import specs
from pipelines.contracts.result import LandResult
from pipelines.contracts.spec import DatasetSpec
from pipelines.errors import MisconfiguredError, TransientError
from pipelines.ingestion import days, formats, inbox, manifest, reading, sources, workers
from pipelines.ingestion.manifest import Manifest
from pipelines.ingestion.originals import ChangedError, keep, publish
from pipelines.ingestion.reading import Job, Read
from pipelines.ingestion.record import Limits, Refusal
from pipelines.ingestion.sources import Source
from pipelines.settings import Settings

_log = logging.getLogger(__name__)

_LOCK_SECONDS = 900
_SHOWN = 20

Progress = Callable[[int, int, str], None]
"""Called with files done, files in all and the name of the last one."""


@dataclass(frozen=True)
class LandSpec:
    """What to land and where."""

    dataset: str
    today: date
    """Day of rows that do not say their own."""
    now: datetime
    """Aware time against which an inbox file is old enough to be whole."""
    files: tuple[Path, ...] = ()
    """Files and folders; none takes the inbox."""
    format: str | None = None
    partition: str | None = None
    """Day of every row, `YYYY-MM-DD`; None leaves it to the rows."""
    replace: bool = False
    """The partition holds these files alone afterwards; needs `partition`."""


def run(spec: LandSpec, *, settings: Settings, progress: Progress) -> LandResult:
    """Lands the files of a spec.

    Raises NotFoundError for a path, format or data set that is not there, BadDataError for
    a partition that is no day, TransientError while another landing of the data set runs.
    What is wrong with a file's content raises nothing: it becomes a row with its reason.
    """
    if spec.partition is not None:
        days.check(spec.partition)
    elif spec.replace:
        raise MisconfiguredError(
            "replace was asked for without a partition; expected the day to replace. "
            "Give a partition, YYYY-MM-DD."
        )
    dataset = specs.dataset(spec.dataset)
    if spec.format is not None:
        formats.choose(dataset, Path(), spec.format)
    zone = settings.landing / dataset.name
    zone.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(zone / ".lock", timeout=_LOCK_SECONDS):
            return _Landing(spec, dataset, zone, settings, progress).run()
    except Timeout:
        raise TransientError(
            f"another landing of {dataset.name} has run for {_LOCK_SECONDS} s; "
            "wait for it or end it, then try again."
        ) from None


class _Landing:
    """One landing, under the data set's lock."""

    def __init__(
        self,
        spec: LandSpec,
        dataset: DatasetSpec,
        zone: Path,
        settings: Settings,
        progress: Progress,
    ) -> None:
        self._spec = spec
        self._dataset = dataset
        self._zone = zone
        self._settings = settings
        self._progress = progress
        self._work = zone / ".work"
        self._landed: dict[str, Manifest] = {}
        self._deferred: list[str] = []
        self._days: set[str] = set()
        self._done = 0
        self._total = 0

    def run(self) -> LandResult:
        found = self._sources()
        self._total = len(found)
        shutil.rmtree(self._work, ignore_errors=True)  # of a landing that was killed
        for job, outcome in self._read(found):
            self._finish(job, outcome)
        if self._spec.replace and self._spec.partition is not None:
            self._empty(self._spec.partition)
        shutil.rmtree(self._work, ignore_errors=True)
        manifests = self._landed.values()
        return LandResult(
            dataset=self._dataset.name,
            days=sorted(self._days),
            files=len(manifests),
            rows=sum(found.rows for found in manifests),
            unreadable=sum(found.unreadable for found in manifests),
            deferred=self._deferred[:_SHOWN],
        )

    def _sources(self) -> list[Source]:
        if self._spec.files:
            return sources.given(self._spec.files)
        place = self._zone / "inbox"
        place.mkdir(exist_ok=True)
        return sources.settled(place, self._spec.now)

    def _read(self, found: list[Source]) -> Iterator[tuple[Job, Read | Exception]]:
        count = min(self._settings.read_workers, len(found))
        limits = Limits.of(
            self._settings, threads=max(1, self._settings.read_workers // max(1, count))
        )
        jobs = self._jobs(found, limits)
        if count <= 1 and not any(map(self._isolated, found)):
            # Text alone and nothing to share out: nothing here takes a process down.
            yield from workers.here(jobs, reading.read)
        else:
            yield from workers.each(jobs, reading.read, workers=count)

    def _isolated(self, source: Source) -> bool:
        chosen = formats.choose(self._dataset, source.path, self._spec.format)
        return formats.isolated(self._dataset, chosen)

    def _jobs(self, found: list[Source], limits: Limits) -> Iterator[Job]:
        """Keeps each original and gives the files that were not landed before."""
        started: set[str] = set()
        for source in found:
            try:
                original = keep(source.path, self._dataset.name, self._settings)
            except (ChangedError, OSError) as error:
                self._defer(source, error)
                continue
            job = Job(
                dataset=self._dataset,
                source=source,
                original=original,
                format=formats.choose(self._dataset, source.path, self._spec.format),
                partition=self._spec.partition,
                today=self._spec.today,
                limits=limits,
                settings=self._settings,
                folder=self._work / original.sha256,
            )
            known = manifest.find(self._zone, original.sha256)
            if known is not None and self._same_place(known, job):
                self._take(job, known)
            elif original.sha256 in started:  # the same content under a second name
                self._tick(source)
            else:
                started.add(original.sha256)
                yield job

    def _same_place(self, known: Manifest, job: Job) -> bool:
        """Whether landing the job again would change nothing."""
        there = all(known.file(self._zone, day).is_file() for day in known.days)
        asked = job.partition is None or set(known.days) == {job.partition}
        return there and asked and known.format == job.format

    def _finish(self, job: Job, outcome: Read | Exception) -> None:
        if isinstance(outcome, ChangedError):
            self._defer(job.source, outcome)
            return
        if isinstance(outcome, workers.WorkerDiedError):
            outcome = self._refuse(job)
        if isinstance(outcome, Exception):
            raise outcome
        landed = Manifest(
            sha256=job.original.sha256,
            format=job.format,
            source_file=job.source.name,
            days=outcome.days,
            unreadable=outcome.unreadable,
        )
        for day in landed.days:
            publish(job.folder / f"{day}.parquet", landed.file(self._zone, day))
        self._move(landed)
        landed.write(self._zone)
        self._take(job, landed)

    def _refuse(self, job: Job) -> Read:
        """The row of a file whose reading killed its process."""
        _log.error("the process that read %s died", job.source.name)
        shutil.rmtree(job.folder, ignore_errors=True)
        return reading.write(
            job,
            [
                Refusal(
                    "reader_died",
                    "the process that read the file was killed, ran out of memory or took over "
                    f"{workers.JOB_SECONDS // 60} minutes. Split the file or give a smaller one",
                )
            ],
        )

    def _move(self, landed: Manifest) -> None:
        """Takes the file out of the days that an earlier landing gave it."""
        earlier = manifest.find(self._zone, landed.sha256)
        if earlier is None:
            return
        self._days |= set(earlier.days)
        stay = {landed.file(self._zone, day) for day in landed.days}
        for day in earlier.days:
            if (file := earlier.file(self._zone, day)) not in stay:
                file.unlink(missing_ok=True)

    def _take(self, job: Job, landed: Manifest) -> None:
        self._landed[landed.sha256] = landed
        self._days |= set(landed.days)
        if not self._spec.files:
            inbox.remove(job.source, job.original.state)
        self._tick(job.source)

    def _empty(self, partition: str) -> None:
        """Removes from the partition what other files landed there; their other days stay."""
        self._days.add(partition)
        stay = {found.file(self._zone, partition) for found in self._landed.values()}
        for file in sorted((self._zone / partition).glob("*.parquet")):
            if file not in stay:
                file.unlink()
        for other in manifest.of_day(self._zone, partition):
            if other.sha256 not in self._landed:
                other.without(self._zone, partition)

    def _defer(self, source: Source, error: Exception) -> None:
        if isinstance(error, ChangedError):
            reason = "file_changed_while_read: it was written to or replaced meanwhile"
        else:
            reason = f"cannot be opened ({type(error).__name__})"
        self._deferred.append(f"{source.name[:120]}: {reason}; left for the next time")
        _log.warning(self._deferred[-1])
        self._tick(source)

    def _tick(self, source: Source) -> None:
        self._done += 1
        self._progress(self._done, self._total, source.name)
