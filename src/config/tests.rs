use super::*;

#[test]
fn the_command_line_is_consistent() {
    use clap::CommandFactory;
    CommandLine::command().debug_assert();
}

#[test]
fn tenants_and_prefixes_are_checked() {
    assert_eq!(tenant("Cust12345").as_deref(), Ok("Cust12345"));
    for wrong in ["", "a.b", "a;b", "ø", &"x".repeat(65)] {
        assert!(tenant(wrong).is_err(), "{wrong}");
    }
    for (text, expected) in [("", ""), ("/", ""), ("/Cust1", "/cust1"), ("/a/b/", "/a/b")] {
        assert_eq!(path_prefix(text).as_deref(), Ok(expected));
    }
    for wrong in ["a", "//a", "/a//b", "/a b", "/{x}", "/a?b"] {
        assert!(path_prefix(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_issuer_needs_an_audience() {
    let parse = |line: &str| CommandLine::try_parse_from(line.split(' ').filter(|word| !word.is_empty()));
    let given = "--oidc-issuer https://id.example --oidc-audience erpsync";
    for command in ["erpsync", "erpsync serve"] {
        assert!(parse(command).is_ok());
        assert!(parse(&format!("{command} {given}")).is_ok());
        let missing = parse(&format!("{command} --oidc-issuer https://id.example")).expect_err("no audience");
        assert!(missing.to_string().contains("--oidc-audience"), "{missing}");
    }
    let settings = parse(&format!("erpsync {given}")).expect("settings").serve.oidc;
    assert_eq!(settings.claim, "preferred_username");
}

#[test]
fn seconds_are_bounded() {
    assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
    for wrong in ["", "0", "-1", "NaN", "inf", "1e9", "2s"] {
        assert!(seconds(wrong).is_err(), "{wrong}");
    }
}
