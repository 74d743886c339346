"""A catalog's configuration: as given, and as the environment describes it."""

from __future__ import annotations

import os
from typing import Any

from iceframe.errors import ValidationError

__all__ = ["CatalogConfig", "load_catalog_config_from_env"]

_SECRETS = ("token", "credential", "secret", "password", "access-key", "authorization")
_VARIABLES = {
    "ICEBERG_CATALOG_URI": "uri",
    "ICEBERG_CATALOG_TYPE": "type",
    "ICEBERG_WAREHOUSE": "warehouse",
    "ICEBERG_CATALOG_WAREHOUSE": "warehouse",
    "ICEBERG_CATALOG_TOKEN": "token",
    "ICEBERG_TOKEN": "token",
    "ICEBERG_OAUTH2_SERVER_URI": "oauth2-server-uri",
    "ICEBERG_CREDENTIAL": "credential",
}
_HEADER = "ICEBERG_HEADER_"
_YES = ("true", "1", "yes", "on")
_NO = ("", "false", "0", "no", "off")


class CatalogConfig(dict[str, Any]):
    """A catalog's configuration; secrets don't show when it is printed.

    Example:
        >>> CatalogConfig(uri="sqlite:///catalog.db", token="abc")
        {'uri': 'sqlite:///catalog.db', 'token': '***'}
    """

    def __repr__(self) -> str:
        return repr({key: "***" if _is_secret(key) else value for key, value in self.items()})

    __str__ = __repr__


def load_catalog_config_from_env() -> CatalogConfig:
    """Returns the configuration that ``ICEBERG_CATALOG_URI`` and its family describe.

    `IceFrame()` looks there by itself; this is for those who want to see or change it.

    Raises:
        ValidationError: neither ICEBERG_CATALOG_URI nor ICEBERG_CATALOG_TYPE is set.

    Example:
        >>> import os
        >>> os.environ["ICEBERG_CATALOG_URI"] = "sqlite:///catalog.db"
        >>> load_catalog_config_from_env()["uri"]
        'sqlite:///catalog.db'
        >>> del os.environ["ICEBERG_CATALOG_URI"]
    """
    config = CatalogConfig()
    for variable, key in _VARIABLES.items():
        if value := os.environ.get(variable):
            config[key] = value
    vending = os.environ.get("ICEBERG_CREDENTIAL_VENDING", "")
    if vending.lower() not in _NO:
        is_yes = vending.lower() in _YES
        config["header.X-Iceberg-Access-Delegation"] = "vended-credentials" if is_yes else vending
    for variable, value in os.environ.items():
        if variable.startswith(_HEADER) and value:
            config[f"header.{variable.removeprefix(_HEADER).replace('_', '-')}"] = value
    if "uri" not in config and "type" not in config:
        raise ValidationError("no catalog in the environment: set ICEBERG_CATALOG_URI")
    return config


def _is_secret(key: str) -> bool:
    return any(word in key.lower() for word in _SECRETS)
