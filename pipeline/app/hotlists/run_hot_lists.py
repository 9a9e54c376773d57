"""Hot-lists of a run, whose hits are in the audit before they are alerted."""

from __future__ import annotations

from pathlib import Path

from pipeline.app.audit.audited_operation import audit_record
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.config.settings import Config
from pipeline.domain.plural import counted
from pipeline.domain.requester import Requester
from pipeline.engine.hot_lists import HotLists
from pipeline.storage.register_location import register_location


def hot_lists_readable(config: Config) -> str:
    """Whether a run can compare plates with the lists, in words; shows no entry.

    Raises:
        ReleaseError: the register cannot be read, or it is not known which one it is.
    """
    where = register_location(config.register_database, config.data_dir)
    if "://" not in where and not Path(where).exists():
        return "no register yet, so no plate is searched for"
    from pipeline.governance.hot_list_register import HotListRegister  # here: SQLAlchemy takes long to import

    with HotListRegister(where, create=False) as register:
        return f"{counted(len(register.searched()), 'plate')} searched for"


def run_hot_lists(config: Config) -> HotLists:
    """The hot-lists of a configuration's register, not read yet.

    Raises:
        ReleaseError: it is not known which register that is.
    """
    record = audit_record(ConfiguredStores.of_config(config).audit_dir)
    return HotLists.of_config(config, record, Requester.of_process().user)
