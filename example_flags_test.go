package bare_test

import (
	"flag"
	"fmt"

	"github.com/bare-go/bare"
)

func ExampleFlags() {
	// In a program: flag.CommandLine, which flag.Parse parses.
	set := flag.NewFlagSet("greeter", flag.ExitOnError)
	name := set.String("name", "World", "who to greet")
	server := bare.Flags(set)
	_ = set.Parse([]string{"-name", "Ada", "-addr", "localhost:8080"}) // it exits at an error

	fmt.Println("Hello,", *name)
	fmt.Println(server.Addr)
	// server.Run(ctx, newApp(*name)) serves until ctx ends.

	// Output:
	// Hello, Ada
	// localhost:8080
}
