//! `erpsync ticket` and `erpsync token`: the credentials that the server issues.

use std::io::Read;
use std::time::Duration;

use serde_json::json;

use super::error::CommandError;
use super::output::Output;
use crate::auth::secret;
use crate::config::DEFAULT_TENANT;
use crate::config::administration::{CommonArgs, CredentialCommand};
use crate::store::credentials::{self, Issue, Kind};
use crate::store::{Pool, applications, associates};

/// The differences between tickets and tokens.
#[derive(Clone, Copy)]
pub struct CredentialType {
    name: &'static str,
    kind: Kind,
    lifetime: Duration,
    generate: fn(Option<&str>) -> String,
}

/// Tickets.
pub const TICKET: CredentialType =
    CredentialType { name: "ticket", kind: Kind::Ticket, lifetime: secret::TICKET_LIFETIME, generate: secret::ticket };

/// Access tokens.
pub const TOKEN: CredentialType = CredentialType {
    name: "token",
    kind: Kind::Token,
    lifetime: secret::TOKEN_LIFETIME,
    generate: |tenant| secret::access_token(tenant.unwrap_or(DEFAULT_TENANT)),
};

pub fn common(command: &CredentialCommand) -> &CommonArgs {
    match command {
        CredentialCommand::Issue { common, .. }
        | CredentialCommand::Revoke { common, .. }
        | CredentialCommand::List { common } => common,
    }
}

pub async fn run(command: CredentialCommand, credential: CredentialType, pool: &Pool) -> Result<Output, CommandError> {
    match command {
        CredentialCommand::Issue { associate, app, tenant, .. } => {
            let found = associates::find_by_name(pool, &associate).await?;
            let found = found.ok_or_else(|| format!("the associate '{associate}' does not exist or is disabled"))?;
            let application = match &app {
                Some(name) => {
                    let found = applications::find_by_name(pool, name).await?;
                    let enabled = found.filter(|application| !application.disabled);
                    Some(enabled.ok_or_else(|| format!("the application '{name}' does not exist or is disabled"))?)
                }
                None => None,
            };
            let secret = (credential.generate)(tenant.as_deref());
            let issue = Issue {
                kind: credential.kind,
                secret_hash: &secret::hash(&secret),
                xsrf_hash: None,
                associate_id: found.associate_id,
                application_id: application.map(|application| application.application_id),
                lifetime: credential.lifetime,
            };
            credentials::issue(pool, &issue).await?;
            Ok(Output::Value(credential.name, json!(secret)))
        }
        CredentialCommand::Revoke { secret, .. } => {
            let secret = if secret == "-" { read_standard_input()? } else { secret };
            // The messages leave the secret out, as they may end up in a log.
            if credentials::revoke(pool, credential.kind, &secret::hash(secret.trim())).await? {
                return Ok(Output::Message(format!("the {} is revoked", credential.name)));
            }
            Err(format!("the {} does not exist", credential.name).into())
        }
        CredentialCommand::List { .. } => {
            let listed = credentials::list(pool, credential.kind).await?;
            let row = |row: credentials::Listed| {
                vec![json!(row.associate), json!(row.application), json!(row.valid_from), json!(row.valid_to)]
            };
            let rows = listed.into_iter().map(row);
            Ok(Output::Table(&["associate", "application", "valid_from", "valid_to"], rows.collect()))
        }
    }
}

fn read_standard_input() -> Result<String, String> {
    const MAX_BYTES: u64 = 4096;
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text);
    read.map(|_| text).map_err(|problem| format!("standard input cannot be read: {problem}"))
}
