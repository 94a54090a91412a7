// Calls all 17 operations of the connector at a URL, as the agent and its engine do, and checks the results. Exit status 1
// if one is wrong. Config fields are given as key=value; the others get their default or a value of their type.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.ServiceModel;

namespace ErpSync.Wcf
{
    static class ClientProgram
    {
        static int Main(string[] arguments)
        {
            if (arguments.Length == 0)
            {
                Console.Error.WriteLine("usage: client.exe <url> [key=value ...]");
                return 2;
            }
            var config = arguments.Skip(1).Select(pair => pair.Split(new[] { '=' }, 2))
                .ToDictionary(pair => pair[0], pair => pair[1]);
            var factory = new ChannelFactory<IErpConnectorWS>(Contract.NewBinding(), new EndpointAddress(arguments[0]));
            var walk = new Walk(factory.CreateChannel(), config);
            try
            {
                walk.Run();
            }
            catch (StopException problem)
            {
                Console.WriteLine("FAILED " + problem.Message);
                return 1;
            }
            // Faults, and failures of HTTP.
            catch (CommunicationException problem)
            {
                Console.WriteLine("FAILED " + problem.GetType().Name + ": " + problem.Message);
                return 1;
            }
            return walk.Succeeded ? 0 : 1;
        }
    }

    // A failure after which the walk has nothing to go on with.
    sealed class StopException : Exception
    {
        public StopException(string message) : base(message)
        {
        }
    }

    // The life of one connection.
    sealed class Walk
    {
        readonly IErpConnectorWS connector;
        readonly Dictionary<string, string> config;
        readonly string connection = Guid.NewGuid().ToString();
        readonly HashSet<string> called = new HashSet<string>();
        readonly Dictionary<string, FieldMetadataInfoWS[]> fields = new Dictionary<string, FieldMetadataInfoWS[]>();
        readonly Dictionary<string, ErpActorWS[]> actors = new Dictionary<string, ErpActorWS[]>();
        readonly Dictionary<string, string[]> searchable = new Dictionary<string, string[]>();
        int failures;

        public Walk(IErpConnectorWS connector, Dictionary<string, string> config)
        {
            this.connector = connector;
            this.config = config;
        }

        public bool Succeeded
        {
            get { return failures == 0; }
        }

        public void Run()
        {
            Connect();
            foreach (var type in Types())
                Describe(type);
            foreach (var type in fields.Keys)
                Read(type);
            ReadByParent();
            Write();
            ReadLists();
            ReadUnknown();
            Disconnect();
            var operations = typeof(IErpConnectorWS).GetMethods(BindingFlags.Public | BindingFlags.Instance);
            var missing = operations.Select(operation => operation.Name).Except(called).ToArray();
            Expect(missing.Length == 0, operations.Length + " operations were called " + string.Join(" ", missing));
        }

        void Connect()
        {
            var described = Call("WSGetConfigData", () => connector.WSGetConfigData()).FieldMetaDataObjects;
            CheckFields("config fields", described);
            foreach (var field in described.Where(field => !config.ContainsKey(field.FieldKey)))
            {
                if (field.FieldType != FieldMetadataTypeInfoWS.Label)
                    config[field.FieldKey] = ValueOf(field, Contract.NoConnection);
            }
            Call("WSTestConfigData",
                () => connector.WSTestConfigData(new TestConfigDataRequestWS { ConnectionInfo = config }));
            ExpectUnknown("WSTestConnection before the save");
            Call("WSSaveConnection", () => connector.WSSaveConnection(
                new SaveConnectionRequestWS { ConnectionGuid = connection, ConnectionInfo = config }));
            Call("WSTestConnection", () => connector.WSTestConnection(new RequestBaseWS { ConnectionGuid = connection }));
        }

        string[] Types()
        {
            var types = Call("WSGetSupportedActorTypes",
                () => connector.WSGetSupportedActorTypes(new RequestBaseWS { ConnectionGuid = connection })).Items;
            var known = new[] { "Customer", "Supplier", "Partner", "Person", "Project", "Employee", "Sale" };
            Expect(types.Length > 0 && !types.Except(known).Any(), "actor types: " + string.Join(", ", types));
            return types;
        }

        void Describe(string type)
        {
            var described = Call("WSGetSupportedActorTypeFields", () => connector.WSGetSupportedActorTypeFields(
                new GetSupportedActorTypeFieldsRequestWS { ConnectionGuid = connection, ActorType = type })).FieldMetaDataObjects;
            CheckFields("fields of " + type, described);
            fields[type] = described;
            var keys = Call("WSGetSearchableFields", () => connector.WSGetSearchableFields(
                new GetSearchableFieldsRequestWS { ConnectionGuid = connection, ActorType = type })).Items;
            var unknown = keys.Except(described.Select(field => field.FieldKey));
            Expect(!unknown.Any(), "searchable fields of " + type + ": " + string.Join(", ", keys));
            searchable[type] = keys;
        }

