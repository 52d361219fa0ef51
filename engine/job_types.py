"""The job types that a service task may name, and what each must be given. `services` carries them out.

Apart from the handlers, because whoever only reads models needs no database.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JobType:
    """One kind of job."""

    name: str
    #: What must be given: of each tuple, one name, by input mapping or header.
    needs: tuple[tuple[str, ...], ...] = ()


#: By name. Built in; `services.handler` adds others.
JOB_TYPES: dict[str, JobType] = {
    job.name: job
    for job in (
        JobType("notice"),
        JobType("set-owner", (("unit", "owner"),)),
        JobType("add-party", (("unit", "units"),)),
        JobType("remove-party", (("unit", "units"),)),
        JobType("start-case", (("process", "processId"),)),
    )
}
