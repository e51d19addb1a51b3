"""`bargate credentials`: print credentials of a role, for a credential_process or a shell."""

import asyncio
import json
import secrets
import shlex
import sys

import click

from bargate.cli.workload_options import workload_options
from bargate.workload.endpoint import timestamp
from bargate.workload.local import Given, NotGiven, NotReached, Question, find_and_ask


@click.command(short_help="Print credentials of a role.")
@workload_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["process", "env"]),
    default="process",
    show_default=True,
    help="JSON as a credential_process gives it, or lines for a shell.",
)
def credentials(
    *,
    role: str,
    account: str | None,
    session_name: str | None,
    duration_s: int,
    api_port: int | None,
    form: str,
) -> None:
    """Print credentials of a role of the installation that runs on this machine.

    In ~/.aws/config: credential_process = bargate credentials --role NAME. In a shell: eval "$(bargate
    credentials --role NAME --format env)". The role must trust the service ecs-tasks.amazonaws.com.
    """
    question = Question(
        role=role,
        account_id=account,
        session_name=session_name or secrets.token_hex(16),
        duration_s=duration_s,
    )
    try:
        given = asyncio.run(find_and_ask(api_port, question))
    except (NotGiven, NotReached) as error:
        click.echo(f"bargate: {error}", err=True)
        sys.exit(1)
    click.echo(_for_process(given) if form == "process" else _for_shells(given))


def _for_process(given: Given) -> str:
    return json.dumps(
        {
            "Version": 1,
            "AccessKeyId": given.access_key_id,
            "SecretAccessKey": given.secret_access_key.reveal(),
            "SessionToken": given.session_token.reveal(),
            "Expiration": timestamp(given.expires_at),
            "AccountId": given.account_id,
        }
    )


def _for_shells(given: Given) -> str:
    variables = {
        "AWS_ACCESS_KEY_ID": given.access_key_id,
        "AWS_SECRET_ACCESS_KEY": given.secret_access_key.reveal(),
        "AWS_SESSION_TOKEN": given.session_token.reveal(),
        "AWS_REGION": given.region,
        "AWS_DEFAULT_REGION": given.region,
        "AWS_ENDPOINT_URL": given.endpoint_url,
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
