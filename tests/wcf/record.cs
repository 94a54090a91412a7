// Calls each operation of the connector, and writes the messages and the schema to a directory.

using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.ServiceModel;

namespace ErpSync.Wcf
{
    static class RecordProgram
    {
        const string Connection = "0d9f4c1e-5b7a-4e36-8a52-6f1c2b3d4e5f";

        static void Main(string[] arguments)
        {
            Record(arguments[0]);
            // The host does not end by itself.
            Environment.Exit(0);
        }

        static void Record(string directory)
        {
            var connector = ConnectorHost.FreeAddress();
            ConnectorHost.Open(connector);
            using (var client = new WebClient { Proxy = null })
                File.WriteAllBytes(Path.Combine(directory, "schema.xsd"), client.DownloadData(connector + "?xsd=xsd0"));

            var proxy = ConnectorHost.FreeAddress();
            new RecordingProxy(proxy, connector, directory);
            Call(new ChannelFactory<IErpConnectorWS>(Contract.NewBinding(), new EndpointAddress(proxy)).CreateChannel());

            var faulty = new EndpointAddress(proxy + "?ConnectorName=fault");
            var channel = new ChannelFactory<IErpConnectorWS>(Contract.NewBinding(), faulty).CreateChannel();
            try
            {
                channel.WSTestConfigData(new TestConfigDataRequestWS { ConnectionInfo = new Dictionary<string, string>() });
            }
            catch (FaultException)
            {
                return;
            }
            throw new InvalidOperationException("a fault was expected");
        }

        static void Call(IErpConnectorWS connector)
        {
            var config = new Dictionary<string, string>
            {
                { "server", "host 1 & \"2\" <3>" },
                { "password", null },
                { "warehouse", "" },
            };
            var connection = new RequestBaseWS { ConnectionGuid = Connection };

            Expect(connector.WSGetConfigData());
            if (connector.WSTestConnection(connection).ErrorCode != Contract.UnknownConnection)
                throw new InvalidOperationException("the connection is known");
            Expect(connector.WSTestConfigData(new TestConfigDataRequestWS { ConnectionInfo = config }));
            Expect(connector.WSSaveConnection(
                new SaveConnectionRequestWS { ConnectionGuid = Connection, ConnectionInfo = config }));

            Expect(connector.WSGetSupportedActorTypes(connection));
            Expect(connector.WSGetSupportedActorTypeFields(
                new GetSupportedActorTypeFieldsRequestWS { ConnectionGuid = Connection, ActorType = "Customer" }));
            Expect(connector.WSGetSearchableFields(
                new GetSearchableFieldsRequestWS { ConnectionGuid = Connection, ActorType = "Customer" }));

            Expect(connector.WSGetActors(new GetActorsRequestWS
            {
                ConnectionGuid = Connection,
                ActorType = "Customer",
                ErpKeys = new[] { "10001", "10003" },
                FieldKeys = new string[0],
            }));
            Expect(connector.WSGetActorsByTimestamp(new GetActorsByTimestampRequestWS
            {
                ConnectionGuid = Connection,
                ActorType = "Customer",
                UpdatedOnOrAfter = "rev-0002",
            }));
            Expect(connector.WSSearchActors(new SearchActorsRequestWS
            {
                ConnectionGuid = Connection,
                ActorType = "Customer",
                SearchText = "customer",
                FieldKeys = new[] { "name" },
            }));
            Expect(connector.WSSearchActorByParent(new SearchActorByParentRequestWS
            {
                ConnectionGuid = Connection,
                ActorType = "Person",
                SearchText = "",
                ParentActorType = "Customer",
                ParentActorErpKey = "10001",
            }));
            var begins = new SearchRestrictionInfoWS { FieldKey = "name", Operator = "begins", Values = new[] { "customer" } };
            var isIn = new SearchRestrictionInfoWS { FieldKey = "terms", Operator = "in", Values = new[] { "14", "30" } };
            Expect(connector.WSSearchActorsAdvanced(new SearchActorsAdvancedRequestWS
            {
                ConnectionGuid = Connection,
                ActorType = "Customer",
                Restrictions = new[] { begins, isIn },
                FieldKeys = new[] { "name" },
            }));

            var created = connector.WSCreateActor(new CreateActorRequestWS
            {
                ConnectionGuid = Connection,
                Actor = new ErpActorWS
                {
                    ActorType = "Customer",
                    FieldValues = new Dictionary<string, string> { { "name", "customer 4" } },
                },
            });
            Expect(created);
            Expect(connector.WSSaveActors(
                new SaveActorsRequestWS { ConnectionGuid = Connection, Actors = new[] { created.Actor } }));

            Expect(connector.WSGetList(
                new GetListRequestWS { ConnectionGuid = Contract.NoConnection, ListName = "warehouses" }));
            Expect(connector.WSGetListItems(new GetListItemsRequestWS
            {
                ConnectionGuid = Connection,
                ListName = "warehouses",
                ListItemKeys = new[] { "n", "w" },
            }));
            Expect(connector.WSDeleteConnection(connection));
        }

        static void Expect(ConnectorResultBaseWS result)
        {
            if (!result.IsOk)
                throw new InvalidOperationException(result.ErrorCode + " " + result.TechExplanation);
        }
    }
}
