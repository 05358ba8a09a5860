// The live laboratory: scripted servers, a lossy link and a Go client that writes what its ClientTrace reported.
package main

import (
	"fmt"
	"os"
	"sort"
)

var commands = map[string]func(args []string) error{
	"dns":    serveDNS,
	"server": serveAll,
	"link":   runLink,
	"client": runClient,
	"list":   listScenarios,
	"judge":  runJudge,
}

func main() {
	if len(os.Args) >= 2 {
		if run, ok := commands[os.Args[1]]; ok {
			if err := run(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, "lab", os.Args[1]+":", err)
				os.Exit(1)
			}
			return
		}
	}
	names := []string{}
	for name := range commands {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Fprintln(os.Stderr, "usage: lab", names)
	os.Exit(2)
}
