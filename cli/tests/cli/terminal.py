"""A terminal of ROWS and COLUMNS for a command: what it gets is typed, what the command writes is written out."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios

rows, columns, *command = sys.argv[1:]
pid, screen = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))
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
        else:
            os.write(screen, data)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
