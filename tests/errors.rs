//! Invalid requests and their error responses.

use reqwest::Method;
use reqwest::header::AUTHORIZATION;

use crate::support::client::TJE0;
use crate::support::{Answer, SAVE, Server, seed_request};

#[tokio::test]
async fn invalid_json_is_refused_with_line_and_column() {
    let server = Server::start().await;
    let before = server.database.contents().await;
    for (body, place) in [
        ("{", "line 1, column 1"),
        ("{\"Connection\":\n  {\"DisplayName\": \"x\",\n   oops}}", "line 3, column 4"),
        ("{\"Connection\": {\"ErpConnectionId\": 816}} x", "line 1, column 42"),
        ("{\"Connection\": {\"DisplayName\": \"\u{1}\"}}", "line 1, column 33"),
        ("<Connection/>", "line 1, column 1"),
    ] {
        let answer = server.program.post(SAVE, body).await;
        answer.assert_service_error(400, "ArgumentException", &["not valid JSON", place]);
    }
    let not_utf8 = server.program.post_request(SAVE, "").body(&b"{\"Connection\": {\"DisplayName\": \"\xff\"}}"[..]);
    let answer = Answer::of(not_utf8.send().await.unwrap()).await;
    answer.assert_service_error(400, "ArgumentException", &["not UTF-8", "Send UTF-8"]);
    assert_eq!(server.database.contents().await, before);
}

