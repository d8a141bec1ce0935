package bare

import (
	"cmp"
	"crypto/tls"
	"errors"
	"flag"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Flags defines the flags -addr, -cert, -key and -dev-cert on the set, and returns the
// Server that parsing them fills. It is for a program that has flags of its own: call
// it before the set is parsed, and read the flags after.
//
//	name := flag.String("name", "World", "who to greet")
//	server := bare.Flags(flag.CommandLine)
//	flag.Parse()
//	err := server.Run(ctx, newApp(*name))
//
// Instead of the last line, bare.Main(newApp(*name), "localhost:9009") does
// the same with signals and exit status. Without -addr the Server's Addr is empty.
// A second call for one set returns the same Server. Flags panics when the set has
// been parsed, or has a flag of one of these names already.
func Flags(set *flag.FlagSet) *Server {
	if ours := addrFlagOf(set); ours != nil {
		return ours.server
	}
	if set.Parsed() {
		panic("bare: Flags: the flags have been parsed already") //nolint:forbidigo // a programmer's error, at registration
	}
	for _, name := range flagNames() {
		if set.Lookup(name) != nil {
			panic("bare: Flags: there is a flag -" + name + " already") //nolint:forbidigo // a programmer's error, at registration
		}
	}
	server := new(Server)
	defineFlags(set, server)
	return server
}

// flagNames lists the flags that are ours.
func flagNames() []string { return []string{"addr", "cert", "key", "dev-cert"} }

// defineFlags defines the flags that fill a server.
func defineFlags(set *flag.FlagSet, server *Server) {
	set.Var(&addrFlag{server: server}, "addr", "the `host:port` to listen on")
	set.StringVar(&server.CertFile, "cert", "", "a PEM `file` with a certificate: serve HTTPS and HTTP/2")
	set.StringVar(&server.KeyFile, "key", "", "a PEM `file` with the certificate's key")
	set.BoolFunc("dev-cert", "serve HTTPS and HTTP/2 to this machine only, with a certificate that no browser trusts", developmentFlag(server))
}

// developmentFlag returns what is told the value that was given to -dev-cert.
func developmentFlag(server *Server) func(value string) error {
	return func(value string) error {
		on, err := strconv.ParseBool(value)
		if err != nil || !on {
			return err
		}
		certificate, err := InsecureDevelopmentCertificate()
		if err != nil {
			return err
		}
		config := server.TLSConfig.Clone()
		if config == nil {
			config = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		config.Certificates = []tls.Certificate{certificate}
		server.TLSConfig = config
		return nil
	}
}

// An addrFlag is the value of -addr. By its type [Main] finds the Server that was
// defined on a set before.
type addrFlag struct {
	server *Server
	given  bool
}

// Set takes the address that was given.
func (f *addrFlag) Set(addr string) error {
	f.server.Addr, f.given = addr, true
	return nil
}

// String is the address. Package flag also asks a zero value for it, and takes the
// answer before parsing for the default that it shows.
func (f *addrFlag) String() string {
	if f.server == nil {
		return ""
	}
	return cmp.Or(f.server.Addr, DefaultAddr)
}

// Get makes it a [flag.Getter], as the standard flags are.
func (f *addrFlag) Get() any { return f.String() }

// addrFlagOf returns the value of a set's -addr if it is ours, and nil if not.
func addrFlagOf(set *flag.FlagSet) *addrFlag {
	if found := set.Lookup("addr"); found != nil {
		if ours, ok := found.Value.(*addrFlag); ok {
			return ours
		}
	}
	return nil
}

// mainServer returns the server that the program's flags ask for. It parses them
// if nobody has. The address is that of a program without -addr.
func mainServer(set *flag.FlagSet, addr string) (Server, error) {
	ours := addrFlagOf(set)
	if !set.Parsed() {
		if names := ownFlags(set); len(names) > 0 {
			return Server{}, errors.New("bare: Main found flags that nobody has parsed (" + strings.Join(names, ", ") + "): " +
				"add bare.Flags(flag.CommandLine) and flag.Parse() before you read them")
		}
		if ours == nil {
			defineFlags(set, new(Server))
			ours = addrFlagOf(set)
		}
		set.Lookup("addr").DefValue = addr // for -help
		if err := set.Parse(os.Args[1:]); err != nil {
			return Server{}, err
		}
	}
	if ours == nil { // parsed without ours
		return Server{Addr: addr}, nil
	}
	server := *ours.server
	if !ours.given && server.Listener == nil {
		server.Addr = addr
	}
	return server, nil
}

// ownFlags lists the flags that are neither ours nor a test's. In a test's binary
// there are those of package testing and those of test files, which cannot be told
// from the program's: there it lists none.
func ownFlags(set *flag.FlagSet) []string {
	if set.Lookup("test.v") != nil {
		return nil
	}
	ours := addrFlagOf(set) != nil
	var names []string
	set.VisitAll(func(f *flag.Flag) {
		if !ours || !slices.Contains(flagNames(), f.Name) {
			names = append(names, "-"+f.Name)
		}
	})
	return names
}
