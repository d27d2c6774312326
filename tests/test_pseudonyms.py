"""Made-up names, one kind after the other: what stays of the shape, what never stays, and which draws are taken."""

import re
from collections.abc import Callable

import pytest

from cucm_audit.pseudonyms import Pseudonyms

MAC = "001122334455"
LETTER_FIRST = "[a-f][0-9a-f]"
#: Spelt out once more by hand: what is added to them is known to say nothing of anybody.
STAYING = """
Default|CMLocal|StandAloneCluster|Default Credential Policy|NETWORK|root|admin|localhost
CCMSysUser|CCMQRTSysUser|IPMASysUser|WDSysUser|WDSecureSysUser|TabSyncSysUser|CUCService
CCMAdministrator|Extension Mobility|Missed Calls|Received Calls|Placed Calls|Intercom Calls
Corporate Directory|Personal Directory|Voicemail|EnterpriseWideData
Standard CCM Super Users|Standard AXL API Access|Standard AXL API Users|Standard CCM Server Monitoring
Standard AXL Read Only API Access|Standard CCM Admin Users|Standard CCMADMIN Administration
Standard CCMADMIN Read Only|Standard SERVICEABILITY|Standard SERVICEABILITY Administration
Standard SERVICEABILITY Read Only|Standard RealtimeAndTraceCollection|Standard CCM End Users
Standard CTI Enabled|Standard CTI Allow Control of All Devices|Standard CCM Read Only
Standard EM Authentication Proxy Rights|Standard TabSync User|Standard CCM Server Maintenance
Standard Audit Log Administration|Standard CUReporting|Standard AXL Read Only API Users
Standard 7841 SIP|Standard 7941G SCCP|Standard 8851NR SIP
"""
PAGES = """
emapp emappservlet device devicename emcc ccmcip authenticate xmldirectory xmldirectoryinput
gettelecasterhelptext getservicesmenu jsp jar do cucm uds users application cisco missedcalls receivedcalls placedcalls
intercomcalls corporatedirectory personaldirectory voicemail locale devicetype lang amp http https 8080 8443
"""


def drawing(*drawn: str) -> Pseudonyms:
    """One whose letters and digits come from these words, one after the other."""
    pseudonyms = Pseudonyms()
    characters = iter("".join(drawn))

    def choice(kind: str) -> str:
        character = next(characters)
        assert character in kind
        return character

    pseudonyms._random.choice = choice
    return pseudonyms


def test_names_that_come_with_the_product_stay() -> None:
    pseudonyms = Pseudonyms()
    assert [name for name in re.split(r"[|\n]", STAYING) if pseudonyms.word(name) != name] == []
    for name in ("Standard 784 SIP", "Standard 7841 SIP Meier", "Standard 7841NR2X SIP", "default", "XX"):
        assert pseudonyms.word(name) != name


def test_words_of_ciscos_pages_stay_in_a_url_and_nothing_else_does() -> None:
    pseudonyms = Pseudonyms()
    for word in PAGES.split():
        assert pseudonyms.url(f"http://cucm-pub/{word}/{word.upper()}").endswith(f"/{word}/{word.upper()}")
    assert not pseudonyms.url("http://cucm-pub/XX/").endswith("/XX/")


def test_a_word_keeps_its_shape() -> None:
    pseudonyms = Pseudonyms()
    made = pseudonyms.word("Max.Meier-47_(b) é")
    assert re.fullmatch(r"[A-Z][a-z]{2}\.[A-Z][a-z]{4}-\d\d_\([a-z]\) [a-z]", made)
    assert pseudonyms.word("Max.Meier-47_(b) é") == made
    assert pseudonyms.word("MAX.MEIER-47_(B) É") == made.upper()
    assert (pseudonyms.word(""), pseudonyms.word("-")) == ("", "-")
    assert len(pseudonyms.word("İstanbul")) == 8, "its lower case is longer than itself"


def test_what_has_no_letter_stays_though_it_is_known() -> None:
    pseudonyms = Pseudonyms()
    pseudonyms.avoid("***")
    assert pseudonyms.word("***") == "***"


def test_no_original_and_no_name_that_is_taken_is_made_up() -> None:
    pseudonyms = drawing("meier", "kurtz", "kurtz", "lange")
    pseudonyms.avoid("Meier")
    assert pseudonyms.word("huber") == "kurtz"
    assert pseudonyms.word("bauer") == "lange"


