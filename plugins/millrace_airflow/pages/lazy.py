"""An application that is imported when it is first called.

Airflow loads plugins in every process, each task's too; only the API server answers requests.
"""

import importlib
from typing import Any


class LazyApp:
    """ASGI application `module.app`, imported at the first request."""

    def __init__(self, module: str) -> None:
        self._module = module

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        app = importlib.import_module(self._module).app
        await app(scope, receive, send)
