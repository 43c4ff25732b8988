"""The registry of models: runs, versions and aliases. The one room that names MLflow."""

from pipelines.registry.register import RegistrationSpec, run
from pipelines.registry.store import ModelVersion, Registry

__all__ = ["ModelVersion", "RegistrationSpec", "Registry", "run"]
