//! The record of a call: its line in the journal, and its metrics.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::envelope::write_request;
use super::error::CallError;
use super::journal::{Exchange, Journal};
use super::operations::Operation;
use super::received::{Received, describe_remarks};
use super::redaction::Secrets;
use super::responses::Response;
use super::url::ConnectorUrl;
use super::writer::Writer;
use crate::metrics;

/// Records a call when it ends, or when it is dropped unfinished.
pub(super) struct CallRecord<'c, O: Operation> {
    journal: &'c Arc<Journal>,
    url: &'c ConnectorUrl,
    request: &'c O,
    secrets: Arc<Secrets>,
    time: SystemTime,
    began: Instant,
    is_recorded: bool,
}

impl<'c, O: Operation> CallRecord<'c, O> {
    /// Begins the record of a call with these secrets.
    pub fn begin(journal: &'c Arc<Journal>, url: &'c ConnectorUrl, request: &'c O, secrets: Arc<Secrets>) -> Self {
        let (time, began) = (SystemTime::now(), Instant::now());
        CallRecord { journal, url, request, secrets, time, began, is_recorded: false }
    }

    /// Records the result of the call, with the response.
    pub fn end(mut self, result: &Result<O::Response, CallError>, received: Option<&Received>) {
        self.is_recorded = true;
        metrics::count_connector_call(O::NAME, result.is_ok(), self.began.elapsed());
        self.journal.record(|| {
            let mut secrets = Secrets::clone(&self.secrets);
            if let Ok(result) = result {
                secrets.add(result);
            }
            let remarks = |result: &O::Response| describe_remarks(result.outcome(), &secrets);
            Exchange {
                detail: result.as_ref().map_or_else(|problem| Some(problem.to_string()), remarks),
                content_type: received.map(|received| received.content_type.clone()),
                response: received.and_then(|received| self.journal.keep_body(&received.body, &secrets)),
                ..self.exchange(result.as_ref().err().map_or("ok", CallError::kind))
            }
        });
    }

    fn exchange(&self, outcome: &'static str) -> Exchange {
        Exchange {
            time: self.time,
            operation: O::NAME,
            connection: self.request.text_member("ConnectionGuid").map(ToOwned::to_owned),
            url: self.url.to_string(),
            duration: self.began.elapsed(),
            outcome,
            detail: None,
            request: self.journal.keep_body(&write_request(self.request, Writer::masked()), &self.secrets),
            content_type: None,
            response: None,
        }
    }
}

impl<O: Operation> Drop for CallRecord<'_, O> {
    fn drop(&mut self) {
        if !self.is_recorded {
            metrics::count_connector_call(O::NAME, false, self.began.elapsed());
            self.journal.record(|| Exchange {
                detail: Some("the request that made the call ended before its response".to_owned()),
                ..self.exchange("aborted")
            });
        }
    }
}
