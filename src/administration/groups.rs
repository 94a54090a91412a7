//! `erpsync group`

use serde_json::json;

use super::output::Output;
use super::{checked_name, or_unknown};
use crate::config::administration::{Common, Groups};
use crate::store::Pool;
use crate::store::{Failure, user_groups};

pub fn common(command: &Groups) -> &Common {
    match command {
        Groups::Add { common, .. }
        | Groups::List { common }
        | Groups::Join { common, .. }
        | Groups::Leave { common, .. } => common,
    }
}

pub async fn run(command: Groups, pool: &Pool) -> Result<Output, String> {
    match command {
        Groups::Add { name, .. } => {
            let id = user_groups::add(pool, checked_name(&name)?).await.map_err(|failure| failure.to_string())?;
            Ok(Output::Made("user_group_id", json!(id)))
        }
        Groups::List { .. } => {
            let listed = user_groups::list(pool).await.map_err(|failure| failure.to_string())?;
            let rows = listed.into_iter().map(|group| vec![json!(group.user_group_id), json!(group.name)]);
            Ok(Output::List(&["user_group_id", "name"], rows.collect()))
        }
        Groups::Join { associate, group, .. } => {
            let joined = user_groups::join(pool, &associate, group).await;
            if let Err(Failure::Constraint(key)) = &joined
                && key == user_groups::MEMBER_KEY
            {
                return Err(format!("there is no group {group}"));
            }
            or_unknown(joined, "associate", &associate)?;
            Ok(Output::Done(format!("{associate} is in group {group}")))
        }
        Groups::Leave { associate, group, .. } => {
            let left = user_groups::leave(pool, &associate, group).await;
            or_unknown(left, &format!("further group {group} of"), &associate)?;
            Ok(Output::Done(format!("{associate} is no more in group {group}")))
        }
    }
}