        void Read(string type)
        {
            var all = Call("WSGetActorsByTimestamp", () => connector.WSGetActorsByTimestamp(
                new GetActorsByTimestampRequestWS { ConnectionGuid = connection, ActorType = type, UpdatedOnOrAfter = "" })).Actors;
            Console.WriteLine("      " + all.Length + " of type " + type);
            Expect(all.All(actor => actor.ActorType == type && !string.IsNullOrEmpty(actor.ErpKey)
                && !string.IsNullOrEmpty(actor.LastModified) && actor.FieldValues != null),
                "each has its type, key, time and values");
            actors[type] = all;
            if (all.Length == 0)
                return;

            var latest = all.OrderBy(actor => actor.LastModified, StringComparer.Ordinal).Last();
            var changed = Call("WSGetActorsByTimestamp", () => connector.WSGetActorsByTimestamp(new GetActorsByTimestampRequestWS
            {
                ConnectionGuid = connection,
                ActorType = type,
                UpdatedOnOrAfter = latest.LastModified,
            })).Actors;
            ExpectFound(latest, changed, "the latest is among those changed at its time");

            var first = all[0];
            var text = fields[type].First(field => field.FieldType == FieldMetadataTypeInfoWS.Text).FieldKey;
            var one = Call("WSGetActors", () => connector.WSGetActors(new GetActorsRequestWS
            {
                ConnectionGuid = connection,
                ActorType = type,
                ErpKeys = new[] { first.ErpKey },
                FieldKeys = new[] { text },
            })).Actors;
            Expect(one.Length == 1 && one[0].ErpKey == first.ErpKey, "the actor with the key " + first.ErpKey);
            Expect(one[0].FieldValues.Count == 1 && one[0].FieldValues[text] == first.FieldValues[text],
                "its field " + text + " alone: " + first.FieldValues[text]);

            var found = Call("WSSearchActors", () => connector.WSSearchActors(new SearchActorsRequestWS
            {
                ConnectionGuid = connection,
                ActorType = type,
                SearchText = first.FieldValues[text],
                FieldKeys = new[] { text },
            })).Actors;
            ExpectFound(first, found, "it is found by its text");
            if (searchable[type].Contains(text))
            {
                var begins = new SearchRestrictionInfoWS
                {
                    FieldKey = text,
                    Operator = "begins",
                    Values = new[] { first.FieldValues[text] },
                };
                found = Call("WSSearchActorsAdvanced", () => connector.WSSearchActorsAdvanced(new SearchActorsAdvancedRequestWS
                {
                    ConnectionGuid = connection,
                    ActorType = type,
                    Restrictions = new[] { begins },
                    FieldKeys = new[] { text },
                })).Actors;
                ExpectFound(first, found, "it is found by the beginning of its text");
            }
        }

        void ReadByParent()
        {
            var child = actors.Values.SelectMany(all => all).First(actor => !string.IsNullOrEmpty(actor.ParentErpKey));
            var found = Call("WSSearchActorByParent", () => connector.WSSearchActorByParent(new SearchActorByParentRequestWS
            {
                ConnectionGuid = connection,
                ActorType = child.ActorType,
                SearchText = "",
                ParentActorType = child.ParentActorType,
                ParentActorErpKey = child.ParentErpKey,
            })).Actors;
            ExpectFound(child, found, "it is found by its parent");
            Expect(found.All(actor => actor.ParentErpKey == child.ParentErpKey), "each has this parent");
        }

        void Write()
        {
            var values = fields["Customer"].Where(field => field.Access == FieldAccessInfoWS.Mandatory)
                .ToDictionary(field => field.FieldKey, field => ValueOf(field, connection));
            var text = fields["Customer"].First(field => field.FieldType == FieldMetadataTypeInfoWS.Text).FieldKey;
            values[text] = "created & <1> æ";
            var created = Call("WSCreateActor", () => connector.WSCreateActor(new CreateActorRequestWS
            {
                ConnectionGuid = connection,
                Actor = new ErpActorWS { ActorType = "Customer", FieldValues = values },
            })).Actor;
            Expect(!string.IsNullOrEmpty(created.ErpKey) && created.FieldValues[text] == values[text],
                "it is created with the key " + created.ErpKey);

            created.FieldValues = new Dictionary<string, string>(values);
            created.FieldValues[text] = "changed";
            var saved = Call("WSSaveActors", () => connector.WSSaveActors(
                new SaveActorsRequestWS { ConnectionGuid = connection, Actors = new[] { created } })).Actors;
            Expect(saved.Length == 1 && saved[0].ErpKey == created.ErpKey
                && string.CompareOrdinal(saved[0].LastModified, created.LastModified) > 0,
                "it is saved with a later time");
            var read = Call("WSGetActors", () => connector.WSGetActors(new GetActorsRequestWS
            {
                ConnectionGuid = connection,
                ActorType = "Customer",
                ErpKeys = new[] { created.ErpKey },
            })).Actors;
            Expect(read.Length == 1 && read[0].FieldValues[text] == "changed", "it is read as it was saved");
        }

