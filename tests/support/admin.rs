//! The listener for operators.

use std::collections::BTreeMap;

use super::{Answer, Program};

/// The arguments of a server with an admin listener.
pub const ADMIN: [&str; 2] = ["--admin-listen", "127.0.0.1:0"];

/// Returns the address of the admin listener from the log, as its port is chosen by the system.
pub async fn admin_address(program: &Program) -> String {
    const SERVED: &str = "metrics and health are served";
    program.wait_for_log(SERVED).await;
    let log = program.log();
    let line = log.lines().find(|line| line.contains(SERVED)).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line["fields"]["address"].as_str().unwrap().to_owned()
}

/// Sends a GET request to the admin listener.
pub async fn admin_get(program: &Program, path: &str) -> Answer {
    let url = format!("http://{}{path}", admin_address(program).await);
    Answer::of(program.http.get(url).send().await.unwrap()).await
}

/// Returns the samples by name and labels. Checks the exposition format.
pub async fn samples(program: &Program) -> BTreeMap<String, String> {
    let text = admin_get(program, "/metrics").await.text;
    let mut types = BTreeMap::new();
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        if let Some(described) = line.strip_prefix("# TYPE ") {
            let (name, kind) = described.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
        } else if !line.starts_with("# HELP ") {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let name = sample.split('{').next().unwrap();
            let known = ["", "_bucket", "_sum", "_count"].iter().any(|suffix| {
                name.strip_suffix(suffix)
                    .is_some_and(|name| types.get(name).is_some_and(|kind| suffix.is_empty() == (kind != "histogram")))
            });
            assert!(known, "{line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(samples.insert(sample.to_owned(), value.to_owned()).is_none(), "{line}");
        }
    }
    samples
}
