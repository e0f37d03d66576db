"""Giving the jobs of a dead process to the living: the only place that calls what DBOS keeps private.

DBOS 3.4 takes up the work of a process only when a process of the same name starts, and offers no public call to do
it earlier. Its version is pinned, and a test tells when these two methods change.
"""

from __future__ import annotations

from collections.abc import Collection

from dbos import DBOSClient

from reviewbot.jobs.durable import APPLICATION_VERSION, REVIEWS


def recover(client: DBOSClient, executors: Collection[str]) -> int:
    """Puts the jobs that these processes were doing back into their queues; returns how many.

    Safe to do twice and from several processes: a job that somebody living has taken meanwhile stays with them.
    """
    return sum(
        give_back(client, executor, running) for executor in sorted(executors) for running in claims(client, executor)
    )


def claims(client: DBOSClient, executor: str) -> tuple[str, ...]:
    """The names of the jobs that a process has taken and not ended."""
    pending = client._sys_db.get_pending_workflows(executor, APPLICATION_VERSION)
    return tuple(one.workflow_id for one in pending)


def give_back(client: DBOSClient, executor: str, name: str) -> bool:
    """Puts one job back, if this process still has it."""
    # The last argument is only for jobs without a queue, which we have none of.
    return client._sys_db.reenqueue_for_recovery(name, [executor], REVIEWS)
