//! Rules that hold for every method of the agent.

use reqwest::Method;
use serde_json::json;

use crate::support::client::TJE0;
use crate::support::{AGENT, Answer, Server};

/// The vendor's methods that are not implemented, as in docs/methods.md.
const NOT_YET: &str = "GetFieldValuesFromCrm GetConnectionsAndDisplayFields GetErpFieldValues CreateActorLink BreakActorLink \
    ConnectActor TryConnectActor CreateErpActorFromCrm SyncAll ForceSyncAll ForceResync ForceResyncNoBlankValues \
    ForceResyncBatchTask ForceResyncExternal ForceResyncExternalNoBlankValues";

/// Returns the names and descriptions of the methods, from `GET /api/v1`.
pub async fn described(server: &Server) -> Vec<(String, String)> {
    let request = server.program.request(Method::GET, "/api/v1").header("Authorization", TJE0);
    let urls = Answer::of(request.send().await.unwrap()).await.json();
    let methods = urls.as_object().unwrap().iter().filter_map(|(url, methods)| {
        let name = url.strip_prefix(&format!("{AGENT}/"))?;
        Some((name.to_owned(), methods["POST"].as_str()?.to_owned()))
    });
    methods.collect()
}

/// Returns the names of the methods.
async fn listed(server: &Server) -> Vec<String> {
    described(server).await.into_iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn every_method_requires_authentication_has_a_description_and_accepts_post() {
    let server = Server::start().await;
    let names = listed(&server).await;
    assert_eq!(names.len(), 49, "{names:?}");
    for name in names {
        let path = format!("{AGENT}/{name}");
        let call = async |method: Method, authorization: Option<&str>| {
            let request = server.program.request(method, &path);
            let request =
                authorization.into_iter().fold(request, |request, value| request.header("Authorization", value));
            Answer::of(request.send().await.unwrap()).await
        };
        for method in [Method::GET, Method::POST] {
            call(method, None).await.assert_service_error(401, "ArgumentException", &["Authorization"]);
        }
        let description = call(Method::GET, Some(TJE0)).await;
        assert_eq!(description.status, 200, "{name}");
        assert!(description.json()[&path]["POST"].is_string(), "{}", description.text);
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD] {
            let refused = call(method.clone(), Some(TJE0)).await;
            assert_eq!((refused.status, refused.header("allow")), (405, "GET, POST"), "{method} {name}");
        }
        // Methods that read a row find none with the id 0.
        let answer = server.program.post(&format!("{}/?x=Y", path.to_lowercase()), "{}").await;
        assert!(!answer.text.contains("No HTTP resource"), "{name}: {}", answer.text);
    }
}

#[tokio::test]
async fn methods_without_an_implementation_are_refused_with_a_reason() {
    let server = Server::start().await;
    let names = listed(&server).await;
    let not_yet: Vec<_> = NOT_YET.split_whitespace().collect();
    for name in &names {
        let answer = server.call(TJE0, name, &json!({})).await;
        assert_eq!(answer.status == 501, not_yet.contains(&name.as_str()), "{name}: {}", answer.text);
        assert!(answer.status < 500 || answer.status == 501, "{name}: {}", answer.text);
    }
    for name in not_yet {
        let answer = server.call(TJE0, name, &json!({})).await;
        answer.assert_service_error(501, "NotImplementedException", &[&format!("{name} is not implemented")]);
    }
    let path = format!("{AGENT}/SyncAll");
    let answer = server.program.send_to(&path, "text/xml", "", &[("Accept", "text/xml")]).await;
    assert!(answer.text.contains("<ErrorType>NotImplementedException</ErrorType>"), "{}", answer.text);
}
