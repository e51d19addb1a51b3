"""The pet store itself: pets and orders in memory. It trusts whoever calls; Bargate does not."""

import itertools
import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from examples.petstore.web import Answer, Asked

# A REST API passes a proxied backend's own CORS headers on; an HTTP API replaces them.
HEADERS = "Access-Control-Allow-Origin: https://app.petstore.example\r\n"

_MOST_KEPT = 1000
_DAY_PRICE = 0.01

Pet: TypeAlias = dict[str, Any]
Route: TypeAlias = tuple[str, re.Pattern[str], Callable[[Asked], Answer]]


class Store:
    """Pets and orders, and the routes over them."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._pets: dict[int, Pet] = {}
        self._orders: list[dict[str, Any]] = []
        for name, species, price in (
            ("Bosco", "dog", 250),
            ("Mia", "cat", 120),
            ("Kiwi", "bird", 35),
        ):
            self._keep({"name": name, "species": species, "price": price})
        self._routes: tuple[Route, ...] = (
            ("GET", re.compile(r"/pets"), self._list),
            ("POST", re.compile(r"/pets"), self._add),
            ("GET", re.compile(r"/pets/[^/]+"), self._get),
            ("GET", re.compile(r"/search"), self._search),
            ("POST", re.compile(r"/quotes"), self._quote),
            ("GET", re.compile(r"/me"), _me),
            ("GET", re.compile(r"/admin/stats"), self._stats),
            ("GET", re.compile(r"/offers"), self._offers),
            ("GET", re.compile(r"/orders"), self._list_orders),
            ("POST", re.compile(r"/orders"), self._order),
            ("", re.compile(r"/catalog/.*"), _echo),
        )

    def answer(self, asked: Asked) -> Answer:
        """Answer one request."""
        for method, path, handler in self._routes:
            if method in {"", asked.method} and path.fullmatch(asked.path):
                return handler(asked)
        return 404, {"message": f"the store has no {asked.path}"}

    def _keep(self, pet: Pet) -> Pet:
        number = next(self._ids)
        self._pets[number] = {"id": number, **pet}
        return self._pets[number]

    def _list(self, _asked: Asked) -> Answer:
        return 200, list(self._pets.values())

    def _get(self, asked: Asked) -> Answer:
        number = asked.path.rpartition("/")[2]
        pet = self._pets.get(int(number)) if number.isdecimal() else None
        return (200, pet) if pet else (404, {"message": "no such pet"})

    def _add(self, asked: Asked) -> Answer:
        if len(self._pets) >= _MOST_KEPT:
            return 507, {"message": "the store is full"}
        return 201, self._keep(json.loads(asked.body))

    def _search(self, asked: Asked) -> Answer:
        species = asked.query.get("species")
        return 200, [pet for pet in self._pets.values() if pet["species"] == species]

    def _quote(self, asked: Asked) -> Answer:
        wanted = json.loads(asked.body)
        pet = self._pets.get(wanted["petId"])
        if pet is None:
            return 404, {"message": "no such pet"}
        return 200, {"petId": pet["id"], "total": pet["price"] * (1 + _DAY_PRICE * wanted["days"])}

    def _stats(self, _asked: Asked) -> Answer:
        return 200, {"pets": len(self._pets), "orders": len(self._orders)}

    def _offers(self, _asked: Asked) -> Answer:
        return 200, [
            {"petId": pet["id"], "price": pet["price"] * 0.9} for pet in self._pets.values()
        ]

    def _list_orders(self, _asked: Asked) -> Answer:
        return 200, self._orders

    def _order(self, asked: Asked) -> Answer:
        if len(self._orders) >= _MOST_KEPT:
            return 507, {"message": "too many orders"}
        self._orders.append(
            {"order": len(self._orders) + 1, "text": asked.body.decode(errors="replace")}
        )
        return 201, self._orders[-1]


def _me(asked: Asked) -> Answer:
    """Tell what the gateway said about the caller."""
    told = ("x-customer-email", "x-customer-id")
    return 200, {name: asked.headers.get(name) for name in told}


def _echo(asked: Asked) -> Answer:
    """Give the request back as it arrived; credentials are not repeated."""
    headers = {name: value for name, value in asked.headers.items() if name != "authorization"}
    return 200, {
        "method": asked.method,
        "path": asked.path,
        "query": asked.query,
        "headers": headers,
        "body": asked.body.decode(errors="replace"),
    }
