// Judges pods by the Pod Security Standards as Kubernetes does. One JSON request a line, one JSON answer a line:
//
//	{"pod": {…}, "as": "pod", "version": "v1.30"}    the pod with the defaults that the API server gives to a pod
//	{"pod": {…}, "as": "template", "version": …}     … with those that it gives to a pod template
//	{"file": "…", "as": …, "version": …}             … read from a YAML file
//	  → {"checks": [{"id", "reason", "detail"}], "baseline": {"reason", "detail"}, "restricted": {…}}
//	    or {"error": "…"} when the API would not decode the pod; "checks" judges each check on its own
//	{"labels": {…}, "defaults": "restricted:v1.2"}   the policy of a namespace
//	  → {"enforce": "level:version", "audit": …, "warn": …, "errors": ["…"]}
//	{"quote": "…"}        → {"quoted": "…"}, by the verb %q
//	{"definitions": true} → [{"id", "level", "since": "v1.0", "overrides": ["…"]}], every check
//	{"fixtures": true}    → {"directory": "…"}, upstream's test data
//
// With -bench it measures upstream's speed over its fixtures instead.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

type request struct {
	Pod      json.RawMessage   `json:"pod"`
	File     string            `json:"file"`
	As       string            `json:"as"`
	Version  string            `json:"version"`
	Labels   map[string]string `json:"labels"`
	Defaults string            `json:"defaults"`
	Quote    *string           `json:"quote"`
	Fixtures bool              `json:"fixtures"`

	Definitions bool `json:"definitions"`
}

type text struct {
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

type verdict struct {
	Error      string `json:"error,omitempty"`
	Checks     []text `json:"checks"`
	Baseline   text   `json:"baseline"`
	Restricted text   `json:"restricted"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "-bench" {
		bench()
		return
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	fail(err)
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	buffered := bufio.NewWriterSize(os.Stdout, 1<<20)
	out := json.NewEncoder(buffered)
	out.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			buffered.Flush()
			return
		}
		var r request
		fail(json.Unmarshal(line, &r))
		fail(out.Encode(answer(evaluator, r)))
		if in.Buffered() == 0 {
			fail(buffered.Flush())
		}
	}
}

func answer(evaluator policy.Evaluator, r request) any {
	switch {
	case r.Fixtures:
		return map[string]string{"directory": fixtures()}
	case r.Definitions:
		return definitions()
	case r.Quote != nil:
		return map[string]string{"quoted": fmt.Sprintf("%q", *r.Quote)}
	case r.Labels != nil:
		return labels(r)
	}
	return judge(evaluator, r)
}

func judge(evaluator policy.Evaluator, r request) verdict {
	data := []byte(r.Pod)
	if r.File != "" {
		content, err := os.ReadFile(r.File)
		fail(err)
		data, err = yaml.YAMLToJSON(content)
		fail(err)
	}
	pod, err := decode(data)
	if err != nil {
		return verdict{Error: err.Error()}
	}
	applyDefaults(pod, data, r.As == "pod")
	version, err := api.ParseVersion(r.Version)
	fail(err)

	aggregate := func(level api.Level) text {
		results := evaluator.EvaluatePod(api.LevelVersion{Level: level, Version: version}, &pod.ObjectMeta, &pod.Spec)
		all := policy.AggregateCheckResults(results)
		return text{Reason: all.ForbiddenReason(), Detail: all.ForbiddenDetail()}
	}
	v := verdict{Checks: []text{}, Baseline: aggregate(api.LevelBaseline), Restricted: aggregate(api.LevelRestricted)}
	for _, check := range policy.DefaultChecks() {
		var judged policy.CheckPodFn
		for _, versioned := range check.Versions {
			if !version.Older(versioned.MinimumVersion) {
				judged = versioned.CheckPod
			}
		}
		if judged == nil {
			continue
		}
		if result := judged(&pod.ObjectMeta, &pod.Spec); !result.Allowed {
			v.Checks = append(v.Checks, text{string(check.ID), result.ForbiddenReason, result.ForbiddenDetail})
		}
	}
	return v
}

func decode(data []byte) (*corev1.Pod, error) {
	pod := &corev1.Pod{}
	return pod, kjson.UnmarshalCaseSensitivePreserveInts(data, pod)
}

func labels(r request) any {
	level, version, _ := strings.Cut(r.Defaults, ":")
	v, err := api.ParseVersion(version)
	fail(err)
	defaults := api.LevelVersion{Level: api.Level(level), Version: v}
	p, invalid := api.PolicyToEvaluate(r.Labels, api.Policy{Enforce: defaults, Audit: defaults, Warn: defaults})
	errors := []string{}
	for _, err := range invalid {
		errors = append(errors, err.Error())
	}
	return map[string]any{
		"enforce": p.Enforce.String(), "audit": p.Audit.String(), "warn": p.Warn.String(), "errors": errors,
	}
}

func definitions() any {
	all := []map[string]any{}
	for _, check := range policy.DefaultChecks() {
		first := check.Versions[0]
		all = append(all, map[string]any{
			"id": check.ID, "level": check.Level, "since": first.MinimumVersion.String(), "overrides": first.OverrideCheckIDs,
		})
	}
	return all
}

// The module's folder, from where the compiler found it.
func fixtures() string {
	file, _ := runtime.FuncForPC(reflect.ValueOf(policy.DefaultChecks).Pointer()).FileLine(0)
	return filepath.Join(filepath.Dir(file), "..", "test", "testdata")
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
