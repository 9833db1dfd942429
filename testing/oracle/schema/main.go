// Command schema answers what the strict decoder of the Kubernetes API server does with an object.
//
//	schema generate   prints the table of kinds, types and fields (crates/schema/src/kinds.tsv)
//	schema            reads one Question as JSON from each line and writes one Answer as JSON to each line
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	apiregistrationv1beta1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1beta1"
)

// builtin knows every kind that a Kubernetes API server serves, now or in an older version.
func builtin() *runtime.Scheme {
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		scheme.AddToScheme,
		apiextensionsv1.AddToScheme,
		apiextensionsv1beta1.AddToScheme,
		apiregistrationv1.AddToScheme,
		apiregistrationv1beta1.AddToScheme,
	} {
		if err := add(known); err != nil {
			panic(err)
		}
	}
	return known
}

func main() {
	known := builtin()
	if len(os.Args) > 1 && os.Args[1] == "generate" {
		fmt.Print(table(known))
		return
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		answer, err := json.Marshal(check(known, line))
		if err != nil {
			panic(err)
		}
		out.Write(answer)
		out.WriteByte('\n')
		out.Flush()
	}
}
