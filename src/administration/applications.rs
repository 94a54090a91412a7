//! `erpsync app`: the applications that call with an `SO-AppToken`.

use serde_json::json;

use super::error::{CommandError, require_found};
use super::names;
use super::output::Output;
use crate::auth::secret;
use crate::config::administration::{ApplicationCommand, CommonArgs};
use crate::store::{Failure, Pool, applications};

pub fn common(command: &ApplicationCommand) -> &CommonArgs {
    match command {
        ApplicationCommand::Add { common, .. }
        | ApplicationCommand::List { common }
        | ApplicationCommand::Grant { common, .. }
        | ApplicationCommand::Revoke { common, .. }
        | ApplicationCommand::Disable { common, .. }
        | ApplicationCommand::Enable { common, .. } => common,
    }
}

pub async fn run(command: ApplicationCommand, pool: &Pool) -> Result<Output, CommandError> {
    match command {
        ApplicationCommand::Add { name, grant_erp_sync, .. } => {
            let name = names::validate(&name)?;
            let secret = secret::app_token();
            let added = applications::add(pool, name, &secret::hash(&secret), grant_erp_sync).await;
            added.map_err(|failure| match failure {
                Failure::Constraint(key) if key == applications::NAME_KEY => {
                    format!("the application '{name}' already exists").into()
                }
                other => CommandError::from(other),
            })?;
            Ok(Output::Value("app_token", json!(secret)))
        }
        ApplicationCommand::List { .. } => {
            let listed = applications::list(pool).await?;
            let row = |row: applications::Application| {
                vec![json!(row.application_id), json!(row.name), json!(row.erp_sync), json!(row.disabled)]
            };
            let rows = listed.into_iter().map(row);
            Ok(Output::Table(&["application_id", "name", "erp_sync", "disabled"], rows.collect()))
        }
        ApplicationCommand::Grant { name, .. } => {
            require_found(applications::set_erp_sync(pool, &name, true).await?, "application", &name)?;
            Ok(Output::Message(format!("'{name}' may use the agent ErpSync")))
        }
        ApplicationCommand::Revoke { name, .. } => {
            require_found(applications::set_erp_sync(pool, &name, false).await?, "application", &name)?;
            Ok(Output::Message(format!("'{name}' may not use the agent ErpSync")))
        }
        ApplicationCommand::Disable { name, .. } => {
            require_found(applications::set_disabled(pool, &name, true).await?, "application", &name)?;
            Ok(Output::Message(format!("'{name}' is disabled")))
        }
        ApplicationCommand::Enable { name, .. } => {
            require_found(applications::set_disabled(pool, &name, false).await?, "application", &name)?;
            Ok(Output::Message(format!("'{name}' is enabled")))
        }
    }
}
