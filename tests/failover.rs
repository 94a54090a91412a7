//! Failover of a PostgreSQL with a synchronous standby, under load. Each answered save is stored, the answers until the
//! promotion are 503, and saves go on after it without a restart.

use std::fmt;
use std::time::{Duration, Instant};

use crate::support::Program;
use crate::support::haproxy::HaProxy;
use crate::support::load::{Load, Sent, assert_stored};
use crate::support::patroni::Patroni;
use crate::support::program::run;
use crate::support::standby::{Cluster, Postgres};
use crate::support::wait::wait_until;

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

    /// Kills the primary under load, promotes the standby, and checks every answer. Returns the figures of the round.
    async fn fail_over(&mut self, address: &str) -> Failover {
        let load = Load::start(address);
        load.wait_for_saves(100).await;
        let killed = Instant::now();
        self.primary.kill();
        load.wait_for_failure().await;
        let promoted = Instant::now();
        self.standby.promote().await;
        load.wait_for_saves(100).await;
        let sent = load.stop().await;
        assert_stored(&sent, &mut self.standby.connect().await).await;
        std::mem::swap(&mut self.primary, &mut self.standby);
        let answers = Answers::of(&sent);
        Failover { until_promotion: promoted - killed, until_save: answers.gap.1 - promoted, answers }
    }

    /// Makes the primary that was killed a standby of the new one, which has waited for no standby until now.
    async fn restore(&mut self) {
        self.standby.follow(&self.primary, &self.postgres).await;
    }
}

/// The figures of a failover.
struct Failover {
    until_promotion: Duration,
    until_save: Duration,
    answers: Answers,
}

/// The figures of the answers to a load.
struct Answers {
    saved: usize,
    refused: usize,
    slowest: Duration,
    /// The longest time without a save that succeeded: its begin and its end.
    gap: (Instant, Instant),
}

impl Answers {
    /// Checks every answer of a load during which the primary changed.
    fn of(sent: &[Sent]) -> Self {
        let refused: Vec<_> = sent.iter().filter(|sent| sent.status != 200).collect();
        for Sent { status, retry_after, .. } in &refused {
            assert_eq!((*status, retry_after.as_deref()), (503, Some("2")));
        }
        let slowest = sent.iter().map(|sent| sent.took).max().unwrap();
        assert!(slowest < ANSWER_LIMIT, "{slowest:?}");
        let mut saved: Vec<_> = sent.iter().filter(|sent| sent.status == 200).map(|sent| sent.answered).collect();
        saved.sort_unstable();
        let gaps = saved.iter().copied().zip(saved.iter().copied().skip(1));
        let gap = gaps.max_by_key(|(begin, end)| *end - *begin).unwrap();
        Answers { saved: saved.len(), refused: refused.len(), slowest, gap }
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answers { saved, refused, slowest, gap } = self;
        let [slowest, gap] = [*slowest, gap.1 - gap.0].map(|time| time.as_secs_f64());
        write!(f, "{saved} saved, {refused} refused, slowest answer {slowest:.2} s, {gap:.2} s without a save")
    }
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
    pair.fail_over(&program.address).await;
    pair.restore().await;
    // This one leads back to the first primary.
    pair.fail_over(&program.address).await;
}

/// Prints the figures of `docs/deployment.md`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures of ten rounds"]
async fn ten_failovers_lose_no_save() {
    let mut pair = Pair::start().await;
    let program = Program::start(&["--database-url", &pair.url("")]);
    for number in 1..=10 {
        let Failover { until_promotion, until_save, answers } = pair.fail_over(&program.address).await;
        pair.restore().await;
        let [until_promotion, until_save] = [until_promotion, until_save].map(|time| time.as_secs_f64());
        println!("{number}: killed, {until_promotion:.2} s, promoted, {until_save:.2} s, saved again; {answers}");
    }
}

/// Returns the bytes of a message of PostgreSQL's protocol in hexadecimal.
fn message(kind: &[u8], content: &[u8]) -> String {
    let length = u32::try_from(content.len() + 4).unwrap().to_be_bytes();
    let bytes: Vec<_> = [kind, &length, content].concat().iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.concat()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs haproxy"]
async fn haproxy_leads_to_the_new_primary_after_a_failover() {
    let mut pair = Pair::start().await;
    // HAProxy asks each PostgreSQL whether it is a standby.
    let start_up = message(b"", b"\0\x03\0\0user\0erpsync\0database\0erpsync\0\0");
    let query = message(b"Q", b"SELECT pg_is_in_recovery()\0");
    let is_primary = message(b"D", b"\0\x01\0\0\0\x01f");
    let check = format!(
        "    mode tcp\n    option tcp-check\n    tcp-check connect\n    tcp-check send-binary {start_up}\n    \
         tcp-check send-binary {query}\n    tcp-check expect binary {is_primary}\n"
    );
    let servers = [&pair.primary, &pair.standby]
        .map(|cluster| (format!("127.0.0.1:{}", cluster.port), "check on-marked-down shutdown-sessions".to_owned()));
    let haproxy = HaProxy::start(&check, &servers).await;
    let url = format!("postgres://erpsync@{}/erpsync?sslmode=disable", haproxy.address());
    let program = Program::start(&["--database-url", &url]);
    println!("{}", pair.fail_over(&program.address).await.answers);
    pair.restore().await;
    println!("{}", pair.fail_over(&program.address).await.answers);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs patroni, etcd and haproxy"]
async fn patroni_fails_over_and_switches_over_without_a_lost_save() {
    let mut patroni = Patroni::start().await;
    let check = "    mode tcp\n    option httpchk OPTIONS /primary\n    http-check expect status 200\n";
    let servers = [0, 1].map(|number| {
        let node = &patroni.nodes[number];
        let check = format!("check port {} on-marked-down shutdown-sessions", node.rest_port);
        (format!("127.0.0.1:{}", node.port), check)
    });
    let haproxy = HaProxy::start(check, &servers).await;
    let behind_haproxy = format!("postgres://erpsync@{}/erpsync?sslmode=disable", haproxy.address());
    let [one, other] = [0, 1].map(|number| patroni.nodes[number].port);
    let direct = format!("postgres://erpsync@127.0.0.1:{other},127.0.0.1:{one}/erpsync?sslmode=disable");
    let direct = format!("{direct}&target_session_attrs=primary");
    let done = run(&["demo", "--database-url", &direct]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let programs = [&behind_haproxy, &direct].map(|url| Program::start(&["--database-url", url]));

    for is_planned in [false, true] {
        let loads = [0, 1].map(|number| Load::start(&programs[number].address));
        for load in &loads {
            load.wait_for_saves(100).await;
        }
        let (primary, standby) = patroni.primary_first().await;
        if is_planned {
            patroni.switch_over().await;
        } else {
            patroni.nodes[primary].kill();
        }
        wait_until("the promotion", async || patroni.nodes[standby].is("/primary").await).await;
        for (load, name) in loads.into_iter().zip(["behind HAProxy", "two hosts"]) {
            load.wait_for_saves(100).await;
            let sent = load.stop().await;
            assert_stored(&sent, &mut patroni.nodes[standby].connect("erpsync").await).await;
            println!("planned: {is_planned}, {name}: {}", Answers::of(&sent));
        }
        if !is_planned {
            patroni.nodes[primary].start(&patroni.postgres);
        }
        patroni.wait_for_synchronous_standby().await;
    }
}
