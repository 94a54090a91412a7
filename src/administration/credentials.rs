//! `erpsync ticket` and `erpsync token`

use std::io::Read;
use std::time::Duration;

use serde_json::json;

use super::output::Output;
use crate::auth::secret;
use crate::config::DEFAULT_TENANT;
use crate::config::administration::{Common, Credentials};
use crate::store::Pool;
use crate::store::credentials::{self, Issue, Kind};
use crate::store::{Failure, applications, associates};

/// What the two commands differ in.
#[derive(Clone, Copy)]
pub struct Noun {
    name: &'static str,
    kind: Kind,
    lifetime: Duration,
    make: fn(Option<&str>) -> String,
}

/// `erpsync ticket`
pub const TICKET: Noun =
    Noun { name: "ticket", kind: Kind::Ticket, lifetime: secret::TICKET_LIFETIME, make: secret::ticket };

/// `erpsync token`
pub const TOKEN: Noun = Noun {
    name: "token",
    kind: Kind::Token,
    lifetime: secret::TOKEN_LIFETIME,
    make: |tenant| secret::access_token(tenant.unwrap_or(DEFAULT_TENANT)),
};

pub fn common(command: &Credentials) -> &Common {
    match command {
        Credentials::Issue { common, .. } | Credentials::Revoke { common, .. } | Credentials::List { common } => common,
    }
}

pub async fn run(command: Credentials, noun: Noun, pool: &Pool) -> Result<Output, String> {
    let told = |failure: Failure| failure.to_string();
    match command {
        Credentials::Issue { associate, app, tenant, .. } => {
            let found = associates::find_by_name(pool, &associate).await.map_err(told)?;
            let found = found.ok_or_else(|| format!("there is no associate '{associate}', or it is disabled"))?;
            let application = match &app {
                Some(name) => {
                    let found = applications::find_by_name(pool, name).await.map_err(told)?;
                    let live = found.filter(|application| !application.disabled);
                    Some(live.ok_or_else(|| format!("there is no application '{name}', or it is disabled"))?)
                }
                None => None,
            };
            let secret = (noun.make)(tenant.as_deref());
            let issue = Issue {
                kind: noun.kind,
                secret_hash: &secret::hash(&secret),
                xsrf_hash: None,
                associate_id: found.associate_id,
                application_id: application.map(|application| application.application_id),
                lifetime: noun.lifetime,
            };
            credentials::issue(pool, &issue).await.map_err(told)?;
            Ok(Output::Made(noun.name, json!(secret)))
        }
        Credentials::Revoke { secret, .. } => {
            let secret = if secret == "-" { from_standard_input()? } else { secret };
            // The secret itself is not repeated: this line may end in a log.
            if credentials::revoke(pool, noun.kind, &secret::hash(secret.trim())).await.map_err(told)? {
                return Ok(Output::Done(format!("the {} has ended", noun.name)));
            }
            Err(format!("there is no such {}", noun.name))
        }
        Credentials::List { .. } => {
            let listed = credentials::list(pool, noun.kind).await.map_err(told)?;
            let row = |row: credentials::Listed| {
                vec![json!(row.associate), json!(row.application), json!(row.valid_from), json!(row.valid_to)]
            };
            let rows = listed.into_iter().map(row);
            Ok(Output::List(&["associate", "application", "valid_from", "valid_to"], rows.collect()))
        }
    }
}

fn from_standard_input() -> Result<String, String> {
    const LONGEST: u64 = 4096;
    let mut text = String::new();
    let read = std::io::stdin().lock().take(LONGEST).read_to_string(&mut text);
    read.map(|_| text).map_err(|problem| format!("standard input cannot be read: {problem}"))
}
