//! The requests of requests.http: each gets the status in its title.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, SET_COOKIE};

use crate::support::client::TJE0;
use crate::support::program::run;
use crate::support::{Answer, Server};

const FILE: &str = include_str!("../requests.http");

/// A request of the file, with its variables replaced.
struct Request {
    title: String,
    expected: u16,
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

fn requests(values: &BTreeMap<&str, String>) -> Vec<Request> {
    let (head, requests) = FILE.split_once("\n###").unwrap();
    let names: BTreeSet<&str> =
        head.lines().filter_map(|line| Some(line.strip_prefix('@')?.split_once(" = ")?.0)).collect();
    assert_eq!(names, values.keys().copied().collect(), "the variables with a value");
    let filled = |text: &str| {
        values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
    };
    let request = |text: &str| {
        let text = filled(text);
        let (head, body) = text.trim_end().split_once("\n\n").unwrap_or((text.trim_end(), ""));
        let mut lines = head.lines();
        let (title, expected) = lines.next().unwrap().trim().rsplit_once(": ").unwrap();
        let (method, url) = lines.next().unwrap().split_once(' ').unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        Request {
            title: title.to_owned(),
            expected: expected.parse().unwrap(),
            method: method.parse().unwrap(),
            url: url.to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: body.to_owned(),
        }
    };
    requests.split("\n###").map(request).collect()
}

/// Returns the values of the variables, from the sources that the file's comments name.
async fn values(server: &Server) -> BTreeMap<&'static str, String> {
    let issue = |kind: &str| {
        let output = run(&[kind, "issue", "tje0", "--database-url", &server.database.url()]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let login =
        server.program.request(Method::POST, "/login").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let login = login.body("UserName=tje0&Password=Tje0").send().await.unwrap();
    let cookies: Vec<&str> =
        login.headers().get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect();
    let cookie = |name: &str| {
        let value = cookies.iter().find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('=')?.split(';').next());
        value.unwrap().to_owned()
    };
    BTreeMap::from([
        ("host", format!("http://{}", server.program.address)),
        ("ticket", issue("ticket")),
        ("token", issue("token")),
        ("session", cookie("ASP.NET_SessionId")),
        ("xsrf", cookie("XSRF-TOKEN")),
    ])
}

#[tokio::test]
async fn every_request_of_the_file_gets_the_status_in_its_title() {
    let server = Server::start().await;
    let requests = requests(&values(&server).await);
    for request in &requests {
        let mut sent = server.program.http.request(request.method.clone(), &request.url).body(request.body.clone());
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        let answer = Answer::of(sent.send().await.unwrap()).await;
        assert_eq!(answer.status, request.expected, "{}: {}", request.title, answer.text);
        let accept = request.header("Accept").split(';').next().unwrap();
        if !answer.text.is_empty() && !accept.is_empty() {
            assert!(answer.header("content-type").starts_with(accept), "{}: {answer:?}", request.title);
        }
    }
}

/// The file has every format and every authentication scheme.
#[tokio::test]
async fn the_file_has_each_format_and_each_authentication_scheme() {
    let server = Server::start().await;
    let requests = requests(&values(&server).await);
    let document = server.program.get("/openapi.json").await.json();
    let save = &document["paths"]["/api/v1/Agents/ErpSync/SaveConnection"]["post"];
    for (header, content) in
        [("Content-Type", &save["requestBody"]["content"]), ("Accept", &save["responses"]["200"]["content"])]
    {
        let formats = requests.iter().map(|request| request.header(header).split(';').next().unwrap());
        let formats: BTreeSet<&str> = formats.collect();
        for format in content.as_object().unwrap().keys() {
            assert!(formats.contains(&**format), "{header}: {format}");
        }
    }
    for (header, start) in [
        ("Authorization", TJE0),
        ("Authorization", "SOTicket 7T:"),
        ("Authorization", "Bearer 8A:"),
        ("X-XSRF-TOKEN", ""),
    ] {
        let is_there =
            |request: &Request| request.header(header).starts_with(start) && !request.header(header).is_empty();
        assert!(requests.iter().any(is_there), "{header}: {start}");
    }
}
