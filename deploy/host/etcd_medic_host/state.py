"""What an act decides from: unit, settings and names at one moment; and what they would be once operations have been done."""
import os

from . import units
from .place import Place
from .settings import Settings

MYPY = False
if MYPY:
    from typing import Any, Dict, Optional

    from .description import Etcd


class State:
    """Names are looked at when they are first asked for. Operations of a plan that are only assumed change this object, never the host."""

    def __init__(self, etcd: 'Etcd', run: 'Optional[str]') -> None:
        self.etcd = etcd
        self.run = run
        self.unit = units.Unit(etcd.unit)
        self.place = Place(etcd)
        self._settings: Optional[Settings] = None
        self._names: Dict[str, Optional[Dict[str, Any]]] = {}
        self.masked = self.unit.masked
        self.masked_on_disk = self.unit.masked_on_disk
        self.down = self.unit.is_down
        self.own_file = self.unit.has_own_file
        self.set_aside = self.unit.is_set_aside
        self.force_set = os.path.lexists(units.force_drop_in(etcd.unit)[1])

    @property
    def settings(self) -> 'Settings':
        if self._settings is None:
            self._settings = Settings(self.unit, self.etcd.account)
        return self._settings

    @settings.setter
    def settings(self, value: 'Settings') -> None:
        self._settings = value

    def entry(self, path: str) -> 'Optional[Dict[str, Any]]':
        if path not in self._names:
            self._names[path] = self.place.entry(path)
        return self._names[path]

    def there(self, path: str) -> bool:
        return self.entry(path) is not None

    def assume(self, path: str, entry: 'Optional[Dict[str, Any]]') -> None:
        self._names[path] = entry

    def moved(self, source: str, target: str) -> None:
        self._names[target] = self.entry(source)
        self._names[source] = None

    def made(self, path: str, owned: bool) -> None:
        """An empty directory; `owned`: etcd's with mode 0700."""
        account = self.etcd.account
        self._names[path] = {'type': 'directory', 'empty': True, 'mode': '700', 'user': account.user if owned else 'root',
                             'group': account.group if owned else 'root', 'identity': '', 'bytes': 0}
