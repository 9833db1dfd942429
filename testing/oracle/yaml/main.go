// Reads streams of manifests as kubectl does and prints what it makes of them.
//
// One request a line: the base64 of a stream. One answer a line:
//
//	{"docs":[{"json":"…"} | {"error":"…"}, …], "upstream":"…"}
//
// A document also has "strict", the error of the strict conversion, "ambiguous" when two of its keys
// become the same text (the outcome then depends on the order of a Go map), and "format".
// "upstream" names the first difference to NewYAMLOrJSONDecoder itself; it must be absent.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"unicode"
	"unicode/utf8"

	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
	goyaml "go.yaml.in/yaml/v2"
)

type document struct {
	JSON      string `json:"json,omitempty"`
	Error     string `json:"error,omitempty"`
	Strict    string `json:"strict,omitempty"`
	Ambiguous bool   `json:"ambiguous,omitempty"`
	Format    string `json:"format"`
}

type answer struct {
	Docs     []document `json:"docs"`
	Upstream string     `json:"upstream,omitempty"`
}

// The size that kubectl passes for the guess whether a stream is JSON.
const guessSize = 4096

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		data, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(line)))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		docs := read(data)
		if err := out.Encode(answer{Docs: docs, Upstream: compare(data, docs)}); err != nil {
			os.Exit(1)
		}
	}
}

func read(data []byte) (docs []document) {
	docs = []document{}
	_, _, mightBeJSON := yamlutil.GuessJSONStream(bytes.NewReader(data), guessSize)
	if mightBeJSON {
		decoder := json.NewDecoder(bytes.NewReader(data))
		consumed, count := int64(0), 0
		for {
			var raw json.RawMessage
			err := decoder.Decode(&raw)
			if err == io.EOF {
				return docs
			}
			if err == nil {
				count++
				consumed = decoder.InputOffset()
				docs = append(docs, fromJSON(raw))
				continue
			}
			if count > 1 {
				return append(docs, document{Error: err.Error(), Format: "json"})
			}
			rest, ok := withoutWhitespace(data[consumed:])
			if !ok {
				return append(docs, document{Error: err.Error(), Format: "json"})
			}
			data = rest
			break
		}
	}
	reader := yamlutil.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		chunk, err := reader.Read()
		if err == io.EOF {
			return docs
		}
		if err != nil {
			docs = append(docs, document{Error: err.Error(), Format: "yaml"})
			continue
		}
		docs = append(docs, fromYAML(chunk))
	}
}

// What the decoder eats between a JSON value and YAML; it wants to see four bytes each time.
func withoutWhitespace(data []byte) ([]byte, bool) {
	at := 0
	for {
		if len(data)-at < 4 {
			return nil, false
		}
		r, size := utf8.DecodeRune(data[at : at+4])
		if r == utf8.RuneError {
			return nil, false
		}
		if !unicode.IsSpace(r) {
			return data[at:], true
		}
		at += size
		if r == '\n' {
			return data[at:], true
		}
	}
}

func fromYAML(chunk []byte) document {
	converted, err := yaml.YAMLToJSON(chunk)
	if err != nil {
		return document{Error: err.Error(), Format: "yaml"}
	}
	result := document{JSON: string(converted), Format: "yaml"}
	if _, err := yaml.YAMLToJSONStrict(chunk); err != nil {
		result.Strict = err.Error()
	}
	var value interface{}
	if err := goyaml.Unmarshal(chunk, &value); err == nil {
		result.Ambiguous = ambiguous(value)
	}
	return result
}

func fromJSON(raw []byte) document {
	var value interface{}
	strict, err := kjson.UnmarshalStrict(raw, &value, kjson.DisallowDuplicateFields)
	if err != nil {
		return document{Error: err.Error(), Format: "json"}
	}
	converted, err := json.Marshal(value)
	if err != nil {
		return document{Error: err.Error(), Format: "json"}
	}
	result := document{JSON: string(converted), Format: "json"}
	if len(strict) > 0 {
		result.Strict = errors.Join(strict...).Error()
	}
	return result
}

func ambiguous(value interface{}) bool {
	switch value := value.(type) {
	case map[interface{}]interface{}:
		texts := make(map[string]bool, len(value))
		for key, item := range value {
			text := fmt.Sprint(key)
			if float, ok := key.(float64); ok {
				text = strconv.FormatFloat(float, 'g', -1, 32)
			}
			if texts[text] || ambiguous(item) {
				return true
			}
			texts[text] = true
		}
	case []interface{}:
		for _, item := range value {
			if ambiguous(item) {
				return true
			}
		}
	}
	return false
}

type rawValue struct{ data []byte }

func (r *rawValue) UnmarshalJSON(data []byte) error {
	r.data = append([]byte{}, data...)
	return nil
}

// Holds read against the decoder that kubectl uses; only which documents there are, and which fail.
func compare(data []byte, docs []document) string {
	decoder := yamlutil.NewYAMLOrJSONDecoder(bytes.NewReader(data), guessSize)
	for i := 0; ; i++ {
		var raw rawValue
		err := decoder.Decode(&raw)
		if err == io.EOF {
			if i != len(docs) {
				return fmt.Sprintf("upstream has %d documents", i)
			}
			return ""
		}
		if i >= len(docs) {
			return fmt.Sprintf("upstream has more than %d documents: %v", len(docs), err)
		}
		expected := docs[i]
		// The decoder passes JSON on as it is, so that its values are looked at only here.
		valueError := err == nil && expected.Format == "json"
		if (err != nil) != (expected.Error != "") && !valueError {
			return fmt.Sprintf("document %d: upstream error %v", i, err)
		}
		// Null does not reach UnmarshalJSON.
		null := len(raw.data) == 0 && expected.JSON == "null"
		if err == nil && expected.Format == "yaml" && !expected.Ambiguous && !null && string(raw.data) != expected.JSON {
			return fmt.Sprintf("document %d: upstream value %s", i, raw.data)
		}
		if err != nil && i+1 == len(docs) {
			return "" // the decoder repeats its last error forever
		}
	}
}
