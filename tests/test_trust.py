import os
import stat
import threading

import pytest

from cucm_audit.trust import TrustError, TrustStore

PIN = ":".join(["AB"] * 32)
OTHER = ":".join(["CD"] * 32)
KEY = "SHA256:" + "A" * 43
NEW = "SHA256:" + "B" * 42 + "A"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "trust.toml"


def filled(path):
    store = TrustStore(path)
    store.add_tls(
        "192.0.2.1", 8443, PIN, subject='CN="a\\b"\n\x7f]', not_after="2030-01-01T00:00:00+00:00", cluster="hq"
    )
    store.add_ssh("192.0.2.1", 22, "rsa-sha2-512", KEY, cluster="hq")
    store.add_ssh("192.0.2.1", 22, "ssh-ed25519", NEW)
    store.add_tls("2001:DB8:0::1", 8443, OTHER)
    store.save()
    return store


def test_no_file_is_an_empty_store_and_is_not_made_by_looking(path):
    store = TrustStore(path)
    assert store.tls("192.0.2.1", 8443) is None
    assert store.ssh("192.0.2.1", 22) == {}
    assert store.entries() == []
    assert not path.exists()


def test_what_was_accepted_is_there_the_next_time(path):
    filled(path)
    store = TrustStore(path)
    assert store.tls("192.0.2.1", 8443) == PIN
    assert store.tls("192.0.2.1", 443) is None
    assert store.ssh("192.0.2.1", 22) == {"ssh-rsa": KEY, "ssh-ed25519": NEW}
    assert store.tls("[2001:db8::1]", 8443) == OTHER
    entries = store.entries()
    assert entries == filled_again(path)
    first = entries[0]
    assert (first.kind, first.address, first.port, first.cluster) == ("ssh", "192.0.2.1", 22, "hq")
    tls = next(
        entry for entry in entries if entry.kind == "tls" and entry.port == 8443 and entry.address == "192.0.2.1"
    )
    assert tls.subject == 'CN="a\\b"\n\x7f]'
    assert tls.not_after == "2030-01-01T00:00:00+00:00"
    assert tls.added_at.endswith("+00:00")


def filled_again(path):
    store = TrustStore(path)
    store.save()
    return TrustStore(path).entries()


def test_names_are_kept_without_their_case(path):
    store = TrustStore(path)
    store.add_tls("CUCM-Pub.example.net.", 8443, PIN.lower())
    assert store.tls("cucm-pub.EXAMPLE.net", 8443) == PIN


