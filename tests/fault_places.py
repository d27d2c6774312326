"""What is done to the line, to the machine and to the files of a user while an audit runs, for the table of faults.

Each function returns a context manager that a case of the table enters; ``Bench.mend`` takes back what it leaves behind
in the cluster file, the password files and the trust store.
"""

import contextlib
import dataclasses
import errno
import os
import re
import shutil
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cucm_audit import secrets
from cucm_audit.cli.lock import locked
from cucm_audit.clients import tls
from cucm_audit.simulator import certificates
from cucm_audit.snapshot import Snapshot
from cucm_audit.trust import TrustStore
from tests.authority import Authority
from tests.fault_bench import SUB, Bench
from tests.fault_proxy import Line, Proxy
from tests.real_servers import sshd

Within = Callable[[Bench, pytest.MonkeyPatch], contextlib.AbstractContextManager[None]]
FILE = "cucm-audit.toml"
CA = ("--ca-file", "ca.pem")


# --- the cluster file


def rewrite(bench: Bench, change: Callable[[str], str]) -> None:
    """Change the cluster file; a change that changes nothing would make the case a lie."""
    path = bench.folder / FILE
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf-8")


def in_file(change: Callable[[str], str], *, trusted: bool = False) -> Within:
    """Another cluster file; ``trusted``: what its nodes show is accepted first."""

    @contextlib.contextmanager
    def changed(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        rewrite(bench, change)
        if trusted:
            trust(bench)
        yield

    return changed


def after(wanted: str, more: str) -> Callable[[str], str]:
    """Put a line behind a line of the file."""
    return lambda text: text.replace(f"{wanted}\n", f"{wanted}\n{more}\n", 1)


def move(bench: Bench, address: str = "", https: int = 0, ssh: int = 0) -> None:
    """Let the cluster file say that the subscriber is elsewhere."""
    values = {"address": f'"{address}"' if address else "", "https-port": https or "", "ssh-port": ssh or ""}

    def changed(text: str) -> str:
        head, block, rest = re.split(rf'(\[cluster\.lab\.nodes\."{re.escape(SUB)}"\]\n(?:[^\[\n].*\n)*)', text)
        for name, value in values.items():
            block = re.sub(rf"(?m)^{name} = .*$", f"{name} = {value}", block) if value else block
        return head + block + rest

    rewrite(bench, changed)


def trust(bench: Bench) -> None:
    """Accept what the nodes show now, as a user would."""
    code, out, err = bench.lab.run("trust", "add", "lab", "--yes")
    assert code == 0, out + err


# --- the line


def behind(line: Line, *, address: str = "127.0.0.1", ssh_only: bool = False) -> Within:
    """The subscriber behind a relay; it is trusted over a good line, then the line becomes this one."""

    @contextlib.contextmanager
    def relayed(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        node = bench.world.node(SUB)
        with (
            Proxy(target=(node.at, node.https_port), address=address) as https,
            Proxy(target=(node.at, node.ssh_port), address=address) as ssh,
        ):
            move(bench, address, https.port, ssh.port)
            trust(bench)
            (ssh if ssh_only else https).line = line
            line.connections = 0
            yield
            assert line.connections, "nobody came this way"

    return relayed


@contextlib.contextmanager
def two_addresses(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A name with two addresses, of which the first answers nobody."""
    resolve, node = socket.getaddrinfo, bench.world.node(SUB)

    def answer(host: Any, port: Any, *args: Any, **rest: Any) -> Any:
        if host != "two.invalid":
            return resolve(host, port, *args, **rest)
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("127.0.0.1", 1)), (*kind, (node.at, port))]

    patch.setattr(socket, "getaddrinfo", answer)
    move(bench, "two.invalid")
    trust(bench)
    yield


@contextlib.contextmanager
def same_name_twice_dead(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A name all of whose addresses are dead."""
    resolve = socket.getaddrinfo

    def answer(host: Any, port: Any, *args: Any, **rest: Any) -> Any:
        if host != "two.invalid":
            return resolve(host, port, *args, **rest)
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("127.0.0.1", 1)), (*kind, ("127.0.0.1", 2))]

    patch.setattr(socket, "getaddrinfo", answer)
    move(bench, "two.invalid")
    yield


# --- certificates


def shown(*, bits: int = 2048, trusted: bool = False, **options: Any) -> Within:
    """The subscriber with another certificate (``options`` as for the simulator's), and a file of authorities.

    The nodes' certificates sign themselves, so all of them are the authorities.
    """

    @contextlib.contextmanager
    def changed(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
        node = bench.world.node(SUB)
        before, plain = node.certificate, certificates.context
        if bits != 2048:
            make = certificates.rsa.generate_private_key
            patch.setattr(certificates, "_key", lambda _of: make(public_exponent=65537, key_size=bits))

            def lenient(certificate: Any, old: bool = False) -> ssl.SSLContext:
                loose = ssl.SSLContext.load_cert_chain

                def load(context: ssl.SSLContext, *args: Any) -> None:
                    context.set_ciphers("ALL:@SECLEVEL=0")
                    loose(context, *args)

                with patch.context() as inner:
                    inner.setattr(ssl.SSLContext, "load_cert_chain", load)
                    return plain(certificate, old)

            patch.setattr(certificates, "context", lenient)
        try:
            if options or bits != 2048:
                bench.cluster.renew_certificate(SUB, **options)
            (bench.folder / "ca.pem").write_text("".join(one.certificate.pem for one in bench.world.nodes))
            if trusted:
                assert bench.lab.run("trust", "remove", SUB)[0] == 0
                trust(bench)
            yield
        finally:
            (bench.folder / "ca.pem").unlink(missing_ok=True)
            bench.cluster.down(SUB)
            node.certificate = before
            patch.undo()
            bench.cluster.up(SUB)

    return changed


def odd_authority(*, strict: bool) -> Within:
    """The subscriber's certificate comes from an authority that is none by its own word.

    ``strict``: on a Python (or a system) that switches the strict rules of X.509 on as well.
    """

    @contextlib.contextmanager
    def signed(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
        plain = tls.open_context

        def stricter(*args: Any, **rest: Any) -> ssl.SSLContext:
            context = plain(*args, **rest)
            context.verify_flags |= ssl.VERIFY_X509_STRICT
            return context

        if strict:
            patch.setattr("cucm_audit.clients.line.open_context", stricter)
        node = bench.world.node(SUB)
        folder = bench.folder / "authority"
        folder.mkdir()
        authority = Authority(folder, ca=False)
        key, _, pem = authority.sign(address=node.at).read_text().partition("-----BEGIN CERTIFICATE-----")
        pem = f"-----BEGIN CERTIFICATE-----{pem}"
        try:
            with shown()(bench, patch):
                bench.cluster.down(SUB)
                node.certificate = dataclasses.replace(node.certificate, pem=pem, key_pem=key)
                bench.cluster.up(SUB)
                with (bench.folder / "ca.pem").open("a") as file:
                    file.write(authority.file.read_text())
                yield
        finally:
            shutil.rmtree(folder)

    return signed


# --- real sshd


def openssh(*settings: str, known: str = "", logins: str = "") -> Within:
    """The subscriber's SSH is a real OpenSSH server.

    ``known``: "right" or "wrong", the key that is trusted there. ``logins``: not empty when a password may get there.
    """

    @contextlib.contextmanager
    def real(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        folder = bench.folder / "sshd"
        folder.mkdir()
        try:
            with sshd(folder, settings) as server:
                node, store = bench.world.node(SUB), TrustStore(bench.folder / "state" / "trust.toml")
                key = server.fingerprint if known == "right" else "SHA256:" + "A" * 43
                with Proxy(target=("127.0.0.1", server.port), address=node.at) as relay:
                    if known:
                        store.add_ssh(node.at, relay.port, "ssh-rsa", key)
                        store.save()
                    move(bench, ssh=relay.port)
                    yield
                tried = server.told("Failed password", "Accepted ", "Invalid user")
                assert bool(tried) is bool(logins), tried
                assert len(server.told("Failed password")) <= 1
        finally:
            shutil.rmtree(folder)

    return real


# --- passwords, keys


def password_file(mode: int = 0o600, *, link: bool = False, owner: int | None = None) -> Within:
    """The application user's password file, as it should not be."""

    @contextlib.contextmanager
    def odd(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        path = bench.folder / "app.pass"
        path.chmod(mode)
        if owner is not None:
            os.chown(path, owner, owner)
        if link:
            path.rename(bench.folder / "real.pass")
            path.symlink_to(bench.folder / "real.pass")
        try:
            yield
        finally:
            path.unlink()
            (bench.folder / "real.pass").unlink(missing_ok=True)

    return odd


def password_command(*words: str) -> Within:
    """A command of the user's own instead of the file."""

    @contextlib.contextmanager
    def asked(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
        patch.setattr(secrets, "COMMAND_SECONDS", 0.5)
        listed = ", ".join(f"'''{word}'''" for word in words)
        rewrite(bench, lambda text: text.replace('password-file = "app.pass"', f"password-command = [{listed}]"))
        yield

    return asked


@contextlib.contextmanager
def locked_keyring(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """No file and no command: only a keyring that opens to nobody."""
    from types import SimpleNamespace

    def refuse(*_args: object) -> str:
        raise RuntimeError("the keyring is locked")

    patch.setitem(__import__("sys").modules, "keyring", SimpleNamespace(get_password=refuse))
    rewrite(bench, lambda text: text.replace('password-file = "app.pass"\n', ""))
    yield


def trust_store(change: Callable[[str], str] = lambda text: text, *, mode: int = 0o600, gone: bool = False) -> Within:
    """The store of what is trusted, as it should not be."""

    @contextlib.contextmanager
    def odd(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        path = bench.folder / "state" / "trust.toml"
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
        path.chmod(mode)
        if gone:
            path.unlink()
        try:
            yield
        finally:
            if not gone:
                path.chmod(0o600)

    return odd


# --- the machine


def disk(kilobytes: int) -> Within:
    """A disk on which no file grows beyond so much."""

    @contextlib.contextmanager
    def small(_bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        import resource

        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return small


@contextlib.contextmanager
def another_run(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A run on the same cluster that is not over."""
    with locked(bench.folder / "state", "lab"):
        yield


@contextlib.contextmanager
def lock_left_behind(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a killed run leaves: the file of its lock, and half a snapshot in a folder of its own."""
    with locked(bench.folder / "state", "lab"):
        pass
    half = bench.folder / "tmp" / ".cucm-audit-killed"
    half.mkdir()
    (half / "snapshot.db").write_bytes(b"SQLite format 3\0half")
    try:
        yield
    finally:
        shutil.rmtree(half)


@contextlib.contextmanager
def ctrl_c(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody presses Ctrl-C while the subscriber keeps us waiting."""
    bench.world.node(SUB).faults["hang"] = True

    def press() -> None:
        end = time.monotonic() + 15
        while time.monotonic() < end:
            if any(one.node == SUB for one in list(bench.world.asked)):
                os.kill(os.getpid(), signal.SIGINT)
                return
            time.sleep(0.02)

    thread = threading.Thread(target=press, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(20)


def environment(**values: str | None) -> Within:
    """Variables of the environment; None takes one away."""

    @contextlib.contextmanager
    def set_(_bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
        for name, value in values.items():
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, value)
        yield

    return set_


@contextlib.contextmanager
def no_locks(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A file system that knows no locks. The file that stands for one is gone afterwards."""
    import fcntl

    def refuse(*_args: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    patch.setattr(fcntl, "flock", refuse)
    yield
    assert list((bench.folder / "state" / "locks").glob("*.held*")) == []


@contextlib.contextmanager
def hostile_descriptions(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Descriptions of services that were tampered with: they send their reader to a trap and to a file."""
    from cucm_audit.clients import soap

    plain, folder = soap.folder, bench.folder / "wsdl"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.05)
        there = f"http://127.0.0.1:{trap.getsockname()[1]}/x.wsdl"
        for path in plain("wsdl").glob("*.wsdl"):
            text = path.read_text(encoding="utf-8")
            more = f'<xsd:import namespace="urn:x" schemaLocation="{there}"/><xsd:include schemaLocation="file:///etc/passwd"/>'
            changed = re.sub(r"(<xsd:schema[^>]*>)", rf"\1{more}", text, count=1)
            assert changed != text
            (folder / path.name).write_text(changed, encoding="utf-8")
        patch.setattr(soap, "folder", lambda name: folder if name == "wsdl" else plain(name))
        soap._client.cache_clear()
        try:
            yield
            with pytest.raises(TimeoutError):
                trap.accept()
        finally:
            patch.undo()
            soap._client.cache_clear()
            shutil.rmtree(folder)


def just_run(line: str) -> Within:
    """A cluster that was audited a moment ago, with a line more in its file."""

    @contextlib.contextmanager
    def ran(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        bench.audit("--without", "ssh")
        rewrite(bench, after("[cluster.lab]", line))
        yield

    return ran


def waived(
    until: str, *, check: str = "adp-orphan", subject: str = "ADP000000000000", because: str = "known"
) -> Within:
    """A file of waivers with one in it, which the cluster file names."""

    @contextlib.contextmanager
    def laid(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        path = bench.folder / "waivers.toml"
        text = f"[[waiver]]\ncheck = '{check}'\nsubject = '{subject}'\nbecause = '{because}'\n{until}\n"
        path.write_text(text, encoding="utf-8")
        rewrite(bench, after("[cluster.lab]", 'waivers = "waivers.toml"'))
        try:
            yield
        finally:
            path.unlink()

    return laid


# --- checks


def pack(*texts: str) -> Within:
    """A folder "own" of users' own check files, for ``--checks own``."""

    @contextlib.contextmanager
    def written(bench: Bench, patch: pytest.MonkeyPatch) -> Iterator[None]:
        patch.setitem(Snapshot.run.__kwdefaults__, "seconds", 0.5)  # one that never ends is given a minute
        folder = bench.folder / "own"
        folder.mkdir()
        for number, text in enumerate(texts):
            (folder / f"own-{number}.toml").write_text(text, encoding="utf-8")
        try:
            yield
        finally:
            shutil.rmtree(folder)

    return written


PHONES = """\
phone = [{ id = "1", name = "SEP000000000001" }, { id = "2", name = "SEP000000000002" }]
wrong = ["SEP000000000002"]"""


def own_check(
    wrong_if: str, *, look_at: str = "phone", name: str = "own-check", number: int = 0, example: str = PHONES
) -> str:
    """Return a check file with one check; the usual example has two phones, of which SEP000000000002 is wrong."""
    return f"""
[document]
id = "own-{number}"
title = "Own"
source = "ours, 2026-01-01"
[[row]]
id = "OWN{number}"
symptom = "s"
look = "l"
checks = ["{name}"]
[[check]]
id = "{name}"
title = "t"
severity = "note"
look_at = "{look_at}"
subject = "name"
wrong_if = '''{wrong_if}'''
says = "s"
fix = "f"
[check.example]
{example}
"""


def mode_of(name: str, mode: int) -> Within:
    """A file of the user's with other rights."""

    @contextlib.contextmanager
    def changed(bench: Bench, _patch: pytest.MonkeyPatch) -> Iterator[None]:
        path: Path = bench.folder / name
        before = path.stat().st_mode
        path.chmod(mode)
        try:
            yield
        finally:
            path.chmod(before)

    return changed
