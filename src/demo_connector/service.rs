//! From a SOAP request to its response, with the behaviour that the connection's config fields ask for.

use super::config::{Behaviour, Config};
use super::lists::Lists;
use super::operations::{Context, DemoOperation, Needs, config_fields};
use super::problem::Problem;
use crate::connector::envelope::{Fault, NAMESPACE, read_request, requested_operation, write_fault, write_response};
use crate::connector::operations::{
    CreateActor, DeleteConnection, GetActors, GetActorsByTimestamp, GetConfigData, GetList, GetListItems,
    GetSearchableFields, GetSupportedActorTypeFields, GetSupportedActorTypes, Operation, SaveActors, SaveConnection,
    SearchActorByParent, SearchActors, SearchActorsAdvanced, TestConfigData, TestConnection,
};
use crate::connector::responses::{ErrorCode, Outcome, Refusal, Response, ResponseState};
use crate::store::{Pool, demo_erp};

/// The code of the errors of a connection whose behaviour is to refuse.
pub const REFUSED_ON_PURPOSE: &str = "DEMO_REFUSED";

/// The response to a SOAP request.
#[derive(Debug)]
pub enum Reply {
    /// The envelope with the result.
    Result(Vec<u8>),
    /// The envelope with a fault.
    Fault(Vec<u8>),
    /// The request is no SOAP envelope; the reason is for the log.
    NotSoap(String),
}

/// Responds to a request. `action` is the header `SOAPAction` without quotation marks; if it is blank, the body alone
/// says which operation is called.
pub async fn respond(pool: &Pool, action: &str, document: &str) -> Reply {
    let requested = match requested_operation(document) {
        Ok(requested) => requested,
        Err(problem) => return Reply::NotSoap(problem.to_string()),
    };
    let name = match action.trim() {
        "" => requested.as_str(),
        action => action.strip_prefix(NAMESPACE).and_then(|path| path.strip_prefix("/IErpConnectorWS/")).unwrap_or(""),
    };
    macro_rules! dispatch {
        ($($operation:ident)*) => {
            match name {
                $(<$operation as Operation>::NAME => answer::<$operation>(pool, document).await,)*
                _ => fault("a:ActionNotSupported", "The service has no operation for the SOAPAction of the request."),
            }
        };
    }
    dispatch!(
        GetConfigData TestConfigData SaveConnection TestConnection DeleteConnection GetSupportedActorTypes
        GetSupportedActorTypeFields GetSearchableFields GetActors GetActorsByTimestamp SearchActors SearchActorByParent
        SearchActorsAdvanced CreateActor SaveActors GetList GetListItems
    )
}

async fn answer<O: DemoOperation>(pool: &Pool, document: &str) -> Reply {
    let request = match read_request::<O>(document) {
        Ok(request) => request,
        Err(problem) => {
            tracing::debug!(%problem, operation = O::NAME, "the demo connector cannot read a request");
            return fault("a:DeserializationFailed", "The body of the request does not fit the operation.");
        }
    };
    let result = match run(pool, request).await {
        Ok(result) => result,
        Err(Problem::Refused(refusal)) => {
            let mut result = O::Response::default();
            *result.outcome_mut() = Outcome::from(refusal);
            result
        }
        Err(Problem::Fault(problem)) => {
            tracing::warn!(problem, operation = O::NAME, "the demo connector responds with a fault");
            // As in WCF, which hides the reason by default.
            return fault(
                "a:InternalServiceFault",
                "The service cannot process the request because of an internal error.",
            );
        }
    };
    Reply::Result(write_response::<O>(&result))
}

fn fault(code: &str, reason: &str) -> Reply {
    Reply::Fault(write_fault(&Fault { code: code.to_owned(), reason: reason.to_owned() }))
}

/// Runs an operation as the connection's behaviour asks for.
async fn run<O: DemoOperation>(pool: &Pool, request: O) -> Result<O::Response, Problem> {
    let lists = Lists::new(demo_erp::list_items(pool).await?);
    let (config, connection) = match request.needs() {
        Needs::Nothing => (None, None),
        Needs::Sent(fields) => (Some(Config::parse(&config_fields(fields.as_ref()), &lists)?), None),
        Needs::Connection(guid) => {
            let guid = guid.trim().to_owned();
            let stored = demo_erp::connection(pool, &guid).await?.ok_or_else(unknown_connection)?;
            (Some(Config::parse(&stored, &lists)?), Some(guid))
        }
    };
    let behaviour = config.as_ref().map_or(Behaviour::Normal, |config| config.behaviour(O::NAME));
    match behaviour {
        Behaviour::Refuse => return Err(Problem::Refused(refusal_on_purpose(O::NAME))),
        Behaviour::Fault => return Err(Problem::Fault("the connection's behaviour is to fail".to_owned())),
        Behaviour::Slow(delay) => tokio::time::sleep(delay).await,
        Behaviour::Normal | Behaviour::Warn | Behaviour::Forget => {}
    }
    let context = Context { pool, lists: &lists, config: config.as_ref() };
    let mut result = request.run(context).await?;
    if let (Behaviour::Forget, Some(guid)) = (behaviour, connection) {
        demo_erp::forget_connection(pool, &guid).await?;
    }
    if behaviour == Behaviour::Warn {
        let outcome = result.outcome_mut();
        outcome.state = ResponseState::Warning;
        outcome.user_explanation = Some("US:\"A warning on purpose.\";NO:\"En advarsel med vilje.\"".to_owned());
        outcome.tech_explanation = Some(format!("The connection's behaviour is to warn at {}.", O::NAME));
    }
    Ok(result)
}

fn unknown_connection() -> Problem {
    Problem::coded(ErrorCode::UnknownConnectionId, "The connection is unknown.".to_owned())
}

fn refusal_on_purpose(operation: &str) -> Refusal {
    Refusal {
        code: Some(ErrorCode::Other(REFUSED_ON_PURPOSE.to_owned())),
        user_explanation: Some("US:\"Refused on purpose.\";NO:\"Avvist med vilje.\"".to_owned()),
        tech_explanation: Some(format!("The connection's behaviour is to refuse {operation}.")),
    }
}
