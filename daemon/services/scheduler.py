"""What starts work by the clock. No send depends on it."""

from __future__ import annotations

from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler


def new_scheduler() -> Any:
    """One that runs a late job once and at once, and logs a job that fails."""
    scheduler = BackgroundScheduler(
        timezone="UTC",
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},  # the default drops late jobs
    )
    scheduler.add_listener(_tell, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
    return scheduler


def _tell(event: JobExecutionEvent) -> None:
    reason = str(event.exception or "missed")
    structlog.get_logger().error("scheduled work failed", job=event.job_id, reason=reason)
