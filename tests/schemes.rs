//! Every authentication scheme, on-site and online: the status of each, and that only 200 saves.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;

use crate::support::client::TJE0;
use crate::support::{Answer, Program, SAVE, Server, seed_request};

const CHALLENGE: &str = "Basic realm=\"SuperOffice Username or Ticket\"";

const TICKET: &str = "7T:MAA3AGYAMQBlAGQAZAAxAA==";
const TOKEN: &str = "8A:Cust00001.AAECAwQFBgcICQ==";
const GRANTED: &str = "0123456789abcdef0123456789abcdef";
const UNGRANTED: &str = "1123456789abcdef0123456789abcdef";
const DISABLED: &str = "2123456789abcdef0123456789abcdef";

/// Adds three applications: one with the grant, one without, and a disabled one with it.
async fn add_applications(server: &Server) {
    for (name, secret, grant, disabled) in
        [("granted", GRANTED, true, false), ("ungranted", UNGRANTED, false, false), ("disabled", DISABLED, true, true)]
    {
        let sql = format!(
            "INSERT INTO application (name, secret_hash, erp_sync, disabled)
             VALUES ('{name}', sha256('{secret}'), {grant}, {disabled})"
        );
        server.database.execute(&sql).await;
    }
}

/// Stores a credential of an associate, optionally of an application, that is valid for an interval from now.
async fn issue(server: &Server, kind: &str, secret: &str, associate: &str, application: &str, interval: &str) {
    let xsrf = if kind == "session" { "sha256('xsrf')" } else { "NULL" };
    let sql = format!(
        "INSERT INTO credential (kind, secret_hash, xsrf_hash, associate_id, application_id, valid_to)
         VALUES ('{kind}', sha256('{secret}'), {xsrf}, (SELECT associate_id FROM associate WHERE name = '{associate}'),
            (SELECT application_id FROM application WHERE name = '{application}'), now() + interval '{interval}')"
    );
    server.database.execute(&sql).await;
}

async fn post(program: &Program, headers: &[(&str, &str)]) -> Answer {
    let request = program.request(Method::POST, SAVE).header("Content-Type", "application/json").body(seed_request());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Answer::of(request.send().await.unwrap()).await
}

fn basic(user: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(user))
}

const SESSION: (&str, &str) = ("Cookie", "x=1; ASP.NET_SessionId=session-1; XSRF-TOKEN=xsrf");

fn auth(value: &str) -> (&str, &str) {
    ("Authorization", value)
}

fn app(secret: &str) -> (&str, &str) {
    ("SO-AppToken", secret)
}

struct Case<'c> {
    headers: Vec<(&'c str, &'c str)>,
    status: u16,
    error_type: &'c str,
}

fn case<'c>(headers: &[(&'c str, &'c str)], status: u16, error_type: &'c str) -> Case<'c> {
    Case { headers: headers.to_vec(), status, error_type }
}