def test_only_its_owner_can_read_it(path):
    filled(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["trust.toml"]


def test_another_key_is_only_accepted_when_asked(path):
    store = filled(path)
    store.add_tls("192.0.2.1", 8443, PIN)
    store.add_ssh("192.0.2.1", 22, "ssh-rsa", KEY)
    with pytest.raises(TrustError, match="trusted already"):
        store.add_tls("192.0.2.1", 8443, OTHER)
    with pytest.raises(TrustError, match="trusted already"):
        store.add_ssh("192.0.2.1", 22, "rsa-sha2-256", NEW)
    assert store.tls("192.0.2.1", 8443) == PIN
    assert store.ssh("192.0.2.1", 22)["ssh-rsa"] == KEY
    store.add_tls("192.0.2.1", 8443, OTHER, replace=True)
    store.add_ssh("192.0.2.1", 22, "ssh-rsa", NEW, replace=True)
    assert store.tls("192.0.2.1", 8443) == OTHER
    assert store.ssh("192.0.2.1", 22)["ssh-rsa"] == NEW


def test_forgetting(path):
    store = filled(path)
    assert store.remove("192.0.2.1", 22) == 2
    assert store.remove("192.0.2.1", 22) == 0
    assert store.remove("2001:db8::1", 8443) == 1
    store.save()
    assert [(entry.address, entry.port) for entry in TrustStore(path).entries()] == [("192.0.2.1", 8443)]


@pytest.mark.parametrize("bad", ["", "AB:CD", PIN + ":AB", PIN.replace("A", "G"), "SHA256:" + "A" * 43])
def test_a_wrong_certificate_fingerprint_is_refused(path, bad):
    with pytest.raises(TrustError, match="fingerprint"):
        TrustStore(path).add_tls("192.0.2.1", 8443, bad)


@pytest.mark.parametrize("bad", ["", "SHA256:", "SHA256:AAAA", "MD5:aa", PIN, "SHA256:" + "*" * 43])
def test_a_wrong_host_key_fingerprint_is_refused(path, bad):
    with pytest.raises(TrustError, match="fingerprint"):
        TrustStore(path).add_ssh("192.0.2.1", 22, "ssh-rsa", bad)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("version = 1\n[tls\n", "2"),
        ('version = 1\n\n[tls."192.0.2.1:8443"]\nfingreprint = "x"\n', "3"),
        (f'[tls."192.0.2.1:8443"]\nfingerprint = "{PIN}"\nsubject = 3\n', "1"),
        (f'[tls."192.0.2.1:1"]\nfingerprint = "{PIN}"\n\n[tls."192.0.2.1:8443"]\nfingerprint = "AB"\n', "4"),
        (f'[tls."192.0.2.1"]\nfingerprint = "{PIN}"\n', "1"),
        (f'[tls."192.0.2.1:99999"]\nfingerprint = "{PIN}"\n', "1"),
        (f'[tls."2001:db8::1:8443"]\nfingerprint = "{PIN}"\n', "1"),
        ('version = 1\n[ssh."192.0.2.1:22"]\nkeys = {}\n', "2"),
        ('version = 1\n[ssh."192.0.2.1:22"]\nkeys.ssh-rsa = "x"\n', "2"),
        (f'[tls."A:1"]\nfingerprint = "{PIN}"\n[tls."a:1"]\nfingerprint = "{PIN}"\n', "3"),
        ("version = 1\npins = 3\n", "2"),
    ],
)
def test_a_broken_file_is_named_with_its_line_and_is_not_empty(path, text, line):
    path.parent.mkdir(mode=0o700)
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(TrustError) as caught:
        TrustStore(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert "trust add" in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(b"\xff\xfe"), "UTF-8"),
        (lambda path: path.write_text("version = 2\n"), "version 2"),
        (lambda path: path.chmod(0o620), "chmod 600"),
        (lambda path: path.chmod(0o602), "chmod 600"),
        (lambda path: (path.unlink(), path.mkdir()), "could not be read|plain file"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "plain file"),
        (lambda path: (path.unlink(), path.symlink_to("nowhere")), "nowhere"),
    ],
)
def test_a_file_that_cannot_be_relied_on_is_refused(path, spoil, words):
    filled(path)
    spoil(path)
    with pytest.raises(TrustError, match=words):
        TrustStore(path)


def test_a_file_of_another_user_is_refused(path, monkeypatch):
    filled(path)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    if path.stat().st_uid == 0:
        os.chown(path, 4712, -1)
    with pytest.raises(TrustError, match="another user"):
        TrustStore(path)


def test_a_folder_that_others_may_write_is_refused(path):
    store = filled(path)
    path.parent.chmod(0o777)
    store.add_tls("192.0.2.9", 8443, PIN)
    with pytest.raises(TrustError, match="chmod 700"):
        store.save()


def test_two_commands_at_once_lose_nothing(path):
    filled(path)
    one, two = TrustStore(path), TrustStore(path)
    one.add_tls("192.0.2.7", 8443, PIN)
    two.add_tls("192.0.2.8", 8443, PIN)
    one.save()
    with pytest.raises(TrustError, match="meanwhile"):
        two.save()
    assert TrustStore(path).tls("192.0.2.7", 8443) == PIN


def test_a_failed_write_leaves_the_old_file(path, monkeypatch):
    store = filled(path)
    before = path.read_bytes()
    store.add_tls("192.0.2.9", 8443, PIN)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(TrustError, match="No space left"):
        store.save()
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["trust.toml"]


def test_readers_never_see_half_a_file(path):
    store, problems, done = filled(path), [], threading.Event()

    def read():
        while not done.is_set():
            try:
                assert TrustStore(path).tls("192.0.2.1", 8443) == PIN
            except Exception as error:
                problems.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(2, 60):
        store.add_tls(f"192.0.2.{number}", 8443, PIN)
        store.save()
    done.set()
    reader.join()
    assert problems == []
