//! Clients that save connections, one save after another, until they are stopped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::SAVE;
use super::client::{TJE0, http_client};
use super::wait::wait_until;

/// The number of clients that send requests at once.
const CLIENTS: usize = 8;
/// The pause of a client after a save that failed.
const PAUSE: Duration = Duration::from_millis(20);

/// The load of all clients.
pub struct Load {
    done: Arc<AtomicBool>,
    answers: Arc<Answers>,
    clients: Vec<JoinHandle<Vec<Sent>>>,
}

/// The numbers of answers so far.
#[derive(Default)]
struct Answers {
    saved: AtomicUsize,
    failed: AtomicUsize,
}

/// A request and its answer.
pub struct Sent {
    kind: Kind,
    /// The status of the answer.
    pub status: u16,
    /// The `Retry-After` of the answer.
    pub retry_after: Option<String>,
    /// When the answer was complete.
    pub answered: Instant,
    /// The time from the request to the answer.
    pub took: Duration,
}

enum Kind {
    /// A new connection of this name.
    Create(String),
    /// The client's own connection, with its number of the save.
    Update { id: i64, number: usize },
}

impl Load {
    /// Starts clients that send to `address`. Each creates connections, and in turn updates the one that it has created
    /// first.
    pub fn start(address: &str) -> Self {
        let (done, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(Answers::default()));
        let clients = (0..CLIENTS).map(|_| {
            let client = Uuid::new_v4();
            let (url, done, answers) = (format!("http://{address}{SAVE}"), Arc::clone(&done), Arc::clone(&answers));
            tokio::spawn(async move {
                let (http, mut sent) = (http_client(), Vec::new());
                let mut own: Option<(i64, String)> = None;
                while !done.load(Ordering::Relaxed) {
                    let number = sent.len();
                    let mut connection = json!({ "ErpConnectorId": 403, "MostRecentTimestamp": number.to_string(),
                        "ConfigFields": { "a": "1", "b": "2" }, "UserGroupAccessIds": [185, 350] });
                    let (kind, name) = match &own {
                        Some((id, name)) if number % 2 == 1 => {
                            connection["ErpConnectionId"] = json!(id);
                            (Kind::Update { id: *id, number }, name.clone())
                        }
                        _ => {
                            let name = format!("load {client} {number}");
                            (Kind::Create(name.clone()), name)
                        }
                    };
                    connection["DisplayName"] = json!(name);
                    let began = Instant::now();
                    let request = http.post(&url).header("Authorization", TJE0);
                    let request = request.header("Content-Type", "application/json");
                    let answer = request.body(json!({ "Connection": connection }).to_string()).send().await.unwrap();
                    let status = answer.status().as_u16();
                    let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().into());
                    let text = answer.text().await.unwrap();
                    let (answered, took) = (Instant::now(), began.elapsed());
                    sent.push(Sent { kind, status, retry_after, answered, took });
                    if status == 200 {
                        let answer: Value = serde_json::from_str(&text).unwrap();
                        own = own.or(Some((answer["ErpConnectionId"].as_i64().unwrap(), name)));
                        answers.saved.fetch_add(1, Ordering::Relaxed);
                    } else {
                        answers.failed.fetch_add(1, Ordering::Relaxed);
                        tokio::time::sleep(PAUSE).await;
                    }
                }
                sent
            })
        });
        Load { clients: clients.collect(), done, answers }
    }

    /// Waits until `count` more saves succeed.
    pub async fn wait_for_saves(&self, count: usize) {
        let target = self.answers.saved.load(Ordering::Relaxed) + count;
        wait_until("more saves", async || self.answers.saved.load(Ordering::Relaxed) >= target).await;
    }

    /// Waits until one more save fails.
    pub async fn wait_for_failure(&self) {
        let target = self.answers.failed.load(Ordering::Relaxed) + 1;
        wait_until("a failed save", async || self.answers.failed.load(Ordering::Relaxed) >= target).await;
    }

    /// Stops the clients. Returns what they have sent.
    pub async fn stop(self) -> Vec<Sent> {
        self.done.store(true, Ordering::Relaxed);
        let mut sent = Vec::new();
        for client in self.clients {
            sent.extend(client.await.unwrap());
        }
        sent
    }
}

/// Checks that each answered save is stored, and each create at most once.
pub async fn assert_stored(sent: &[Sent], database: &mut PgConnection) {
    let names = "SELECT display_name, count(*) FROM erp_connection WHERE display_name LIKE 'load %' GROUP BY 1";
    let names: BTreeMap<String, i64> =
        sqlx::query_as::<_, (String, i64)>(names).fetch_all(&mut *database).await.unwrap().into_iter().collect();
    let mut updates: BTreeMap<i64, (usize, usize)> = BTreeMap::new();
    for Sent { kind, status, .. } in sent {
        match kind {
            Kind::Create(name) => {
                // A save without an answer may have taken effect, but once.
                let allowed = if *status == 200 { 1..=1 } else { 0..=1 };
                assert!(allowed.contains(&names.get(name).copied().unwrap_or_default()), "{name}: {status}");
            }
            Kind::Update { id, number } => {
                let (answered, last) = updates.entry(*id).or_default();
                if *status == 200 {
                    *answered = *number;
                }
                *last = *number;
            }
        }
    }
    for (id, (answered, last)) in updates {
        let stored = "SELECT most_recent_timestamp FROM erp_connection WHERE erp_connection_id = $1";
        let id = i32::try_from(id).unwrap();
        let stored: String = sqlx::query_scalar(stored).bind(id).fetch_one(&mut *database).await.unwrap();
        let stored: usize = stored.parse().unwrap();
        assert!((answered..=last).contains(&stored), "{id}: {stored}, and {answered} was answered");
    }
}
