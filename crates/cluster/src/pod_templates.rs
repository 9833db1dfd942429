//! Whether a custom resource runs something.

use serde_json::Value;

/// Whether an object holds a list of containers anywhere below its root. It is asked to leave out what holds none, so it
/// says yes more often than the evidence finds a pod.
pub(crate) fn holds_containers(object: &Value) -> bool {
    let mut rest = vec![object];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(items) => rest.extend(items),
            Value::Object(fields) => {
                if let Some(Value::Array(containers)) = fields.get("containers")
                    && containers.iter().any(Value::is_object)
                {
                    return true;
                }
                rest.extend(fields.values());
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn containers_are_found_at_any_depth() {
        let rollout = json!({"spec": {"template": {"spec": {"containers": [{"name": "web"}]}}}});
        assert!(holds_containers(&rollout));
        let cluster = json!({"spec": {"groups": [{"podSpec": {"containers": [{"image": "a"}]}}]}});
        assert!(holds_containers(&cluster));
        assert!(!holds_containers(&json!({"spec": {"containers": []}, "status": {"containers": 3}})));
    }
}
