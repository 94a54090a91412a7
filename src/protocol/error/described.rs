//! What errors look like, for the OpenAPI document.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Body, Error};
use crate::protocol::json;
use crate::protocol::schema::written;
use crate::protocol::write::{View, Write};

impl Error {
    /// A 500 that has not happened.
    #[must_use]
    pub fn sample_of_internal() -> Self {
        let detail = "The server's log has it under 0d6e2c1a-5a8e-4c0e-9d0e-1f5f3c9b7a10.".to_owned();
        Self::framework(StatusCode::INTERNAL_SERVER_ERROR, "An error has occurred.".into(), Some(detail))
    }

    /// The body in JSON.
    #[must_use]
    pub fn sample(&self) -> Value {
        serde_json::from_slice(&json::write(&*self.body, View::WHOLE)).unwrap_or_default()
    }

    /// What the body looks like.
    #[must_use]
    pub fn schema(&self) -> Value {
        let mut schema = written(&*self.body);
        schema["xml"] = json!({ "name": Body::ELEMENT });
        let names = schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned();
        // The framework's errors need not have it.
        schema["required"] = names.filter(|name| name != "MessageDetail").collect();
        schema
    }

    /// What that is called.
    #[must_use]
    pub fn schema_name(&self) -> &'static str {
        match *self.body {
            Body::Service { .. } => "ServiceError",
            Body::Framework { .. } | Body::Internal => "FrameworkError",
        }
    }
}
