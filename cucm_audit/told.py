"""An answer put together: what something is, its causes, rows or steps, and (with a snapshot) who was asked about.

Shared words of the offline answer and of the one about a cluster.
"""

from dataclasses import replace

from cucm_audit.answer import Told, Topic
from cucm_audit.checks import Checks
from cucm_audit.error_codes import Code, filled
from cucm_audit.explain import Desk, causes, of_row, of_step
from cucm_audit.lookup import Found
from cucm_audit.snapshot import Snapshot

_KINDS = {
    "application": "code of the Extension Mobility application",
    "service": "code of the service Cisco Extension Mobility",
    "page": "text of the phone itself",
    "old": "text of releases 3.x and 4.x",
}
#: Who and where a phone and a user are: always asked.
_ALWAYS = frozenset(
    {"node", "phone", "device_profile", "user_profile", "end_user", "em_login", "registration", "phone_service",
     "phone_subscription", "device_default", "device_pool", "cm_group_member", "software_version"}
)  # fmt: skip
#: What the picture of device packs draws beside the verdicts.
_DRAWN = frozenset({"device_type", "system_event", "service_status", "node_clock", "installed_option"})


def needed(checks: Checks, found: Found) -> frozenset[str]:
    """Return the facts that the answer needs; those of other checks are not asked."""
    empty, tables = Snapshot.memory(), set(_ALWAYS)
    for name in _names(checks, found):
        reads = empty.reads(filled((checks.guide.asks.get(name) or checks.checks[name]).sql))
        tables |= reads.every
    empty.close()
    return frozenset(tables | _DRAWN if found.document is not None else tables)


def _names(checks: Checks, found: Found) -> list[str]:
    """Return every check and ask that the answer reads."""
    if found.login:
        return [name for step in checks.guide.steps for name in (*step.checks, *step.asks)]
    if found.document is not None:
        return [name for row in checks.rows if row.document == found.document.id for name in row.checks]
    if found.row is not None:
        return list(found.row.checks)
    if found.check is not None:
        return [found.check.id]
    return [name for code in found.codes for one in code.cause for name in (*one.checks, *one.asks, *one.only_if)]


def offline(text: str, found: Found, checks: Checks) -> Told:
    """Return what is known without any cluster."""
    if found.unlisted:
        return Told(
            asked=text,
            kind="code",
            title=f"Code {found.unlisted}: no source lists it",
            about=(("So", "what it means is not known here; see the Extension Mobility traces of that minute"),),
            guessed=found.guessed,
        )
    if found.table:
        return _table(text, found, checks)
    if found.codes:
        return _codes(text, found)
    if found.login:
        topics = tuple(of_step(step) for step in checks.guide.steps)
        title = "The way of a login, from the Services button to the restart of the phone"
        return Told(asked=text, kind="way", title=title, topics=topics, guessed=found.guessed)
    return _of_documents(text, found, checks)


def _table(text: str, found: Found, checks: Checks) -> Told:
    about = [(code.code, f"{code.name}; {', '.join(code.shows)}") for code in checks.guide.codes]
    about.append(("in no source", ", ".join(sorted(checks.guide.unlisted, key=int))))
    return Told(asked=text, kind="codes", title="What phones show", about=tuple(about), guessed=found.guessed)


def _codes(text: str, found: Found) -> Told:
    topics = tuple(topic for topic, _ in causes(found.codes))
    numbers = {code.shown for code in found.codes if code.shown}
    title = f"What a phone shows as ({min(numbers)})" if len(numbers) == 1 else found.codes[0].name
    about = [line for code in found.codes for line in _about(code)]
    return Told(
        asked=text, kind="code", title=title, about=tuple(about), topics=topics, ranked=True, guessed=found.guessed
    )


def _about(code: Code) -> list[tuple[str, str]]:
    shown = f"{_KINDS[code.kind]}: {code.name}"
    lines = [(f"Code {code.code}" if code.code.lstrip("-").isdigit() else "Text", shown), ("It means", code.means)]
    lines.append(("Phone shows", "; ".join(code.shows)))
    return [*lines, ("Since", f"release {code.since}")] if code.since else lines


