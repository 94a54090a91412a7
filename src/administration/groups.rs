//! `erpsync group`: user groups and their members.

use serde_json::json;

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

pub async fn run(command: GroupCommand, pool: &Pool) -> Result<Output, String> {
    match command {
        GroupCommand::Add { name, .. } => {
            let id = user_groups::add(pool, names::validate(&name)?).await.map_err(|failure| failure.to_string())?;
            Ok(Output::Value("user_group_id", json!(id)))
        }
        GroupCommand::List { .. } => {
            let listed = user_groups::list(pool).await.map_err(|failure| failure.to_string())?;
            let rows = listed.into_iter().map(|group| vec![json!(group.user_group_id), json!(group.name)]);
            Ok(Output::Table(&["user_group_id", "name"], rows.collect()))
        }
        GroupCommand::Join { associate, group, .. } => {
            let joined = user_groups::join(pool, &associate, group).await;
            if let Err(Failure::Constraint(key)) = &joined
                && key == user_groups::MEMBER_KEY
            {
                return Err(format!("the user group {group} does not exist"));
            }
            names::require_found(joined, "associate", &associate)?;
            Ok(Output::Message(format!("'{associate}' is a member of user group {group}")))
        }
        GroupCommand::Leave { associate, group, .. } => {
            let left = user_groups::leave(pool, &associate, group).await.map_err(|failure| failure.to_string())?;
            if !left {
                return Err(format!("user group {group} is not one of the further groups of '{associate}'"));
            }
            Ok(Output::Message(format!("'{associate}' is no longer a member of user group {group}")))
        }
    }
}
