//! `erpsync app`

use serde_json::json;

use super::output::Output;
use super::{checked_name, or_unknown};
use crate::auth::secret;
use crate::config::administration::{Applications, Common};
use crate::store::Pool;
use crate::store::{Failure, applications};

pub fn common(command: &Applications) -> &Common {
    match command {
        Applications::Add { common, .. }
        | Applications::List { common }
        | Applications::Grant { common, .. }
        | Applications::Revoke { common, .. }
        | Applications::Disable { common, .. }
        | Applications::Enable { common, .. } => common,
    }
}

pub async fn run(command: Applications, pool: &Pool) -> Result<Output, String> {
    let done = |name: &str, what: &str| Ok(Output::Done(format!("{name} {what}")));
    match command {
        Applications::Add { name, grant_erp_sync, .. } => {
            let name = checked_name(&name)?;
            let secret = secret::app_token();
            let added = applications::add(pool, name, &secret::hash(&secret), grant_erp_sync).await;
            added.map_err(|failure| match failure {
                Failure::Constraint(key) if key == applications::NAME_KEY => {
                    format!("there is an application '{name}' already")
                }
                other => other.to_string(),
            })?;
            Ok(Output::Made("app_token", json!(secret)))
        }
        Applications::List { .. } => {
            let listed = applications::list(pool).await.map_err(|failure| failure.to_string())?;
            let row = |row: applications::Application| {
                vec![json!(row.application_id), json!(row.name), json!(row.erp_sync), json!(row.disabled)]
            };
            let rows = listed.into_iter().map(row);
            Ok(Output::List(&["application_id", "name", "erp_sync", "disabled"], rows.collect()))
        }
        Applications::Grant { name, .. } => {
            or_unknown(applications::set_erp_sync(pool, &name, true).await, "application", &name)?;
            done(&name, "may use the agent ErpSync")
        }
        Applications::Revoke { name, .. } => {
            or_unknown(applications::set_erp_sync(pool, &name, false).await, "application", &name)?;
            done(&name, "may no more use the agent ErpSync")
        }
        Applications::Disable { name, .. } => {
            or_unknown(applications::set_disabled(pool, &name, true).await, "application", &name)?;
            done(&name, "is refused from now on")
        }
        Applications::Enable { name, .. } => {
            or_unknown(applications::set_disabled(pool, &name, false).await, "application", &name)?;
            done(&name, "is let in again")
        }
    }
}
