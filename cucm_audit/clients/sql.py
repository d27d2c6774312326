"""What a statement must look like before it is sent: a second, independent opinion beside the list of statements.

Nothing here knows which statements exist; ``guard.check_sql`` asks both. Secret columns: reference axl-database.md
section 5.
"""

import re

from cucm_audit.clients import WriteBlocked

#: Words that no reading statement of ours holds. Informix makes tables with ``select ... into temp``, locks with
#: ``for update`` and runs code with ``execute``.
FORBIDDEN_WORDS = frozenset(
    """alter begin call commit connect create database delete disconnect drop exec execute export for function grant
    import info insert into load lock merge procedure rename revoke rollback routine save set start stop system temp
    trigger truncate unload unlock update""".split()  # noqa: SIM905 - a list that a person can read
)

#: Columns that hold a secret; beside them every word with "password" in it.
SECRET_COLUMNS = frozenset(
    """authenticationstring conferencenowaccesscode credential credentialhistory credentialpolicydefault credentials
    passwordreverse pin pincredentials refreshtoken sshpassword sshpwd zzunlockpassword""".split()  # noqa: SIM905
)

_WORD = re.compile(r"[a-z_0-9]+")
_MARKS = (";", "--", "{", "}", "/*", "*/", '"', "\\", "`", "$")


def check_reading(sql: str) -> None:
    """Raise :class:`WriteBlocked` unless ``sql`` is one SELECT that does not write, lock, call or read a secret."""
    trouble = _trouble(sql)
    if trouble:
        raise WriteBlocked(f"SQL refused: {trouble}")


def _trouble(sql: str) -> str:
    if not re.fullmatch(r"[ -~]{1,4000}", sql):
        return "not plain ASCII on one line"
    lower = sql.lower()
    if not lower.startswith("select "):
        return "it does not start with select"
    for mark in _MARKS:
        if mark in lower:
            return f"it holds {mark}"
    if lower.count("'") % 2:
        return "a quote is open"
    # 'Cisco Database Layer Monitor' is a value; quotes are even, so values end where they seem to.
    bare = re.sub(r"'[^']*'", "''", lower)
    if "*" in bare.replace("count(*)", ""):
        return "it asks for every column"
    # The table credential may be read (its locks and dates), the column of that name and what looks like it may not.
    for word in _WORD.findall(re.sub(r"\b(from|join) credential\b", r"\1 it", bare)):
        if word in FORBIDDEN_WORDS:
            return f"it holds the word {word}"
        if word in SECRET_COLUMNS or "password" in word:
            return f"it reads the secret column {word}"
    return ""