def test_the_parts_of_an_original_are_no_made_up_names_either() -> None:
    pseudonyms = drawing("acme", "test", "pubs")
    pseudonyms.avoid("cucm.ACME-test")
    assert pseudonyms.word("host") == "pubs"


def test_no_made_up_name_looks_like_a_phone_or_an_address() -> None:
    assert drawing("sepab", "xyzab").word("meier") == "xyzab"
    assert drawing("adpab", "xyzab").word("meier") == "xyzab"
    assert drawing("sepab").word("sepia") == "sepab", "its original looks like one"
    assert drawing("192199", "999123").word("999.9.9.9") == "999.1.2.3"


def test_a_space_that_is_used_up_grows_by_what_the_original_ends_with() -> None:
    pseudonyms = Pseudonyms()
    for number in range(10):
        pseudonyms.avoid(str(number))
    assert re.fullmatch(r"\d\d", pseudonyms.word("1"))
    pseudonyms = Pseudonyms()
    for letter in "abcdefghijklmnopqrstuvwxyz":
        pseudonyms.avoid(letter)
    assert re.fullmatch("[a-z]{2}", pseudonyms.word("a"))
    assert re.fullmatch("[A-Z][a-z]", pseudonyms.word("B"))
    pseudonyms = Pseudonyms()
    for number in (*range(10), *range(100)):
        pseudonyms.avoid(str(number))
        pseudonyms.avoid(f"{number:02}")
    assert re.fullmatch(r"\d{3}", pseudonyms.word("1")), "by two, if one is not enough"
    pseudonyms = drawing("a1" * 201, "b1", "2")
    pseudonyms.avoid("a1")
    assert pseudonyms.word("c3") == "b12"


@pytest.mark.parametrize("prefix", ["SEP", "ADP", "UDP", "CSF", "TCT", "BOT", "TAB", "ATA"])
def test_the_prefix_of_a_device_stays(prefix: str) -> None:
    pseudonyms = Pseudonyms()
    assert re.fullmatch(rf"{prefix}[A-F][0-9A-F]{{11}}", pseudonyms.device(prefix + MAC))
    assert re.fullmatch(rf"{prefix}[a-z]{{5}}\n\d", pseudonyms.device(f"{prefix}meier\n7"))
    assert pseudonyms.device(prefix) != prefix
    pseudonyms.avoid(f"{prefix}mmeier")
    assert pseudonyms.scrub("of MMeier, lost") == f"of {pseudonyms.word('MMeier')}, lost"


def test_a_device_without_a_prefix_is_a_word() -> None:
    pseudonyms = Pseudonyms()
    assert pseudonyms.device("XYZ-47") == pseudonyms.word("XYZ-47")
    assert pseudonyms.device("xSEP1") == pseudonyms.word("xSEP1")


def test_one_mac_address_gives_one_however_it_is_written() -> None:
    pseudonyms = Pseudonyms()
    upper = pseudonyms.device("SEPAABBCCDDEEFF")
    assert pseudonyms.device("ADPaabbccddeeff") == "ADP" + upper[3:].lower()
    assert upper[3:].isupper()
    assert pseudonyms.device("CSFAABBccddeeff") == "CSF" + pseudonyms.word("AABBccddeeff")
    assert re.fullmatch("SEP[0-9]{13}", pseudonyms.device("SEP" + "1" * 13)), "one digit too many"


def test_a_key_of_the_database_is_one_and_has_no_number_in_it() -> None:
    pseudonyms = Pseudonyms()
    key = "12345678-1234-1234-1234-123456789012"
    made = pseudonyms.id(key)
    assert re.fullmatch("-".join(f"{LETTER_FIRST}{{{length - 1}}}" for length in (8, 4, 4, 4, 12)), made)
    assert pseudonyms.id(key) == made
    upper = "ABCDEF78-1234-1234-1234-123456789012"
    assert pseudonyms.id(upper) == pseudonyms.id(upper.lower())
    assert pseudonyms.id("d1") == pseudonyms.word("d1")
    assert pseudonyms.id(key + "0") == pseudonyms.word(key + "0")


def test_a_serial_number_is_one() -> None:
    pseudonyms = Pseudonyms()
    made = pseudonyms.serial("12345678")
    assert re.fullmatch(f"{LETTER_FIRST}{{7}}", made)
    assert pseudonyms.serial("AB345678") == pseudonyms.serial("ab345678")
    assert pseudonyms.serial("12:34") == pseudonyms.word("12:34")
    one = Pseudonyms()
    for digit in "abcdef":
        one.avoid(digit)
    assert re.fullmatch(LETTER_FIRST, one.serial("1")), "too short to be told apart: it grows"


