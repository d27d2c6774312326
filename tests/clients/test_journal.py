"""The journal: complete under threads, and the memory of refused accounts."""

import threading

import pytest

from cucm_audit.clients import ClientError
from cucm_audit.clients.commands import QUIT
from cucm_audit.clients.journal import SPENT_HINT, SSH_LOGIN, Journal
from cucm_audit.model import Reason, Source


def test_counts_by_source():
    journal = Journal()
    for source, operation in [
        (Source.AXL, "getCCMVersion"),
        (Source.RIS, "selectCmDeviceExt"),
        (Source.SERVICES, "soapGetServiceStatus"),
        (Source.WEB, "GET em page"),
        (Source.SSH, SSH_LOGIN),
        (Source.SSH, "show status"),
        (Source.SSH, "show version active"),
    ]:
        journal.sent(source=source, node="pub1", operation=operation)
    assert journal.counts() == {"axl": 1, "ris": 1, "services": 1, "web": 1, "ssh_sessions": 1, "cli_commands": 2}
    assert journal.operations[0] == (Source.AXL, "pub1", "getCCMVersion")


def test_nothing_is_lost_between_threads():
    journal = Journal()

    def send():
        for _ in range(500):
            journal.sent(source=Source.AXL, node="pub1", operation="x")

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.counts()["axl"] == 4000


def test_a_refusal_counts_for_one_account_on_one_node_until_it_was_let_in():
    journal = Journal()
    assert not journal.refused(address="10.0.0.1", user="a")
    journal.answered(address="10.0.0.1", user="a", accepted=False)
    assert journal.refused(address="10.0.0.1", user="a")
    assert not journal.refused(address="10.0.0.2", user="a")
    assert not journal.refused(address="10.0.0.1", user="b")
    journal.answered(address="10.0.0.2", user="a", accepted=True)
    journal.answered(address="10.0.0.2", user="a", accepted=False)
    assert not journal.refused(address="10.0.0.2", user="a")


def test_a_login_is_called_so():
    assert SSH_LOGIN == "login"


def test_no_more_is_sent_than_may_be_but_what_belongs_to_a_command():
    journal = Journal()
    journal.most = 2
    for _ in range(2):
        journal.sent(source=Source.SSH, node="pub1", operation="show status")
    for operation in ("show status", "keyboard", SSH_LOGIN):
        with pytest.raises(ClientError) as spent:
            journal.sent(source=Source.AXL, node="pub1", operation=operation)
        assert (spent.value.reason, spent.value.node, spent.value.hint) == (Reason.BUDGET, "pub1", SPENT_HINT)
    journal.sent(source=Source.SSH, node="pub1", operation="key space")
    journal.sent(source=Source.SSH, node="pub1", operation=QUIT)
    assert len(journal.operations) == 4
    assert "[cluster.NAME.budget]" in SPENT_HINT
