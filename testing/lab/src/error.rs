/// Why there is no lab.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// Something that the machine has to have is not there: tests skip.
    #[error("{0}")]
    Unavailable(String),
    /// Everything is there and yet it went wrong: tests fail.
    #[error("{0}")]
    Failed(String),
}

impl LabError {
    pub(crate) fn failed(reason: impl Into<String>) -> LabError {
        LabError::Failed(reason.into())
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> LabError {
        LabError::Unavailable(reason.into())
    }

    /// An operation on a file that failed.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> LabError {
        LabError::Failed(format!("{}: {error}", path.display()))
    }
}
