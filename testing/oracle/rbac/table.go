package main

import (
	"encoding/json"
	"sort"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

// role is a Role or ClusterRole with what matters for a comparison, in the form of the API.
type role struct {
	Kind            string                  `json:"kind"`
	Metadata        metadata                `json:"metadata"`
	AggregationRule *rbacv1.AggregationRule `json:"aggregationRule,omitempty"`
	Rules           []rbacv1.PolicyRule     `json:"rules,omitempty"`
}

type binding struct {
	Kind     string           `json:"kind"`
	Metadata metadata         `json:"metadata"`
	RoleRef  rbacv1.RoleRef   `json:"roleRef"`
	Subjects []rbacv1.Subject `json:"subjects,omitempty"`
}

type metadata struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
}

// aggregated keeps the labels by which a role flows into others; all of them bear the bootstrapping label.
func aggregated(labels map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range labels {
		if strings.HasPrefix(key, "rbac.authorization.k8s.io/") {
			kept[key] = value
		}
	}
	return kept
}

// table lists every bootstrap object, one on a line, with what any feature gate adds.
func table() string {
	roles := map[string]*role{}
	bindings := map[string]*binding{}
	collect(roles, bindings)
	if err := utilfeature.DefaultMutableFeatureGate.Set("AllAlpha=true,AllBeta=true"); err != nil {
		panic(err)
	}
	collect(roles, bindings)

	lines := map[string]string{}
	for key, role := range roles {
		lines[key] = line(role)
	}
	for key, binding := range bindings {
		lines[key] = line(binding)
	}
	keys := make([]string, 0, len(lines))
	for key := range lines {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	text := make([]string, 0, len(keys))
	for _, key := range keys {
		text = append(text, lines[key])
	}
	return "{\"items\":[\n" + strings.Join(text, ",\n") + "\n]}\n"
}

func line(object any) string {
	text, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func collect(roles map[string]*role, bindings map[string]*binding) {
	for _, list := range [][]rbacv1.ClusterRole{bootstrappolicy.ClusterRoles(), bootstrappolicy.ControllerRoles()} {
		for _, item := range list {
			add(roles, role{"ClusterRole", metadata{item.Name, "", aggregated(item.Labels)}, item.AggregationRule, item.Rules})
		}
	}
	for namespace, list := range bootstrappolicy.NamespaceRoles() {
		for _, item := range list {
			add(roles, role{"Role", metadata{item.Name, namespace, nil}, nil, item.Rules})
		}
	}
	for _, list := range [][]rbacv1.ClusterRoleBinding{bootstrappolicy.ClusterRoleBindings(), bootstrappolicy.ControllerRoleBindings()} {
		for _, item := range list {
			found := binding{"ClusterRoleBinding", metadata{item.Name, "", nil}, item.RoleRef, item.Subjects}
			bindings[found.Kind+"//"+item.Name] = &found
		}
	}
	for namespace, list := range bootstrappolicy.NamespaceRoleBindings() {
		for _, item := range list {
			found := binding{"RoleBinding", metadata{item.Name, namespace, nil}, item.RoleRef, item.Subjects}
			bindings[found.Kind+"/"+namespace+"/"+item.Name] = &found
		}
	}
}

// add joins the rules of a role with those that it had under other feature gates.
func add(roles map[string]*role, found role) {
	key := found.Kind + "/" + found.Metadata.Namespace + "/" + found.Metadata.Name
	known, ok := roles[key]
	if !ok {
		roles[key] = &found
		return
	}
	seen := map[string]bool{}
	for _, rule := range known.Rules {
		seen[rule.String()] = true
	}
	for _, rule := range found.Rules {
		if !seen[rule.String()] {
			known.Rules = append(known.Rules, rule)
		}
	}
}
