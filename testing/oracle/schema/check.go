package main

import (
	"encoding/json"
	"errors"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// Question is an object to decode as the kind that is named beside it, or a call for the table.
type Question struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Object is what arrives at the API server.
	Object json.RawMessage `json:"object"`
	// Manifest is YAML that kubectl turns into the object; it stands in place of Object.
	Manifest string `json:"manifest"`
	Table    bool   `json:"table"`
}

// Answer is what the decoder said.
type Answer struct {
	// Table holds the table of kinds when the question asked for it.
	Table string `json:"table,omitempty"`
	// Invalid tells why the question could not be answered.
	Invalid string `json:"invalid,omitempty"`
	// Known tells whether the kind is built in.
	Known bool `json:"known"`
	// Error is what refuses the object whatever the field validation.
	Error string `json:"error,omitempty"`
	// Offset is the byte in the object behind the value of the wrong type (behind its opening bracket for a
	// list or map). Where a type has its own decoder (Quantity, IntOrString, ...) it means nothing.
	Offset int64 `json:"offset,omitempty"`
	// Unknown holds the paths of the fields that only strict validation refuses; empty when Error is not.
	Unknown []string `json:"unknown,omitempty"`
}

func check(known *runtime.Scheme, line []byte) Answer {
	var question Question
	if err := json.Unmarshal(line, &question); err != nil {
		return Answer{Invalid: err.Error()}
	}
	if question.Table {
		return Answer{Table: table(known)}
	}
	object, err := known.New(schema.FromAPIVersionAndKind(question.APIVersion, question.Kind))
	if err != nil {
		return Answer{}
	}
	if question.Manifest != "" {
		if question.Object, err = sent(question.Manifest); err != nil {
			return Answer{Invalid: err.Error()}
		}
	}
	answer := Answer{Known: true}
	// Duplicate fields are judged elsewhere.
	unknown, err := kjson.UnmarshalStrict(question.Object, object, kjson.DisallowUnknownFields)
	if err != nil {
		answer.Error = err.Error()
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			answer.Offset = wrong.Offset
		}
	}
	for _, err := range unknown {
		var field kjson.FieldError
		if errors.As(err, &field) {
			answer.Unknown = append(answer.Unknown, field.FieldPath())
		}
	}
	return answer
}

// sent is the JSON that kubectl sends for a manifest: it reads YAML into an object without a type first.
func sent(manifest string) ([]byte, error) {
	read, err := yaml.YAMLToJSON([]byte(manifest))
	if err != nil {
		return nil, err
	}
	var object map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(read, &object); err != nil {
		return nil, err
	}
	return json.Marshal(object)
}
