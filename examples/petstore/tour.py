"""What the demo prints: the shell variables and the table of calls."""

import shlex
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from examples.petstore import cases
from examples.petstore.cases import Ask, Case, curl
from examples.petstore.check import Checked, Outcome
from examples.petstore.issuer import Issuer

# A narrower terminal wraps whole lines, which can still be pasted; a narrower table could not.
_LEAST_WIDTH = 110


def variables(petstore: str, petshop: str, issuer: Issuer) -> dict[str, str]:
    """Give the shell variables of the tour: two addresses and header lines with tokens."""
    tokens = {
        cases.ID_TOKEN: issuer.id_token(),
        cases.ACCESS_TOKEN: issuer.access_token("openid", "pets/write"),
        cases.READ_TOKEN: issuer.jwt("orders/read"),
        cases.WRITE_TOKEN: issuer.jwt("orders/read", "orders/write"),
    }
    headers = {name: f"Authorization: Bearer {token}" for name, token in tokens.items()}
    addresses = {"P": petstore, "S": petshop}
    headers[cases.JSON] = "Content-Type: application/json"
    headers[cases.PREFLIGHT] = "Access-Control-Request-Method: GET"
    return addresses | headers


def write_variables(values: dict[str, str], path: Path) -> None:
    """Write the variables as a shell file that only the owner may read: it holds tokens."""
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()))


def show(checked: list[Checked], values: dict[str, str], file: Path, console: Console) -> None:
    """Print the table and how to use it."""
    console.width = max(console.width, _LEAST_WIDTH)
    console.print(_table(checked))
    console.print(f"Petstore (REST API) $P  {values['P']}", highlight=False)
    console.print(f"Petshop (HTTP API)  $S  {values['S']}", highlight=False)
    console.print(
        "Set these and the headers ($ID $AT $RT $WT: tokens) in another terminal, "
        "then paste any line:",
    )
    console.print(f"  . {file}", style="bold", highlight=False)


def _table(checked: list[Checked]) -> Table:
    table = Table(box=box.HORIZONTALS, show_edge=False, pad_edge=False)
    table.add_column("Route", no_wrap=True)
    table.add_column("What protects it, and a call that passes and one that is refused")
    for one in checked:
        table.add_section()
        table.add_row(Text(one.case.route, "bold"), Text(one.case.protection, "bold"))
        table.add_row(*_call(one.case, one.case.passes, one.passes, passes=True))
        table.add_row(*_call(one.case, one.case.refused, one.refused, passes=False))
    return table


def _call(case: Case, ask: Ask, outcome: Outcome, *, passes: bool) -> tuple[Text, Text]:
    word, style = ("passes", "green") if passes else ("refused", "red")
    line = Text(curl(case, ask), no_wrap=True)
    if outcome.broken:
        return Text(f"  {outcome.broken}", "bold reverse"), line
    shown = (
        f"{outcome.status}, no CORS"
        if (ask.method, ask.allows_origin) == ("OPTIONS", "")
        else f"{outcome.status}"
    )
    return Text(f"  {word}: {shown}", style), line
