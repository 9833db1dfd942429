package main

import (
	"context"
	"encoding/json"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/component-helpers/auth/rbac/validation"
	registry "k8s.io/kubernetes/pkg/registry/rbac/validation"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
)

// Question asks for the table, for requests against objects, or whether rules cover others.
type Question struct {
	Table               bool                         `json:"table"`
	Roles               []*rbacv1.Role               `json:"roles"`
	ClusterRoles        []*rbacv1.ClusterRole        `json:"clusterRoles"`
	RoleBindings        []*rbacv1.RoleBinding        `json:"roleBindings"`
	ClusterRoleBindings []*rbacv1.ClusterRoleBinding `json:"clusterRoleBindings"`
	Requests            []Request                    `json:"requests"`
	Owner               []rbacv1.PolicyRule          `json:"owner"`
	Wanted              []rbacv1.PolicyRule          `json:"wanted"`
}

// Request is what somebody wants to do: to a resource, or to a path when that is not empty.
type Request struct {
	User        string   `json:"user"`
	Groups      []string `json:"groups"`
	Verb        string   `json:"verb"`
	Namespace   string   `json:"namespace"`
	Group       string   `json:"group"`
	Resource    string   `json:"resource"`
	Subresource string   `json:"subresource"`
	Name        string   `json:"name"`
	Path        string   `json:"path"`
}

// Answer holds what was asked for.
type Answer struct {
	Table   string `json:"table,omitempty"`
	Allowed []bool `json:"allowed"`
	Covers  bool   `json:"covers"`
	Error   string `json:"error,omitempty"`
}

func ask(line []byte) Answer {
	var question Question
	if err := json.Unmarshal(line, &question); err != nil {
		return Answer{Error: err.Error()}
	}
	if question.Table {
		return Answer{Table: table()}
	}
	_, roles := registry.NewTestRuleResolver(
		question.Roles, question.RoleBindings, question.ClusterRoles, question.ClusterRoleBindings)
	judge := rbac.New(roles, roles, roles, roles)
	answer := Answer{Allowed: []bool{}}
	for _, request := range question.Requests {
		decision, _, _ := judge.Authorize(context.Background(), authorizer.AttributesRecord{
			User:            &user.DefaultInfo{Name: request.User, Groups: request.Groups},
			Verb:            request.Verb,
			Namespace:       request.Namespace,
			APIGroup:        request.Group,
			Resource:        request.Resource,
			Subresource:     request.Subresource,
			Name:            request.Name,
			ResourceRequest: request.Path == "",
			Path:            request.Path,
		})
		answer.Allowed = append(answer.Allowed, decision == authorizer.DecisionAllow)
	}
	answer.Covers, _ = validation.Covers(question.Owner, question.Wanted)
	return answer
}
