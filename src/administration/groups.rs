//! `erpsync group`: user groups and their members.

use serde_json::json;

use super::error::{CommandError, require_found};
use super::names;
use super::output::Output;
use crate::config::administration::{CommonArgs, GroupCommand};
use crate::store::{Failure, Pool, user_groups};

pub fn common(command: &GroupCommand) -> &CommonArgs {
    match command {
        GroupCommand::Add { common, .. }
        | GroupCommand::List { common }
        | GroupCommand::Join { common, .. }
        | GroupCommand::Leave { common, .. } => common,
    }
}

pub async fn run(command: GroupCommand, pool: &Pool) -> Result<Output, CommandError> {
    match command {
        GroupCommand::Add { name, .. } => {
            let id = user_groups::add(pool, names::validate(&name)?).await?;
            Ok(Output::Value("user_group_id", json!(id)))
        }
        GroupCommand::List { .. } => {
            let listed = user_groups::list(pool).await?;
            let rows = listed.into_iter().map(|group| vec![json!(group.user_group_id), json!(group.name)]);
            Ok(Output::Table(&["user_group_id", "name"], rows.collect()))
        }
        GroupCommand::Join { associate, group, .. } => {
            let joined = user_groups::join(pool, &associate, group).await;
            let is_found = joined.map_err(|failure| match failure {
                Failure::Constraint(key) if key == user_groups::MEMBER_KEY => {
                    format!("the user group {group} does not exist").into()
                }
                other => CommandError::from(other),
            })?;
            require_found(is_found, "associate", &associate)?;
            Ok(Output::Message(format!("'{associate}' is a member of user group {group}")))
        }
        GroupCommand::Leave { associate, group, .. } => {
            let left = user_groups::leave(pool, &associate, group).await?;
            if !left {
                return Err(format!("user group {group} is not one of the further groups of '{associate}'").into());
            }
            Ok(Output::Message(format!("'{associate}' is no longer a member of user group {group}")))
        }
    }
}
