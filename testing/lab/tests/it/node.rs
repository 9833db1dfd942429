use lab::{Lab, Profile};
#[test]
fn hand() {
    let lab =
        Lab::start(Profile::named(&std::env::var("P").unwrap_or("insecure".into())).with_nodes()).unwrap();
    eprintln!("{}", lab.url());
    let c = lab.request("admin", "GET", "/api/v1/nodes/node1/proxy/configz").unwrap();
    eprintln!("{} {}", c.status, c.body);
    std::thread::sleep(std::time::Duration::from_secs(
        std::env::var("W").map(|w| w.parse().unwrap()).unwrap_or(0),
    ));
}
