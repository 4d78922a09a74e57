// Writes go-vectors.tsv: what golang.org/x/mod/semver says of module versions.
//
//	apt-get install golang-go golang-golang-x-mod-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go run go-vectors.go > go-vectors.tsv
//
// Rows, parted by tabs: `order  A  <|=|>  B`.
package main

import (
	"fmt"
	"math/rand"

	"golang.org/x/mod/semver"
)

var random = rand.New(rand.NewSource(7))

func pick(list ...string) string { return list[random.Intn(len(list))] }

func version() string {
	core := "v" + pick("0", "1", "2", "10") + "." + pick("0", "1", "2", "11") + "." + pick("0", "1", "3", "12")
	return core + pick("", "", "", "+incompatible", "-rc.1", "-rc.10", "-rc1", "-beta.2", "-0.20200101000000-abcdefabcdef", "-0.20210101000000-0123456789ab",
		"-0.20200101000000-abcdefabcdef+incompatible", "-pre.0.20200101000000-abcdefabcdef", "-20200101000000-abcdefabcdef", "-20190101000000-ffffffffffff")
}

func near() string {
	return "v1.2." + pick("3", "4") + pick("", "+incompatible", "-rc.1", "-rc.1.0.20200101000000-abcdefabcdef", "-0.20200101000000-abcdefabcdef", "-0.20200102000000-0bcdefabcdef")
}

func main() {
	signs := map[int]string{-1: "<", 0: "=", 1: ">"}
	for i := 0; i < 500; i++ {
		a, b := version(), version()
		if i%2 == 0 {
			a, b = near(), near()
		}
		fmt.Printf("order\t%s\t%s\t%s\n", a, signs[semver.Compare(a, b)], b)
	}
}
