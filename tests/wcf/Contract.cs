// The vendor's interface for connectors as a WCF contract: 17 operations and their data contracts. The names of types and
// members are on the wire. WCF orders members: those of the base class first, then by name.

using System.Collections.Generic;
using System.Runtime.Serialization;
using System.ServiceModel;

[assembly: ContractNamespace(ErpSync.Wcf.Contract.Namespace, ClrNamespace = "ErpSync.Wcf")]

namespace ErpSync.Wcf
{
    public static class Contract
    {
        public const string Namespace = "http://www.superoffice.net/EIS/Connector/1.0";

        /// <summary>The ConnectionGuid of list look-ups while a connection is being defined.</summary>
        public const string NoConnection = "00000000-0000-0000-0000-000000000000";

        public const string UnknownConnection = "UNKNOWN_CONNECTION_ID";
        // The vendor's spelling of these two lacks a letter.
        public const string UnknownField = "UNKOWN_FIELDKEY";
        public const string UnknownListItem = "UNKOWN_LISTITEM_ID";

        /// <summary>Creates the binding of hosts and clients: SOAP 1.1 over HTTP, with large messages.</summary>
        public static BasicHttpBinding NewBinding()
        {
            var binding = new BasicHttpBinding { UseDefaultWebProxy = false, MaxReceivedMessageSize = 64 * 1024 * 1024 };
            binding.ReaderQuotas.MaxStringContentLength = 1024 * 1024;
            binding.ReaderQuotas.MaxArrayLength = 1024 * 1024;
            return binding;
        }
    }

    [ServiceContract(Namespace = Contract.Namespace)]
    public interface IErpConnectorWS
    {
        [OperationContract]
        FieldMetadataInfoArrayPluginResponseWS WSGetConfigData();

        [OperationContract]
        ConnectorResultBaseWS WSTestConfigData(TestConfigDataRequestWS request);

        [OperationContract]
        ConnectorResultBaseWS WSSaveConnection(SaveConnectionRequestWS request);

        [OperationContract]
        ConnectorResultBaseWS WSTestConnection(RequestBaseWS request);

        [OperationContract]
        ConnectorResultBaseWS WSDeleteConnection(RequestBaseWS request);

        [OperationContract]
        StringArrayPluginResponseWS WSGetSupportedActorTypes(RequestBaseWS request);

        [OperationContract]
        FieldMetadataInfoArrayPluginResponseWS WSGetSupportedActorTypeFields(GetSupportedActorTypeFieldsRequestWS request);

        [OperationContract]
        StringArrayPluginResponseWS WSGetSearchableFields(GetSearchableFieldsRequestWS request);

        [OperationContract]
        ActorArrayPluginResponseWS WSGetActors(GetActorsRequestWS request);

        [OperationContract]
        ActorArrayPluginResponseWS WSGetActorsByTimestamp(GetActorsByTimestampRequestWS request);

        [OperationContract]
        ActorArrayPluginResponseWS WSSearchActors(SearchActorsRequestWS request);

        [OperationContract]
        ActorArrayPluginResponseWS WSSearchActorByParent(SearchActorByParentRequestWS request);

        [OperationContract]
        ActorArrayPluginResponseWS WSSearchActorsAdvanced(SearchActorsAdvancedRequestWS request);

        [OperationContract]
        ActorPluginResponseWS WSCreateActor(CreateActorRequestWS request);

        [OperationContract]
        ActorArrayPluginResponseWS WSSaveActors(SaveActorsRequestWS request);

        [OperationContract]
        ListItemArrayPluginResponseWS WSGetList(GetListRequestWS request);

        [OperationContract]
        ListItemArrayPluginResponseWS WSGetListItems(GetListItemsRequestWS request);
    }

    [DataContract]
    public enum ResponseStateWS
    {
        [EnumMember] Ok,
        [EnumMember] OkWithInfo,
        [EnumMember] Warning,
        [EnumMember] Error,
    }

    [DataContract]
    public enum FieldAccessInfoWS
    {
        [EnumMember] Normal,
        [EnumMember] Mandatory,
        [EnumMember] ReadOnly,
    }

    [DataContract]
    public enum FieldMetadataTypeInfoWS
    {
        [EnumMember] Checkbox,
        [EnumMember] Text,
        [EnumMember] Password,
        [EnumMember] Integer,
        [EnumMember] Double,
        [EnumMember] List,
        [EnumMember] Datetime,
        [EnumMember] Label = 99,
    }

    [DataContract]
    public class FieldMetadataInfoWS
    {
        [DataMember] public string FieldKey { get; set; }
        [DataMember] public string DisplayName { get; set; }
        [DataMember] public string DisplayDescription { get; set; }
        [DataMember] public FieldMetadataTypeInfoWS FieldType { get; set; }
        [DataMember] public FieldAccessInfoWS Access { get; set; }
        [DataMember] public string DefaultValue { get; set; }
        [DataMember] public string ListName { get; set; }
        [DataMember] public int MaxLength { get; set; }
        [DataMember] public int Rank { get; set; }
    }

