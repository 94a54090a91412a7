"""The generated client saves and reads a connection on a server with the demo data."""

import base64
import os
import pkgutil
import re
import subprocess
import tempfile
import unittest
from http import HTTPStatus

from erpsync_client import AuthenticatedClient
from erpsync_client.api import erp_sync
from erpsync_client.api.erp_sync import (
    v_1_erp_sync_agent_get_connection as get_connection,
    v_1_erp_sync_agent_save_connection as save_connection,
    v_1_erp_sync_agent_sync_all as sync_all,
)
from erpsync_client.models import (
    ErpConnection,
    ErrorResponse,
    GetConnectionRequest,
    SaveConnectionRequest,
    StringDictionary,
)

PROGRAM = os.environ["ERPSYNC"]


class TestClient(unittest.TestCase):
    folder: tempfile.TemporaryDirectory[str]
    server: subprocess.Popen[str]
    client: AuthenticatedClient

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory(prefix="erpsync-test-")
        cls.addClassCleanup(cls.folder.cleanup)
        environment = {name: value for name, value in os.environ.items() if not is_setting(name)}
        cls.server = subprocess.Popen(
            [PROGRAM, "--listen", "127.0.0.1:0", "--data-dir", f"{cls.folder.name}/data"],
            env={**environment, "ERPSYNC_LOG": "warn"},
            stdout=subprocess.PIPE,
            text=True,
        )
        cls.addClassCleanup(cls.stop)
        assert cls.server.stdout is not None
        line = cls.server.stdout.readline()
        listening = re.match(r"erpsync listens on (http:\S+)", line)
        assert listening is not None, f"the server did not start: {line}"
        token = base64.b64encode(b"tje0:Tje0").decode()
        cls.client = AuthenticatedClient(base_url=listening[1], token=token, prefix="Basic", raise_on_unexpected_status=True)

    @classmethod
    def stop(cls) -> None:
        cls.server.terminate()
        cls.server.communicate()

    def test_there_is_one_function_for_each_method_of_the_agent(self) -> None:
        self.assertEqual(len(list(pkgutil.iter_modules(erp_sync.__path__))), 49)

    def test_a_saved_connection_can_be_read(self) -> None:
        config_fields = StringDictionary.from_dict({"Company": "A & B", "User": None})
        sent = ErpConnection(
            erp_connector_id=411,
            display_name="Emard Group",
            active=True,
            config_fields=config_fields,
            user_group_access_ids=[185, 350],
        )
        saved = save_connection.sync(client=self.client, body=SaveConnectionRequest(connection=sent))
        assert isinstance(saved, ErpConnection), saved
        self.assertEqual(
            (saved.display_name, saved.active, saved.config_fields, saved.user_group_access_ids),
            ("Emard Group", True, config_fields, [185, 350]),
        )
        read = get_connection.sync(
            client=self.client, body=GetConnectionRequest(erp_connection_id=saved.erp_connection_id)
        )
        self.assertEqual(read, saved)

    def test_a_connection_that_does_not_exist_is_none(self) -> None:
        self.assertIsNone(get_connection.sync(client=self.client, body=GetConnectionRequest(erp_connection_id=999)))

    def test_a_refusal_is_an_error_response(self) -> None:
        refused = save_connection.sync_detailed(client=self.client, body=SaveConnectionRequest())
        self.assertEqual(refused.status_code, HTTPStatus.BAD_REQUEST)
        assert isinstance(refused.parsed, ErrorResponse), refused
        self.assertEqual(refused.parsed.error_type, "ArgumentException")

    def test_a_method_that_is_not_implemented_yet_is_an_error_response(self) -> None:
        refused = sync_all.sync_detailed(client=self.client)
        self.assertEqual(refused.status_code, HTTPStatus.NOT_IMPLEMENTED)
        assert isinstance(refused.parsed, ErrorResponse), refused
        self.assertEqual(refused.parsed.error_type, "NotImplementedException")


def is_setting(name: str) -> bool:
    """Returns whether an environment variable is a setting of the program, which the tests must not inherit."""
    return name == "DATABASE_URL" or (name.startswith("ERPSYNC_") and not name.startswith("ERPSYNC_PG_BIN"))
