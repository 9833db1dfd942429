//! `seaworthy lsp`.

use seaworthy_controls::Settings;
use seaworthy_ingest::Options;

use crate::cli::LspArgs;
use crate::error::{CommandError, Outcome};
use crate::language_server::{Rules, serve};
use crate::selection;

pub(crate) fn run(args: &LspArgs) -> Result<Outcome, CommandError> {
    let controls = selection::controls(&args.select)?;
    let (connection, threads) = lsp_server::Connection::stdio();
    let served = serve(&connection, |_folders| {
        Ok(Rules { controls, settings: Settings::default(), options: Options::default() })
    });
    // The threads end when nobody can send to them any more.
    drop(connection);
    let ended = threads.join();
    served.map_err(|error| CommandError::new(format!("the language server ended: {error}")))?;
    ended.map_err(|error| CommandError::output("the editor", &error))?;
    Ok(Outcome::Clean)
}
