"""Becomes a supervised child: drops privileges, ties its life to the parent's, then runs the command instead.

Run as a script by `supervisor.py`, with the standard library only. A program of its own, because code
between fork and exec in a process with threads can deadlock, and because the tie must be set after the
change of user, which clears it.

Arguments: the parent's process id, the signal to get when the parent dies, a user id, a group id (-1: keep
both), then the command.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Replace this process by the command in `arguments`; exits 0 if the parent is already gone."""
    parent, death_signal, uid, gid = (int(argument) for argument in arguments[:4])
    command = arguments[4:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.umask(0o077)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:
            return
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