/// Sends a request for each case. Checks that only those with 200 change the database.
async fn assert_cases(server: &Server, challenge: &str, cases: &[Case<'_>]) {
    for Case { headers, status, error_type } in cases {
        server
            .database
            .execute("UPDATE erp_connection SET display_name = 'before' WHERE erp_connection_id = 816")
            .await;
        let before = server.database.contents().await;
        let answer = post(&server.program, headers).await;
        assert_eq!(answer.status, *status, "{headers:?}: {}", answer.text);
        if *status == 200 {
            assert_ne!(server.database.contents().await, before, "{headers:?}");
            continue;
        }
        answer.assert_service_error(*status, error_type, &[]);
        let expected = if *status == 401 { challenge } else { "" };
        assert_eq!(answer.header("www-authenticate"), expected, "{headers:?}");
        assert_eq!(server.database.contents().await, before, "{headers:?}");
    }
}

async fn issue_all(server: &Server) {
    add_applications(server).await;
    for (kind, secret) in [("ticket", TICKET), ("token", TOKEN), ("session", "session-1")] {
        issue(server, kind, secret, "tje0", "", "1 hour").await;
        issue(server, kind, &format!("{secret}expired"), "tje0", "", "-1 second").await;
        issue(server, kind, &format!("{secret}tje1"), "tje1", "", "1 hour").await;
        issue(server, kind, &format!("{secret}gone"), "demo463", "", "1 hour").await;
        issue(server, kind, &format!("{secret}granted"), "tje1", "granted", "1 hour").await;
        issue(server, kind, &format!("{secret}ungranted"), "tje0", "ungranted", "1 hour").await;
        issue(server, kind, &format!("{secret}appgone"), "tje0", "disabled", "1 hour").await;
    }
    server.database.execute("UPDATE associate SET disabled = true WHERE name = 'demo463'").await;
}

#[tokio::test]
async fn decision_24_authentication_of_an_on_site_installation() {
    let server = Server::start().await;
    issue_all(&server).await;
    let ticket = |suffix: &str| format!("SOTicket {TICKET}{suffix}");
    let token = |suffix: &str| format!("Bearer {TOKEN}{suffix}");
    let as_user = basic(&format!("{TICKET}:"));
    let as_user_with_password = basic(&format!("{TICKET}:x"));
    let (good, upper, bearer) = (ticket(""), ticket("").replace("SOTicket", "sOtIcKeT"), token(""));
    let swapped = (format!("SOTicket {TOKEN}"), format!("Bearer {TICKET}"));
    let [expired, disabled, app_gone, ordinary, through] =
        ["expired", "gone", "appgone", "tje1", "granted"].map(ticket);
    let [expired_token, disabled_token, gone_token, ordinary_token, through_token] =
        ["expired", "gone", "appgone", "tje1", "granted"].map(token);
    let unknown = ticket("x");
    let session_of = |suffix: &str| format!("ASP.NET_SessionId=session-1{suffix}");
    let [expired_session, disabled_session, ordinary_session] = ["expired", "gone", "tje1"].map(session_of);
    let refused = "SoSessionException";
    assert_cases(
        &server,
        CHALLENGE,
        &[
            case(&[auth(TJE0)], 200, ""),
            case(&[auth(&good)], 200, ""),
            case(&[auth(&upper)], 200, ""),
            case(&[auth(&as_user)], 200, ""),
            case(&[auth(&bearer)], 200, ""),
            case(&[SESSION, ("X-XSRF-TOKEN", "xsrf")], 200, ""),
            // On-site, applications are ignored.
            case(&[auth(&good), ("SO-AppToken", "nonsense")], 200, ""),
            // A request with an Authorization header needs no XSRF token, and its session is ignored.
            case(&[auth(TJE0), ("Cookie", &expired_session)], 200, ""),
            case(&[auth(&unknown), SESSION, ("X-XSRF-TOKEN", "xsrf")], 401, refused),
            case(&[auth(&as_user_with_password)], 401, refused),
            case(&[auth(&swapped.0)], 401, refused),
            case(&[auth(&swapped.1)], 401, refused),
            case(&[auth(&expired)], 401, refused),
            case(&[auth(&disabled)], 401, refused),
            case(&[auth(&app_gone)], 401, refused),
            case(&[auth(&expired_token)], 401, refused),
            case(&[auth(&disabled_token)], 401, refused),
            case(&[auth(&gone_token)], 401, refused),
            case(&[("Cookie", &expired_session), ("X-XSRF-TOKEN", "xsrf")], 401, refused),
            case(&[("Cookie", &disabled_session), ("X-XSRF-TOKEN", "xsrf")], 401, refused),
            case(&[("X-XSRF-TOKEN", "xsrf")], 401, refused),
            case(&[], 401, "ArgumentException"),
            case(&[SESSION], 401, "ArgumentException"),
            case(&[SESSION, ("X-XSRF-TOKEN", "other")], 401, "XsrfValidationException"),
            case(&[auth(&ordinary)], 403, "SoSentryException"),
            case(&[auth(&ordinary_token)], 403, "SoSentryException"),
            case(&[("Cookie", &ordinary_session), ("X-XSRF-TOKEN", "xsrf")], 403, "SoSentryException"),
            // An application with the grant may save, for every associate.
            case(&[auth(&through)], 200, ""),
            case(&[auth(&through_token)], 200, ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn decision_24_authentication_of_an_online_installation() {
    let server = Server::start_with(&["--installation", "online", "--tenant", "Cust26759"]).await;
    issue_all(&server).await;
    let ticket = |suffix: &str| format!("SOTicket {TICKET}{suffix}");
    let token = |suffix: &str| format!("Bearer {TOKEN}{suffix}");
    let (good, bearer, as_user) = (ticket(""), token(""), basic(&format!("{TICKET}:")));
    let [expired, disabled, bound] = ["expired", "gone", "granted"].map(ticket);
    let [granted_token, ungranted_token, gone_token, expired_token] =
        ["granted", "ungranted", "appgone", "expired"].map(token);
    let refused = "SoSessionException";
    let upper = GRANTED.to_uppercase();
    assert_cases(
        &server,
        "",
        &[
            case(&[auth(&good), app(GRANTED)], 200, ""),
            case(&[auth(&as_user), app(GRANTED)], 200, ""),
            case(&[auth(&bound), app(GRANTED)], 200, ""),
            case(&[auth(&granted_token)], 200, ""),
            case(&[auth(&granted_token), app(GRANTED)], 200, ""),
            case(&[auth(&bearer), app(GRANTED)], 200, ""),
            case(&[SESSION, ("X-XSRF-TOKEN", "xsrf")], 200, ""),
            // Online, passwords are not accepted in calls.
            case(&[auth(TJE0)], 401, refused),
            case(&[auth(TJE0), app(GRANTED)], 401, refused),
            case(&[auth(&good)], 401, refused),
            case(&[auth(&good), app("")], 401, refused),
            case(&[auth(&good), app("nonsense")], 401, refused),
            case(&[auth(&good), app(&upper)], 401, refused),
            case(&[auth(&good), app(DISABLED)], 401, refused),
            case(&[auth(&bound), app(UNGRANTED)], 401, refused),
            case(&[auth(&expired), app(GRANTED)], 401, refused),
            case(&[auth(&disabled), app(GRANTED)], 401, refused),
            case(&[auth(&expired_token)], 401, refused),
            case(&[auth(&gone_token)], 401, refused),
            case(&[auth(&granted_token), app(UNGRANTED)], 401, refused),
            case(&[SESSION], 401, "ArgumentException"),
            case(&[auth(&good), app(UNGRANTED)], 403, "SoLicenseException"),
            case(&[auth(&ungranted_token)], 403, "SoLicenseException"),
            case(&[auth(&bearer)], 403, "SoLicenseException"),
        ],
    )
    .await;
}

#[tokio::test]
async fn schemes_can_be_switched_off() {
    let server = Server::start_with(&["--authorize-with-username", "false"]).await;
    issue(&server, "ticket", TICKET, "tje0", "", "1 hour").await;
    let ticket = format!("SOTicket {TICKET}");
    let as_user = basic(&format!("{TICKET}:"));
    let (password, ticket, as_user) =
        ([("Authorization", TJE0)], [("Authorization", ticket.as_str())], [("Authorization", as_user.as_str())]);
    let cases = [case(&password, 401, "SoSessionException"), case(&ticket, 200, ""), case(&as_user, 200, "")];
    assert_cases(&server, "", &cases).await;

    let server = Server::start_with(&["--authorize-with-ticket", "false"]).await;
    issue(&server, "ticket", TICKET, "tje0", "", "1 hour").await;
    let off = "SoSessionException";
    let cases = [case(&password, 200, ""), case(&ticket, 401, off), case(&as_user, 401, off)];
    assert_cases(&server, CHALLENGE, &cases).await;
}

#[tokio::test]
async fn a_ticket_is_renewed_by_use_unless_it_was_renewed_recently() {
    let server = Server::start().await;
    issue(&server, "ticket", TICKET, "tje0", "", "1 minute").await;
    issue(&server, "token", TOKEN, "tje0", "", "1 minute").await;
    let left = |kind: &str| {
        format!("SELECT extract(epoch FROM valid_to - now())::float8 FROM credential WHERE kind = '{kind}'")
    };
    let written = "SELECT xmin::text FROM credential WHERE kind = 'ticket'";
    let ticket = format!("SOTicket {TICKET}");
    assert_eq!(post(&server.program, &[("Authorization", &ticket)]).await.status, 200);
    let seconds: f64 = server.database.value(&left("ticket")).await;
    assert!((21_500.0..=21_600.0).contains(&seconds), "six hours, not {seconds} seconds");
    let first: String = server.database.value(written).await;
    assert_eq!(post(&server.program, &[("Authorization", &ticket)]).await.status, 200);
    assert_eq!(server.database.value::<String>(written).await, first, "the row is not written again");

    let token = format!("Bearer {TOKEN}");
    assert_eq!(post(&server.program, &[("Authorization", &token)]).await.status, 200);
    assert!(server.database.value::<f64>(&left("token")).await < 61.0, "an access token is not renewed");
}

#[tokio::test]
async fn revoked_credentials_are_refused_by_every_server() {
    let server = Server::start().await;
    let other = Program::start(&["--database-url", &server.database.url()]);
    issue(&server, "ticket", TICKET, "tje0", "", "1 hour").await;
    let ticket = format!("SOTicket {TICKET}");
    for program in [&server.program, &other] {
        assert_eq!(post(program, &[("Authorization", &ticket)]).await.status, 200);
    }
    server.database.execute("DELETE FROM credential").await;
    for program in [&server.program, &other] {
        assert_eq!(post(program, &[("Authorization", &ticket)]).await.status, 401);
    }
}

#[tokio::test]
async fn wrong_tickets_from_one_address_are_throttled_and_valid_ones_are_not() {
    let server = Server::start().await;
    issue(&server, "ticket", TICKET, "tje0", "", "1 hour").await;
    for guess in 0..100 {
        let guess = format!("SOTicket 7T:{guess}");
        assert_eq!(post(&server.program, &[("Authorization", &guess)]).await.status, 401);
    }
    let answer = post(&server.program, &[("Authorization", "Bearer 8A:Cust00001.x")]).await;
    answer.assert_service_error(429, "SoSessionException", &["Too many wrong credentials"]);
    assert!((1..=61).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
    let ticket = format!("SOTicket {TICKET}");
    assert_eq!(post(&server.program, &[("Authorization", &ticket)]).await.status, 200);
}

#[tokio::test]
async fn an_associate_has_at_most_a_thousand_tokens_and_expired_ones_are_deleted() {
    let server = Server::start().await;
    let many = "INSERT INTO credential (kind, secret_hash, associate_id, valid_to)
        SELECT 'token', sha256(n::text::bytea), (SELECT associate_id FROM associate WHERE name = 'tje0'),
            now() + CASE WHEN n <= 10 THEN interval '-1 minute' ELSE interval '1 hour' END
        FROM generate_series(1, 1010) AS n";
    server.database.execute(many).await;
    let request = server.program.request(Method::GET, "/api/v1/User/currentToken").header("Authorization", TJE0);
    assert_eq!(request.send().await.unwrap().status(), 200);
    let (left, oldest) = (
        server.database.value::<i64>("SELECT count(*) FROM credential").await,
        server.database.value::<bool>("SELECT EXISTS (SELECT FROM credential WHERE secret_hash = sha256('11'))").await,
    );
    assert_eq!((left, oldest), (1000, false));
}

#[tokio::test]
async fn the_log_has_no_ticket_token_or_application_secret_at_any_level() {
    let server = Server::start_with(&["--installation", "online", "--log", "trace"]).await;
    issue_all(&server).await;
    let ticket = format!("SOTicket {TICKET}");
    let token = format!("Bearer {TOKEN}");
    for headers in [
        &[("Authorization", ticket.as_str()), ("SO-AppToken", GRANTED)][..],
        &[("Authorization", token.as_str()), ("SO-AppToken", "wr0ng-application")],
        &[("Authorization", "SOTicket 7T:wr0ngTicket")],
        &[SESSION, ("X-XSRF-TOKEN", "wr0ng-xsrf")],
        &[("Cookie", "ASP.NET_SessionId=wr0ng-session"), ("X-XSRF-TOKEN", "xsrf")],
    ] {
        post(&server.program, headers).await;
    }
    server.program.wait_for_log("wrong XSRF token").await;
    let log = server.program.log();
    for secret in [&TICKET[3..], &TOKEN[13..], GRANTED, "wr0ng", "session-1"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
