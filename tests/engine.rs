//! The settings of the sync engine.

use serde_json::json;

use crate::support::client::{TJE0, TJE1};
use crate::support::{AGENT, Server};

#[tokio::test]
async fn the_engine_is_switched_on_and_off_and_reported_as_not_running() {
    let server = Server::start().await;
    let status = server.program.send_to(&format!("{AGENT}/GetEngineStatus"), "", "", &[]).await.json();
    assert_eq!((&status["IsRunning"], &status["Interval"]), (&json!(false), &json!("00:05:00")));
    let message = status["StatusMessage"].as_str().unwrap();
    assert!(message.contains("switched off") && message.contains("no sync engine yet"), "{message}");

    let on = server.called("ChangeEngineStatus", &json!({ "Run": true })).await;
    assert_eq!(on["IsRunning"], true);
    assert!(on["StatusMessage"].as_str().unwrap().contains("switched on"), "{on}");
    assert_eq!(server.called("GetEngineStatus", &json!(null)).await, on);
    assert_eq!(server.called("ChangeEngineStatus", &json!({})).await["IsRunning"], false, "an absent flag is false");

    let answer = server.program.send_to(&format!("{AGENT}/GetEngineStatus"), "", "", &[("Accept", "text/xml")]).await;
    assert!(answer.text.starts_with("<ErpSyncEngineStatus "), "{}", answer.text);
    assert!(answer.text.contains("<Interval>00:05:00</Interval>"), "{}", answer.text);
}

#[tokio::test]
async fn the_interval_is_read_in_two_notations_and_written_in_one() {
    let server = Server::start().await;
    for (sent, shown) in
        [("00:10:30", "00:10:30"), ("PT5M", "00:05:00"), ("P1DT2H", "1.02:00:00"), ("01:00", "01:00:00")]
    {
        let answer = server.call(TJE0, "ChangeEngineInterval", &json!({ "Interval": sent })).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{sent}");
        assert_eq!(server.called("GetEngineStatus", &json!(null)).await["Interval"], shown);
    }
    for wrong in [json!("00:00:00"), json!("PT0.5S"), json!("soon"), json!(null), json!("-PT5M")] {
        let answer = server.call(TJE0, "ChangeEngineInterval", &json!({ "Interval": wrong })).await;
        answer.assert_service_error(400, "SoValidationException", &["Interval: expected a time"]);
    }
    let answer = server.call(TJE0, "ChangeEngineInterval", &json!({ "Interval": 300 })).await;
    answer.assert_service_error(400, "ArgumentException", &["Interval: expected a string, found an integer"]);
    assert_eq!(server.called("GetEngineStatus", &json!(null)).await["Interval"], "01:00:00");
}

#[tokio::test]
async fn the_engine_is_read_by_every_associate_and_switched_by_administrators() {
    let server = Server::start().await;
    assert_eq!(server.call(TJE1, "GetEngineStatus", &json!(null)).await.json()["TableRight"]["Mask"], "Select");
    for (method, body) in
        [("ChangeEngineStatus", json!({ "Run": true })), ("ChangeEngineInterval", json!({ "Interval": "00:01:00" }))]
    {
        let refused = server.call(TJE1, method, &body).await;
        refused.assert_service_error(403, "SoSentryException", &["administrators"]);
    }
    let status = server.called("GetEngineStatus", &json!(null)).await;
    assert_eq!((&status["IsRunning"], &status["Interval"]), (&json!(false), &json!("00:05:00")));
}
