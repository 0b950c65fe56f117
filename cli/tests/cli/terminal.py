"""A terminal of ROWS and COLUMNS for a command: what it gets is typed, what the command writes is written out.

What asks a terminal for another size, `ESC [ 8 ; ROWS ; COLUMNS t`, gives it that.
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios

RESIZE = re.compile(rb"\x1b\[8;(\d+);(\d+)t")


def size(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


rows, columns, *command = sys.argv[1:]
pid, screen = pty.fork()
if pid == 0:
    size(1, rows, columns)
    os.environ["TERM"] = "xterm"
    os.execvp(command[0], command)
readers = [screen, 0]
while screen in readers:
    for ready in select.select(readers, [], [])[0]:
        try:
            data = os.read(ready, 65536)
        except OSError:  # Linux says so when nobody has the terminal open any more.
            data = b""
        if not data:
            readers.remove(ready)
        elif ready == screen:
            os.write(1, data)
        elif found := RESIZE.fullmatch(data):
            size(screen, *found.groups())
        else:
            os.write(screen, data)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
