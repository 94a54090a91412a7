//! Requests and responses.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, VARY};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::wait::LIMIT;
use super::{Program, SAVE};

/// The credentials of the demo administrator, from the vendor's published sample.
pub const TJE0: &str = "Basic dGplMDpUamUw";
/// The credentials of the ordinary associate of the demo data.
pub const TJE1: &str = "Basic dGplMTpUamUx";

/// Returns the connection of the vendor's published sample request.
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

/// Returns the body of the vendor's published sample request.
pub fn seed_request() -> String {
    json!({ "Connection": seed_connection() }).to_string()
}

/// The body of the vendor's published sample request as XML.
pub const SEED_XML: &str = "<SaveConnectionRequest><Connection>\
    <ErpConnectionId>816</ErpConnectionId><ErpConnectorId>411</ErpConnectorId>\
    <DisplayName>Emard Group</DisplayName>\
    <DisplayDescription>Fundamental eco-centric application</DisplayDescription>\
    <Active>true</Active><ConnectionId>a</ConnectionId><MostRecentTimestamp>rerum</MostRecentTimestamp>\
    <ConfigFields><StringKeyValuePair><Key>ConfigFields1</Key><Value>est</Value></StringKeyValuePair>\
    <StringKeyValuePair><Key>ConfigFields2</Key><Value>ducimus</Value></StringKeyValuePair></ConfigFields>\
    <Deleted>true</Deleted><AllAccess>false</AllAccess>\
    <UserGroupAccessIds><int>350</int><int>185</int></UserGroupAccessIds>\
    <AssociateAccessIds><int>920</int><int>463</int></AssociateAccessIds>\
    </Connection></SaveConnectionRequest>";

/// The body of the vendor's published sample request as a form.
pub const SEED_FORM: &str = "Connection.ErpConnectionId=816&Connection.ErpConnectorId=411\
    &Connection.DisplayName=Emard+Group&Connection.DisplayDescription=Fundamental%20eco-centric%20application\
    &Connection.Active=true&Connection.ConnectionId=a&Connection.MostRecentTimestamp=rerum\
    &Connection.ConfigFields[ConfigFields1]=est&Connection.ConfigFields[ConfigFields2]=ducimus\
    &Connection.Deleted=true&Connection.AllAccess=false\
    &Connection.UserGroupAccessIds=350&Connection.UserGroupAccessIds=185\
    &Connection.AssociateAccessIds[0]=920&Connection.AssociateAccessIds[1]=463";

/// Returns a builder of HTTP clients. The clients speak plain HTTP, but cannot be built without a TLS provider.
pub fn client_builder() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Without a list of its own, each client would read all certificates of the machine.
    reqwest::Client::builder().tls_certs_only([]).timeout(LIMIT)
}

/// Returns an HTTP client with the default settings of the tests.
pub fn http_client() -> reqwest::Client {
    client_builder().build().unwrap()
}

/// A response with its body.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// Reads a response to its end.
    pub async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    /// Returns the body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// Returns the value of a header, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the names in the `Vary` headers, sorted.
    pub fn vary(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.headers.get_all(VARY).iter().map(|name| name.to_str().unwrap()).collect();
        names.sort_unstable();
        names
    }

    /// Checks that the response is an error of the vendor's services, and that its message contains `parts`.
    #[track_caller]
    pub fn assert_service_error(&self, status: u16, error_type: &str, parts: &[&str]) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json; charset=utf-8");
        let body = self.json();
        let names: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["Error", "ErrorType", "Message", "ErrorSource"], "{}", self.text);
        assert_eq!(body["Error"], true);
        assert_eq!(body["ErrorType"], error_type, "{}", self.text);
        self.assert_message(&body, parts);
    }

    /// Checks that the response is an error of the vendor's framework, and that its message contains `parts`.
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
    /// Creates a request without headers.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}://{}{path}", self.scheme, self.address))
    }

    /// Creates a POST request of JSON by the demo administrator.
    pub fn post_request(&self, path: &str, body: &str) -> RequestBuilder {
        self.request(Method::POST, path)
            .header(AUTHORIZATION, TJE0)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_owned())
    }

    /// Sends JSON as the demo administrator.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        Answer::of(self.post_request(path, body).send().await.unwrap()).await
    }

    /// Sends a body of any type to `SaveConnection` as the demo administrator, with these headers and no others.
    pub async fn send(&self, content_type: &str, body: impl Into<Bytes>, headers: &[(&str, &str)]) -> Answer {
        self.send_to(SAVE, content_type, body, headers).await
    }

    /// Sends a body of any type to any path as the demo administrator, with these headers and no others.
    pub async fn send_to(
        &self,
        path: &str,
        content_type: &str,
        body: impl Into<Bytes>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let stream = tokio::net::TcpStream::connect(&self.address).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::post(path).header(HOST, &self.address);
        let request = request.header(AUTHORIZATION, TJE0).header(CONTENT_TYPE, content_type);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = sender.send_request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    /// Sends the vendor's published sample request.
    pub async fn save_sample(&self) -> Answer {
        self.post(SAVE, &seed_request()).await
    }

    /// Sends a GET request without credentials.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.unwrap()).await
    }
}
