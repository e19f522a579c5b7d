"""The routes of a list that the bureau keeps; the same for every list."""

from __future__ import annotations

from typing import Any

from hongxia.http.endpoint import Call
from hongxia.lists import List
from hongxia.runtime.routes import Roles, act, amend, create, listing, read


def routes_of_list(kept: List, url: str, title: str, readers: Roles, keepers: Roles) -> Any:
    """Return the class of routes of a list, for a service's assembly; `title` is what the office calls it."""
    schema, model = kept.schema, kept.model
    one = f"{url}/<id>"

    class ListRoutes:
        """Entries: added, listed, read, renamed, retired, taken back."""

        @create(url, f"登记{title}", keepers, schema)
        def add_entry(self, call: Call) -> Any:
            """A new entry."""
            return kept.add(call.session, call.body["label"], call.today)

        @amend(one, f"修改{title}名称", keepers, schema, model)
        def rename_entry(self, call: Call, entry: Any, reason: str) -> Any:
            """Another label; the code stays."""
            return kept.rename(call.session, entry, call.body["label"], reason, call.today)

        @act(f"{one}/retire", f"停用{title}", keepers, schema, model)
        def retire_entry(self, call: Call, entry: Any) -> Any:
            """It is not used for new records any more."""
            return kept.retire(call.session, entry, call.today)

        @act(f"{one}/relist", f"恢复使用{title}", keepers, schema, model)
        def relist_entry(self, call: Call, entry: Any) -> Any:
            """It may be used again."""
            return kept.retire(call.session, entry, call.today, back=True)

    word = url.strip("/").replace("-", "_")
    found = {name: value for name, value in vars(ListRoutes).items() if name.endswith("_entry")}
    methods = {name.replace("_entry", f"_{word}"): value for name, value in found.items()}
    methods[f"list_{word}"] = listing(url, f"{title}名单", readers, schema, model, by="code")
    methods[f"get_{word}"] = read(one, title, readers, schema, model)
    return type(f"{word.title().replace('_', '')}Routes", (), methods)
