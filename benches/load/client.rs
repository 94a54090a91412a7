//! The load generator: HTTP connections that each send a request, read the response, and send the next one.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The result of a measurement.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Responses per second.
    pub per_second: f64,
    /// The median latency in milliseconds.
    pub p50: f64,
    /// The 99th percentile of the latency in milliseconds.
    pub p99: f64,
}

/// Sends `requests` repeatedly on so many `connections` for `time`. Each response must be a 200.
pub fn run(address: &str, requests: &[Vec<u8>], connections: usize, time: Duration) -> Measured {
    // A single thread leaves as much of the machine as possible to the server and the database.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let began = Instant::now();
        let until = began + time;
        let tasks: Vec<_> = (0..connections)
            .map(|number| {
                let (address, requests) = (address.to_owned(), requests.to_vec());
                // Each connection begins at another request.
                let first = number * requests.len() / connections;
                tokio::spawn(async move { send(&address, &requests, first, until).await })
            })
            .collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await.expect("a connection ended"));
        }
        let seconds = began.elapsed().as_secs_f64();
        latencies.sort_unstable();
        let percentile = |of_hundred: usize| {
            let index = (latencies.len() * of_hundred / 100).min(latencies.len().saturating_sub(1));
            latencies.get(index).map_or(0.0, |latency| f64::from(*latency) / 1000.0)
        };
        #[expect(clippy::cast_precision_loss, reason = "a few million at most")]
        let per_second = latencies.len() as f64 / seconds;
        Measured { per_second, p50: percentile(50), p99: percentile(99) }
    })
}

/// Sends so many requests one after another on one connection.
pub async fn some(address: &str, requests: &[Vec<u8>], number: usize) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut buffer = Vec::with_capacity(64 * 1024);
    for request in requests.iter().cycle().take(number) {
        stream.write_all(request).await.expect("the request is sent");
        read_answer(&mut stream, &mut buffer).await;
    }
}

/// Sends requests one after another until the time is over. Returns the latencies in microseconds.
async fn send(address: &str, requests: &[Vec<u8>], first: usize, until: Instant) -> Vec<u32> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("an option");
    let mut latencies = Vec::new();
    let mut buffer = Vec::with_capacity(64 * 1024);
    for request in requests.iter().cycle().skip(first) {
        let began = Instant::now();
        if began >= until {
            break;
        }
        stream.write_all(request).await.expect("the request is sent");
        read_answer(&mut stream, &mut buffer).await;
        latencies.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    latencies
}

/// Sends a request and reads the response until the server closes the connection. Returns its size in bytes.
///
/// A slow reader pauses for a second after the first bytes, and for a millisecond after each further megabyte.
pub async fn download(address: &str, request: &[u8], is_slow: bool) -> usize {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request).await.expect("the request is sent");
    let mut buffer = vec![0; 1024 * 1024];
    let mut bytes = 0;
    let mut end = Vec::new();
    loop {
        let read = stream.read(&mut buffer).await.expect("an answer");
        if read == 0 {
            assert!(end.ends_with(b"\r\n0\r\n\r\n"), "the response was aborted");
            return bytes;
        }
        if bytes == 0 {
            assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..read]));
        }
        if is_slow {
            tokio::time::sleep(Duration::from_millis(if bytes == 0 { 1000 } else { 1 })).await;
        }
        bytes += read;
        end.extend_from_slice(&buffer[read.saturating_sub(7)..read]);
        end.drain(..end.len().saturating_sub(7));
    }
}

async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    buffer.clear();
    loop {
        let read = stream.read_buf(buffer).await.expect("an answer");
        assert!(read > 0, "the server hung up: {}", String::from_utf8_lossy(buffer));
        let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&buffer[..end]);
        assert!(head.starts_with("HTTP/1.1 200"), "{}", String::from_utf8_lossy(buffer));
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().expect("a length"))
        });
        let whole = end + 4 + length.expect("a length");
        while buffer.len() < whole {
            let read = stream.read_buf(buffer).await.expect("an answer");
            assert!(read > 0, "the server hung up");
        }
        return;
    }
}
