//! Failover of a PostgreSQL with a synchronous standby, under load. Each answered save is stored, the answers until the
//! promotion are 503, and saves go on after it without a restart.

use std::time::{Duration, Instant};

use crate::support::Program;
use crate::support::load::{Load, Sent, assert_stored};
use crate::support::program::run;
use crate::support::standby::{Cluster, Postgres};

/// The limit of the time that any answer takes. Only a save that hangs meets it.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// Two clusters, of which the second follows the first, until they change places.
struct Pair {
    postgres: Postgres,
    primary: Cluster,
    standby: Cluster,
}

impl Pair {
    async fn start() -> Self {
        let postgres = Postgres::find().await;
        let primary = Cluster::primary(&postgres, "a").await;
        let standby = Cluster::standby_of(&primary, &postgres, "b").await;
        let pair = Pair { postgres, primary, standby };
        let done = run(&["demo", "--database-url", &pair.url("")]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        pair
    }

    /// Returns the URL of the database. The standby comes first.
    fn url(&self, parameters: &str) -> String {
        let (primary, standby) = (self.primary.port, self.standby.port);
        format!("postgres://erpsync@127.0.0.1:{standby},127.0.0.1:{primary}/erpsync?sslmode=disable{parameters}")
    }

    /// Kills the primary under load, promotes the standby, and checks every answer. The old primary then follows the new
    /// one. Returns the figures of the round.
    async fn fail_over(&mut self, program: &Program) -> Round {
        let load = Load::start(&program.address);
        load.wait_for_saves(100).await;
        let killed = Instant::now();
        self.primary.kill();
        load.wait_for_failures(10).await;
        let promoted = Instant::now();
        self.standby.promote().await;
        load.wait_for_saves(100).await;
        let sent = load.stop().await;
        assert_stored(&sent, &mut self.standby.connect().await).await;
        assert_eq!(sent.iter().find(|sent| sent.took > ANSWER_LIMIT).map(|sent| sent.took), None);
        let failed: Vec<_> = sent.iter().filter(|sent| sent.status != 200).collect();
        for Sent { status, retry_after, .. } in &failed {
            assert_eq!((*status, retry_after.as_deref()), (503, Some("2")));
        }
        let next = sent.iter().filter(|sent| sent.status == 200 && sent.answered > promoted);
        let next = next.map(|sent| sent.answered).min().unwrap();
        let slowest = sent.iter().map(|sent| sent.took).max().unwrap();
        std::mem::swap(&mut self.primary, &mut self.standby);
        // The new primary waits for no standby until there is one.
        self.standby.follow(&self.primary, &self.postgres).await;
        Round {
            saved: sent.len() - failed.len(),
            refused: failed.len(),
            slowest,
            until_promotion: promoted - killed,
            until_save: next - promoted,
        }
    }
}

/// The figures of a failover.
struct Round {
    saved: usize,
    refused: usize,
    slowest: Duration,
    until_promotion: Duration,
    until_save: Duration,
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_go_on_after_a_failover_and_none_is_lost() {
    let mut pair = Pair::start().await;
    let program = Program::start(&["--database-url", &pair.url("&target_session_attrs=read-write")]);
    let doctor = String::from_utf8(run(&["doctor", "--database-url", &pair.url("")]).stdout).unwrap();
    let (primary, standby) = (pair.primary.port, pair.standby.port);
    for line in [
        format!("ok    database host: 127.0.0.1:{primary} takes writes\n"),
        format!("warn  database host: 127.0.0.1:{standby}: it takes no writes, as a standby\n"),
    ] {
        assert!(doctor.contains(&line), "{doctor}");
    }
    // The second round leads back to the first primary, which has become a standby meanwhile.
    for _ in 0..2 {
        pair.fail_over(&program).await;
    }
}

/// Prints the figures of `docs/deployment.md`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures of ten rounds"]
async fn ten_failovers_lose_no_save() {
    let mut pair = Pair::start().await;
    let program = Program::start(&["--database-url", &pair.url("")]);
    println!("round  saved  refused  slowest answer  kill to promotion  promotion to next save");
    for number in 1..=10 {
        let Round { saved, refused, slowest, until_promotion, until_save } = pair.fail_over(&program).await;
        let [slowest, until_promotion, until_save] =
            [slowest, until_promotion, until_save].map(|time| format!("{:.2} s", time.as_secs_f64()));
        println!("{number:5}  {saved:5}  {refused:7}  {slowest:>14}  {until_promotion:>17}  {until_save:>22}  {:4}", 0);
    }
}
