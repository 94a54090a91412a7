//! The carriers of the methods that run the sync engine. The methods are not implemented yet.

use super::actor_types::ErpActorType;
use crate::{carrier, enumeration};

carrier! {
    /// The request of `ForceResync`.
    pub struct ForceResyncRequest {
        /// The connection to copy from; the CRM system unless it is positive.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The links to sync; all of them if it is empty.
        internal_key_ids: Option<Vec<i32>> = "InternalKeyIds",
    }
}

carrier! {
    /// The request of `ForceResyncNoBlankValues`.
    pub struct ForceResyncNoBlankValuesRequest {
        /// The connection to copy from; the CRM system unless it is positive.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The links to sync; all of them if it is empty.
        internal_key_ids: Option<Vec<i32>> = "InternalKeyIds",
    }
}

carrier! {
    /// The request of `ForceResyncBatchTask`.
    pub struct ForceResyncBatchTaskRequest {
        /// The connection to copy from; the CRM system unless it is positive.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The links to sync; all of them if it is empty.
        internal_key_ids: Option<Vec<i32>> = "InternalKeyIds",
    }
}

carrier! {
    /// The request of `ForceResyncExternal`.
    pub struct ForceResyncExternalRequest {
        /// The connection to copy from.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The kind of ERP actor.
        erp_actor_type: ErpActorType = "ErpActorType",
        /// The actors' keys in the ERP system.
        external_keys: Option<Vec<String>> = "ExternalKeys",
    }
}

carrier! {
    /// The request of `ForceResyncExternalNoBlankValues`.
    pub struct ForceResyncExternalNoBlankValuesRequest {
        /// The connection to copy from.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The kind of ERP actor.
        erp_actor_type: ErpActorType = "ErpActorType",
        /// The actors' keys in the ERP system.
        external_keys: Option<Vec<String>> = "ExternalKeys",
    }
}

carrier! {
    /// The result of a run. Members, order and names are the vendor's.
    pub struct PluginResponse {
        /// The run succeeded: the status is not `Error`.
        is_ok: bool = "IsOk",
        /// An explanation for users.
        user_explanation: Option<String> = "UserExplanation" multi_language,
        /// A technical explanation, in English.
        tech_explanation: Option<String> = "TechExplanation",
        /// A code of the error.
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
        /// It succeeded.
        Ok = 0,
        /// It succeeded, with a remark for users.
        OkWithInfo = 1,
        /// It had a problem that users must know of.
        Warning = 2,
        /// It failed.
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
