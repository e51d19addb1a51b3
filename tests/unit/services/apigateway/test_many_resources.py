"""10,000 resources: what one write costs must not grow with them."""

from __future__ import annotations

from bargate.model.rest_api import Integration, Method
from bargate.records.rest_resource import REST_RESOURCE, RestMethod, RestResource
from calling import ACCOUNT, REGION
from unit.services.apigateway.building_rest import Api

MANY = 10_000


class Counting:
    """A transaction that counts the records it gave."""

    def __init__(self, tx):
        self._tx, self.given = tx, 0

    def __getattr__(self, name):
        found = getattr(self._tx, name)
        if name not in {"list", "list_by"}:
            return found

        def counted(*args, **named):
            records = found(*args, **named)
            self.given += len(records)
            return records

        return counted


def test_a_write_in_a_large_api_reads_few_records(monkeypatch):
    api = Api()
    integration = Integration(type="MOCK", request_templates={"application/json": "{}"})
    method = RestMethod(method=Method(http_method="GET", integration=integration))

    def fill(tx):
        for number in range(MANY):
            record = RestResource(
                account_id=ACCOUNT,
                region=REGION,
                api_id=api.id,
                id=f"r{number:05}",
                path=f"/p{number}",
                parent_id=api.root,
                path_part=f"p{number}",
                methods={"GET": method},
            )
            tx.create(REST_RESOURCE, record)

    api.calling.store.write(fill)
    counters = []
    write = api.calling.store.write

    def counting(work):
        def counted(tx):
            counters.append(Counting(tx))
            return work(counters[-1])

        return write(counted)

    monkeypatch.setattr(api.calling.store, "write", counting)
    api.mock(api.resource("one-more"))
    assert api.refused("CreateResource", parentId=api.root, pathPart="p7")[0] == "ConflictException"
    assert sum(each.given for each in counters) == 0
    assert api("CreateDeployment")["id"]
    assert counters[-1].given <= MANY + 10