    [DataContract]
    public class ErpActorWS
    {
        [DataMember] public string ActorType { get; set; }
        [DataMember] public string ErpKey { get; set; }
        [DataMember] public string LastModified { get; set; }
        [DataMember] public Dictionary<string, string> FieldValues { get; set; }
        [DataMember] public string ParentActorType { get; set; }
        [DataMember] public string ParentErpKey { get; set; }
    }

    [DataContract]
    public class SearchRestrictionInfoWS
    {
        [DataMember] public string FieldKey { get; set; }
        [DataMember] public string Operator { get; set; }
        [DataMember] public string[] Values { get; set; }
    }

    [DataContract]
    public class TestConfigDataRequestWS
    {
        [DataMember] public Dictionary<string, string> ConnectionInfo { get; set; }
    }

    [DataContract]
    public class RequestBaseWS
    {
        [DataMember] public string ConnectionGuid { get; set; }
    }

    [DataContract]
    public class SaveConnectionRequestWS : RequestBaseWS
    {
        [DataMember] public Dictionary<string, string> ConnectionInfo { get; set; }
    }

    [DataContract]
    public class GetSupportedActorTypeFieldsRequestWS : RequestBaseWS
    {
        [DataMember] public string ActorType { get; set; }
    }

    [DataContract]
    public class GetSearchableFieldsRequestWS : RequestBaseWS
    {
        [DataMember] public string ActorType { get; set; }
    }

    [DataContract]
    public class GetActorsRequestWS : RequestBaseWS
    {
        [DataMember] public string ActorType { get; set; }
        [DataMember] public string[] ErpKeys { get; set; }
        [DataMember] public string[] FieldKeys { get; set; }
    }

    [DataContract]
    public class GetActorsByTimestampRequestWS : RequestBaseWS
    {
        [DataMember] public string UpdatedOnOrAfter { get; set; }
        [DataMember] public string ActorType { get; set; }
        [DataMember] public string[] FieldKeys { get; set; }
    }

    [DataContract]
    public class SearchActorsRequestWS : RequestBaseWS
    {
        [DataMember] public string ActorType { get; set; }
        [DataMember] public string SearchText { get; set; }
        [DataMember] public string[] FieldKeys { get; set; }
    }

    [DataContract]
    public class SearchActorByParentRequestWS : SearchActorsRequestWS
    {
        [DataMember] public string ParentActorType { get; set; }
        [DataMember] public string ParentActorErpKey { get; set; }
    }

    [DataContract]
    public class SearchActorsAdvancedRequestWS : RequestBaseWS
    {
        [DataMember] public string ActorType { get; set; }
        [DataMember] public SearchRestrictionInfoWS[] Restrictions { get; set; }
        [DataMember] public string[] FieldKeys { get; set; }
    }

    [DataContract]
    public class CreateActorRequestWS : RequestBaseWS
    {
        [DataMember] public ErpActorWS Actor { get; set; }
    }

    [DataContract]
    public class SaveActorsRequestWS : RequestBaseWS
    {
        [DataMember] public ErpActorWS[] Actors { get; set; }
    }

    [DataContract]
    public class GetListRequestWS : RequestBaseWS
    {
        [DataMember] public string ListName { get; set; }
    }

    [DataContract]
    public class GetListItemsRequestWS : RequestBaseWS
    {
        [DataMember] public string ListName { get; set; }
        [DataMember] public string[] ListItemKeys { get; set; }
    }

    [DataContract]
    public class ConnectorResultBaseWS
    {
        [DataMember] public ResponseStateWS State { get; set; }
        [DataMember] public bool IsOk { get; set; }
        [DataMember] public string UserExplanation { get; set; }
        [DataMember] public string TechExplanation { get; set; }
        [DataMember] public string ErrorCode { get; set; }
    }

    [DataContract]
    public class FieldMetadataInfoArrayPluginResponseWS : ConnectorResultBaseWS
    {
        [DataMember] public FieldMetadataInfoWS[] FieldMetaDataObjects { get; set; }
    }

    [DataContract]
    public class StringArrayPluginResponseWS : ConnectorResultBaseWS
    {
        [DataMember] public string[] Items { get; set; }
    }

    [DataContract]
    public class ActorArrayPluginResponseWS : ConnectorResultBaseWS
    {
        [DataMember] public ErpActorWS[] Actors { get; set; }
    }

    [DataContract]
    public class ActorPluginResponseWS : ConnectorResultBaseWS
    {
        [DataMember] public ErpActorWS Actor { get; set; }
    }

    [DataContract]
    public class ListItemArrayPluginResponseWS : ConnectorResultBaseWS
    {
        [DataMember] public Dictionary<string, string> ListItems { get; set; }
    }
}
