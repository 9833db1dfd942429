package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// bench prints nanoseconds per pod: a restricted pod that passes, and all fixtures with their messages, at
// restricted:latest; then the same pod from JSON.
func bench() {
	var pods []*corev1.Pod
	fail(filepath.WalkDir(fixtures(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		pods = append(pods, read(path))
		return nil
	}))
	passing := read(filepath.Join(fixtures(), "restricted/v1.37/pass/base.yaml"))
	body, err := json.Marshal(passing)
	fail(err)
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	fail(err)
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	evaluate := func(pod *corev1.Pod) policy.AggregateCheckResult {
		return policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec))
	}

	measure("evaluate, passing restricted pod", 1, func() { evaluate(passing) })
	measure("evaluate + message, all fixtures", len(pods), func() {
		for _, pod := range pods {
			result := evaluate(pod)
			_ = result.ForbiddenDetail()
		}
	})
	measure("decode + evaluate, passing restricted pod", 1, func() {
		pod, err := decode(body)
		fail(err)
		evaluate(pod)
	})
}

func read(path string) *corev1.Pod {
	content, err := os.ReadFile(path)
	fail(err)
	pod := &corev1.Pod{}
	fail(yaml.Unmarshal(content, pod))
	data, err := yaml.YAMLToJSON(content)
	fail(err)
	applyDefaults(pod, data, true)
	return pod
}

func measure(name string, pods int, run func()) {
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			run()
		}
	})
	fmt.Printf("%-45s %10.0f ns per pod %6.1f allocations\n", name,
		float64(result.NsPerOp())/float64(pods), float64(result.AllocsPerOp())/float64(pods))
}
