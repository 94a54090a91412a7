//! `GET /api/v1/User/currentPrincipal` and `currentToken`: the caller's own data, and a token for the caller.

use std::time::Duration;

use axum::extract::{Extension, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use serde_json::Value;

use super::authenticator::Authenticator;
use super::principal::{Principal, Scheme};
use crate::protocol::agent::{ResponseFormat, only};
use crate::protocol::error::Error;
use crate::protocol::value::{ValueWriter, WriteContext, WriteValue, schema};
use crate::store::associates;

/// The paths of the endpoints, each with its summary.
pub const LISTED: [(&str, &str); 2] = [
    ("/api/v1/User/currentPrincipal", "Gets the currently logged in user's information."),
    ("/api/v1/User/currentToken", "Returns an access token."),
];

/// Returns the endpoints, with paths in lower case. They need authentication in front of them.
pub fn endpoints() -> [(String, MethodRouter<Authenticator>); 2] {
    let [principal, token] = LISTED.map(|(path, _)| path.to_ascii_lowercase());
    [(principal, only("GET", get(current_principal))), (token, only("GET", get(current_token)))]
}

async fn current_principal(
    State(authenticator): State<Authenticator>,
    Extension(principal): Extension<Principal>,
    format: ResponseFormat,
) -> Result<Response, Error> {
    let groups = associates::further_groups(authenticator.pool(), principal.associate_id).await?;
    Ok(format.write(&SoPrincipalCarrier { principal, groups, tenant: authenticator.tenant() }))
}

async fn current_token(
    State(authenticator): State<Authenticator>,
    Extension(principal): Extension<Principal>,
    format: ResponseFormat,
) -> Result<Response, Error> {
    let token = match principal.token.clone() {
        Some(token) => token,
        None => authenticator.issue_token(&principal).await?,
    };
    Ok(format.write(&Some(token)))
}

/// The vendor's carrier of that name. Companies, licences and persons, which this program does not have, are null or 0.
struct SoPrincipalCarrier<'t> {
    principal: Principal,
    groups: Vec<i32>,
    tenant: &'t str,
}

/// Returns the schema of the response to `currentPrincipal`. Members that are not selected are null.
#[must_use]
pub fn principal_schema() -> Value {
    let principal = Principal {
        associate_id: 1,
        name: String::new(),
        user_group_id: 1,
        administrator: false,
        application: None,
        scheme: Scheme::Password,
        token: None,
        stamp: 0,
        valid_for: Duration::ZERO,
    };
    schema::all_nullable(schema::infer(&SoPrincipalCarrier { principal, groups: vec![1], tenant: "" }))
}

impl WriteValue for SoPrincipalCarrier<'_> {
    const ELEMENT: &'static str = "SoPrincipalCarrier";

    fn write<W: ValueWriter>(&self, out: &mut W, view: WriteContext<'_>) {
        let Principal { associate_id, name, user_group_id, administrator, .. } = &self.principal;
        let role = if *administrator { "Administrator" } else { "User" };
        out.object(|out| {
            let text = |out: &mut W, name: &str, value: &str| view.write_member(out, name, |out, _| out.text(value));
            let number =
                |out: &mut W, name: &str, value: i32| view.write_member(out, name, |out, _| out.integer(value));
            let null = |out: &mut W, name: &str| out.member(name, W::null);
            text(out, "UserType", "InternalAssociate");
            text(out, "Associate", name);
            number(out, "AssociateId", *associate_id);
            view.write_member(out, "IsPerson", |out, _| out.boolean(true));
            for unknown in ["PersonId", "CountryId", "HomeCountryId", "ContactId"] {
                number(out, unknown, 0);
            }
            number(out, "GroupId", *user_group_id);
            for unknown in ["BusinessId", "CategoryId", "ContactOwner", "RoleId"] {
                number(out, unknown, 0);
            }
            text(out, "RoleName", role);
            text(out, "RoleDescription", "");
            text(out, "RoleType", "Employee");
            null(out, "Licenses");
            text(out, "FullName", name);
            text(out, "EMailAddress", "");
            null(out, "FunctionRights");
            number(out, "EjUserId", 0);
            number(out, "EjAccessLevel", 0);
            text(out, "EjUserStatus", "StatusNone");
            null(out, "ProvidedCredentials");
            view.write_member(out, "SecondaryGroups", |out, _| out.integer_list(&self.groups));
            text(out, "DatabaseContextIdentifier", self.tenant);
            text(out, "UserName", name);
        });
    }
}
