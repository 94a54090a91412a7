//! `/docs` and its files. What a browser does with them is tested in tests/browser.

use reqwest::header::ACCEPT_ENCODING;

use crate::support::{Answer, Server};

/// The paths that the page names.
fn named(page: &str) -> Vec<&str> {
    let words = page.split('"').filter(|word| word.starts_with('/'));
    words.collect()
}

#[tokio::test]
async fn the_page_names_files_of_this_server_alone() {
    for (arguments, prefix) in [(&[][..], ""), (&["--path-prefix", "/Cust12345"][..], "/cust12345")] {
        let server = Server::start_with(arguments).await;
        for path in ["/docs", "/docs/", "/DOCS"] {
            let page = server.program.get(&format!("{prefix}{path}")).await;
            assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
            assert!(page.header("content-security-policy").starts_with("default-src 'none'; script-src 'self';"));
            assert!(!page.text.contains("://") && !page.text.contains("<script>"), "{}", page.text);
            let named = named(&page.text);
            assert_eq!(named.len(), 4);
            for path in named {
                assert!(path.starts_with(&format!("{prefix}/")), "{path}");
                let file = server.program.get(path).await;
                assert_eq!(file.status, 200, "{path}");
                let expected = match path.rsplit('.').next().unwrap() {
                    "js" => "text/javascript; charset=utf-8",
                    "css" => "text/css; charset=utf-8",
                    _ => "application/json; charset=utf-8",
                };
                assert_eq!(file.header("content-type"), expected);
                assert_eq!(file.header("x-content-type-options"), "nosniff");
            }
        }
    }
}

#[tokio::test]
async fn files_come_packed_for_those_who_can_unpack_them() {
    let server = Server::start().await;
    let path = "/docs/swagger-ui.css";
    let http = reqwest::Client::builder().no_gzip().no_brotli().build().unwrap();
    let get = |path: &str| http.get(format!("http://{}{path}", server.program.address));
    let plain = Answer::of(get(path).send().await.unwrap()).await;
    assert!(plain.text.contains(".swagger-ui"), "{:.100}", plain.text);
    let packed = get(path).header(ACCEPT_ENCODING, "br, gzip").send().await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let bytes = packed.bytes().await.unwrap();
    assert!(bytes.starts_with(&[0x1f, 0x8b]) && bytes.len() < plain.text.len() / 4, "{}", bytes.len());
    let license = server.program.get("/docs/license.txt").await;
    assert!(license.text.contains("Apache License"), "{:.200}", license.text);
    assert!(license.text.contains("Copyright"), "{:.200}", license.text);
}
