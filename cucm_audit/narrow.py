"""One phone and one user in a snapshot: checks and asks narrowed to them.

A check is narrowed by putting its query into another one that keeps the subjects in question. Which those are is a
query too, so that the ledger is asked for everything that decided it: a subscription that was not gathered makes the
verdict unknown instead of leaving a URL out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cucm_audit.checkfile import IfNone
from cucm_audit.checks import Check, Checks
from cucm_audit.error_codes import filled, parameters
from cucm_audit.model import State
from cucm_audit.queries import QueryFailed, QueryRefused
from cucm_audit.snapshot import Snapshot

_PROFILES = """select d.name from end_user u
  join user_profile m on m.user_id = u.id join device_profile d on d.id = m.profile_id where u.userid = :user"""
#: Services of the phone, of its logout profile and of the user's profiles.
_SERVICES = """select v.name from phone_service v where v.em and v.enabled and (v.enterprise
  or exists (select 1 from phone p join phone_subscription s on s.device_id = p.id or s.device_id = p.logout_profile_id
  where p.name = :device and s.service_id = v.id)
  or exists (select 1 from end_user u join user_profile m on m.user_id = u.id
  join phone_subscription s on s.device_id = m.profile_id where u.userid = :user and s.service_id = v.id))"""

#: Kind of a check (table [about] of the error codes) -> the subjects that are meant.
_SUBJECTS: Mapping[str, str] = {
    "phone": "select :device",
    "auto": """select 'ADP' || substr(:device, 4) union all
      select d.name from phone p join device_profile d on d.id = p.logout_profile_id where p.name = :device""",
    "profile": _PROFILES,
    "device": f"select :device union all {_PROFILES}",
    "user": "select :user",
    "service": f"""select s.name || ', ' || w.which from ({_SERVICES}) s
      join (select 'Service URL' as which union all select 'Secure-Service URL') w""",  # noqa: S608
    "model": """select d.model || ' ' || d.protocol from phone p
      join device_default d on d.model_number = p.model_number and d.protocol_number = p.protocol_number
      where p.name = :device and p.load_override = ''""",
    "product": """select p.model || ', protocol ' || p.protocol_number from phone p where p.name = :device union all
      select t.product from phone p join device_type t on t.product_number = p.product_number where p.name = :device""",
    "control": """select p.name || ', ' || c.app_user from phone p join device_control c on c.device_id = p.id
      where p.name = :device""",
    "subscription": f"""select n.name || ', ' || v.name from phone_service v
      join (select :device as name union {_PROFILES}) n""",  # noqa: S608
}
#: The nodes that a phone asks for a login: the hosts of its URLs. One without an address may be one of them.
_ANSWERING = f"""select distinct n.name from ({_SERVICES}) s join service_url u on u.service = s.name
  join node n on n.voice
   and (same_host(n.name, url_host(u.url)) or n.address = url_host(u.url) or is_host(n.host, url_host(u.url))
     or n.address is null)"""  # noqa: S608
#: As it is spelled in the database; the one that was typed exactly comes first.
_PHONE = "select name from phone where upper(name) = upper(?1) order by name <> ?1"
_USER = "select userid from end_user where lower(userid) = lower(?1) order by userid <> ?1"
_NEEDS = {
    "phone": "device",
    "auto": "device",
    "profile": "user",
    "user": "user",
    "service": "device",
    "model": "device",
    "product": "device",
    "control": "device",
    "subscription": "device",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """A check as it is judged. ``here``: the verdict is about those who were named. ``lacks``: a missing option."""

    check: Check
    here: bool
    lacks: str = ""
    nodes: tuple[str, ...] | None = None


class Person:
    """A phone and a user as they were typed ('' = not named), and what the snapshot knows of them."""

    def __init__(self, snapshot: Snapshot, checks: Checks, device: str = "", user: str = "") -> None:
        self._snapshot = snapshot
        self._checks = checks
        self.device = self._spelled(_PHONE, device)
        self.user = self._spelled(_USER, user)
        self._phone = self._one("select 1 from phone where name = ?", self.device)
        self._user = self._one("select 1 from end_user where userid = ?", self.user)
        self._registered = self._one("select 1 from registration where phone = ?", self.device)
        self.nodes = self._answering() if self.device else None

    def _spelled(self, sql: str, name: str) -> str:
        return next((str(found) for (found,) in self._snapshot.select(sql, (name,))), name) if name else ""

    def _one(self, sql: str, name: str) -> bool:
        return bool(name) and any(True for _ in self._snapshot.select(sql, (name,)))

    def _answering(self) -> tuple[str, ...] | None:
        """Return the nodes that the phone's URLs name; None when there is none, or nobody can tell."""
        sql = self.fill(_ANSWERING)
        try:
            if not whole(self._snapshot, sql):
                return None
            return tuple(sorted(str(name) for (name,) in self._snapshot.run(sql))) or None
        except (QueryRefused, QueryFailed):
            return None

    def fill(self, sql: str) -> str:
        """Return a query with the names in it."""
        return filled(sql, self.device, self.user)

    @property
    def named(self) -> bool:
        """Say whether anybody was named at all."""
        return bool(self.device or self.user)

    def strangers(self) -> list[str]:
        """Say who is not in the snapshot, and whether that is certain."""
        told = []
        for name, there, fact, word in (
            (self.device, self._phone, "phone", "phone"),
            (self.user, self._user, "end_user", "end user"),
        ):
            if name and not there:
                known = whole(self._snapshot, f"select * from {fact}")  # noqa: S608
                told.append(
                    f"the {word} {name} is not in this cluster's database"
                    if known
                    else f"the {word} {name} was not seen, but the list of {word}s did not come back whole"
                )
        return told

    def narrowed(self, name: str) -> Narrowed:
        """Return a check or an ask as it has to be judged for this phone and user."""
        asks = self._checks.guide.asks
        if name in asks:
            return self._asked(asks[name])
        return self._about(self._checks.checks[name])

    def _asked(self, check: Check) -> Narrowed:
        missing = [word for word in sorted(parameters(check.sql)) if not getattr(self, word)]
        if missing:
            return Narrowed(check=check, here=False, lacks=missing[0])
        found = self._about(replace(check, sql=self.fill(check.sql)))
        return replace(found, here=True) if parameters(check.sql) else found

    def _about(self, check: Check) -> Narrowed:
        kind = self._checks.guide.about.get(check.id, "cluster" if check.id in self._checks.guide.asks else "")
        if not self.named or kind == "cluster":
            return Narrowed(check=check, here=True)
        if not kind:
            return Narrowed(check=check, here=False)
        if kind == "answers":
            return Narrowed(check=check, here=self.nodes is not None, nodes=self.nodes)
        if kind == "device":
            lacks = "" if self.device and self.user else "user" if self.device else "device"
        else:
            lacks = "" if getattr(self, _NEEDS[kind]) else _NEEDS[kind]
        if lacks and kind != "device":
            return Narrowed(check=check, here=False, lacks=lacks)
        inner = self.fill(_SUBJECTS[kind])
        sql = f"select * from ({check.sql}) where subject_ in ({inner})"  # noqa: S608 - judged under the authorizer
        none: IfNone = "unknown" if self._blind(check, kind) else "not_applicable"
        says = f"it does not look at {self._whom(kind)}"
        return Narrowed(check=replace(check, sql=sql, if_none=none, none_says=says), here=True, lacks=lacks)

    def _whom(self, kind: str) -> str:
        whom = self.user if kind in ("user", "profile") else self.device or self.user
        return {"profile": f"the profiles of {whom}", "service": f"the services of {whom}"}.get(kind, whom)

    def _blind(self, check: Check, kind: str) -> bool:
        """Say whether nothing to look at means that nobody could look: the phone or the user is not there."""
        if kind in ("user", "profile"):
            return not self._user
        if kind == "device":
            return not (self._phone and (self._user or not self.user))
        if not self._phone and kind != "auto":
            return True
        reads = self._snapshot.reads(check.sql).facts
        return kind == "phone" and "registration" in reads and not self._registered


def whole(snapshot: Snapshot, sql: str) -> bool:
    """Say whether every fact that a query reads came back whole, on every scope that was asked."""
    reads = snapshot.reads(sql)
    states: dict[str, set[State]] = {}
    for row in snapshot.gathered():
        states.setdefault(row.fact, set()).add(row.state)
    return all(states.get(fact) == {State.WHOLE} for fact in reads.every)
