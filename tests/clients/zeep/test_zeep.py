"""zeep, a SOAP client that is neither this project's nor Microsoft's, calls the demo connector after its WSDL document."""

import os
import re
import subprocess
import tempfile
import unittest

import zeep
import zeep.exceptions

PROGRAM = os.environ["ERPSYNC"]
GUID = "48b08f6c-63dc-4d52-b675-12da393463cf"
NO_CONNECTION = "00000000-0000-0000-0000-000000000000"
OPERATIONS = {
    "WSCreateActor", "WSDeleteConnection", "WSGetActors", "WSGetActorsByTimestamp", "WSGetConfigData", "WSGetList",
    "WSGetListItems", "WSGetSearchableFields", "WSGetSupportedActorTypeFields", "WSGetSupportedActorTypes",
    "WSSaveActors", "WSSaveConnection", "WSSearchActorByParent", "WSSearchActors", "WSSearchActorsAdvanced",
    "WSTestConfigData", "WSTestConnection",
}  # fmt: skip


class TestZeep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="erpsync-test-")
        cls.addClassCleanup(folder.cleanup)
        environment = {name: value for name, value in os.environ.items() if not is_setting(name)}
        cls.server = subprocess.Popen(
            [PROGRAM, "demo-connector", "--listen", "127.0.0.1:0", "--data-dir", f"{folder.name}/data"],
            env={**environment, "ERPSYNC_LOG": "warn"},
            stdout=subprocess.PIPE,
            text=True,
        )
        cls.addClassCleanup(cls.stop)
        line = cls.server.stdout.readline()
        listening = re.match(r"erpsync listens on (http:\S+)", line)
        assert listening is not None, f"the connector did not start: {line}"
        cls.client = zeep.Client(f"{listening[1]}?wsdl")
        cls.called = set()
        cls.call("WSSaveConnection", ConnectionInfo=dictionary(COMPANY="A & B", PASSWORD="<secret>"))

    @classmethod
    def stop(cls):
        cls.server.terminate()
        cls.server.communicate()

    @classmethod
    def tearDownClass(cls):
        cls.call("WSDeleteConnection")
        refused = cls.client.service.WSTestConnection({"ConnectionGuid": GUID})
        assert (refused.IsOk, refused.State, refused.ErrorCode) == (False, "Error", "UNKNOWN_CONNECTION_ID"), refused
        assert cls.called == OPERATIONS, OPERATIONS - cls.called

    @classmethod
    def call(cls, operation, **request):
        """Calls an operation of the connection, which must succeed."""
        cls.called.add(operation)
        result = cls.client.service[operation]({"ConnectionGuid": GUID, **request})
        assert (result.IsOk, result.State) == (True, "Ok"), result
        return result

    def test_the_description_has_all_operations(self):
        self.assertEqual(set(self.client.service._operations), OPERATIONS)

    def test_config_fields(self):
        self.called |= {"WSGetConfigData", "WSTestConfigData"}
        fields = self.client.service.WSGetConfigData().FieldMetaDataObjects.FieldMetadataInfoWS
        self.assertEqual([field.Rank for field in fields], list(range(1, 11)))
        self.assertEqual((fields[0].FieldKey, fields[0].FieldType, fields[0].Access), ("COMPANY", "Text", "Mandatory"))
        types = {field.FieldType for field in fields}
        self.assertEqual(types, {"Text", "Password", "Checkbox", "Integer", "Double", "List", "Datetime", "Label"})
        test = self.client.service.WSTestConfigData
        self.assertTrue(test({"ConnectionInfo": dictionary(COMPANY="A")}).IsOk)
        refused = test({"ConnectionInfo": dictionary(COMPANY="A", COLOUR="red")})
        self.assertEqual((refused.IsOk, refused.ErrorCode), (False, "UNKOWN_FIELDKEY"))

    def test_types_and_fields(self):
        self.call("WSTestConnection")
        types = self.call("WSGetSupportedActorTypes").Items.string
        self.assertEqual(types, ["Customer", "Supplier", "Person", "Project"])
        for actor_type in types:
            fields = self.call("WSGetSupportedActorTypeFields", ActorType=actor_type)
            keys = [field.FieldKey for field in fields.FieldMetaDataObjects.FieldMetadataInfoWS]
            self.assertEqual(self.call("WSGetSearchableFields", ActorType=actor_type).Items.string, keys)

    def test_lists(self):
        for guid in [GUID, NO_CONNECTION]:
            items = self.call("WSGetList", ListName="Countries", ConnectionGuid=guid).ListItems
            self.assertEqual(entries(items)["SE"], 'US:"Sweden";NO:"Sverige"')
        items = self.call("WSGetListItems", ListName="Countries", ListItemKeys=strings("DK")).ListItems
        self.assertEqual(list(entries(items)), ["DK"])

    def test_searches(self):
        found = actors(self.call("WSGetActors", ActorType="Customer", ErpKeys=strings("C1001"), FieldKeys=strings("NAME")))
        self.assertEqual([(actor.ErpKey, list(entries(actor.FieldValues))) for actor in found], [("C1001", ["NAME"])])
        found = actors(self.call("WSSearchActors", ActorType="Customer", SearchText="c1017"))
        self.assertEqual([actor.ErpKey for actor in found], ["C1017"])
        found = actors(
            self.call(
                "WSSearchActorByParent",
                ActorType="Person",
                SearchText="",
                ParentActorType="Customer",
                ParentActorErpKey="C1002",
            )
        )
        self.assertEqual([actor.ErpKey for actor in found], ["P3003", "P3004"])
        restrictions = [
            {"FieldKey": "COUNTRY", "Operator": "=", "Values": strings("SE")},
            {"FieldKey": "ORDERS", "Operator": "between", "Values": strings("[I:10]", "[I:20]")},
        ]
        found = self.call(
            "WSSearchActorsAdvanced",
            ActorType="Customer",
            Restrictions={"SearchRestrictionInfoWS": restrictions},
        )
        self.assertEqual([actor.ErpKey for actor in actors(found)], ["C1002", "C1080", "C1092"])

    def test_changes(self):
        new = {"ActorType": "Customer", "FieldValues": dictionary(NAME="New & <1>")}
        created = self.call("WSCreateActor", Actor=new).Actor
        self.assertEqual(entries(created.FieldValues)["NAME"], "New & <1>")
        changed = {"ActorType": "Customer", "ErpKey": created.ErpKey, "FieldValues": dictionary(PHONE="5")}
        (saved,) = actors(self.call("WSSaveActors", Actors={"ErpActorWS": [changed]}))
        self.assertEqual((entries(saved.FieldValues)["PHONE"], saved.LastModified > created.LastModified), ("5", True))
        found = self.call("WSGetActorsByTimestamp", ActorType="Customer", UpdatedOnOrAfter=saved.LastModified)
        self.assertIn(created.ErpKey, [actor.ErpKey for actor in actors(found)])

    def test_a_fault_is_an_exception(self):
        guid = "faulty"
        config = dictionary(COMPANY="A", BEHAVIOUR="FAULT", OPERATION="WSTestConnection")
        self.client.service.WSSaveConnection({"ConnectionGuid": guid, "ConnectionInfo": config})
        with self.assertRaises(zeep.exceptions.Fault) as raised:
            self.client.service.WSTestConnection({"ConnectionGuid": guid})
        self.assertEqual(raised.exception.code, "a:InternalServiceFault")


def strings(*texts):
    return {"string": list(texts)}


def dictionary(**entries):
    return {"KeyValueOfstringstring": [{"Key": key, "Value": value} for key, value in entries.items()]}


def entries(dictionary):
    return {entry.Key: entry.Value for entry in dictionary.KeyValueOfstringstring}


def actors(response):
    return response.Actors.ErpActorWS


def is_setting(name):
    """Returns whether an environment variable is a setting of the program, which the test must not inherit."""
    return name != "ERPSYNC_PG_BIN" and (name.startswith("ERPSYNC_") or name == "DATABASE_URL")
