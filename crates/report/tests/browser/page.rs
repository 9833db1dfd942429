//! What needs no browser to be seen.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::{HOSTILE, HOSTILE_NAME, SHOP, render};

#[test]
fn the_bytes_depend_on_the_input_alone() {
    assert_eq!(render(&[("shop.yaml", SHOP)]), render(&[("shop.yaml", SHOP)]));
}

#[test]
fn no_markup_of_the_input_is_in_the_page() {
    let page = render(&[(HOSTILE_NAME, HOSTILE)]);
    for markup in ["<img", "<iframe", "<b ", "<svg onload", "</script><script>"] {
        assert!(!page.contains(markup), "{markup}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("&#60;img src=x onerror=window.pwned=1&#62;"));
    assert!(!page.contains(['\u{202e}', '\u{2066}', '\u{200b}']));
}

#[test]
fn credentials_are_not_in_the_page() {
    let page = render(&[("shop.yaml", SHOP), (HOSTILE_NAME, HOSTILE)]);
    assert!(page.contains("redacted") && !page.contains("geheim"));
}

#[test]
fn a_huge_result_makes_a_page_of_bounded_size_that_says_what_it_leaves_out() {
    // As hostile as it gets: quotation marks are five times as long in HTML.
    let noise = "'\"".repeat(120);
    let mut manifests = String::new();
    for number in 0..4_000 {
        write!(
            manifests,
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: |-\n    {noise}{number}\nspec:\n  # {noise}\n  containers:\n    \
             - name: |-\n        {noise}\n      image: nginx\n---\n"
        )
        .unwrap();
    }
    let start = Instant::now();
    let page = render(&[("huge.yaml", &manifests)]);
    assert!(page.len() > 10_000_000 && page.len() < 20_000_000, "{} bytes", page.len());
    assert!(page.contains(" of 4,000; the JSON report holds all of them"));
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn many_findings_in_one_endless_line_are_found_without_counting_it_anew() {
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"a","image":"nginx"}]}}"#;
    let list = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{}]}}"#, vec![pod; 20_000].join(","));
    let start = Instant::now();
    let page = render(&[("list.json", &list)]);
    assert!(page.contains("class=\"cut\"") && page.len() < 20_000_000);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}
