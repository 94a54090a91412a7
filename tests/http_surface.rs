//! The HTTP surface besides the agents: API roots, path prefix, CORS, security headers.

use reqwest::Method;

use crate::support::client::TJE0;
use crate::support::{Answer, SAVE, Server, seed_request};

async fn call(server: &Server, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = server.program.request(method, path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn decision_26_the_api_roots_are_served_with_and_without_authentication() {
    let server = Server::start_with(&["--trusted-proxies", "127.0.0.1"]).await;
    let api = call(&server, Method::GET, "/api", &[("Host", "erp.example:81")]).await;
    assert_eq!(api.status, 200);
    assert_eq!(api.json()["v1"], "http://erp.example:81/api/v1/");
    assert_eq!(api.json()["Version"], "v1");
    let api = call(&server, Method::GET, "/API/", &[("Host", "x\"y"), ("X-Forwarded-Proto", "https")]).await;
    assert_eq!(api.json()["v1"], "https://localhost/api/v1/");
    assert_eq!(call(&server, Method::POST, "/api", &[]).await.header("allow"), "GET");

    assert_eq!(call(&server, Method::GET, "/api/v1", &[]).await.status, 401);
    let list = call(&server, Method::GET, "/api/v1/", &[("Authorization", TJE0)]).await.json();
    assert_eq!(list[SAVE]["POST"], "Saves a connection to the database.");
    assert!(list["/api/v1/User/currentToken"]["GET"].is_string());
}

#[tokio::test]
async fn a_path_prefix_applies_to_every_path() {
    let server = Server::start_with(&["--path-prefix", "/Cust12345"]).await;
    for path in [format!("/Cust12345{SAVE}"), format!("/cust12345{SAVE}/")] {
        assert_eq!(server.program.post(&path, &seed_request()).await.status, 200, "{path}");
    }
    for path in [SAVE, "/Cust123456/api", "/Cust1/api", "/api"] {
        assert_eq!(server.program.get(path).await.status, 404, "{path}");
    }
    let api = server.program.get("/Cust12345/api").await;
    assert!(api.json()["v1"].as_str().unwrap().ends_with("/Cust12345/api/v1/"));
    let list = call(&server, Method::GET, "/cust12345/api/v1", &[("Authorization", TJE0)]).await.json();
    let urls: Vec<&str> = list.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(urls.len() > 49 && urls.iter().all(|url| url.starts_with("/Cust12345/api/v1/")), "{urls:?}");
    assert_eq!(list[format!("/Cust12345{SAVE}")]["POST"], "Saves a connection to the database.");
    assert_eq!(server.program.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn cors_allows_the_configured_origins_only() {
    let server = Server::start_with(&["--cors-origins", "https://mail.example https://*.erp.example"]).await;
    let preflight = |origin| {
        [
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization,content-type"),
        ]
    };
    for origin in ["https://mail.example", "https://a.erp.example"] {
        let answer = call(&server, Method::OPTIONS, SAVE, &preflight(origin)).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert_eq!(answer.header("access-control-allow-methods"), "GET, POST");
        assert_eq!(answer.header("access-control-allow-headers"), "authorization,content-type");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
    let answer = call(&server, Method::OPTIONS, SAVE, &preflight("https://evil.example")).await;
    answer.assert_framework_error(400, &["The origin 'https://evil.example' is not allowed."]);
    assert_eq!(answer.header("access-control-allow-origin"), "");

    let save = async |origin| {
        let request = server.program.post_request(SAVE, &seed_request()).header("Origin", origin);
        Answer::of(request.send().await.unwrap()).await
    };
    let allowed = save("https://mail.example").await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, "https://mail.example"));
    assert!(allowed.vary().contains(&"origin"));
    // The save runs, as on the vendor's server, but no script of that origin can read the response.
    let foreign = save("https://evil.example").await;
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (200, ""));
    // Scripts of an allowed origin can read errors, too.
    let refused = call(&server, Method::POST, SAVE, &[("Origin", "https://mail.example")]).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, "https://mail.example"));
    assert!(refused.vary().contains(&"origin") && refused.vary().contains(&"accept"), "{:?}", refused.vary());
}

#[tokio::test]
async fn cors_is_off_by_default() {
    let server = Server::start().await;
    let headers =
        [("Origin", "https://mail.example"), ("Access-Control-Request-Method", "POST"), ("Authorization", TJE0)];
    let answer = call(&server, Method::OPTIONS, SAVE, &headers).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (405, ""));
}

#[tokio::test]
async fn every_response_forbids_content_type_sniffing() {
    let server = Server::start().await;
    for answer in [server.program.save_sample().await, server.program.get("/x").await, server.program.get("/api").await]
    {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}
