//! The test harness: a shared PostgreSQL with a database for each test, and the running program.

pub mod admin;
pub mod client;
pub mod connector;
pub mod data_dir;
pub mod haproxy;
pub mod load;
pub mod patroni;
pub mod postgres;
pub mod program;
pub mod proxy;
pub mod standby;
pub mod wait;

pub use client::{Answer, seed_connection, seed_request};
pub use data_dir::DataDir;
pub use postgres::TestDatabase;
pub use program::Program;

use client::TJE0;
use serde_json::Value;

/// The path of the ErpSync agent.
pub const AGENT: &str = "/api/v1/Agents/ErpSync";

/// The path of `SaveConnection`.
pub const SAVE: &str = "/api/v1/Agents/ErpSync/SaveConnection";

/// A running server on a new database with the demo data.
pub struct Server {
    /// The running program.
    pub program: Program,
    /// Its database.
    pub database: TestDatabase,
}

impl Server {
    /// Starts a server with the default settings.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a server with further arguments.
    pub async fn start_with(arguments: &[&str]) -> Self {
        Self::start_on(TestDatabase::with_demo_data().await, arguments)
    }

    /// Starts a server on a database that logs every statement.
    pub async fn start_logging_statements() -> Self {
        let database = TestDatabase::with_demo_data().await;
        database.log_statements().await;
        // Deliveries and the check for demo logins run in the background; their statements must not be among those of a
        // request.
        let server = Self::start_on(database, &["--connector-deliveries", "false"]);
        server.program.wait_for_log("published passwords are live").await;
        server
    }

    fn start_on(database: TestDatabase, arguments: &[&str]) -> Self {
        let url = database.url();
        let program = Program::start(&[&["--database-url", &url], arguments].concat());
        Server { program, database }
    }

    /// Calls a method of the agent with a JSON body.
    pub async fn call(&self, authorization: &str, method: &str, body: &Value) -> Answer {
        let mut request = self.program.post_request(&format!("{AGENT}/{method}"), &body.to_string()).build().unwrap();
        request.headers_mut().insert("Authorization", authorization.parse().unwrap());
        Answer::of(self.program.http.execute(request).await.unwrap()).await
    }

    /// Calls a method of the agent as the demo administrator. Returns its result; it must succeed.
    pub async fn called(&self, method: &str, body: &Value) -> Value {
        let answer = self.call(TJE0, method, body).await;
        assert_eq!(answer.status, 200, "{method}: {}", answer.text);
        answer.json()
    }

    /// Saves `connection` as the demo administrator.
    pub async fn save(&self, connection: &Value) -> Answer {
        self.program.post(SAVE, &serde_json::json!({ "Connection": connection }).to_string()).await
    }

    /// Saves `connection` as the demo administrator. Returns the stored connection; the save must succeed.
    pub async fn saved(&self, connection: &Value) -> Value {
        let answer = self.save(connection).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }
}
