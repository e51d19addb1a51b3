"""Wall a function's process in, then start its runtime; run as `python -I -S bootstrap.py`.

    keeper (this process): reaps, holds strays, dies with the host
      └─ [own root: init of own namespaces] private root ─► own user ─► reaps
           └─ the runtime: limits ─► no way back ─► execve with the function's variables

Standard input holds the plan: JSON with the keys of `Plan`. The keeper is a child subreaper:
whatever the function forks, in whatever session, stays below it. With own namespaces the end of
`init` ends all of it at once.

INVARIANT: nothing of the function's has any effect before the user, the limits and the root are its
own: no line of its code, and none of its variables (LD_PRELOAD), which the plan carries.
"""

# A cold start has no time for pathlib; what S108 finds lies in a root of its own:
# ruff: noqa: PTH102, PTH103, PTH110, PTH112, PTH114, PTH115, PTH116, PTH120, PTH123, PTH211, S108

import ctypes
import json
import os
import resource
import select
import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWNS, _CLONE_NEWIPC, _CLONE_NEWPID = 0x20000, 0x8000000, 0x20000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 0x20, 0x1000, 0x4000, 0x40000
_MNT_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41}
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219}
_JOIN_SESSION_KEYRING = 1
_DEVICES = ("null", "zero", "full", "random", "urandom")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc")
_FAILED = 70

_libc = ctypes.CDLL(None, use_errno=True)


class Plan:
    """What the host asks for; see `runtime_command.plan_of`."""

    def __init__(self) -> None:
        with open(0, "rb") as given:
            plan = json.load(given)
        # Takes the place of standard input, and stays: else the runtime's first socket would.
        os.set_inheritable(os.open("/dev/null", os.O_RDONLY), True)  # noqa: FBT003
        self.host_pid: int = plan["host_pid"]
        self.uid: int | None = plan["uid"]
        self.own_root: bool = plan["own_root"]
        self.visible: list[str] = plan["visible"]
        self.code_folder: str = plan["code_folder"]
        self.temporary_bytes: int = plan["temporary_bytes"]
        self.limits: dict[str, int] = plan["limits"]
        self.command: list[str] = plan["command"]
        self.environment: dict[str, str] = plan["environment"]


