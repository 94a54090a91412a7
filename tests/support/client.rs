//! Requests and answers.

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::{Program, SAVE};

/// The demo administrator, as the vendor's published sample has it.
pub const TJE0: &str = "Basic dGplMDpUamUw";
/// The ordinary associate of the demo data.
pub const TJE1: &str = "Basic dGplMTpUamUx";

/// The connection of the vendor's published sample request.
pub fn seed_connection() -> Value {
    json!({
        "ErpConnectionId": 816,
        "ErpConnectorId": 411,
        "DisplayName": "Emard Group",
        "DisplayDescription": "Fundamental eco-centric application",
        "Active": true,
        "ConnectionId": "a",
        "MostRecentTimestamp": "rerum",
        "ConfigFields": { "ConfigFields1": "est", "ConfigFields2": "ducimus" },
        "Deleted": true,
        "AllAccess": false,
        "UserGroupAccessIds": [350, 185],
        "AssociateAccessIds": [920, 463]
    })
}

/// The body of the vendor's published sample request.
pub fn seed_request() -> String {
    json!({ "Connection": seed_connection() }).to_string()
}

/// A client to send requests with. It speaks plain HTTP only, but will not be made without a TLS provider.
pub fn http_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(std::time::Duration::from_mins(1)).build().unwrap()
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// Reads it.
    pub async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// A header, blank where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that it is one of the service's errors, whose message has every one of `parts`.
    #[track_caller]
    pub fn assert_service_error(&self, status: u16, error_type: &str, parts: &[&str]) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json; charset=utf-8");
        let body = self.json();
        let names: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["Error", "ErrorSource", "ErrorType", "Message"], "{}", self.text);
        assert_eq!(body["Error"], true);
        assert_eq!(body["ErrorType"], error_type, "{}", self.text);
        self.assert_message(&body, parts);
    }

    /// Checks that it is one of the framework's errors, whose message has every one of `parts`.
    #[track_caller]
    pub fn assert_framework_error(&self, status: u16, parts: &[&str]) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json; charset=utf-8");
        let body = self.json();
        assert!(body.get("Error").is_none(), "{}", self.text);
        self.assert_message(&body, parts);
    }

    #[track_caller]
    fn assert_message(&self, body: &Value, parts: &[&str]) {
        let message = body["Message"].as_str().unwrap();
        for part in parts {
            assert!(message.contains(part), "no {part:?} in {}", self.text);
        }
    }
}

impl Program {
    /// A request, without any header of ours.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    /// A POST of JSON by the demo administrator, ready to be changed.
    pub fn post_request(&self, path: &str, body: &str) -> RequestBuilder {
        self.request(Method::POST, path)
            .header(AUTHORIZATION, TJE0)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_owned())
    }

    /// The same, sent.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        Answer::of(self.post_request(path, body).send().await.unwrap()).await
    }

    /// The vendor's published sample request, sent.
    pub async fn save_sample(&self) -> Answer {
        self.post(SAVE, &seed_request()).await
    }

    /// A GET by nobody.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.unwrap()).await
    }
}
