"""A real ClickHouse server (Debian's 18.16) for tests: own folder, free ports, on 127.0.0.1 only."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.servers.ports import ServerProcess, free_port

PASSWORD = "correct horse & battery"

_CONFIG = """<yandex>
  <logger><level>warning</level><log>{folder}/server.log</log><errorlog>{folder}/server.err.log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>{http_port}</http_port>
  <tcp_port>{port}</tcp_port>
  <path>{folder}/data/</path>
  <tmp_path>{folder}/tmp/</tmp_path>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>268435456</mark_cache_size>
  <timezone>UTC</timezone>
</yandex>
"""

_USERS = """<yandex>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
    <operator><password>{password}</password><networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile><quota>default</quota></operator>
  </users>
</yandex>
"""


_QUERY_LOG = """
  <query_log><database>system</database><table>query_log</table>
    <flush_interval_milliseconds>100</flush_interval_milliseconds></query_log>
  <merge_tree><old_parts_lifetime>1</old_parts_lifetime></merge_tree>
</yandex>"""


class ClickHouseServer(ServerProcess):
    """Starts with the `with` statement, ends with it; keeps its data in `folder` between starts.

    Args:
        folder: of its data, configuration and logs.
        logs_everything: every statement into its log and `system.query_log`, as servers are often set up; parts that
            were replaced go within seconds.
    """

    def __init__(self, folder: Path, *, logs_everything: bool = False) -> None:
        if shutil.which("clickhouse-server") is None:
            pytest.skip("clickhouse-server is not installed (Debian package clickhouse-server)")
        self.port = free_port()
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        config, users = _CONFIG, _USERS
        if logs_everything:
            config = config.replace("<level>warning", "<level>trace").replace("</yandex>", _QUERY_LOG)
            users = users.replace("<default/></profiles>", "<default><log_queries>1</log_queries></default></profiles>")
        (folder / "config.xml").write_text(config.format(folder=folder, port=self.port, http_port=free_port()))
        (folder / "users.xml").write_text(users.format(password=PASSWORD.replace("&", "&amp;")))

    def start(self) -> None:
        self.launch(
            ["clickhouse-server", f"--config-file={self._folder / 'config.xml'}"],
            cwd=self._folder,
        )
