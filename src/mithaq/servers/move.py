"""Moving a home's store: from its file to a database, or back, compared before it is used."""

from __future__ import annotations

from msgspec.structs import replace

from mithaq.adapters.store.move import Moved, Progress, copy, leave
from mithaq.assembly import load_keys, open_engine, store_secret
from mithaq.config import Home, StoreSettings, read_config, write_config
from mithaq.errors import Clash


def move_store(home: Home, to: StoreSettings | None, progress: Progress) -> Moved:
    """Move the store of a home into another that is empty, compare both, and use that one from now on.

    The caller holds the home's lock. Until all is compared the settings, and the store that is in use, are not touched.
    """
    config, secret = read_config(home), store_secret(load_keys(home))
    if config.store == to:
        raise Clash("move", "this is the store that is in use", hint="name another one")
    if to is None and home.store.exists():
        raise Clash("move", "there is a store in a file already", where=str(home.store), hint="move it away first")
    fresh = Home(home.path)
    fresh.store = home.store.with_name("node.db.moving")
    source = open_engine(home, config.store, secret)
    try:
        target = open_engine(fresh, to, secret, moving=True)
        try:
            moved = copy(source, target, progress)
        finally:
            target.close()
        if to is None:
            fresh.store.replace(home.store)
        write_config(home, replace(config, store=to))
        leave(source, to.url if to is not None else str(home.store))
    finally:
        source.close()
    if config.store is None:
        home.store.replace(home.store.with_name("node.db.moved"))
    return moved
