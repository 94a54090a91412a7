//! What the tests stand on: a shared PostgreSQL with a database for each test, and the started program.

pub mod client;
pub mod postgres;
pub mod program;
pub mod proxy;
pub mod wait;

pub use client::{Answer, seed_connection, seed_request};
pub use postgres::TestDatabase;
pub use program::Program;

use client::TJE0;
use serde_json::Value;

/// The path of the agent.
pub const AGENT: &str = "/api/v1/Agents/ErpSync";

/// The path of the method that most tests call.
pub const SAVE: &str = "/api/v1/Agents/ErpSync/SaveConnection";

/// A started server on a fresh database with the demo data.
pub struct Server {
    /// The process.
    pub program: Program,
    /// Its database.
    pub database: TestDatabase,
}

impl Server {
    /// With the default settings.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With further arguments.
    pub async fn start_with(arguments: &[&str]) -> Self {
        Self::start_on(TestDatabase::with_demo_data().await, arguments)
    }

    /// With a database that logs every statement.
    pub async fn start_logging_statements() -> Self {
        let database = TestDatabase::with_demo_data().await;
        database.log_statements().await;
        let server = Self::start_on(database, &[]);
        // It looks the demo logins up while it serves, which must not stand among the statements of a request.
        server.program.wait_for_log("published passwords are live").await;
        server
    }

    fn start_on(database: TestDatabase, arguments: &[&str]) -> Self {
        let url = database.url();
        let program = Program::start(&[&["--database-url", &url], arguments].concat());
        Server { program, database }
    }

    /// Calls a method of the agent with a body of JSON.
    pub async fn call(&self, authorization: &str, method: &str, body: &Value) -> Answer {
        let mut request = self.program.post_request(&format!("{AGENT}/{method}"), &body.to_string()).build().unwrap();
        request.headers_mut().insert("Authorization", authorization.parse().unwrap());
        Answer::of(self.program.http.execute(request).await.unwrap()).await
    }

    /// Calls a method of the agent as the demo administrator, which must succeed, and gives what it answers.
    pub async fn called(&self, method: &str, body: &Value) -> Value {
        let answer = self.call(TJE0, method, body).await;
        assert_eq!(answer.status, 200, "{method}: {}", answer.text);
        answer.json()
    }

    /// Saves `connection` as the demo administrator.
    pub async fn save(&self, connection: &Value) -> Answer {
        self.program.post(SAVE, &serde_json::json!({ "Connection": connection }).to_string()).await
    }

    /// Saves `connection`, which must succeed, and gives the stored one.
    pub async fn saved(&self, connection: &Value) -> Value {
        let answer = self.save(connection).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }
}