def test_a_host_keeps_its_labels_and_an_address_is_an_address() -> None:
    pseudonyms = Pseudonyms()
    short = pseudonyms.host("cucm-pub")
    assert re.fullmatch(rf"{short}\.[a-z]{{4}}\.[a-z]{{4}}", pseudonyms.host("cucm-pub.acme.test"))
    assert pseudonyms.host("*.acme.test").startswith("*.")
    assert re.fullmatch(rf"\[{re.escape(pseudonyms.host('fd00::1'))}\]", pseudonyms.host("[fd00::1]"))
    assert pseudonyms.host("FD00::1") == pseudonyms.host("fd00::1")
    assert re.fullmatch("2001:db8:[a-f][0-9a-f]{3}::[a-f][0-9a-f]{3}", pseudonyms.host("fd00::1"))
    for bare in ("[abc", "abc]"):
        assert pseudonyms.host(bare) == pseudonyms.word(bare)
    assert pseudonyms.host("10.1.999") == pseudonyms.word("10.1.999"), "one number, as a version is"
    for nobody in ("0.0.0.0", "::", "127.127.1.0", "127.127.28.11"):
        assert pseudonyms.host(nobody) == nobody


@pytest.mark.parametrize(
    ("draw", "made", "other"),
    [
        (lambda low, high: low, "198.18.0.1", "240.0.0.1"),
        (lambda low, high: high - 1, "198.19.255.254", "254.255.255.254"),
    ],
)
def test_an_address_is_drawn_from_what_belongs_to_nobody(
    draw: Callable[[int, int], int], made: str, other: str
) -> None:
    pseudonyms = Pseudonyms()
    between = lambda *limits: draw(*(0, *limits)[-2:])  # noqa: E731
    pseudonyms._random.randrange = between
    assert pseudonyms.host("10.1.1.1") == made
    assert pseudonyms.host("10.1.1.2") == other, "the first network is full"


@pytest.mark.parametrize("drawn", range(16))
def test_a_hexadecimal_number_begins_with_a_letter(drawn: int) -> None:
    pseudonyms = Pseudonyms()
    asked = []
    pseudonyms._random.getrandbits = lambda bits: asked.append(bits) or drawn << (bits - 4)
    assert pseudonyms.serial("1234") == f"{'abcdef'[drawn % 6]}000"
    assert asked == [16]


URLS = {
    "http://cucm-pub:8080/emapp/meier": "http://{pub}:8080/emapp/{meier}",
    "HTTPS://cucm-pub": "HTTPS://{pub}",
    "x+y.z-1://cucm-pub?meier": "x+y.z-1://{pub}?{meier}",
    "http://cucm-pub#meier": "http://{pub}#{meier}",
    "http://cucm-pub:4711/": "http://{pub}:4711/",
    "http://cucm-pub:4711?x": "http://{pub}:4711?{x}",
    "http://cucm-pub:4711#x": "http://{pub}:4711#{x}",
    "http://cucm-pub:4711x": "http://{pub}:{port}",
    "http://[fd00::1]:8443/": "http://[{six}]:8443/",
    " http://cucm-pub/ ": " http://{pub}/ ",
    "\thttp://cucm-pub/\n": "\thttp://{pub}/\n",
    "http:///meier": "http:///{meier}",
    "meier": "{meier}",
    "/10.1.1.1/meier": "/{four}/{meier}",
}


@pytest.mark.parametrize(("given", "wanted"), URLS.items())
def test_a_url_keeps_all_but_its_names(given: str, wanted: str) -> None:
    pseudonyms = Pseudonyms()
    known = {"pub": "cucm-pub", "six": "fd00::1", "four": "10.1.1.1", "meier": "meier", "x": "x", "port": "4711x"}
    made = {name: pseudonyms.host(text) for name, text in known.items()}
    assert pseudonyms.url(given) == wanted.format(**made)


