"""A directory to try the example `ldap` with: OpenLDAP's slapd on the loopback, until it is stopped.

It runs as whoever starts it, keeps everything in one folder, and lets in as loosely as a directory
may: a bind without password succeeds, so that only the function's own check refuses it.
"""

import base64
import hashlib
import os
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

from msgspec import Struct

from examples.authorizers.certificates import make_certificates

BASE_DN = "dc=example,dc=org"
GROUPS_DN = f"ou=groups,{BASE_DN}"
SERVICE_DN, SERVICE_PASSWORD = f"cn=gateway,{BASE_DN}", "service-password"
READERS_DN, KEEPERS_DN = f"cn=readers,{GROUPS_DN}", f"cn=Keepers,{GROUPS_DN}"

# User: password and groups. `dora` is in no group; `eve` and `Eve2` have one mail address.
PEOPLE = {
    "ada": ("ada-has-a-long-passwörd", ("readers", "Keepers")),
    "ben": ("ben-has-a-long-password", ("readers",)),
    "dora": ("dora-has-a-long-password", ()),
    "eve": ("eve-has-a-long-password", ()),
    "eve2": ("eve2-has-a-long-password", ()),
}

_ROOT_DN, _ROOT_PASSWORD = f"cn=root,{BASE_DN}", "root-password"
_PLACES = ("/usr/sbin/slapd", "/usr/libexec/slapd", "/usr/lib/openldap/slapd")
_READY = "slapd starting"
_START_TIMEOUT_S = 15.0


class Slapd(Struct, frozen=True):
    """A running directory: where it listens, and the certificate authority of its certificate."""

    process: subprocess.Popen[str]
    reader: threading.Thread
    port: int
    tls_port: int
    ca_file: Path

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)
        self.reader.join(10)
        if self.process.stderr is not None:
            self.process.stderr.close()


def find() -> str | None:
    """Give where slapd is installed, None when it is not."""
    return shutil.which("slapd") or next((p for p in _PLACES if os.access(p, os.X_OK)), None)


def start(folder: Path, port: int, tls_port: int) -> Slapd:
    """Start a directory in an empty folder, and fill it."""
    program = find()
    if program is None:
        raise FileNotFoundError("slapd is not installed (Debian: apt install slapd ldap-utils)")
    made = make_certificates("127.0.0.1", folder)
    (folder / "data").mkdir()
    (folder / "slapd.conf").write_text(_configuration(folder))
    addresses = f"ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/"
    process = subprocess.Popen(
        [program, "-d", "stats", "-f", str(folder / "slapd.conf"), "-h", addresses],
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    ready = threading.Event()
    said: list[str] = []
    reader = threading.Thread(target=_read_log, args=(process, ready, said), daemon=True)
    reader.start()
    directory = Slapd(process, reader, port, tls_port, made.authority)
    try:
        if not ready.wait(_START_TIMEOUT_S) or process.poll() is not None:
            raise RuntimeError("slapd did not start:\n" + "".join(said))
        _wait_for_connections(port, tls_port)
        _fill(directory)
    except BaseException:
        directory.stop()
        raise
    return directory


def _read_log(process: subprocess.Popen[str], ready: threading.Event, said: list[str]) -> None:
    """Say when it listens or has ended; read on, so that it never waits for a reader."""
    for line in process.stderr or ():
        if not ready.is_set():
            said.append(line)
        if _READY in line:
            ready.set()
    process.wait()
    ready.set()


def _wait_for_connections(*ports: int) -> None:
    """Wait for what slapd does a moment after it says that it starts, and says nothing of."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)


def _fill(directory: Slapd) -> None:
    subprocess.run(
        [
            *("ldapadd", "-x", "-H", f"ldap://127.0.0.1:{directory.port}"),
            *("-D", _ROOT_DN, "-w", _ROOT_PASSWORD),
        ],
        input=_entries(),
        text=True,
        check=True,
        capture_output=True,
    )


def _entries() -> str:
    entries = [
        f"dn: {BASE_DN}\nobjectClass: organization\nobjectClass: dcObject\no: Example\ndc: example",
        f"dn: {GROUPS_DN}\nobjectClass: organizationalUnit\nou: groups",
        f"dn: ou=people,{BASE_DN}\nobjectClass: organizationalUnit\nou: people",
        _service(),
        *(_person(uid, password) for uid, (password, _) in PEOPLE.items()),
        *(_group(name) for name in ("readers", "Keepers")),
    ]
    return "\n\n".join(entries) + "\n"


def _service() -> str:
    return (
        f"dn: {SERVICE_DN}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\n"
        f"cn: gateway\nuserPassword: {_hashed(SERVICE_PASSWORD)}"
    )


def _person(uid: str, password: str) -> str:
    mail = f"{uid.rstrip('2')}@example.org"
    return (
        f"dn: uid={uid},ou=people,{BASE_DN}\nobjectClass: inetOrgPerson\nuid: {uid}\n"
        f"cn: {uid}\nsn: {uid}\nmail: {mail}\nuserPassword: {_hashed(password)}"
    )


def _group(name: str) -> str:
    members = [uid for uid, (_, groups) in PEOPLE.items() if name in groups]
    lines = "".join(f"\nmember: uid={uid},ou=people,{BASE_DN}" for uid in members)
    return f"dn: cn={name},{GROUPS_DN}\nobjectClass: groupOfNames\ncn: {name}{lines}"


def _hashed(password: str) -> str:
    """Give a password as OpenLDAP keeps it without further modules: salted SHA-1."""
    salt = os.urandom(8)
    digest = hashlib.sha1(password.encode() + salt).digest()
    return "{SSHA}" + base64.b64encode(digest + salt).decode()


def _configuration(folder: Path) -> str:
    schemas = "".join(
        f"include /etc/ldap/schema/{name}.schema\n" for name in ("core", "cosine", "inetorgperson")
    )
    return f"""{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/authority.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
allow bind_anon_cred bind_anon_dn
database mdb
directory {folder}/data
suffix "{BASE_DN}"
rootdn "{_ROOT_DN}"
rootpw {_ROOT_PASSWORD}
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{SERVICE_DN}" read by anonymous auth by * none
"""