def _call(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def _prctl(option: int, value: int) -> None:
    _call(_libc.prctl(option, value, 0, 0, 0), f"prctl {option}")


def _die_with(parent: int) -> None:
    """Die when the parent does, also when it did before this call."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(_FAILED)


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    _call(
        _libc.mount(
            source.encode(), target.encode(), kind.encode(), flags, options.encode() or None
        ),
        f"mount {target}",
    )


def _bind(source: str, target: str) -> None:
    """Show a file or folder read-only at `target`."""
    if os.path.isdir(source):
        os.makedirs(target, 0o755, exist_ok=True)
    elif not os.path.exists(target):
        os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    _mount(source, target, "", _MS_BIND)
    _mount("", target, "", _MS_BIND | _MS_REMOUNT | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)


def _show_system(root: str) -> None:
    for path in _SYSTEM:
        if os.path.islink(path):
            os.symlink(os.readlink(path), root + path)
        elif os.path.isdir(path):
            _bind(path, root + path)
    for name in ("/etc/resolv.conf", "/etc/hosts"):  # containers mount them, others link them
        path = os.path.realpath(name)
        if os.path.exists(path) and os.stat(path).st_dev != os.stat(root + "/etc").st_dev:
            _bind(path, root + path)


def _show_devices(root: str) -> None:
    os.mkdir(root + "/dev", 0o755)
    for name in _DEVICES:
        target = f"{root}/dev/{name}"
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
        _mount(f"/dev/{name}", target, "", _MS_BIND)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{root}/dev/{name}")
    os.symlink("/proc/self/fd", root + "/dev/fd")
    os.mkdir(root + "/dev/shm", 0o755)
    options = f"mode=1777,size={64 << 20},nr_inodes=1024"
    _mount("shm", root + "/dev/shm", "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, options)


def _enter_root(root: str) -> None:
    os.chdir(root)
    number = _PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise OSError(f"pivot_root is not known on {os.uname().machine}")
    _call(_libc.syscall(number, b".", b"."), "pivot_root")
    _call(_libc.umount2(b".", _MNT_DETACH), "leave the old root")
    os.chdir("/")


def _make_own_root(plan: Plan) -> None:
    """Build a root that holds the system, what is visible, the code, and an own /tmp and /proc.

    What is not named is not there: no data folder, no other function, no home.
    """
    old_mask = os.umask(0)
    _mount("", "/", "", _MS_REC | _MS_PRIVATE)
    root = "/proc"  # any folder that is always there; the mount is seen by this process alone
    _mount("root", root, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0755,size=1m")
    _show_system(root)
    os.mkdir(root + "/tmp", 0o755)
    options = f"mode=0700,uid={plan.uid},gid={plan.uid},size={plan.temporary_bytes},nr_inodes=65536"
    _mount("tmp", root + "/tmp", "tmpfs", _MS_NOSUID | _MS_NODEV, options)
    for path in plan.visible:
        if not os.path.exists(root + path):
            _bind(path, root + path)
    _bind(plan.code_folder, root + plan.code_folder)
    _show_devices(root)
    os.mkdir(root + "/proc", 0o555)
    _mount("proc", root + "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    _enter_root(root)
    _mount("", "/", "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    os.umask(old_mask)


def _become(uid: int) -> None:
    """Take on the function's user for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _prctl(_PR_SET_DUMPABLE, 1)  # else /proc/self and /dev/stdout are root's


def _leave_keyring() -> None:
    """Join a keyring of its own: the host's would be readable. Where it cannot, there is none."""
    number = _KEYCTL.get(os.uname().machine)
    if number is not None:
        _libc.syscall(number, _JOIN_SESSION_KEYRING, None)


def _go_first() -> None:
    """Be what the kernel ends first when the machine has no memory left."""
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


def _limit(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        which = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(which)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (bound, bound))


def _reap(child: int) -> int:
    """Wait until the runtime ends; give its exit status, 128 + n for a signal n."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _end_strays() -> None:
    """Kill what the runtime left behind, until nothing is."""
    while True:
        with open(f"/proc/self/task/{os.getpid()}/children") as children:
            strays = children.read().split()
        if not strays:
            return
        for pid in strays:
            os.kill(int(pid), signal.SIGKILL)
        os.waitpid(-1, 0)


def _descend() -> None:
    """Fork: the parent stays until the child ends, and ends as it did; the child goes on.

    The pipe tells the child that its parent was gone before it could ask to die with it.
    """
    gone, held = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(held)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if select.select([gone], [], [], 0)[0]:
            os._exit(_FAILED)
        os.close(gone)
        return
    code = _reap(child)
    _end_strays()
    os._exit(code)


def _wall_in(plan: Plan) -> None:
    """Fork until this process is the one that may run the function's code."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _leave_keyring()
    if plan.own_root:
        _call(_libc.unshare(_CLONE_NEWIPC | _CLONE_NEWPID), "unshare")
        _descend()
        _call(_libc.unshare(_CLONE_NEWNS), "unshare mounts")
        _make_own_root(plan)
    if plan.uid is not None and plan.own_root:
        _become(plan.uid)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user forgets it
    _descend()
    if plan.uid is not None and not plan.own_root:
        _become(plan.uid)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _go_first()
    _limit(plan.limits)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    os.chdir(plan.code_folder)


def main() -> None:
    """Do it; a wall that cannot be put up ends the process, before any code of the function's."""
    plan = Plan()
    _die_with(plan.host_pid)
    try:
        _wall_in(plan)
    except OSError as error:
        os.write(2, f"bargate: the function cannot be walled in: {error}\n".encode())
        os._exit(_FAILED)
    os.execve(plan.command[0], plan.command, plan.environment)  # noqa: S606


if __name__ == "__main__":
    main()
