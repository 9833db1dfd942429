//! Runs `report.mjs`, which looks at reports in headless Chromium.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{HOSTILE, HOSTILE_NAME, SHOP, render};

/// Where Debian, Ubuntu and Google's own packages install it.
const BROWSERS: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
];

const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("package.json")),
    ("package-lock.json", include_str!("package-lock.json")),
    ("report.mjs", include_str!("report.mjs")),
];

#[test]
fn reports_work_in_a_browser() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let browser = match prepare(&folder) {
        Ok(browser) => browser,
        Err(reason) if std::env::var_os("SEAWORTHY_BROWSER").is_some_and(|value| value == "required") => {
            panic!("{reason}")
        }
        Err(reason) => {
            eprintln!("skipped: {reason}; `SEAWORTHY_BROWSER=required` makes this an error");
            return;
        }
    };
    fs::write(folder.join("shop.html"), render(&[("deploy/shop.yaml", SHOP)])).unwrap();
    fs::write(folder.join("hostile.html"), render(&[(HOSTILE_NAME, HOSTILE)])).unwrap();
    fs::write(folder.join("empty.html"), render(&[])).unwrap();
    let output = Command::new("node")
        .arg("report.mjs")
        .arg(browser)
        .arg(&folder)
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Finds the browser and installs what drives it; else says what is missing.
fn prepare(folder: &Path) -> Result<PathBuf, String> {
    let browser = BROWSERS.iter().map(Path::new).find(|path| path.exists());
    let browser = browser.ok_or("no Chromium: `apt-get install chromium` installs it")?;
    run(Command::new("node").arg("--version"))?;
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let lock = folder.join("package-lock.json");
    let installed = folder.join("node_modules/playwright-core/package.json").exists()
        && fs::read_to_string(&lock).is_ok_and(|text| text == FILES[1].1);
    for (name, text) in FILES {
        fs::write(folder.join(name), text).map_err(|error| error.to_string())?;
    }
    if !installed {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))?;
    }
    Ok(browser.to_owned())
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?} does not start: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?} fails: {}", String::from_utf8_lossy(&output.stderr))),
    }
}
