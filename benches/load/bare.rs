//! Minimal handlers: axum, sqlx's pool, and the program's own statements. The difference to the program is the cost of
//! authentication, formats, limits, rights, languages and the log.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use erpsync::store::pool::session_settings;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Row};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    connection: Connection,
}

#[expect(clippy::struct_field_names, reason = "the members of the JSON object")]
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Connection {
    erp_connection_id: i32,
    erp_connector_id: i32,
    display_name: String,
    display_description: String,
    active: bool,
    connection_id: Option<String>,
    most_recent_timestamp: Option<String>,
    config_fields: BTreeMap<String, String>,
    deleted: bool,
    all_access: bool,
    user_group_access_ids: Vec<i32>,
    associate_access_ids: Vec<i32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    erp_connection_id: i32,
}

/// Prints the address and serves until the process is killed.
pub async fn serve(url: &str) {
    let pool = PgPoolOptions::new().max_connections(8).test_before_acquire(false);
    let options: PgConnectOptions = url.parse().expect("a URL");
    let options = options.options(session_settings());
    let pool = pool.connect_with(options).await.expect("the database");
    let app = Router::new()
        .route("/api/v1/Agents/ErpSync/SaveConnection", post(save))
        .route("/api/v1/Agents/ErpSync/GetConnection", post(read))
        .with_state(pool);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("bare listens on http://{}", listener.local_addr().expect("an address"));
    axum::serve(listener, app).await.expect("serving");
}

async fn save(State(pool): State<PgPool>, Json(request): Json<Request>) -> Json<Connection> {
    let mut saved = request.connection;
    let (keys, values): (Vec<&str>, Vec<&str>) =
        saved.config_fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).unzip();
    let row = sqlx::query(include_str!("../../src/store/save_connection.sql"))
        .bind(1)
        .bind(1_i64)
        .bind(saved.erp_connection_id)
        .bind(saved.erp_connector_id)
        .bind(&saved.display_name)
        .bind(&saved.display_description)
        .bind(saved.active)
        .bind(&saved.connection_id)
        .bind("new")
        .bind(&saved.most_recent_timestamp)
        .bind(saved.all_access)
        .bind(saved.deleted)
        .bind(keys)
        .bind(values)
        .bind(&saved.user_group_access_ids)
        .bind(&saved.associate_access_ids)
        .fetch_one(&pool)
        .await
        .expect("a row");
    saved.erp_connection_id = row.get("saved_id");
    saved.connection_id = row.get("saved_connection_id");
    saved.most_recent_timestamp = row.get("saved_timestamp");
    Json(saved)
}

async fn read(State(pool): State<PgPool>, Json(key): Json<Key>) -> Json<Connection> {
    let row = sqlx::query(include_str!("../../src/store/read_connection.sql"))
        .bind(key.erp_connection_id)
        .bind(true)
        .bind(1)
        .bind(1_i64)
        .fetch_one(&pool)
        .await
        .expect("a row");
    let keys: Vec<String> = row.get("config_keys!: Vec<String>");
    let values: Vec<Option<String>> = row.get("config_values!: Vec<Option<String>>");
    Json(Connection {
        erp_connection_id: row.get("erp_connection_id?"),
        erp_connector_id: row.get("erp_connector_id?"),
        display_name: row.get("display_name?"),
        display_description: row.get("display_description?"),
        active: row.get("active?"),
        connection_id: row.get("connection_id?"),
        most_recent_timestamp: row.get("most_recent_timestamp?"),
        config_fields: keys.into_iter().zip(values.into_iter().map(Option::unwrap_or_default)).collect(),
        deleted: row.get("deleted?"),
        all_access: row.get("all_access?"),
        user_group_access_ids: row.get("user_group_ids!"),
        associate_access_ids: row.get("associate_ids!"),
    })
}
