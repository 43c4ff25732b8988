"""A registry in memory, for tests of what decides about versions and not of MLflow."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from pipelines.errors import NotFoundError, RefusedError
from pipelines.registry import ModelVersion


class FakeRegistry:
    """Versions of models with aliases, tags and kept files, under the registry's names."""

    def __init__(self, spec, versions=(1, 2, 3), author="cy"):
        self.spec = spec
        self.files = Path(tempfile.mkdtemp())
        self.aliases: dict[str, dict[str, int]] = {spec.name: {}}
        self.swapped: set[int] = set()
        self.held = {spec.name: {number: self._make(number, author) for number in versions}}

    def _make(self, number, author):
        tags = {
            "artefact_hash": f"hash-{number}",
            "author": author,
            "code_revision": "c0de",
            "lock_hash": "10c4",
            "input_snapshot_id": "12",
            "headline": '{"overall": [0.9, 0.85, 0.95]}',
        }
        return ModelVersion(self.spec.name, number, f"run-{number}", (), 0, tags)

    def models(self):
        return sorted(self.held)

    def versions(self, model):
        if model not in self.held:
            raise NotFoundError(f"no version of model {model!r}")
        named = self.aliases[model].items()
        return [
            replace(one, aliases=tuple(alias for alias, at in named if at == number))
            for number, one in sorted(self.held[model].items(), reverse=True)
        ]

    def resolve(self, model, version=None):
        found = {one.version: one for one in self.versions(model)}
        if int(version) not in found:
            raise NotFoundError(f"model {model!r} has no version {version}")
        return found[int(version)]

    def load(self, version):
        if version.version in self.swapped:
            raise RefusedError("they were changed after the training")
        return SimpleNamespace(spec=self.spec)

    def location(self, version):
        return (self.files / version.run_id / "model").as_uri()

    def tag(self, version, name, value):
        self.held[version.model][version.version].tags[name] = value

    def point(self, model, alias, version):
        if version is None:
            self.aliases[model].pop(alias, None)
        else:
            self.aliases[model][alias] = version

    def keep(self, version, folder, path):
        shutil.copytree(folder, self.files / version.run_id / path, dirs_exist_ok=True)

    def file(self, version, path):
        found = self.files / version.run_id / path
        if not found.exists():
            raise NotFoundError(f"{path} is gone")
        return found
