// The etcd server of the lab. A main package of our own, since `go install` refuses etcd's for its replace directives.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
