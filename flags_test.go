package bare_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/bare-go/bare"
)

// programs are what the test's binary can be. But for the one with streams, they
// have nothing but their own flags, as a program that is no test's binary.
func programs() map[string]func() {
	own := func(main func(greeting *string)) func() {
		return func() {
			flag.CommandLine = flag.NewFlagSet(os.Args[0], flag.ExitOnError)
			main(flag.String("greeting", "hello", "what to say"))
		}
	}
	return map[string]func(){
		"streams": program,
		"flags, parsed, Main": own(func(greeting *string) {
			bare.Flags(flag.CommandLine)
			flag.Parse()
			bare.Main(greeter(*greeting), "127.0.0.1:0")
		}),
		"flags, parsed, Run": own(func(greeting *string) {
			server := bare.Flags(flag.CommandLine)
			flag.Parse()
			server.OnListen = func(addr net.Addr) { fmt.Println("Listening on http://" + addr.String()) }
			fmt.Fprintln(os.Stderr, server.Run(context.Background(), greeter(*greeting)))
		}),
		"flags, fields, parsed, Main": own(func(greeting *string) {
			server := bare.Flags(flag.CommandLine)
			flag.Parse()
			server.OnListen = func(net.Addr) { fmt.Println("told") }
			bare.Main(greeter(*greeting), "127.0.0.1:0")
		}),
		"parsed, Main": own(func(greeting *string) {
			flag.Parse()
			bare.Main(greeter(*greeting), "127.0.0.1:0")
		}),
		"Main": own(func(greeting *string) {
			bare.Main(greeter(*greeting), "127.0.0.1:0")
		}),
		"flags, Main": own(func(greeting *string) {
			bare.Flags(flag.CommandLine)
			bare.Main(greeter(*greeting), "127.0.0.1:0")
		}),
		"no flags of its own": func() {
			flag.CommandLine = flag.NewFlagSet(os.Args[0], flag.ExitOnError)
			bare.Main(greeter("hello"), "127.0.0.1:0")
		},
		"no flags of its own, flags, Main": func() {
			flag.CommandLine = flag.NewFlagSet(os.Args[0], flag.ExitOnError)
			bare.Flags(flag.CommandLine)
			bare.Main(greeter("hello"), "127.0.0.1:0")
		},
	}
}

// greeter is built from a flag's value: what it says shows when that was read.
func greeter(greeting string) *bare.Application {
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET"}, "/", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(200, greeting)
	})
	return app
}

func TestAProgramsOwnFlagsAreParsedBeforeTheyAreRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		program, arguments, address, greeting string
	}{
		{"flags, parsed, Main", "-greeting hi -addr localhost:0", "http://localhost:", "hi"},
		{"flags, parsed, Main", "-greeting hi", "http://127.0.0.1:", "hi"},
		{"flags, parsed, Main", "", "http://127.0.0.1:", "hello"},
		{"flags, parsed, Run", "-greeting hi -addr localhost:0", "http://127.0.0.1:", "hi"},
		{"parsed, Main", "-greeting hi", "http://127.0.0.1:", "hi"},
		{"no flags of its own", "-addr localhost:0", "http://localhost:", "hello"},
		{"no flags of its own", "", "http://127.0.0.1:", "hello"},
		{"no flags of its own, flags, Main", "-addr localhost:0", "http://localhost:", "hello"},
	}
	for _, test := range tests {
		t.Run(test.program+" "+test.arguments, func(t *testing.T) {
			t.Parallel()
			program := startProgram(t, test.program, strings.Fields(test.arguments)...)
			url := program.url(t)
			if !strings.HasPrefix(url, test.address) {
				t.Errorf("it listens on %s, want %s", url, test.address)
			}
			if got, err := io.ReadAll(get(t, url+"/").Body); string(got) != test.greeting || err != nil {
				t.Errorf("it says %q (%v), want %q", got, err, test.greeting)
			}
			program.signal(t, os.Kill)
			program.wait(t)
		})
	}
}