#[tokio::test]
async fn json_extensions_of_the_vendors_reader_are_accepted() {
    let server = Server::start().await;
    for body in [
        r#"{"Connection": {"ErpConnectionId": "816", "ConfigFields": {"a,}": "b,]",}, "UserGroupAccessIds": [1, ], },}"#,
        r#"{"Connection": {"ErpConnectionId": 816, "Active": 1, "Deleted": 0, "Unknown": [1e999, "\ud800"]}}"#,
    ] {
        let answer = server.program.post(SAVE, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let keys: String =
        server.database.value("SELECT string_agg(field_key || field_value, '') FROM connection_config_field").await;
    assert_eq!(keys, "a,}b,]");
    for body in ["{\"Connection\": {},,}", "{,}"] {
        let answer = server.program.post(SAVE, body).await;
        answer.assert_service_error(400, "ArgumentException", &["not valid JSON"]);
    }
    let echoed = server.program.post(SAVE, r#"{"Connection":{"ConfigFields":{"a at line b":5}}}"#).await;
    echoed.assert_service_error(400, "ArgumentException", &["Connection.ConfigFields[a at line b]: expected a string"]);
}

#[tokio::test]
async fn deep_nesting_is_refused() {
    let server = Server::start().await;
    for (open, close) in [("[", "]"), ("{\"x\":", "}")] {
        let depth = 100_000;
        let nest = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        for body in [nest.clone(), format!("{{\"Connection\": {{\"Unknown\": {nest}}}}}"), open.repeat(depth)] {
            let answer = server.program.post(SAVE, &body).await;
            assert!([400, 413].contains(&answer.status), "{}", answer.status);
        }
    }
    assert_eq!(server.program.save_sample().await.status, 200);
}

#[tokio::test]
async fn a_byte_order_mark_is_ignored() {
    let server = Server::start().await;
    assert_eq!(server.program.post(SAVE, &format!("\u{feff}{}", seed_request())).await.status, 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_with_and_without_a_content_length() {
    let server = Server::start_with(&["--max-body-bytes", "2000"]).await;
    let padded = |length: usize| format!("{}{}", seed_request(), " ".repeat(length - seed_request().len()));
    assert_eq!(server.program.post(SAVE, &padded(2000)).await.status, 200);
    server.program.post(SAVE, &padded(2001)).await.assert_framework_error(413, &["too large"]);

    let pieces = futures::stream::iter((0..50).map(|_| Ok::<_, std::io::Error>(" ".repeat(1000))));
    let unannounced = server.program.post_request(SAVE, "").body(reqwest::Body::wrap_stream(pieces));
    Answer::of(unannounced.send().await.unwrap()).await.assert_framework_error(413, &["too large"]);
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending_its_body() {
    let server = Server::start().await;
    let large = " ".repeat(10 * 1024 * 1024);
    for _ in 0..5 {
        server.program.post(SAVE, &large).await.assert_framework_error(413, &["too large"]);
        let stranger = server.program.request(Method::POST, SAVE).body(large.clone());
        assert_eq!(Answer::of(stranger.send().await.unwrap()).await.status, 401);
    }
}

#[tokio::test]
async fn the_limit_is_a_mebibyte_by_default() {
    let server = Server::start().await;
    let padded = |length: usize| format!("{}{}", seed_request(), " ".repeat(length - seed_request().len()));
    assert_eq!(server.program.post(SAVE, &padded(1024 * 1024)).await.status, 200);
    assert_eq!(server.program.post(SAVE, &padded(1024 * 1024 + 1)).await.status, 413);
}

#[tokio::test]
async fn unsupported_request_formats_are_415() {
    let server = Server::start().await;
    let post = |content_type: Option<&'static str>, body: String| {
        let mut request = server.program.request(Method::POST, SAVE).header(AUTHORIZATION, TJE0).body(body);
        if let Some(content_type) = content_type {
            request = request.header("Content-Type", content_type);
        }
        async { Answer::of(request.send().await.unwrap()).await }
    };
    for read in [
        "application/json",
        "text/json",
        "application/json-patch+json",
        "application/merge-patch+json",
        "Application/JSON;charset=UTF-8",
        "application/json; charset=\"utf-8\"; q=1",
    ] {
        assert_eq!(post(Some(read), seed_request()).await.status, 200, "{read}");
    }
    for refused in ["text/plain", "application/jsonx", "application/json-seq", ""] {
        post(Some(refused), seed_request()).await.assert_framework_error(415, &["media type", "not supported"]);
    }
    let charset = post(Some("application/json; charset=utf-7"), seed_request()).await;
    charset.assert_framework_error(415, &["charset 'utf-7'"]);
    post(None, seed_request()).await.assert_framework_error(415, &["no Content-Type header"]);
    // Without a body the format is irrelevant; the error is the missing body.
    post(None, String::new()).await.assert_service_error(400, "ArgumentException", &["missing"]);
}

#[tokio::test]
async fn an_unknown_path_is_404_without_authentication() {
    let server = Server::start().await;
    for path in ["/", "/x", "/api/v1/Agents/ErpSync", "/api/v1/Agents/ErpSync/SaveConnections", "/%00", "//"] {
        let answer = server.program.get(path).await;
        answer.assert_framework_error(404, &["No HTTP resource was found", path]);
        assert_eq!(answer.json()["MessageDetail"], "No route data was found for this request.");
    }
}

#[tokio::test]
async fn unsupported_http_methods_are_405_and_get_describes_the_call() {
    let server = Server::start().await;
    let head =
        Answer::of(server.program.request(Method::HEAD, SAVE).header(AUTHORIZATION, TJE0).send().await.unwrap()).await;
    assert_eq!((head.status, head.header("allow")), (405, "GET, POST"));
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let request = server.program.request(method.clone(), SAVE).header(AUTHORIZATION, TJE0);
        let answer = Answer::of(request.send().await.unwrap()).await;
        answer.assert_framework_error(405, &["does not support http method", method.as_str()]);
        assert_eq!(answer.header("allow"), "GET, POST");
    }
    let before = server.database.contents().await;
    let request = server.program.request(Method::GET, SAVE).header(AUTHORIZATION, TJE0).body(seed_request());
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(answer.text, format!(r#"{{"{SAVE}":{{"POST":"Saves a connection to the database."}}}}"#));
    assert_eq!(server.database.contents().await, before, "a description runs no method");
}

#[tokio::test]
async fn paths_match_case_insensitively_and_with_a_trailing_slash() {
    let server = Server::start().await;
    for path in
        ["/API/V1/AGENTS/ERPSYNC/SAVECONNECTION", "/api/v1/agents/erpsync/saveconnection/", &format!("{SAVE}?x=Y")]
    {
        assert_eq!(server.program.post(path, &seed_request()).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn errors_carry_the_frameworks_cache_headers() {
    let server = Server::start().await;
    for answer in [server.program.get("/x").await, server.program.save_sample().await] {
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert_eq!(answer.header("pragma"), "no-cache");
        assert_eq!(answer.header("expires"), "-1");
    }
}

#[tokio::test]
async fn repeated_single_value_headers_are_refused() {
    let server = Server::start().await;
    let before = server.database.contents().await;
    for (name, values) in [
        ("Authorization", [TJE0, TJE0]),
        ("Authorization", [TJE0, "Basic d3Jvbmc6d3Jvbmc="]),
        ("Content-Type", ["application/json", "application/json"]),
        ("Content-Type", ["application/json", "application/xml"]),
        ("SO-AppToken", ["one", "two"]),
    ] {
        let mut request = server.program.request(Method::POST, SAVE).body(seed_request());
        for (header, value) in [("Authorization", TJE0), ("Content-Type", "application/json")] {
            if header != name {
                request = request.header(header, value);
            }
        }
        let request = values.iter().fold(request, |request, value| request.header(name, *value));
        let answer = Answer::of(request.send().await.unwrap()).await;
        answer.assert_service_error(400, "ArgumentException", &[name, "more than once"]);
        assert!(!answer.text.contains(values[0]), "{}", answer.text);
    }
    // The check comes before authentication; the error has the negotiated format.
    let request = server.program.request(Method::POST, SAVE).header("SO-AppToken", "one").header("SO-AppToken", "two");
    let answer = Answer::of(request.header("Accept", "application/xml").send().await.unwrap()).await;
    assert_eq!((answer.status, answer.header("content-type")), (400, "application/xml; charset=utf-8"));
    assert!(answer.text.contains("<ErrorType>ArgumentException</ErrorType>"), "{}", answer.text);
    assert_eq!(server.database.contents().await, before);
}
