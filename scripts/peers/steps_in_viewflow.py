"""The same 23 human steps in django-viewflow, on a SQLite file as durable as ours (WAL, synchronous FULL).

A flow of its own that follows the reference case: 18 views in a row and five side by side. It has no timers, no
sub-process and no scripts; permissions are not asked. Answers go into the process's JSON field.
"""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from types import ModuleType

import django
from django.conf import settings

PLACE = Path(tempfile.mkdtemp(dir=sys.argv[1]))
atexit.register(shutil.rmtree, PLACE, ignore_errors=True)
ROUNDS, CASES, STEPS = 5, 12, 23
TEXT = ("samtal med barnet och familjen om skolan " * 13)[:512]

# A flow must be found in a module of an application: an application of one flow.
APPLICATION, FLOWS = ModuleType("reference"), ModuleType("reference.flows")
APPLICATION.__path__ = [str(PLACE)]
sys.modules |= {module.__name__: module for module in (APPLICATION, FLOWS)}
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": PLACE / "viewflow.db",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
            },
        }
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "viewflow",
        "viewflow.workflow",
        "reference",
    ],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.views import View  # noqa: E402
from viewflow import this  # noqa: E402
from viewflow.workflow import flow  # noqa: E402
from viewflow.workflow.models import Process, Task  # noqa: E402


def _view() -> flow.View:
    return flow.View(View.as_view())


def _nodes() -> dict[str, object]:
    nodes: dict[str, object] = {"start": flow.StartHandle().Next(this.t1)}
    for number in range(1, 20):
        following = {9: "split", 19: "end"}.get(number, f"t{number + 1}")
        if number != 10:
            nodes[f"t{number}"] = _view().Next(getattr(this, following))
    split = flow.Split()
    for name in "abcde":
        split = split.Next(getattr(this, f"t10{name}"))
        nodes[f"t10{name}"] = _view().Next(this.join)
    return {**nodes, "split": split, "join": flow.Join().Next(this.t11), "end": flow.End()}


ReferenceFlow = type(
    "ReferenceFlow", (flow.Flow,), {"__module__": "reference.flows", "process_class": Process, **_nodes()}
)
FLOWS.ReferenceFlow = ReferenceFlow  # type: ignore[attr-defined]


def _run(user: User) -> float:
    """Human tasks a second: only completing is timed."""
    took = 0.0
    for _ in range(CASES):
        process = ReferenceFlow.start.run()
        process = process if isinstance(process, Process) else Process.objects.order_by("-pk")[0]
        for step in range(STEPS):
            waiting = Task.objects.filter(process_id=process.pk, status="NEW").order_by("pk")[0].pk
            began = perf_counter()
            with transaction.atomic():
                task = Task.objects.get(pk=waiting)
                activation = task.flow_task.activation_class(task)
                activation.process.data = {**(activation.process.data or {}), f"form{step}": {"text": TEXT}}
                activation.process.save()
                activation.assign(user)
                activation.start(None)
                activation.execute()
            took += perf_counter() - began
        process.refresh_from_db()
        if process.status != "DONE":
            raise RuntimeError(process.status)
    return CASES * STEPS / took


call_command("migrate", verbosity=0)
somebody = User.objects.create(username="exempel")
_run(somebody)
print(f"django-viewflow, SQLite: {median(_run(somebody) for _ in range(ROUNDS)):.0f} human tasks/s")
