"""Application users, access control groups and roles of a healthy cluster (reference: axl-database.md section 5)."""

from cucm_audit.simulator.base_types import GROUPS, OLD_READING_ROLES, PROXY_ROLE, READING_ROLES
from cucm_audit.simulator.dictionary import numbers
from cucm_audit.simulator.rows import guid, put
from cucm_audit.simulator.world import World

AUDITORS = "Audit Read Only"
INTEGRATION = "emapi"  # logs people in, so it holds the proxy role
CONTROLLER = "ctiapp"  # controls phones, none of them with Extension Mobility
SHIPPED = {
    "CCMAdministrator": ("Standard CCM Super Users",),
    "CCMSysUser": (PROXY_ROLE, "Standard CTI Enabled"),
    "CCMQRTSysUser": ("Standard CTI Enabled",),
    "IPMASysUser": ("Standard CTI Enabled",),
    "WDSysUser": ("Standard CTI Enabled",),
}
SECRET = "not-a-real-hash"


def fill(world: World) -> None:
    """Write groups, roles, application users and who is in which group. The auditor's own user only reads."""
    groups = {**GROUPS, AUDITORS: READING_ROLES if numbers(world.release) >= (11, 5) else OLD_READING_ROLES}
    roles = sorted({role for names in groups.values() for role in names})
    put(
        world,
        "dirgroup",
        "pkid name isstandard minimumuserrank",
        [(guid("dirgroup", n), n, _shipped(n), 1) for n in groups],
    )
    put(world, "functionrole", "pkid name isstandard", [(guid("role", n), n, _shipped(n)) for n in roles])
    holding = [
        (guid("holding", group + role), guid("dirgroup", group), guid("role", role))
        for group, names in groups.items()
        for role in names
    ]
    put(world, "functionroledirgroupmap", "pkid fkdirgroup fkfunctionrole", holding)
    _users(world)


def _users(world: World) -> None:
    own = {world.application[0]: (AUDITORS,), INTEGRATION: (PROXY_ROLE,), CONTROLLER: ("Standard CTI Enabled",)}
    users = SHIPPED | own
    rows = [(guid("appuser", name), name, "t" if name in SHIPPED else "f", 1, SECRET) for name in users]
    put(world, "applicationuser", "pkid name isstandard userrank passwordreverse", rows)
    members = [
        (guid("appmember", user + group), guid("appuser", user), guid("dirgroup", group))
        for user, names in users.items()
        for group in names
    ]
    put(world, "applicationuserdirgroupmap", "pkid fkapplicationuser fkdirgroup", members)


def _shipped(name: str) -> str:
    return "t" if name.startswith("Standard") else "f"
