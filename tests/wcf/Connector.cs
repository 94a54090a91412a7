// A connector with data of its own in memory. The query parameter ConnectorName chooses how it responds.

using System;
using System.Collections.Generic;
using System.Linq;
using System.ServiceModel;
using System.ServiceModel.Channels;
using System.Threading;
using System.Web;

namespace ErpSync.Wcf
{
    [ServiceBehavior(
        Namespace = Contract.Namespace,
        InstanceContextMode = InstanceContextMode.Single,
        ConcurrencyMode = ConcurrencyMode.Multiple,
        // The address of a request has a query that the address of the service has not.
        AddressFilterMode = AddressFilterMode.Any)]
    public sealed class Connector : IErpConnectorWS
    {
        /// <summary>Set when the program ends, which waits for each call.</summary>
        public static readonly ManualResetEvent Stopping = new ManualResetEvent(false);

        const string Warehouses = "warehouses";
        const string Terms = "payment terms";

        readonly object gate = new object();
        readonly Dictionary<string, Dictionary<string, string>> connections =
            new Dictionary<string, Dictionary<string, string>>();
        readonly List<ErpActorWS> actors = new List<ErpActorWS>();
        int changes;

        public Connector()
        {
            for (var number = 1; number <= 3; number++)
            {
                Add(new ErpActorWS
                {
                    ActorType = "Customer",
                    ErpKey = "1000" + number,
                    FieldValues = new Dictionary<string, string>
                    {
                        { "name", "customer " + number + " & <sons>" },
                        { "balance", "[F:" + number + ".25]" },
                        { "terms", number == 3 ? null : "14" },
                        { "blocked", number == 2 ? "[I:1]" : "[I:0]" },
                    },
                });
            }
            Add(new ErpActorWS
            {
                ActorType = "Person",
                ErpKey = "P-1",
                FieldValues = new Dictionary<string, string> { { "name", "person 1 (æøå €)" }, { "phone", "" } },
                ParentActorType = "Customer",
                ParentErpKey = "10001",
            });
        }

        public FieldMetadataInfoArrayPluginResponseWS WSGetConfigData()
        {
            return Respond(() => new FieldMetadataInfoArrayPluginResponseWS
            {
                FieldMetaDataObjects = new[]
                {
                    // The rank puts it behind the others.
                    Field(8, "about", "US:\"About\";NO:\"Om\"", FieldMetadataTypeInfoWS.Label, FieldAccessInfoWS.ReadOnly),
                    Field(1, "server", "US:\"Server\";NO:\"Tjener\"", FieldMetadataTypeInfoWS.Text, FieldAccessInfoWS.Mandatory),
                    Field(2, "password", "US:\"Password\";NO:\"Passord\"", FieldMetadataTypeInfoWS.Password),
                    Field(3, "archive", "US:\"Archive\";NO:\"Arkiv\"", FieldMetadataTypeInfoWS.Checkbox, value: "[I:0]"),
                    Field(4, "limit", "Limit", FieldMetadataTypeInfoWS.Integer, value: "[I:30]"),
                    Field(5, "rate", "Rate", FieldMetadataTypeInfoWS.Double, value: "[F:1.25]"),
                    Field(6, "warehouse", "US:\"Warehouse\";NO:\"Lager\"", FieldMetadataTypeInfoWS.List, list: Warehouses),
                    Field(7, "opened", "Opened", FieldMetadataTypeInfoWS.Datetime, value: "[D:02/29/2024]"),
                },
            });
        }

        public ConnectorResultBaseWS WSTestConfigData(TestConfigDataRequestWS request)
        {
            return Respond(() => Check(request.ConnectionInfo));
        }

        public ConnectorResultBaseWS WSSaveConnection(SaveConnectionRequestWS request)
        {
            return Respond(() =>
            {
                var result = Check(request.ConnectionInfo);
                if (result.State != ResponseStateWS.Error)
                    connections[request.ConnectionGuid] = request.ConnectionInfo;
                return result;
            });
        }

        public ConnectorResultBaseWS WSTestConnection(RequestBaseWS request)
        {
            return RespondTo(request, () =>
            {
                if (ConnectorName == "forgetful")
                    connections.Remove(request.ConnectionGuid);
                return new ConnectorResultBaseWS();
            });
        }

        public ConnectorResultBaseWS WSDeleteConnection(RequestBaseWS request)
        {
            return RespondTo(request, () =>
            {
                connections.Remove(request.ConnectionGuid);
                return new ConnectorResultBaseWS();
            });
        }

        public StringArrayPluginResponseWS WSGetSupportedActorTypes(RequestBaseWS request)
        {
            return RespondTo(request, () => new StringArrayPluginResponseWS { Items = new[] { "Customer", "Person" } });
        }

        public FieldMetadataInfoArrayPluginResponseWS WSGetSupportedActorTypeFields(
            GetSupportedActorTypeFieldsRequestWS request)
        {
            return RespondTo(request, () => new FieldMetadataInfoArrayPluginResponseWS
            {
                FieldMetaDataObjects = FieldsOf(request.ActorType),
            });
        }

