package bare_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

// A routerCase is a case of testdata/conformance.
type routerCase struct {
	Name   string `json:"name"`
	ID     int    `json:"id"`
	Routes []struct {
		Methods []string `json:"methods"`
		Path    string   `json:"path"`
	} `json:"routes"`
	Method string `json:"method"`
	Path   string `json:"path"`
	Match  *int   `json:"match"`
	Params map[string]struct {
		Type  string          `json:"type"`
		Value json.RawMessage `json:"value"`
	} `json:"params"`
	Error string `json:"error"`
}

func TestRouterConformsToTheCases(t *testing.T) {
	t.Parallel()
	var cases []routerCase
	if err := json.Unmarshal([]byte(readFile(t, "testdata/conformance/router-cases.json")), &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
}

func TestRouterConformsToTheCorpus(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/conformance/router-corpus.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	count := 0
	for lines.Scan() {
		var c routerCase
		if err := json.Unmarshal(bytes.TrimSpace(lines.Bytes()), &c); err != nil {
			t.Fatal(err)
		}
		count++
		t.Run(strconv.Itoa(c.ID), func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
	if err := lines.Err(); err != nil || count < 1800 {
		t.Fatalf("read %d cases: %v", count, err)
	}
}

func (c routerCase) check(t *testing.T) {
	t.Helper()
	router := bare.NewHttpRouter()
	called := -1
	fault := ""
	for i, r := range c.Routes {
		if fault == "" {
			fault = addRoute(router, r.Methods, r.Path, func(*bare.HttpRequest) bare.HttpResponse {
				called = i
				return bare.HttpResponse{}
			})
		}
	}
	if c.Error != "" {
		if !strings.HasPrefix(fault, "bare: ") {
			t.Errorf("Add panicked with %q, want a message that begins with bare:", fault)
		}
		return
	}
	if reason := c.refused(); reason != "" {
		if !strings.HasPrefix(fault, "bare: ") {
			t.Errorf("Add accepted a pattern with %s", reason)
		}
		return
	}
	if fault != "" {
		t.Fatalf("Add panicked: %s", fault)
	}
	handler, matches := router.Resolve(c.Method, c.Path)
	if handler != nil {
		handler(nil)
	}
	want := -1
	if c.Match != nil {
		want = *c.Match
	}
	if called != want {
		t.Fatalf("%s %q went to route %d, want %d", c.Method, c.Path, called, want)
	}
	for name, param := range c.Params {
		checkParam(t, matches, name, param.Type, param.Value)
	}
}

// refusedHere are the patterns that the original accepted, with an outcome that
// nobody can want, and that are refused here.
var refusedHere = map[string]string{
	"/v/{d:datetime:%Q}":   "a directive that there is not",
	"/v/{d:datetime:%-d}":  "a directive that there is not",
	"/v/{d:datetime:%}":    "a percent sign alone",
	"/v/{d:datetime:%Y-%}": "a percent sign alone",
	"/v/{}":                "a variable without a name",
	"/{}":                  "a variable without a name",
	"/a/{}":                "a variable without a name",
	"/{:int}":              "a variable without a name",
	"/{::}":                "a variable without a name",
	"/{x:}":                "an empty type",
	"/{x::}":               "an empty type",
	"/{x:foo:b:c}":         "an unknown type",
	"/{{x}}":               "braces in a name",
	"/{x}}":                "a brace in a literal",
	"/{a}{b}":              "two variables in a segment",
	"/{a}-{b}":             "two variables in a segment",
}

// refused says why the case's routes are refused here, "" if they are not.
func (c routerCase) refused() string {
	for _, r := range c.Routes {
		if reason := refusedHere[r.Path]; reason != "" {
			return reason
		}
	}
	return ""
}

// addRoute returns what Add panicked with, "" for nothing.
func addRoute(router bare.HttpRouter, methods bare.Methods, path string, handler bare.HttpHandler) (fault string) {
	defer func() {
		if value := recover(); value != nil {
			fault, _ = value.(string)
		}
	}()
	router.Add(methods, path, handler)
	return ""
}

func checkParam(t *testing.T, matches bare.Matches, name, kind string, raw json.RawMessage) {
	t.Helper()
	var text string
	var number float64
	var integer int64
	var err error
	var ok bool
	if kind == "int" || kind == "float" {
		raw = bytes.Trim(raw, `"`) // numbers that JSON's own would round are strings
	}
	switch kind {
	case "int":
		err = json.Unmarshal(raw, &integer)
		ok = matches.Int(name) == integer && matches.Get(name) == any(integer)
	case "float":
		err = json.Unmarshal(raw, &number)
		ok = math.Abs(matches.Float(name)-number) <= 1e-12*math.Abs(number)
	case "datetime":
		err = json.Unmarshal(raw, &text)
		ok = sameTime(t, matches.Time(name), text)
	default:
		err = json.Unmarshal(raw, &text)
		ok = matches.String(name) == text && matches.Get(name) == any(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		t.Errorf("the %s %q is %v, want %s", kind, name, matches.Get(name), raw)
	}
}

func sameTime(t *testing.T, got time.Time, want string) bool {
	t.Helper()
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999"} {
		if parsed, err := time.Parse(layout, want); err == nil {
			return got.Equal(parsed)
		}
	}
	t.Fatalf("no layout reads %q", want)
	return false
}
