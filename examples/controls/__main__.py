"""`python -m examples.controls`: set everything up in a running Bargate, and say what to try."""

import argparse
from pathlib import Path

from msgspec import json
from rich.console import Console

from examples.controls import calls, certificates, setup


def main() -> None:
    """Make the controls, and print a call that passes and one that is refused for each."""
    options = _options()
    made_certificates = certificates.make(setup.DOMAIN)
    truststore = options.s3 / setup.BUCKET / setup.TRUSTSTORE
    truststore.parent.mkdir(parents=True, exist_ok=True)
    truststore.write_bytes(made_certificates.authority)
    made_certificates.write(options.work)
    wanted = setup.Wanted(
        backend=options.backend,
        certified=options.certified,
        endpoint_address=options.endpoint_address,
    )
    made = setup.set_up(setup.default_session(), wanted, made_certificates)
    (options.work / "gateway.pem").write_text(made.client_certificate)
    (options.work / "made.json").write_bytes(json.encode(made))
    (options.work / "made.json").chmod(0o600)
    places = calls.Places(options.port, options.tls_port, options.endpoint_address, options.work)
    _show(calls.calls(made, places, options.id_token), Console(soft_wrap=True, highlight=False))


def _show(tries: tuple[calls.Try, ...], console: Console) -> None:
    for each in tries:
        console.print(f"[bold]{each.control}[/]")
        console.print(f"  passes   {calls.line(each.passes)}", markup=False)
        if each.refused:
            console.print(f"  refused  {calls.line(each.refused)}", markup=False)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.controls", description=__doc__)
    parser.add_argument("--s3", type=Path, required=True, help="the folder of serve's --s3")
    parser.add_argument("--work", type=Path, required=True, help="where curl's certificates go")
    parser.add_argument("--backend", default="127.0.0.1:9000", help="an HTTP backend")
    parser.add_argument("--certified", default="127.0.0.1:9443", help="one that wants gateway.pem")
    parser.add_argument("--endpoint-address", default="127.77.0.10", help="of the VPC endpoint")
    parser.add_argument("--port", type=int, default=8080, help="the gateway's")
    parser.add_argument("--tls-port", type=int, default=8443, help="the gateway's, for TLS")
    parser.add_argument("--id-token", default="ID_TOKEN", help="of the user pool in openapi.yaml")
    return parser.parse_args()


if __name__ == "__main__":
    main()
