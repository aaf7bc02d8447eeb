"""CronJobs: make a Job whenever one is due, and clear away old ones."""

from orrery.controllers.cronjob.controller import CronJobController

__all__ = ["CronJobController"]
