//! The URLs of connectors, which callers and the database have as texts.

use crate::connector::url::{ConnectorUrl, DEMO_APP, UrlError, app_id};
use crate::demo_connector::state::DemoConnectorState;
use crate::store::{Failure, Pool, connector_apps};

/// Resolves the URLs of connectors. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ConnectorUrls {
    pool: Pool,
    /// The URL of the server's own demo connector.
    demo: Option<ConnectorUrl>,
    demo_state: DemoConnectorState,
}

impl ConnectorUrls {
    /// Creates the resolver of a server whose demo connector has the URL `demo`, while it is served.
    #[must_use]
    pub fn new(pool: Pool, demo: Option<ConnectorUrl>, demo_state: DemoConnectorState) -> Self {
        ConnectorUrls { pool, demo, demo_state }
    }

    /// Parses a connector's URL. That of an application is replaced by the URL that is registered for it, and `app://demo`
    /// by that of the demo connector, if the server serves it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn resolve(&self, text: &str) -> Result<Result<ConnectorUrl, UrlError>, Failure> {
        let Some(id) = app_id(text) else { return Ok(ConnectorUrl::parse(text, |_| None)) };
        if let Some(demo) = &self.demo
            && id == DEMO_APP
            && self.demo_state.is_served().await
        {
            return Ok(Ok(demo.clone()));
        }
        let registered = connector_apps::find_url(&self.pool, id).await?;
        Ok(ConnectorUrl::parse(text, |_| registered))
    }
}