func TestAProgramThatMayHaveReadItsFlagsUnparsedIsOneLine(t *testing.T) {
	t.Parallel()
	unparsed := "bare: Main found flags that nobody has parsed (-greeting): " +
		"add bare.Flags(flag.CommandLine) and flag.Parse() before you read them\n"
	tests := []struct {
		program, arguments string
		status             int
		stderr             string // its beginning
	}{
		{"Main", "", 2, unparsed},
		{"Main", "-greeting hi", 2, unparsed},
		{"Main", "-addr localhost:0", 2, unparsed},
		{"Main", "-help", 2, unparsed},
		{"flags, Main", "", 2, unparsed},
		{"parsed, Main", "-addr localhost:0", 2, "flag provided but not defined: -addr\n"},
		{"flags, parsed, Main", "-cert no.pem -key no.pem", 1, "bare: the certificate cannot be used: "},
		{"flags, parsed, Main", "-cert no.pem", 1, "bare: CertFile and KeyFile go together"},
	}
	for _, test := range tests {
		t.Run(test.program+" "+test.arguments, func(t *testing.T) {
			t.Parallel()
			program := startProgram(t, test.program, strings.Fields(test.arguments)...)
			status, stdout := program.wait(t)
			stderr := program.stderr.String()
			if status != test.status || !strings.HasPrefix(stderr, test.stderr) || stdout != "" {
				t.Errorf("status %d, printed %q and %q, want %d and %q", status, stdout, stderr, test.status, test.stderr)
			}
			if strings.HasPrefix(stderr, "bare: ") && strings.Count(stderr, "\n") != 1 {
				t.Errorf("printed more than a line: %q", stderr)
			}
		})
	}
}

func TestMainShowsTheDefaultThatItHas(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"no flags of its own", "no flags of its own, flags, Main"} {
		program := startProgram(t, name, "-help")
		if status, _ := program.wait(t); status != 0 || !strings.Contains(program.stderr.String(), "(default 127.0.0.1:0)") {
			t.Errorf("%s: status %d, printed %q", name, status, program.stderr.String())
		}
	}
}

func TestMainKeepsTheFieldsOfTheServer(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "flags, fields, parsed, Main")
	url := program.url(t)
	if line, err := program.stdout.ReadString('\n'); line != "told\n" || err != nil {
		t.Errorf("after %s it printed %q (%v)", url, line, err)
	}
	program.signal(t, os.Kill)
	program.wait(t)
}

func TestFlagsFillAServer(t *testing.T) {
	t.Parallel()
	set := flag.NewFlagSet("program", flag.ContinueOnError)
	server := bare.Flags(set)
	if again := bare.Flags(set); again != server {
		t.Error("a second call has made another server")
	}
	if server.Addr != "" {
		t.Errorf("before parsing the address is %q", server.Addr)
	}
	var usage strings.Builder
	set.SetOutput(&usage)
	set.PrintDefaults()
	for _, want := range []string{"-addr host:port", "(default " + bare.DefaultAddr + ")", "-cert file", "-key file"} {
		if !strings.Contains(usage.String(), want) {
			t.Errorf("the usage has no %q: %s", want, usage.String())
		}
	}
	if strings.Contains(usage.String(), "panic") {
		t.Errorf("the usage is %s", usage.String())
	}
	if err := set.Parse([]string{"-addr", ":1", "-cert", "c", "-key", "k"}); err != nil {
		t.Fatal(err)
	}
	if server.Addr != ":1" || server.CertFile != "c" || server.KeyFile != "k" {
		t.Errorf("the server is %+v", server)
	}
	if again := bare.Flags(set); again != server {
		t.Error("a call after parsing has made another server")
	}
	getter, ok := set.Lookup("addr").Value.(flag.Getter)
	if !ok || getter.Get() != ":1" {
		t.Errorf("the flag's value is %v", set.Lookup("addr").Value)
	}
}

func TestFlagsRefuseASetThatCannotHaveThem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		set    func(set *flag.FlagSet)
		reason string
	}{
		{"a set that has been parsed", func(set *flag.FlagSet) { _ = set.Parse(nil) }, "bare: Flags: the flags have been parsed already"},
		{"a flag -addr", func(set *flag.FlagSet) { set.String("addr", "", "") }, "bare: Flags: there is a flag -addr already"},
		{"a flag -key", func(set *flag.FlagSet) { set.Bool("key", false, "") }, "bare: Flags: there is a flag -key already"},
		{"a flag -dev-cert", func(set *flag.FlagSet) { set.Bool("dev-cert", false, "") }, "bare: Flags: there is a flag -dev-cert already"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			set := flag.NewFlagSet("program", flag.ContinueOnError)
			test.set(set)
			defer func() {
				if got := recover(); got != test.reason {
					t.Errorf("got %v, want %s", got, test.reason)
				}
			}()
			bare.Flags(set)
		})
	}
}
