//! Browser sessions: login, logout and cookies; `currentPrincipal` and `currentToken`.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;

use crate::support::client::{TJE0, TJE1, client_builder};
use crate::support::{Answer, Program, SAVE, Server, seed_request};

async fn call(program: &Program, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let request = program.request(method, path).body(body.to_owned());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    // Redirects are checked, not followed.
    let http = client_builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    Answer::of(http.execute(request.build().unwrap()).await.unwrap()).await
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// Returns the value and the attributes of a cookie that a response sets.
fn set_cookie(headers: &HeaderMap, name: &str) -> (String, String) {
    let mut lines = headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let line = lines.find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap();
    let (value, attributes) = line.split_once("; ").unwrap();
    (value.to_owned(), attributes.to_owned())
}

#[tokio::test]
async fn a_browser_logs_in_calls_a_method_and_logs_out() {
    let server = Server::start().await;
    let program = &server.program;
    for (content_type, body) in
        [(FORM, "UserName=tje0&Password=Tje0"), (JSON, r#"{"userName":"TJE0","password":"Tje0"}"#)]
    {
        let answer = call(program, Method::POST, "/login", &[content_type], body).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        let (session, attributes) = set_cookie(&answer.headers, "ASP.NET_SessionId");
        assert_eq!(attributes, "Path=/; SameSite=Lax; HttpOnly");
        let (xsrf, attributes) = set_cookie(&answer.headers, "XSRF-TOKEN");
        assert_eq!(attributes, "Path=/; SameSite=Lax");
        assert!(session.len() == 64 && xsrf.len() == 64 && session != xsrf);

        let cookie = format!("ASP.NET_SessionId={session}; XSRF-TOKEN={xsrf}");
        let shown = [("Cookie", cookie.as_str()), ("X-XSRF-TOKEN", xsrf.as_str()), JSON];
        assert_eq!(call(program, Method::POST, SAVE, &shown, &seed_request()).await.status, 200);
        // Another site's form would send the cookie without the token.
        let answer = call(program, Method::POST, SAVE, &[("Cookie", &cookie), JSON], &seed_request()).await;
        answer.assert_service_error(401, "ArgumentException", &["X-XSRF-TOKEN HTTP header missing."]);
        let answer = call(program, Method::POST, "/logout", &[("Cookie", &cookie)], "").await;
        assert_eq!(answer.status, 401, "logout needs the token as well");

        let answer = call(program, Method::POST, "/logout", &shown[..2], "").await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        assert_eq!(set_cookie(&answer.headers, "ASP.NET_SessionId").0, "");
        assert!(set_cookie(&answer.headers, "XSRF-TOKEN").1.contains("Max-Age=0"));
        assert_eq!(call(program, Method::POST, SAVE, &shown, &seed_request()).await.status, 401);
    }
    let left: i64 = server.database.value("SELECT count(*) FROM credential").await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn only_hashes_of_sessions_are_stored() {
    let server = Server::start().await;
    let answer = call(&server.program, Method::POST, "/login", &[FORM], "UserName=tje0&Password=Tje0").await;
    let (session, _) = set_cookie(&answer.headers, "ASP.NET_SessionId");
    let (xsrf, _) = set_cookie(&answer.headers, "XSRF-TOKEN");
    let stored: bool = server
        .database
        .value(&format!("SELECT secret_hash = sha256('{session}') AND xsrf_hash = sha256('{xsrf}') FROM credential"))
        .await;
    assert!(stored);
    let row: String = server.database.value("SELECT credential::text FROM credential").await;
    assert!(!row.contains(&session) && !row.contains(&xsrf));
}

#[tokio::test]
async fn failed_logins_are_refused_with_a_reason() {
    let server = Server::start().await;
    let program = &server.program;
    for body in [
        "UserName=tje0&Password=wrong",
        "UserName=unknown&Password=Tje0",
        "UserName=tje0",
        "x=1",
        "UserName=demo463&Password=",
    ] {
        let answer = call(program, Method::POST, "/login", &[FORM], body).await;
        answer.assert_service_error(401, "SoSessionException", &["not valid"]);
        assert!(answer.headers.get("set-cookie").is_none());
    }
    let cross_site = [FORM, ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(call(program, Method::POST, "/login", &cross_site, "UserName=tje0&Password=Tje0").await.status, 403);
    assert_eq!(call(program, Method::POST, "/login", &[JSON], "{").await.status, 400);
    for (path, allowed) in [("/login", "GET, POST"), ("/logout", "POST"), ("/health/live", "GET, HEAD")] {
        let answer = call(program, Method::PUT, path, &[], "").await;
        answer.assert_framework_error(405, &["PUT"]);
        assert_eq!(answer.header("allow"), allowed);
    }
    for _ in 0..10 {
        call(program, Method::POST, "/login", &[FORM], "UserName=tje1&Password=guess").await;
    }
    assert_eq!(call(program, Method::POST, "/login", &[FORM], "UserName=tje1&Password=Tje1").await.status, 429);
}

#[tokio::test]
async fn behind_tls_cookies_are_secure_and_the_page_has_no_script() {
    let server = Server::start_with(&["--trusted-proxies", "127.0.0.1"]).await;
    let program = &server.program;
    let headers = [FORM, ("X-Forwarded-Proto", "https"), ("Accept", "text/html")];
    let answer = call(program, Method::POST, "/login", &headers, "UserName=tje0&Password=Tje0").await;
    assert_eq!((answer.status, answer.header("location")), (303, "login"));
    for name in ["ASP.NET_SessionId", "XSRF-TOKEN"] {
        assert!(set_cookie(&answer.headers, name).1.contains("; Secure"));
    }
    let (session, _) = set_cookie(&answer.headers, "ASP.NET_SessionId");
    let (xsrf, _) = set_cookie(&answer.headers, "XSRF-TOKEN");

    let page = call(program, Method::GET, "/login", &[], "").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.text.contains("name=\"Password\"") && !page.text.contains("<script"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let evil = call(program, Method::GET, "/login", &[("Cookie", "XSRF-TOKEN=\"><script>")], "").await;
    assert!(!evil.text.contains("<script"), "{}", evil.text);

    let cookie = format!("ASP.NET_SessionId={session}; XSRF-TOKEN={xsrf}");
    let page = call(program, Method::GET, "/login", &[("Cookie", &cookie)], "").await;
    assert!(page.text.contains(&format!("name=\"XSRF_TOKEN\" value=\"{xsrf}\"")), "{}", page.text);
    let body = format!("XSRF_TOKEN={xsrf}");
    let answer = call(program, Method::POST, "/logout", &[("Cookie", &cookie), FORM], &body).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

#[tokio::test]
async fn current_principal_describes_the_caller() {
    let server = Server::start().await;
    server
        .database
        .execute("INSERT INTO associate_user_group SELECT associate_id, 350 FROM associate WHERE name = 'tje1'")
        .await;
    let path = "/api/v1/User/currentPrincipal";
    let of = async |authorization: &str| {
        call(
            &server.program,
            Method::GET,
            path,
            &[("Authorization", authorization), ("Accept", "application/json")],
            "",
        )
        .await
        .json()
    };
    let principal = of(TJE1).await;
    let id: i32 = server.database.value("SELECT associate_id FROM associate WHERE name = 'tje1'").await;
    assert_eq!(principal["Associate"], "tje1");
    assert_eq!(principal["AssociateId"], id);
    assert_eq!(principal["GroupId"], 1);
    assert_eq!(principal["SecondaryGroups"], json!([350]));
    assert_eq!(principal["UserType"], "InternalAssociate");
    assert_eq!(principal["RoleName"], "User");
    assert_eq!(of(TJE0).await["RoleName"], "Administrator");

    let selected = format!("{path}?$select=associate");
    let answer =
        call(&server.program, Method::GET, &selected, &[("Authorization", TJE1), ("Accept", "text/xml")], "").await;
    assert!(answer.text.contains("<Associate>tje1</Associate><AssociateId i:nil=\"true\"/>"), "{}", answer.text);
    assert_eq!(call(&server.program, Method::GET, path, &[], "").await.status, 401);
    assert_eq!(call(&server.program, Method::POST, path, &[("Authorization", TJE1)], "").await.status, 405);
}

#[tokio::test]
async fn current_token_issues_a_bearer_token() {
    let server = Server::start_with(&["--tenant", "Cust26759"]).await;
    let path = "/api/v1/User/currentToken";
    let ask = async |authorization: &str| {
        let headers = [("Authorization", authorization), ("Accept", "application/json")];
        let answer = call(&server.program, Method::GET, path, &headers, "").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json().as_str().unwrap().to_owned()
    };
    let token = ask(TJE0).await;
    assert!(token.starts_with("8A:Cust26759."), "{token}");
    let bearer = format!("Bearer {token}");
    assert_eq!(
        call(&server.program, Method::POST, SAVE, &[("Authorization", &bearer), JSON], &seed_request()).await.status,
        200
    );
    assert_eq!(ask(&bearer).await, token, "a token is returned as it is");
    assert_ne!(ask(TJE0).await, token);
    let hour: bool = server
        .database
        .value("SELECT bool_and(valid_to - valid_from = interval '1 hour') FROM credential WHERE kind = 'token'")
        .await;
    assert!(hour);
    let answer =
        call(&server.program, Method::GET, path, &[("Authorization", &bearer), ("Accept", "text/xml")], "").await;
    assert!(answer.text.starts_with("<string xmlns:i="), "{}", answer.text);
}