        public StringArrayPluginResponseWS WSGetSearchableFields(GetSearchableFieldsRequestWS request)
        {
            return RespondTo(request, () => new StringArrayPluginResponseWS
            {
                Items = request.ActorType == "Customer" ? new[] { "name", "terms" } : new string[0],
            });
        }

        public ActorArrayPluginResponseWS WSGetActors(GetActorsRequestWS request)
        {
            return Find(request, request.ActorType, request.FieldKeys, actor => request.ErpKeys.Contains(actor.ErpKey));
        }

        public ActorArrayPluginResponseWS WSGetActorsByTimestamp(GetActorsByTimestampRequestWS request)
        {
            var earliest = request.UpdatedOnOrAfter ?? "";
            return Find(request, request.ActorType, request.FieldKeys,
                actor => string.CompareOrdinal(actor.LastModified, earliest) >= 0);
        }

        public ActorArrayPluginResponseWS WSSearchActors(SearchActorsRequestWS request)
        {
            return Find(request, request.ActorType, request.FieldKeys, actor => Matches(actor, request.SearchText));
        }

        public ActorArrayPluginResponseWS WSSearchActorByParent(SearchActorByParentRequestWS request)
        {
            return Find(request, request.ActorType, request.FieldKeys,
                actor => Matches(actor, request.SearchText) && actor.ParentActorType == request.ParentActorType
                    && actor.ParentErpKey == request.ParentActorErpKey);
        }

        public ActorArrayPluginResponseWS WSSearchActorsAdvanced(SearchActorsAdvancedRequestWS request)
        {
            return Find(request, request.ActorType, request.FieldKeys,
                actor => request.Restrictions.All(restriction => Matches(actor, restriction)));
        }

        public ActorPluginResponseWS WSCreateActor(CreateActorRequestWS request)
        {
            return RespondTo(request, () =>
            {
                var actor = request.Actor;
                actor.ErpKey = "1000" + (actors.Count(known => known.ActorType == actor.ActorType) + 1);
                Add(actor);
                return new ActorPluginResponseWS { Actor = actor };
            });
        }

        public ActorArrayPluginResponseWS WSSaveActors(SaveActorsRequestWS request)
        {
            return RespondTo(request, () =>
            {
                foreach (var actor in request.Actors)
                {
                    actors.RemoveAll(known => known.ActorType == actor.ActorType && known.ErpKey == actor.ErpKey);
                    Add(actor);
                }
                return new ActorArrayPluginResponseWS { Actors = request.Actors };
            });
        }

        public ListItemArrayPluginResponseWS WSGetList(GetListRequestWS request)
        {
            // A connection that is being defined has its lists, too.
            if (request.ConnectionGuid == Contract.NoConnection)
                return Respond(() => new ListItemArrayPluginResponseWS { ListItems = ItemsOf(request.ListName) });
            return RespondTo(request, () => new ListItemArrayPluginResponseWS { ListItems = ItemsOf(request.ListName) });
        }

        public ListItemArrayPluginResponseWS WSGetListItems(GetListItemsRequestWS request)
        {
            return RespondTo(request, () =>
            {
                var items = ItemsOf(request.ListName);
                if (!request.ListItemKeys.All(items.ContainsKey))
                    return Failure<ListItemArrayPluginResponseWS>(Contract.UnknownListItem);
                return new ListItemArrayPluginResponseWS
                {
                    ListItems = request.ListItemKeys.ToDictionary(key => key, key => items[key]),
                };
            });
        }

        static string ConnectorName
        {
            get
            {
                var properties = OperationContext.Current.IncomingMessageProperties;
                var request = (HttpRequestMessageProperty)properties[HttpRequestMessageProperty.Name];
                return HttpUtility.ParseQueryString(request.QueryString)["ConnectorName"] ?? "";
            }
        }

        // Responds as the connector with the name that the request's address has.
        T Respond<T>(Func<T> work) where T : ConnectorResultBaseWS, new()
        {
            var name = ConnectorName;
            switch (name)
            {
                case "":
                case "forgetful":
                case "warning":
                    break;
                case "fault":
                    throw new InvalidOperationException("out of paper");
                case "slow":
                    Stopping.WaitOne();
                    break;
                default:
                    var missing = Failure<T>(null);
                    missing.UserExplanation = "US:\"There is no such connector\";NO:\"Koblingen finnes ikke\"";
                    missing.TechExplanation = "ConnectorName=" + name;
                    return missing;
            }
            T result;
            lock (gate)
                result = work();
            if (result.State != ResponseStateWS.Error)
            {
                result.IsOk = true;
                if (name == "warning")
                {
                    result.State = ResponseStateWS.Warning;
                    result.UserExplanation = "US:\"The licence expires soon\";NO:\"Lisensen utløper snart\"";
                }
            }
            return result;
        }

        // Responds to a request of a connection, which must have been saved.
        T RespondTo<T>(RequestBaseWS request, Func<T> work) where T : ConnectorResultBaseWS, new()
        {
            return Respond(() =>
            {
                if (connections.ContainsKey(request.ConnectionGuid))
                    return work();
                var unknown = Failure<T>(Contract.UnknownConnection);
                unknown.TechExplanation = "known connections: " + string.Join(", ", connections.Keys);
                return unknown;
            });
        }