def _of_documents(text: str, found: Found, checks: Checks) -> Told:
    if found.row is not None:
        row = found.row
        document = next(one for one in checks.documents if one.id == row.document)
        about = (("Document", f"{document.title} [{document.id}]"), ("Kind", row.kind.replace("_", " ")))
        return Told(asked=text, kind="row", title=f"Row {row.id}: {row.symptom}", about=about, topics=(of_row(row),),
                    guessed=found.guessed)  # fmt: skip
    if found.check is not None:
        return _of_check(text, found, checks)
    assert found.document is not None
    rows = [row for row in checks.rows if row.document == found.document.id]
    about = (("Source", found.document.source), ("Rows", str(len(rows))))
    return Told(asked=text, kind="document", title=f"{found.document.title} [{found.document.id}]", about=about,
                topics=tuple(of_row(row) for row in rows), guessed=found.guessed)  # fmt: skip


def _of_check(text: str, found: Found, checks: Checks) -> Told:
    check = found.check
    assert check is not None
    ranges = (f"{low or 'any'} to before {high}" if high else f"{low} and later" for low, high in check.releases)
    lines = (
        ("Severity", str(check.severity)),
        ("Looks at", check.look_at),
        ("Wrong if", check.wrong_if),
        ("Says", check.says),
        ("Why", check.why),
        ("Fix", check.fix),
        ("Bugs", ", ".join(check.references)),
        ("Releases", ", ".join(ranges)),
    )
    about = tuple((label, " ".join(words.split())) for label, words in lines if words)
    rows = checks.rows_of(check.id)
    topic = Topic(says=check.title, checks=(check.id,), rows=tuple(row.id for row in rows), do=check.fix)
    return Told(asked=text, kind="check", title=f"Check {check.id}: {check.title}", about=about, topics=(topic,),
                guessed=found.guessed)  # fmt: skip


def on_cluster(text: str, found: Found, checks: Checks, snapshot: Snapshot, desk: Desk) -> Told:
    """Return what it means on the cluster of a snapshot, for the phone and the user of the desk."""
    told = offline(text, found, checks)
    if told.kind == "code":
        topics = desk.ranked(causes(found.codes))
    else:
        desk.prepare(name for topic in told.topics for name in topic.checks)
        topics = tuple(desk.topic(topic) for topic in told.topics)
    person = desk.person
    return replace(
        told,
        topics=topics,
        gaps=desk.gaps(topics),
        strangers=tuple(person.strangers()),
        device=person.device,
        user=person.user,
        cluster=tuple(_cluster(snapshot, desk)),
    )


def _cluster(snapshot: Snapshot, desk: Desk) -> list[tuple[str, str]]:
    person = desk.person
    release = snapshot.get_meta("release") or "not known"
    lines = [
        ("Cluster", f"{snapshot.get_meta('cluster')}, release {release}, taken {snapshot.get_meta('taken_at')} UTC")
    ]
    scope = snapshot.get_json("scope") or {}
    lines += [("Legacy-TLS", "yes: TLS before 1.2 and old ciphers were allowed")] if scope.get("legacy_tls") else []
    lines += [("Registered", str(scope["registration"]))] if scope.get("registration") else []
    lines += [("Phone", _phone(snapshot, person.device))] if person.device else []
    lines += [("User", _user(snapshot, person.user))] if person.user else []
    if person.device:
        nodes = ", ".join(person.nodes or ())
        lines.append(("Asks", nodes or "could not be told, or no URL of its services leads to a node"))
    return lines


def _phone(snapshot: Snapshot, name: str) -> str:
    sql = """select p.model, d.name, d.cm_group, r.status, r.node, r.active_load, r.seen_at from phone p
      left join device_pool d on d.id = p.device_pool_id
      left join registration r on r.phone = p.name where p.name = ?"""
    for model, pool, group, status, node, load, at in snapshot.select(sql, (name,)):
        where = (
            f"{status} at {node} with {load or 'a load that is not known'} (seen {at} UTC)"
            if status
            else "not seen registered"
        )
        return f"{name}, {model}, pool {pool or 'not known'}, group {group or 'not known'}; {where}"
    return name


def _user(snapshot: Snapshot, name: str) -> str:
    sql = """select d.name from end_user u
      join user_profile m on m.user_id = u.id join device_profile d on d.id = m.profile_id where u.userid = ?"""
    profiles = [str(profile) for (profile,) in snapshot.select(sql, (name,))]
    return f"{name}, profiles {', '.join(profiles)}" if profiles else f"{name}, no profile was seen"
