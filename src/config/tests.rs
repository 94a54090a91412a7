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
fn every_address_but_loopback_is_public() {
    let parse = |listen| CommandLine::try_parse_from(["erpsync", "--listen", listen]).expect("settings").serve;
    for listen in ["127.0.0.1:8080", "127.9.9.9:1", "[::1]:8080", "[::ffff:127.0.0.1]:8080"] {
        assert!(!parse(listen).is_public(), "{listen}");
    }
    for listen in ["0.0.0.0:8080", "[::]:8080", "192.168.1.5:80", "10.0.0.1:0", "[fe80::1]:80", "[::ffff:10.0.0.1]:80"]
    {
        assert!(parse(listen).is_public(), "{listen}");
    }
    assert!(!CommandLine::try_parse_from(["erpsync"]).expect("settings").serve.is_public(), "the default");
}

#[test]
fn demo_is_a_flag_that_takes_a_value_after_an_equals_sign() {
    let parse = |line: &str| CommandLine::try_parse_from(line.split(' ')).expect("settings");
    for (line, expected) in
        [("erpsync", false), ("erpsync --demo", true), ("erpsync --demo=true", true), ("erpsync --demo=false", false)]
    {
        assert_eq!(parse(line).serve.demo, expected, "{line}");
    }
    assert!(parse("erpsync --demo --listen 127.0.0.1:1").serve.demo);
}

#[test]
fn seconds_are_bounded() {
    assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
    for wrong in ["", "0", "-1", "NaN", "inf", "1e9", "2s"] {
        assert!(seconds(wrong).is_err(), "{wrong}");
    }
}