        static T Failure<T>(string code) where T : ConnectorResultBaseWS, new()
        {
            return new T { State = ResponseStateWS.Error, IsOk = false, ErrorCode = code };
        }

        static ConnectorResultBaseWS Check(Dictionary<string, string> config)
        {
            string server;
            if (config.TryGetValue("server", out server) && !string.IsNullOrEmpty(server) && server != "down")
                return new ConnectorResultBaseWS();
            var failure = Failure<ConnectorResultBaseWS>("SERVER_DOWN");
            failure.UserExplanation = "US:\"The server is down\";NO:\"Tjeneren er nede\"";
            failure.TechExplanation = "no route to " + server;
            return failure;
        }

        ActorArrayPluginResponseWS Find(
            RequestBaseWS request, string actorType, string[] fieldKeys, Func<ErpActorWS, bool> isMet)
        {
            return RespondTo(request, () =>
            {
                var known = FieldsOf(actorType).Select(field => field.FieldKey).ToArray();
                var wanted = fieldKeys == null || fieldKeys.Length == 0 ? known : fieldKeys;
                if (wanted.Except(known).Any())
                    return Failure<ActorArrayPluginResponseWS>(Contract.UnknownField);
                var found = actors.Where(actor => actor.ActorType == actorType && isMet(actor));
                return new ActorArrayPluginResponseWS
                {
                    Actors = found.Select(actor => WithFields(actor, wanted)).ToArray(),
                };
            });
        }

        static ErpActorWS WithFields(ErpActorWS actor, IEnumerable<string> wanted)
        {
            return new ErpActorWS
            {
                ActorType = actor.ActorType,
                ErpKey = actor.ErpKey,
                LastModified = actor.LastModified,
                FieldValues = wanted.Where(actor.FieldValues.ContainsKey).ToDictionary(key => key, key => actor.FieldValues[key]),
                ParentActorType = actor.ParentActorType,
                ParentErpKey = actor.ParentErpKey,
            };
        }

        static bool Matches(ErpActorWS actor, string text)
        {
            return string.IsNullOrEmpty(text) || actor.FieldValues.Values.Any(value => value != null && value.Contains(text));
        }

        static bool Matches(ErpActorWS actor, SearchRestrictionInfoWS restriction)
        {
            string value;
            actor.FieldValues.TryGetValue(restriction.FieldKey, out value);
            switch (restriction.Operator)
            {
                case "begins":
                    return (value ?? "").StartsWith(restriction.Values[0], StringComparison.Ordinal);
                case "in":
                    return restriction.Values.Contains(value);
                default:
                    throw new ArgumentException("no operator " + restriction.Operator);
            }
        }

        void Add(ErpActorWS actor)
        {
            changes++;
            actor.LastModified = "rev-" + changes.ToString("D4");
            actors.Add(actor);
        }

        static FieldMetadataInfoWS[] FieldsOf(string actorType)
        {
            switch (actorType)
            {
                case "Customer":
                    return new[]
                    {
                        Field(1, "name", "US:\"Name\";NO:\"Navn\"", FieldMetadataTypeInfoWS.Text, FieldAccessInfoWS.Mandatory),
                        Field(2, "balance", "Balance", FieldMetadataTypeInfoWS.Double, FieldAccessInfoWS.ReadOnly),
                        Field(3, "terms", "Terms", FieldMetadataTypeInfoWS.List, list: Terms),
                        Field(4, "blocked", "Blocked", FieldMetadataTypeInfoWS.Checkbox, value: "[I:0]"),
                    };
                case "Person":
                    return new[]
                    {
                        Field(1, "name", "US:\"Name\";NO:\"Navn\"", FieldMetadataTypeInfoWS.Text, FieldAccessInfoWS.Mandatory),
                        Field(2, "phone", "Phone", FieldMetadataTypeInfoWS.Text),
                    };
                default:
                    return new FieldMetadataInfoWS[0];
            }
        }

        static FieldMetadataInfoWS Field(
            int rank, string key, string name, FieldMetadataTypeInfoWS type,
            FieldAccessInfoWS access = FieldAccessInfoWS.Normal, string value = "", string list = null)
        {
            return new FieldMetadataInfoWS
            {
                FieldKey = key,
                DisplayName = name,
                DisplayDescription = "field " + key,
                FieldType = type,
                Access = access,
                DefaultValue = value,
                ListName = list,
                MaxLength = type == FieldMetadataTypeInfoWS.Text ? 80 : 0,
                Rank = rank,
            };
        }

        static Dictionary<string, string> ItemsOf(string list)
        {
            switch (list)
            {
                case Warehouses:
                    return new Dictionary<string, string>
                    {
                        { "n", "US:\"North\";NO:\"Nord\"" },
                        { "s", "South & east" },
                        { "w", null },
                    };
                case Terms:
                    return new Dictionary<string, string> { { "14", "14 days" }, { "30", "30 days" } };
                default:
                    return new Dictionary<string, string>();
            }
        }
    }
}