        void ReadLists()
        {
            foreach (var list in fields.Values.SelectMany(all => all).Select(field => field.ListName)
                .Where(list => !string.IsNullOrEmpty(list)).Distinct())
            {
                var items = Items(list, connection);
                Expect(items.Count > 0, "the list " + list + ": " + string.Join(", ", items.Values));
                var key = items.Keys.Last();
                var some = Call("WSGetListItems", () => connector.WSGetListItems(new GetListItemsRequestWS
                {
                    ConnectionGuid = connection,
                    ListName = list,
                    ListItemKeys = new[] { key },
                })).ListItems;
                Expect(some.Count == 1 && some[key] == items[key], "its item " + key);
            }
        }

        void ReadUnknown()
        {
            var actors = connector.WSGetActors(new GetActorsRequestWS
            {
                ConnectionGuid = connection,
                ActorType = "Customer",
                ErpKeys = new[] { "no such key" },
            });
            Expect(actors.IsOk && actors.Actors.Length == 0, "an actor that does not exist is left out");
            ExpectError(Contract.UnknownField, "a field that does not exist", connector.WSGetActors(new GetActorsRequestWS
            {
                ConnectionGuid = connection,
                ActorType = "Customer",
                ErpKeys = new string[0],
                FieldKeys = new[] { "no such field" },
            }));
            var list = fields.Values.SelectMany(all => all).First(field => !string.IsNullOrEmpty(field.ListName)).ListName;
            ExpectError(Contract.UnknownListItem, "a list item that does not exist", connector.WSGetListItems(
                new GetListItemsRequestWS { ConnectionGuid = connection, ListName = list, ListItemKeys = new[] { "no such item" } }));
        }

        void Disconnect()
        {
            Call("WSDeleteConnection", () => connector.WSDeleteConnection(new RequestBaseWS { ConnectionGuid = connection }));
            ExpectUnknown("WSTestConnection after the deletion");
        }

        // Returns the default value of a field, or one of its type.
        string ValueOf(FieldMetadataInfoWS field, string connectionGuid)
        {
            if (!string.IsNullOrEmpty(field.DefaultValue))
                return field.DefaultValue;
            switch (field.FieldType)
            {
                case FieldMetadataTypeInfoWS.Checkbox:
                    return "[I:0]";
                case FieldMetadataTypeInfoWS.Integer:
                    return "[I:1]";
                case FieldMetadataTypeInfoWS.Double:
                    return "[F:1.5]";
                case FieldMetadataTypeInfoWS.Datetime:
                    return "[D:03/31/2024]";
                case FieldMetadataTypeInfoWS.List:
                    return Items(field.ListName, connectionGuid).Keys.First();
                default:
                    return "text";
            }
        }

        Dictionary<string, string> Items(string list, string connectionGuid)
        {
            return Call("WSGetList", () => connector.WSGetList(
                new GetListRequestWS { ConnectionGuid = connectionGuid, ListName = list })).ListItems;
        }

        void CheckFields(string what, FieldMetadataInfoWS[] described)
        {
            Expect(described.Length > 0, what + ": " + string.Join(", ", described.Select(field => field.FieldKey)));
            Expect(described.Select(field => field.FieldKey).Distinct().Count() == described.Length
                && described.Select(field => field.Rank).Distinct().Count() == described.Length,
                "their keys and ranks are unique");
            Expect(described.All(field => !string.IsNullOrEmpty(field.FieldKey) && !string.IsNullOrEmpty(field.DisplayName)
                && (field.FieldType == FieldMetadataTypeInfoWS.List) == !string.IsNullOrEmpty(field.ListName)),
                "each has a key and a name, and each list field a list");
        }

        void ExpectUnknown(string what)
        {
            ExpectError(Contract.UnknownConnection, what,
                connector.WSTestConnection(new RequestBaseWS { ConnectionGuid = connection }));
        }

        void ExpectError(string code, string what, ConnectorResultBaseWS result)
        {
            Expect(result.State == ResponseStateWS.Error && !result.IsOk && result.ErrorCode == code,
                what + " is an error: " + result.ErrorCode);
        }

        void ExpectFound(ErpActorWS actor, ErpActorWS[] found, string what)
        {
            Expect(found.Any(other => other.ErpKey == actor.ErpKey), what);
        }

        T Call<T>(string operation, Func<T> call) where T : ConnectorResultBaseWS
        {
            called.Add(operation);
            var result = call();
            var isOk = result.IsOk && result.State != ResponseStateWS.Error;
            Expect(isOk, operation + " " + result.ErrorCode + " " + result.UserExplanation + " " + result.TechExplanation);
            // WCF leaves out a member that stands out of order.
            var values = typeof(T).GetProperties().Where(member => member.DeclaringType != typeof(ConnectorResultBaseWS));
            var absent = values.FirstOrDefault(member => member.GetValue(result) == null);
            if (!isOk || absent != null)
                throw new StopException(isOk ? "there is no " + absent.Name : "no call can follow");
            return result;
        }

        void Expect(bool isMet, string what)
        {
            failures += isMet ? 0 : 1;
            Console.WriteLine((isMet ? "ok    " : "FAILED ") + what.TrimEnd());
        }
    }
}