def test_a_name_of_a_directory_keeps_its_attributes() -> None:
    pseudonyms = Pseudonyms()
    acme, person, host = pseudonyms.word("Acme"), pseudonyms.word("Max Meier v. X"), pseudonyms.host("pub.acme.test")
    assert pseudonyms.dn("O=Acme,CN = Max Meier v. X/CN=pub.acme.test") == f"O={acme},CN = {person}/CN={host}"
    assert pseudonyms.dn("CN=10.1.1.1,CN=fd00::1") == ",".join(
        f"CN={pseudonyms.host(address)}" for address in ("10.1.1.1", "fd00::1")
    )
    assert pseudonyms.dn("OU=Acme+O=Acme") == f"OU={acme}+O={acme}"
    escaped = pseudonyms.word("Acme\\, Inc")
    assert pseudonyms.dn("O=Acme\\, Inc,C=") == f"O={escaped},C="
    assert pseudonyms.dn("Acme, 10.1.1.1") == f"{acme}, {pseudonyms.host('10.1.1.1')}"


def test_several_names_stay_in_their_order() -> None:
    pseudonyms = Pseudonyms()
    assert pseudonyms.names("pub 10.1.1.1") == f"{pseudonyms.host('pub')} {pseudonyms.host('10.1.1.1')}"


def test_what_ends_as_a_load_does_keeps_its_ending() -> None:
    pseudonyms = Pseudonyms()
    bare = pseudonyms.word("meier")
    for ending in (".loads", ".LOADS", ".k3.cop", ".k4.cop.sgn", ".cop.sha512", ".cop", ".k3.cop.loads"):
        assert pseudonyms.load(f"meier{ending}") == bare + ending
    assert pseudonyms.load("meier.cop.x") == bare + ".cop.x"
    assert pseudonyms.load("meier.loads.x") == pseudonyms.word("meier.loads.x")


@pytest.mark.parametrize("load", ["sip78xx.12-5-1-16", "S42.9-4-2SR3-1S.loads", "a.1-1-1", "a.1-1-1-1-1-123456789012"])
def test_what_has_the_form_of_a_load_stays(load: str) -> None:
    assert Pseudonyms().load(load) == load


@pytest.mark.parametrize("word", ["7sip.12-5-1", "sip.12-5", "sip.1-1-1-1-1-1-1", "sip.x-5-1", "a.1-1-1234567890123"])
def test_what_has_it_not_does_not(word: str) -> None:
    assert Pseudonyms().load(word) != word


def test_whatever_it_is_it_is_made_up() -> None:
    pseudonyms = Pseudonyms()
    pub, four, six = (pseudonyms.host(text) for text in ("cucm-pub", "10.1.1.1", "fd00::1"))
    assert pseudonyms.loose("http://cucm-pub:4711/x").startswith(f"http://{pub}:4711/")
    assert pseudonyms.loose("fd00::1") == six
    assert pseudonyms.loose("10.1.1.1;cucm-pub: x") == f"{four};{pub}: {pseudonyms.host('x')}"


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        ("MMeier was here.", "{meier} was here."),
        ("mmeier. lost mmeier- at cucm-pub.", "{small}. lost {small}- at {pub}."),
        ("CUCM-PUB at 10.1.1.1, again", "{big} at {four}, again"),
        ("version 10.1.1.1-5 and 110.1.1.1.5 stay", "version 10.1.1.1-5 and 110.1.1.1.5 stay"),
        ("x10.1.1.1 and .10.1.1.1 stay", "x10.1.1.1 and .10.1.1.1 stay"),
        ("lost SEPAABBCCDDEEFF. and SEPmeier", "lost {phone}. and SEPmeier"),
        ("lost UDPmeier2", "lost {profile}"),
        ("Default and mmeierX stay", "Default and mmeierX stay"),
        ("max+mm@acme.test wrote", "{mail} wrote"),
    ],
)
def test_a_sentence_keeps_all_but_what_is_known(sentence: str, wanted: str) -> None:
    pseudonyms = Pseudonyms()
    for original in ("MMeier", "Cucm-Pub", "UDPmeier2", "Default", "max+mm@acme.test"):
        pseudonyms.avoid(original)
    made = {
        "meier": pseudonyms.word("MMeier"),
        "small": pseudonyms.word("mmeier"),
        "pub": pseudonyms.host("cucm-pub"),
        "big": pseudonyms.host("CUCM-PUB"),
        "four": pseudonyms.host("10.1.1.1"),
        "phone": pseudonyms.device("SEPAABBCCDDEEFF"),
        "profile": pseudonyms.device("UDPmeier2"),
        "mail": pseudonyms.host("max+mm@acme.test"),
    }
    assert pseudonyms.scrub(sentence) == wanted.format(**made)
