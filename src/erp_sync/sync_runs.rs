//! The carriers of the methods that run the sync engine. The program does not implement the methods yet.

use super::actor_types::ErpActorType;
use crate::{carrier, enumeration};

carrier! {
    /// The request of `ForceResync`.
    pub struct ForceResyncRequest {
        /// Primary key of the connection to copy from; the CRM system if it is not positive.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Primary keys of the links to synchronize; all links if empty.
        internal_key_ids: Option<Vec<i32>> = "InternalKeyIds",
    }
}

carrier! {
    /// The request of `ForceResyncNoBlankValues`.
    pub struct ForceResyncNoBlankValuesRequest {
        /// Primary key of the connection to copy from; the CRM system if it is not positive.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Primary keys of the links to synchronize; all links if empty.
        internal_key_ids: Option<Vec<i32>> = "InternalKeyIds",
    }
}

carrier! {
    /// The request of `ForceResyncBatchTask`.
    pub struct ForceResyncBatchTaskRequest {
        /// Primary key of the connection to copy from; the CRM system if it is not positive.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Primary keys of the links to synchronize; all links if empty.
        internal_key_ids: Option<Vec<i32>> = "InternalKeyIds",
    }
}

carrier! {
    /// The request of `ForceResyncExternal`.
    pub struct ForceResyncExternalRequest {
        /// Primary key of the connection to copy from.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The ERP actor type.
        erp_actor_type: ErpActorType = "ErpActorType",
        /// The keys of the actors in the ERP system.
        external_keys: Option<Vec<String>> = "ExternalKeys",
    }
}

carrier! {
    /// The request of `ForceResyncExternalNoBlankValues`.
    pub struct ForceResyncExternalNoBlankValuesRequest {
        /// Primary key of the connection to copy from.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The ERP actor type.
        erp_actor_type: ErpActorType = "ErpActorType",
        /// The keys of the actors in the ERP system.
        external_keys: Option<Vec<String>> = "ExternalKeys",
    }
}

carrier! {
    /// The result of a run. Members, order and names are the vendor's.
    pub struct PluginResponse {
        /// Whether the run succeeded: the status is not `Error`.
        is_ok: bool = "IsOk",
        /// An explanation for users; multi-language.
        user_explanation: Option<String> = "UserExplanation" multi_language,
        /// A technical explanation, in English.
        tech_explanation: Option<String> = "TechExplanation",
        /// The code of the error.
        error_code: Option<String> = "ErrorCode",
        /// The rows that were changed.
        changes: Option<ChangedData> = "Changes",
        /// The outcome.
        status: QuoteStatus = "Status",
    }
    rights
}

enumeration! {
    /// The outcome of a run.
    pub enum QuoteStatus {
        /// The run succeeded.
        Ok = 0,
        /// The run succeeded, with information for users.
        OkWithInfo = 1,
        /// The run succeeded, with a warning for users.
        Warning = 2,
        /// The run failed.
        Error = 3,
    }
}

carrier! {
    /// The rows that were changed. Members, order and names are the vendor's.
    pub struct ChangedData {
        /// The rows that were added.
        added_records: Option<Vec<ChangedDataItem>> = "AddedRecords",
        /// The rows that were updated.
        updated_records: Option<Vec<ChangedDataItem>> = "UpdatedRecords",
        /// The rows that were deleted.
        deleted_records: Option<Vec<ChangedDataItem>> = "DeletedRecords",
    }
    rights
}

carrier! {
    /// A row that was changed. Members, order and names are the vendor's.
    pub struct ChangedDataItem {
        /// The table, in lower case.
        tablename: Option<String> = "Tablename",
        /// Primary key of the row.
        record_id: i32 = "RecordId",
    }
    rights
}
