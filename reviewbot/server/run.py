"""Starts what `reviewbot serve` and `reviewbot worker` are: the live service around the durable jobs."""

from __future__ import annotations

from sqlalchemy import text

from reviewbot.bootstrap_live import OpenService, open_service
from reviewbot.config import Settings, resolved
from reviewbot.domain.pull import PullRef
from reviewbot.github.oauth import GitHubLogin
from reviewbot.jobs.engine import Chore, Engine, new_worker_id
from reviewbot.jobs.queue import Again, Done, Handlers, Next
from reviewbot.pipelines.answer_comment import answer_comment
from reviewbot.pipelines.handle_delivery import handle_delivery
from reviewbot.pipelines.live import Live
from reviewbot.pipelines.reconcile import reconcile
from reviewbot.pipelines.record.backtest import work_on_backtests
from reviewbot.pipelines.record.noticed import IssueImporter
from reviewbot.pipelines.record.work import work_on_incidents
from reviewbot.pipelines.review_pull import let_go, review_pull
from reviewbot.server.app import Probes, create_app
from reviewbot.server.dashboard.access import Doorkeeper
from reviewbot.server.dashboard.app import dashboard
from reviewbot.server.dashboard.desk import Desk
from reviewbot.server.ingest import Ingest
from reviewbot.server.logs import set_up_logs
from reviewbot.server.metrics import Metrics
from reviewbot.server.process import serve, work
from reviewbot.server.traces import set_up_traces
from reviewbot.server.webhook import WebhookEndpoint
from reviewbot.store.browse.counts import counts
from reviewbot.store.retention import prune as prune_rows
from reviewbot.store.sessions import Sessions

_GIGABYTE = 10**9
_PRUNE_SECONDS = 3_600.0
_INCIDENT_SECONDS = 5.0
_POSTGRES_WRITERS = 4


def run_server(settings: Settings) -> None:
    """Serves webhooks and works until it is told to stop."""
    set_up_logs(settings.log_format == "json")
    set_up_traces(settings.otel_endpoint)
    worker = new_worker_id()
    service = open_service(settings, worker)
    metrics = Metrics()
    engine = _engine(service, settings, worker, metrics)
    ingest = Ingest(settings.webhook_secrets, service.live.own, service.transactions, service.jobs)
    writers = 1 if service.transactions.is_sqlite else _POSTGRES_WRITERS
    probes = Probes({"database": lambda: _answers(service), "worker": engine.is_alive})
    metrics.watch(lambda: counts(service.transactions))
    board = dashboard(_desk(service, settings))
    app = create_app(WebhookEndpoint(ingest, metrics, writers), probes, metrics, board)
    chores = [*_chores(service.live, settings), *_reconciling(service.live, settings)]
    serve(app, engine, handlers(service.live), settings.host, settings.port, chores)


def _desk(service: OpenService, settings: Settings) -> Desk:
    login = None
    if settings.github_client_id and settings.github_client_secret:
        secret = settings.github_client_secret.get_secret_value()
        login = GitHubLogin(settings.github_api_url, settings.github_web_url, settings.github_client_id, secret)
    door = Doorkeeper(Sessions(service.transactions), login, settings.api_token_values, settings.operators)
    return Desk(service.transactions, service.live, door, resolved)


def run_worker(settings: Settings) -> None:
    """Works without serving until it is told to stop."""
    set_up_logs(settings.log_format == "json")
    set_up_traces(settings.otel_endpoint)
    worker = new_worker_id()
    service = open_service(settings, worker)
    work(_engine(service, settings, worker, Metrics()), handlers(service.live), _chores(service.live, settings))


def handlers(live: Live) -> Handlers:
    """What the jobs do."""

    def again(seconds: float | None) -> Next:
        return Done() if seconds is None else Again(seconds)

    def pull(ref: PullRef) -> Next:
        return again(review_pull(live, ref))

    return Handlers(
        delivery=lambda delivery_id: handle_delivery(live, delivery_id),
        pull=pull,
        comment=lambda delivery_id: again(answer_comment(live, delivery_id)),
        let_go=lambda ref: let_go(live, ref),
    )


def _engine(service: OpenService, settings: Settings, worker: str, metrics: Metrics) -> Engine:
    return Engine(
        service.transactions,
        service.jobs,
        worker,
        reviews_at_once=settings.concurrency,
        observe=metrics.job_ended,
    )


def _answers(service: OpenService) -> bool:
    with service.transactions.reading() as session:
        return bool(session.connection().scalar(text("SELECT 1")) == 1)


def _chores(live: Live, settings: Settings) -> list[Chore]:
    most_bytes = settings.cache_gigabytes * _GIGABYTE

    def prune() -> None:
        live.histories.prune(most_bytes // 4)
        live.cache.prune(most_bytes - most_bytes // 4)

    def forget() -> None:
        if settings.retention_days:
            prune_rows(live.pulls.transactions, settings.retention_days)

    return [
        Chore("cache", _PRUNE_SECONDS, prune),
        Chore("retention", _PRUNE_SECONDS, forget),
        Chore("incidents", _INCIDENT_SECONDS, lambda: work_on_incidents(live)),
        Chore("backtests", _INCIDENT_SECONDS, lambda: work_on_backtests(live)),
    ]


def _reconciling(live: Live, settings: Settings) -> list[Chore]:
    if not settings.reconcile_minutes:
        return []
    importer = IssueImporter(live)

    def look() -> None:
        reconcile(live)
        importer.import_issues()

    return [Chore("reconcile", settings.reconcile_minutes * 60.0, look)]
