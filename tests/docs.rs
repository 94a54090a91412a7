//! The documentation page `/docs` and its files. tests/browser tests the page in a browser.

use reqwest::header::{ACCEPT, ACCEPT_ENCODING};

use crate::support::client::client_builder;
use crate::support::{Answer, Server};

/// Returns the paths in a page.
fn named(page: &str) -> Vec<&str> {
    let words = page.split('"').filter(|word| word.starts_with('/'));
    words.collect()
}

#[tokio::test]
async fn the_documentation_page_loads_files_of_this_server_only() {
    for (arguments, prefix) in [(&[][..], ""), (&["--path-prefix", "/Cust12345"][..], "/Cust12345")] {
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
async fn documentation_files_are_compressed_for_clients_that_accept_it() {
    let server = Server::start().await;
    let path = "/docs/swagger-ui.css";
    let http = client_builder().no_gzip().no_brotli().build().unwrap();
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

#[tokio::test]
async fn a_browser_at_the_root_is_redirected_to_the_documentation() {
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let http = client_builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (arguments, roots, target) in [
        (&[][..], &["/"][..], "/docs"),
        (&["--path-prefix", "/Cust12345"], &["/", "/Cust12345", "/cust12345/"], "/Cust12345/docs"),
    ] {
        let server = Server::start_with(arguments).await;
        for root in roots {
            let get = || http.get(format!("http://{}{root}", server.program.address));
            let redirect = Answer::of(get().header(ACCEPT, browser).send().await.unwrap()).await;
            assert_eq!((redirect.status, redirect.header("location")), (302, target), "{root}");
            assert!(redirect.vary().contains(&"accept"), "{root}");
            for accept in ["*/*", "application/json"] {
                let program = Answer::of(get().header(ACCEPT, accept).send().await.unwrap()).await;
                program.assert_framework_error(404, &["No HTTP resource was found", root]);
                assert!(program.vary().contains(&"accept"), "{root}");
            }
            let posted = http.post(format!("http://{}{root}", server.program.address)).header(ACCEPT, browser);
            assert_eq!(posted.send().await.unwrap().status(), 404);
        }
        let elsewhere = http.get(format!("http://{}/elsewhere", server.program.address)).header(ACCEPT, browser);
        assert_eq!(elsewhere.send().await.unwrap().status(), 404);
    }
}

#[tokio::test]
async fn the_documentation_can_be_switched_off() {
    let server = Server::start_with(&["--docs", "false"]).await;
    for path in ["/docs", "/docs/", "/docs/page.js", "/docs/swagger-ui.css", "/openapi.json", "/"] {
        let request = server.program.request(reqwest::Method::GET, path).header(ACCEPT, "text/html");
        let answer = Answer::of(request.send().await.unwrap()).await;
        answer.assert_framework_error(404, &["No HTTP resource was found", path]);
    }
    assert_eq!(server.program.save_sample().await.status, 200);
}
