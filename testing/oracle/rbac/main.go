// Command rbac answers what the RBAC authorizer of Kubernetes and its escalation check decide.
//
//	rbac generate   prints the roles and bindings that the API server creates (crates/authorization/src/bootstrap.json)
//	rbac            reads one Question as JSON from each line and writes one Answer as JSON to each line
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "generate" {
		fmt.Print(table())
		return
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		answer, err := json.Marshal(ask(line))
		if err != nil {
			panic(err)
		}
		out.Write(answer)
		out.WriteByte('\n')
		out.Flush()
	}
}
