"""``cajajejo jobs``: jobs of any kind, by name; each command loads, calls one function of the library, and prints."""

from datetime import UTC, datetime

from cajajejo.cli import clusters, ending, evaluation, logs, screen, watching
from cajajejo.cli.groups import group
from cajajejo.cli.options import (
    AllNamespaces,
    AsJson,
    Context,
    DefaultNamespace,
    JobKind,
    JobLimit,
    JobName,
    JobNamespace,
    JobsSince,
    JobStates,
    JsonOrLines,
    Selector,
    WatchList,
)

app = group(
    "Jobs on a cluster: send them, follow them to the end, know why they wait or failed.",
    "Example: cajajejo jobs status @latest",
    {
        "Kinds": ["evaluation"],
        "Commands": ["list", "status", "watch", "wait", "logs", "explain", "cancel", "delete"],
    },
)
app.add_typer(evaluation.app, name="evaluation")
app.command("watch")(watching.watch)
app.command("wait")(watching.wait)
app.command("logs")(logs.logs)
app.command("cancel")(ending.cancel)
app.command("delete")(ending.delete)


@app.command("list")
def list_jobs(
    kind: JobKind = None,
    states: JobStates = None,
    since: JobsSince = None,
    limit: JobLimit = None,
    all_namespaces: AllNamespaces = False,
    selector: Selector = "",
    watch: WatchList = False,
    namespace: JobNamespace = None,
    default_namespace: DefaultNamespace = None,
    context: Context = None,
    as_json: JsonOrLines = False,  # noqa: ARG001  # the screen knows
) -> None:
    """Jobs of ours, newest first.

    Example: cajajejo jobs list --state Failed --since 2d
    """
    from cajajejo.cli import job_lists
    from cajajejo.cluster import ALL_NAMESPACES
    from cajajejo.jobs import listing, refreshing

    wanted = job_lists.wanted(kind, states, since, limit, selector)
    with clusters.connect(context) as cluster:
        place = ALL_NAMESPACES if all_namespaces else clusters.place(cluster, namespace, default_namespace)
        view = job_lists.ListView(place, wanted, limited=limit is None, changing=watch)
        if watch:
            for found in refreshing.listings(cluster, place, wanted, refreshing.Refresh(), screen.say):
                view.show(found)
        else:
            view.show(listing.list_jobs(cluster, place, wanted, now=datetime.now(UTC)))


@app.command()
def status(
    name: JobName,
    namespace: JobNamespace = None,
    default_namespace: DefaultNamespace = None,
    context: Context = None,
    as_json: AsJson = False,
) -> None:
    """One line of state, one of reason, one of what to do, then the attempts.

    Example: cajajejo jobs status @latest
    """
    from cajajejo.cli import job_screen
    from cajajejo.job_outputs import Job
    from cajajejo.jobs import telling

    now = datetime.now(UTC)
    with clusters.connect(context) as cluster:
        place = clusters.place(cluster, namespace, default_namespace)
        told = telling.tell(cluster, name, place, now=now, warn=screen.warn)
        options = clusters.options(cluster, place, context)
    if as_json:
        screen.result_json(Job.of(told.status).as_json())
    else:
        screen.result(*job_screen.status_lines(told.status, screen.out_style(), now, recalled=told.recalled))
        screen.say(*([] if told.recalled else job_screen.next_lines(told.status, options)))


@app.command()
def explain(
    name: JobName,
    namespace: JobNamespace = None,
    default_namespace: DefaultNamespace = None,
    context: Context = None,
    as_json: AsJson = False,
) -> None:
    """All evidence behind the status.

    Example: cajajejo jobs explain merciful-crocodile
    """
    from cajajejo.cli import job_evidence
    from cajajejo.jobs import telling

    now = datetime.now(UTC)
    with clusters.connect(context) as cluster:
        place = clusters.place(cluster, namespace, default_namespace)
        explained = telling.explain(cluster, name, place, now=now, warn=screen.warn)
    if as_json:
        screen.result_json(job_evidence.document(explained))
    else:
        screen.result(*job_evidence.explain_lines(explained, screen.out_style(), now))
