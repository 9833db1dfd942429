//! Keys of cloud providers that do not expire: by the names that their libraries read, and by their shapes. No caller is
//! ever given a value.

/// A provider of clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Provider {
    Aws,
    Azure,
    Google,
}

impl Provider {
    /// What its keys are called.
    pub(super) fn key(self) -> &'static str {
        match self {
            Provider::Aws => "an access key of AWS",
            Provider::Azure => "a client secret of Azure",
            Provider::Google => "a service account key of Google Cloud",
        }
    }

    /// What to use instead.
    pub(super) fn identity(self) -> &'static str {
        match self {
            Provider::Aws => "a role for the service account (IRSA, EKS Pod Identity)",
            Provider::Azure => "Azure workload identity",
            Provider::Google => "workload identity federation",
        }
    }
}

/// Names of variables and keys of Secrets under which libraries of providers look for a key, in capitals.
const NAMES: &[(&str, Provider)] = &[
    ("ARM_CLIENT_SECRET", Provider::Azure),
    ("AWS_ACCESS_KEY_ID", Provider::Aws),
    ("AWS_SECRET_ACCESS_KEY", Provider::Aws),
    ("AZURE_CLIENT_SECRET", Provider::Azure),
    ("GOOGLE_APPLICATION_CREDENTIALS_JSON", Provider::Google),
    ("GOOGLE_CREDENTIALS", Provider::Google),
];

/// The provider whose key stands under a name; `-` and `.` count as `_`, and case does not count.
pub(super) fn under_name(name: &str) -> Option<Provider> {
    // The longest name is shorter: a long one costs nothing.
    if name.len() > 64 {
        return None;
    }
    let name: String =
        name.chars().map(|c| if matches!(c, '-' | '.') { '_' } else { c.to_ascii_uppercase() }).collect();
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, provider)| *provider)
}

/// The provider whose key a text holds by its shape.
pub(super) fn in_text(text: &str) -> Option<Provider> {
    if text.contains("\"private_key\"") && text.contains("\"service_account\"") {
        return Some(Provider::Google);
    }
    if text.contains("aws_secret_access_key") || is_access_key_id(text.trim()) {
        return Some(Provider::Aws);
    }
    let azure = ["\"clientSecret\"", "\"aadClientSecret\""].iter().any(|field| text.contains(field));
    (azure && ["subscriptionId", "tenantId"].iter().any(|field| text.contains(field)))
        .then_some(Provider::Azure)
}

/// `AKIA` and 16 capitals and digits: the id of a key that does not expire.
fn is_access_key_id(text: &str) -> bool {
    text.strip_prefix("AKIA").is_some_and(|rest| {
        rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}

/// Files and folders in which tools keep the keys of a person or of a node.
const HOST_FILES: &[(&str, Provider)] = &[
    ("/.aws", Provider::Aws),
    ("/.azure", Provider::Azure),
    ("/.config/gcloud", Provider::Google),
    ("/etc/kubernetes/azure.json", Provider::Azure),
    ("/etc/kubernetes/cloud-config", Provider::Azure),
];

/// The provider whose keys lie at a path of the node.
pub(super) fn at_host_path(path: &str) -> Option<Provider> {
    let path = path.trim_end_matches('/');
    let found = HOST_FILES.iter().find(|(file, _)| match file.starts_with("/.") {
        true => path.ends_with(file) || path.contains(&format!("{file}/")),
        false => path == *file,
    });
    found.map(|(_, provider)| *provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_shapes_are_known() {
        assert_eq!(under_name("aws-secret-access-key"), Some(Provider::Aws));
        assert_eq!(under_name("AZURE_CLIENT_SECRET"), Some(Provider::Azure));
        assert_eq!(under_name("SECRET_ACCESS_KEY"), None);
        assert_eq!(
            in_text("{\"type\": \"service_account\", \"private_key\": \"x\"}"),
            Some(Provider::Google)
        );
        assert_eq!(in_text("AKIAIOSFODNN7EXAMPLE\n"), Some(Provider::Aws));
        assert_eq!(in_text("AKIA"), None);
    }

    #[test]
    fn folders_of_people_are_known_below_any_home() {
        assert_eq!(at_host_path("/root/.aws"), Some(Provider::Aws));
        assert_eq!(at_host_path("/home/anna/.config/gcloud/"), Some(Provider::Google));
        assert_eq!(at_host_path("/home/anna/.awsome"), None);
        assert_eq!(at_host_path("/etc/kubernetes"), None);
    }
}
