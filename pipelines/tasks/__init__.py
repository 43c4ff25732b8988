"""Kinds of learning tasks: what of a published row is input, label and group, once for all rooms.

How well a task is done is in pipelines.evaluation; here is only what its rows look like.
"""

from pipelines.tasks.table import Examples, Task, task

__all__ = ["Examples", "Task", "task"]
