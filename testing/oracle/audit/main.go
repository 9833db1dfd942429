// Decides by audit policies as the API server does. One JSON request a line, one JSON answer a line:
//
//	{"policy": "…", "requests": [{"user", "groups", "verb", "group", "resource", "subresource", "namespace", "name"}]}
//	  → {"levels": ["Metadata", …]} or {"error": "…"} when the server would not load the policy
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/klog/v2"
)

type attributes struct {
	User        string   `json:"user"`
	Groups      []string `json:"groups"`
	Verb        string   `json:"verb"`
	Group       string   `json:"group"`
	Resource    string   `json:"resource"`
	Subresource string   `json:"subresource"`
	Namespace   string   `json:"namespace"`
	Name        string   `json:"name"`
}

type question struct {
	Policy   string       `json:"policy"`
	Requests []attributes `json:"requests"`
}

type answer struct {
	Error  string   `json:"error,omitempty"`
	Levels []string `json:"levels"`
}

func main() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	buffered := bufio.NewWriterSize(os.Stdout, 1<<20)
	out := json.NewEncoder(buffered)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			buffered.Flush()
			return
		}
		var q question
		fail(json.Unmarshal(line, &q))
		fail(out.Encode(decide(q)))
		if in.Buffered() == 0 {
			buffered.Flush()
		}
	}
}

func decide(q question) answer {
	loaded, err := policy.LoadPolicyFromBytes([]byte(q.Policy))
	if err != nil {
		return answer{Error: err.Error()}
	}
	evaluator := policy.NewPolicyRuleEvaluator(loaded)
	levels := []string{}
	for _, r := range q.Requests {
		levels = append(levels, string(evaluator.EvaluatePolicyRule(authorizer.AttributesRecord{
			User:            &user.DefaultInfo{Name: r.User, Groups: r.Groups},
			Verb:            r.Verb,
			APIGroup:        r.Group,
			Resource:        r.Resource,
			Subresource:     r.Subresource,
			Namespace:       r.Namespace,
			Name:            r.Name,
			ResourceRequest: true,
		}).Level))
	}
	return answer{Levels: levels}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
