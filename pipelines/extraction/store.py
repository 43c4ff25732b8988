"""The files of a fitted extractor: arrays, trees and facts, each in its open format.

`arrays.npz` (no objects), one LightGBM text file an ensemble member, `model.json`.
"""

import hashlib
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.errors import BadDataError
from pipelines.estimators.lightgbm import Trees
from pipelines.extraction.folds import Ensemble
from pipelines.extraction.memory import Memory

FORMAT = 1
_ARRAYS, _FACTS = "arrays.npz", "model.json"


@dataclass
class Store:
    """What is written and read; names are dotted paths."""

    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    trees: dict[str, Trees] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Writes all files; the same content is the same bytes."""
        with (folder / _ARRAYS).open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **dict(sorted(self.arrays.items())))
        for name, trees in sorted(self.trees.items()):
            trees.save(folder / f"{name}.txt")
        files = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.iterdir())
        }
        facts = self.facts | {"format": FORMAT, "files": files}
        text = json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False)
        (folder / _FACTS).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Store":
        """Reads what `save` wrote; BadDataError where it is not that."""
        try:
            facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
            if facts.get("format") != FORMAT:
                raise ValueError(
                    f"format {facts.get('format')}, expected {FORMAT}: another version of the "
                    "code trained it, so train it again"
                )
            _verify(folder, facts["files"])
            with np.load(folder / _ARRAYS, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            trees = {
                name.removesuffix(".txt"): Trees.load(folder / name)
                for name in facts["files"]
                if name.endswith(".txt")
            }
        except (OSError, ValueError, KeyError, AttributeError, zipfile.BadZipFile) as error:
            raise BadDataError(
                f"folder {folder.name!r} holds no extractor that can be read: {error}. "
                "Give the whole folder that `save` wrote with this version of the code."
            ) from error
        return cls(arrays, trees, facts)

    def put_memory(self, name: str, memory: Memory) -> None:
        self.arrays[f"{name}.keys"], self.arrays[f"{name}.counts"] = memory.keys, memory.counts

    def memory(self, name: str) -> Memory:
        return Memory(self.arrays[f"{name}.keys"], self.arrays[f"{name}.counts"])

    def put_ensemble(self, name: str, ensemble: Ensemble) -> None:
        for index, member in enumerate(ensemble.members):
            self.trees[f"{name}.{index}"] = member

    def ensemble(self, name: str) -> Ensemble:
        members = sorted(key for key in self.trees if key.rpartition(".")[0] == name)
        return Ensemble([self.trees[key] for key in members])


def _verify(folder: Path, files: dict[str, str]) -> None:
    """Holds every file against its hash: LightGBM ends the process on a text that is cut."""
    for name, expected in files.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            raise ValueError(f"{name} is not the file that was written")
