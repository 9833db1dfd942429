// Decodes reports as an API server with the CRDs of OpenReports would, and names what it would refuse or drop.
//
// One request a line: a List of Report and ClusterReport objects as JSON. One answer a line: "ok", or the first problem.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	kjson "sigs.k8s.io/json"
)

type list struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Items      []json.RawMessage `json:"items"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		answer := "ok"
		if err := check(line); err != nil {
			answer = strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Println(answer)
	}
}

func check(text []byte) error {
	var all list
	if err := strict(text, &all); err != nil {
		return err
	}
	if all.APIVersion != "v1" || all.Kind != "List" {
		return fmt.Errorf("no list, but %s %s", all.APIVersion, all.Kind)
	}
	for index, item := range all.Items {
		if err := report(item); err != nil {
			return fmt.Errorf("item %d: %w", index, err)
		}
	}
	return nil
}

func report(item []byte) error {
	var one openreports.Report
	if err := strict(item, &one); err != nil {
		return err
	}
	kind, namespaced := "ClusterReport", one.Namespace != ""
	if namespaced {
		kind = "Report"
	}
	if one.APIVersion != "openreports.io/v1alpha1" || one.Kind != kind || one.Name == "" {
		return fmt.Errorf("%s %s %q in namespace %q", one.APIVersion, one.Kind, one.Name, one.Namespace)
	}
	seen := openreports.ReportSummary{}
	for _, result := range one.Results {
		switch result.Result {
		case "pass":
			seen.Pass++
		case "fail":
			seen.Fail++
		case "warn":
			seen.Warn++
		case "error":
			seen.Error++
		case "skip":
			seen.Skip++
		default:
			return fmt.Errorf("result %q", result.Result)
		}
		switch result.Severity {
		case "critical", "high", "low", "medium", "info":
		default:
			return fmt.Errorf("severity %q", result.Severity)
		}
		if result.Policy == "" {
			return fmt.Errorf("a result without a policy")
		}
	}
	if seen != one.Summary {
		return fmt.Errorf("the summary %+v is not that of the results, %+v", one.Summary, seen)
	}
	return nil
}

func strict(text []byte, into any) error {
	problems, err := kjson.UnmarshalStrict(text, into)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return problems[0]
	}
	return nil
}
