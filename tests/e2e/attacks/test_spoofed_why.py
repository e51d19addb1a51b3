"""`bargate why` believes no socket in a folder that others may write to."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
from pathlib import Path

from serving import bargate

FORGED = {
    "request_id": "r",
    "time": "t",
    "request": "GET /",
    "source_ip": "10.0.0.1",
    "steps": [],
    "outcome": "allowed",
}


def test_a_socket_in_an_open_folder_is_not_asked() -> None:
    with tempfile.TemporaryDirectory() as name, socket.socket(socket.AF_UNIX) as listener:
        folder = Path(name)
        folder.chmod(0o777)
        listener.bind(str(folder / "gateway-1.sock"))
        listener.listen()
        listener.settimeout(20)

        def answer() -> None:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(200)
                connection.sendall(json.dumps(FORGED).encode())

        impostor = threading.Thread(target=answer, daemon=True)
        impostor.start()
        told = bargate("why", "r", run_dir=folder)
        listener.shutdown(socket.SHUT_RDWR)
        impostor.join(5)
    assert "allowed" not in told.stdout
    assert told.returncode != 0
