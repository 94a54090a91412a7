//! `erpsync connector-app`: the applications that connectors are registered as, by `app://<client id>`.

use serde_json::json;

use super::error::{CommandError, require_found};
use super::output::Output;
use crate::config::administration::{CommonArgs, ConnectorAppCommand};
use crate::connector::url::{ConnectorUrl, app_id};
use crate::store::{Pool, connector_apps};

pub fn common(command: &ConnectorAppCommand) -> &CommonArgs {
    match command {
        ConnectorAppCommand::Set { common, .. }
        | ConnectorAppCommand::List { common }
        | ConnectorAppCommand::Remove { common, .. } => common,
    }
}

pub async fn run(command: ConnectorAppCommand, pool: &Pool) -> Result<Output, CommandError> {
    match command {
        ConnectorAppCommand::Set { id, url, .. } => {
            let id = validate_id(&id)?;
            connector_apps::set(pool, id, validate_url(&url)?).await?;
            Ok(Output::Message(format!("app://{id} is registered")))
        }
        ConnectorAppCommand::List { .. } => {
            let listed = connector_apps::list(pool).await?;
            let rows = listed.into_iter().map(|app| vec![json!(app.client_id), json!(app.url)]);
            Ok(Output::Table(&["client_id", "url"], rows.collect()))
        }
        ConnectorAppCommand::Remove { id, .. } => {
            let id = validate_id(&id)?;
            require_found(connector_apps::remove(pool, id).await?, "application", id)?;
            Ok(Output::Message(format!("app://{id} is removed")))
        }
    }
}

/// Returns a client id, which may be given as its URL.
fn validate_id(text: &str) -> Result<&str, CommandError> {
    let id = app_id(text).unwrap_or(text).trim();
    if id.is_empty() || id.chars().count() > 254 || id.contains(|character: char| "/?#".contains(character)) {
        return Err("a client id has 1 to 254 characters, none of which is /, ? or #".into());
    }
    Ok(id)
}

/// Returns the URL of a connector that is called over HTTP.
fn validate_url(text: &str) -> Result<&str, CommandError> {
    let url = text.trim();
    if app_id(url).is_some() {
        return Err("the URL of an application's connector must be http or https".into());
    }
    if url.chars().count() > 1023 {
        return Err("a URL has at most 1023 characters".into());
    }
    ConnectorUrl::parse(url, |_| None).map_err(|problem| problem.to_string())?;
    Ok(url)
}
