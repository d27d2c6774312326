import pytest

from cucm_audit.model import Reason
from tests.facts.platform.asked import column, gather, recording

ACTIVE, INACTIVE = "show version active", "show version inactive"


def answers(release="12.5", **changed):
    return {
        ACTIVE: changed.get("active", recording(release, "show-version-active")),
        INACTIVE: changed.get("inactive", recording("12.5", "show-version-inactive")),
    }


@pytest.mark.parametrize(
    ("release", "active"),
    [("8.6", "8.6.2.22900-9"), ("10.5", "10.5.2.12901-1"), ("11.5", "11.5.1.15900-18"), ("15", "15.0.1.11900-23")],
)
def test_both_partitions(release, active):
    for table, version in (("software_version", active), ("inactive_version", "11.5.1.15900-18")):
        told = gather(table, answers(release))
        assert told.whole
        assert told.rows == [{"node": "bonn-pub", "version": version}]


def test_options_with_what_their_names_say():
    told = gather("installed_option", answers())
    assert told.whole
    assert [(row["name"], row["pack_for"]) for row in told.rows] == [
        ("cmterm-devicepack12.5.1.14080-1.cop", "12.5.1"),
        ("ciscocm.free_common_space_v1.10.cop", ""),
    ]
    assert told.rows[0]["stem"] == "cmterm-devicepack12.5.1.14080-1"
    assert column(gather("inactive_option", answers()), "name") == ["cmterm-devicepack11.5.1.15092-1.cop"]


def test_the_sentence_means_that_there_are_none():
    told = gather("installed_option", answers("14"))
    assert told.whole
    assert told.rows == []


def test_a_bare_header_is_not_an_empty_list():
    cut = "Active Master Version: 12.5.1.14900-63\nActive Version Installed Software Options:\n"
    told = gather("installed_option", answers(active=cut))
    assert told.error is not None
    assert told.error.reason is Reason.MALFORMED
    assert gather("software_version", answers(active=cut)).whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "Inactive Master Version: 11.5.1.15900-18\n",
        "Active Master Version:\n",
        "Active Master Version: ?\n",
        "x",
    ],
)
def test_no_active_version_is_no_answer(text):
    for table in ("software_version", "installed_option"):
        told = gather(table, answers(active=text))
        assert told.error is not None
        assert told.error.reason is Reason.MALFORMED
        assert told.error.node == "bonn-pub"
        assert told.error.source == "ssh"
        assert told.kept == [(ACTIVE, text)]


@pytest.mark.parametrize(
    "text", ["No inactive version\n", "No inactive partition found.\n", "Inactive Master Version: none\n", "", "\n \n"]
)
def test_clear_words_for_a_missing_partition(text):
    assert gather("inactive_version", answers(inactive=text)).rows == [{"node": "bonn-pub", "version": ""}]
    assert gather("inactive_option", answers(inactive=text)).whole


@pytest.mark.parametrize(
    "text", ["The partition could not be mounted\n", "No inactive version could be read: I/O error\n"]
)
def test_unclear_words_leave_the_inactive_side_unknown_and_the_other_known(text):
    told = gather("inactive_version", answers(inactive=text))
    assert told.error is not None
    assert told.error.reason is Reason.MALFORMED
    for table in ("software_version", "installed_option"):
        assert gather(table, answers(inactive=text)).whole


@pytest.mark.parametrize(
    "name",
    ["cmterm-devicepack12.5.1.cop", "cmterm-devicepack12.5.1.14080-x.cop", "cmterm-devicepack12.5.1.140"],
)
def test_a_device_pack_whose_numbers_cannot_be_read_is_no_other_option(name):
    told = gather("installed_option", answers(active=recording("12.5", "show-version-active") + name + "\n"))
    assert name in column(told, "name")
    assert told.reasons == [Reason.MALFORMED]


def test_a_warning_among_the_options_is_no_option():
    text = recording("12.5", "show-version-active")
    warned = "WARNING: the last shutdown of this server was ungraceful. Rebuild it.\n" + text.replace(
        "ciscocm", "WARNING: Disk/logging is 93% full\nciscocm"
    )
    told = gather("installed_option", answers(active=warned))
    assert told.whole
    assert len(told.rows) == 2


def test_a_line_of_words_among_the_options_is_not_passed_over():
    told = gather("installed_option", answers(active=recording("12.5", "show-version-active") + "and two more\n"))
    assert len(told.rows) == 2
    assert told.reasons == [Reason.MALFORMED]
    assert "and two more" in told.troubles[0][2]
    assert told.kept[0][0] == ACTIVE


def test_two_options_run_into_one_name_are_noticed():
    text = recording("12.5", "show-version-active") + "ciscocm.one-1.0.copciscocm.two-2.0.cop\n"
    assert gather("installed_option", answers(active=text)).reasons == [Reason.MALFORMED]


def test_two_answers_in_one_do_not_pass():
    text = recording("12.5", "show-version-active") + "Active Master Version: 12.5.1.99999-1\n"
    assert not gather("software_version", answers(active=text)).whole


def test_busy_upgrading_says_so():
    told = gather("software_version", answers(active="This command is not allowed during upgrade\n"))
    assert told.error.reason is Reason.BUSY


@pytest.mark.parametrize("word", ["none", "N/A", "not installed", "Not available", "No version", "None."])
def test_a_partition_that_holds_nothing_says_so_in_a_word(word):
    told = gather("inactive_version", answers(inactive=f"Inactive Master Version: {word}\n"))
    assert told.whole
    assert [row["version"] for row in told.rows] == [""]
    assert gather("software_version", answers(active=f"Active Master Version: {word}\n")).error is not None


@pytest.mark.parametrize(
    "sentence",
    [
        "There is no inactive version",
        "No inactive partition on this machine",
        "The inactive version is not available",
        "Inactive partition does not exist on this node",
    ],
)
def test_a_partition_that_is_not_there_says_so_in_a_sentence(sentence):
    for table, rows in (("inactive_version", 1), ("inactive_option", 0)):
        told = gather(table, answers(inactive=f"{sentence}\n"))
        assert told.whole
        assert len(told.rows) == rows
    assert gather("inactive_version", answers(inactive="No inactive version: error 7\n")).error is not None


def test_a_list_of_options_that_is_missing_is_told_with_its_words():
    told = gather("installed_option", answers(active="Active Master Version: 12.5.1.15900-66\n"))
    assert told.error.detail == "the list of options is missing, and nothing says that there are none"
    assert gather("software_version", answers(active="Active Master Version: 12.5.1.15900-66\n")).whole
    none = answers(inactive="Inactive Master Version: none\n")
    assert gather("inactive_option", none).whole, "nothing is installed there"


def test_the_version_of_the_active_partition_is_never_missing_in_silence():
    from cucm_audit.facts.platform import FACTS

    assert {fact.table for fact in FACTS if fact.never_empty} >= {"software_version", "system_event", "node_clock"}


@pytest.mark.parametrize(
    ("below", "says"),
    [
        (
            "ciscocm.x.cop\nNo Installed Software Options Found.\n",
            "options are listed and it says that there are none",
        ),
        (
            "cmterm-devicepack12.5.cop\n",
            "the numbers of a device pack cannot be read: 'cmterm-devicepack12.5.cop'",
        ),
    ],
)
def test_a_list_of_options_that_is_doubted_is_told_with_its_words(below, says):
    head = "Active Master Version: 12.5.1.15900-66\nActive Version Installed Software Options:\n"
    told = gather("installed_option", answers(active=head + below))
    assert [words for _, _, words, _ in told.troubles] == [f"{ACTIVE}: {says}"]
    assert len(told.rows) == 1
